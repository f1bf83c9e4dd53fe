"""Where many arrays are equally fast, the one with the fewest PEs is taken."""

from __future__ import annotations

from onnx import helper

import dynamap
from support.onnx_models import make_model


def test_the_array_of_a_network_without_convolutions_has_one_pe() -> None:
    """The vector unit does it all, so that the latency is the same on every array that fits."""
    model = make_model([helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[3, 3])], shape=(1, 8, 9, 9))
    plan = dynamap.plan(model, device="u200")
    assert (plan.overlay.rows, plan.overlay.columns) == (1, 1)
    # Rows of at most 120, a column of slices of an SLR; 57 of these columns; 80 % of 6,833 multipliers without 384 of
    # the lanes. The others of them have too many columns for the accumulators' memory.
    held = sum(min(5082 // rows, 57 * (120 // rows)) for rows in range(1, 121))
    assert plan.solver.status == "optimal" and 1_500 < plan.solver.arrays_considered <= held
