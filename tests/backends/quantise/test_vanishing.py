"""A sum whose terms lie so far apart that 17 bits hold the scale of only one of them."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from dynamap.backends.quantise.quantiser import quantise
from dynamap.planner.importer import import_model
from support.end_to_end import model_of, values


@pytest.mark.parametrize(("exponent", "vanishes"), [(-12, False), (-15, False), (-19, True), (-30, True)])
def test_a_term_that_cannot_count_is_named(exponent: int, vanishes: bool) -> None:
    """The larger multiplier lies from 2^16 to 2^17 (17 bits), so that of a scale 2^e times it from 2^(16 + e) to
    2^(17 + e): from 2 on at e = -15, and at most 1/4 at e = -19, which rounds to zero."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="large"),
        helper.make_node("Conv", ["x", "v"], ["b"], name="small"),
        helper.make_node("Add", ["a", "b"], ["y"], name="sum"),
    ]
    weights = values(4, 4, 1, 1)
    model = model_of(nodes, {"w": weights, "v": weights * np.float32(2.0**exponent)})
    notices = quantise(import_model(model, "case", "")).notices
    assert len(notices) == vanishes
    assert all("layer 'sum' adds nothing of its input 'b'" in notice for notice in notices)
