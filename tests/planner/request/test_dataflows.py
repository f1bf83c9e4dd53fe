"""Which dataflow an algorithm goes with: a request that leaves a layer none is refused, with what would do."""

from __future__ import annotations

import pytest

import dynamap
from dynamap.cost.errors import InfeasibleError


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pins": {"n7": "kn2row/ns"}}, "layer 'n7' by kn2row needs dataflow ws or is, and only ns may be used"),
        ({"pins": {"n7": "winograd/is"}}, "layer 'n7' by winograd needs dataflow ws, and only is may be used"),
        ({"pins": {"n7": "winograd"}, "dataflows": "ns,is"}, "needs dataflow ws, and only ns or is may be used"),
    ],
)
def test_a_layer_without_a_dataflow_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(InfeasibleError, match=said):
        dynamap.plan(dynamap.load("squeezenet"), device="zcu104", array="8x8", **options)  # type: ignore[arg-type]


def test_im2col_is_left_where_the_dataflow_is_for_it_alone() -> None:
    plan = dynamap.plan(dynamap.load("squeezenet"), device="zcu104", array="8x8", dataflows="ns")
    choices = {layer.choice for layer in plan.layers if hasattr(layer, "choice")}
    assert {(choice.algorithm.value, choice.dataflow.value) for choice in choices} == {("im2col", "ns")}
