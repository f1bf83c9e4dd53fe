"""Finite numbers of a model of which infinite ones are made on the way to the overlay's weights."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model

node = helper.make_node
HUGE = np.float32(3e38)
OVERFLOWING = {  # nodes from 'x' to 'y', and constants that are finite, what comes of them is not
    "affine after a convolution": (
        [node("Conv", ["x", "w"], ["c"]), node("BatchNormalization", ["c", "k", "z", "z", "o"], ["y"])],
        {"w": np.full((3, 4, 1, 1), HUGE), "k": np.full(3, HUGE), "z": np.zeros(3, "f4"), "o": np.ones(3, "f4")},
    ),
    "dequantised weights": (
        [node("DequantizeLinear", ["q", "k"], ["w"]), node("Conv", ["x", "w"], ["y"])],
        {"q": np.full((3, 4, 1, 1), 127, np.int8), "k": HUGE},
    ),
    "weights of a QLinearConv": (
        [
            node("QuantizeLinear", ["x", "one", "zero"], ["i"]),
            node("QLinearConv", ["i", "one", "zero", "q", "k", "zero", "one", "zero"], ["o"]),
            node("DequantizeLinear", ["o", "one", "zero"], ["y"]),
        ],
        {"q": np.full((3, 4, 1, 1), 127, np.int8), "k": HUGE, "one": np.float32(1), "zero": np.int8(0)},
    ),
    "bias of a QLinearConv": (
        [
            node("QuantizeLinear", ["x", "k", "zero"], ["i"]),
            node("QLinearConv", ["i", "k", "zero", "q", "one", "zero", "one", "zero", "b"], ["o"]),
            node("DequantizeLinear", ["o", "one", "zero"], ["y"]),
        ],
        {
            "q": np.ones((3, 4, 1, 1), np.int8),
            "b": np.full(3, 1000, np.int32),
            "k": HUGE,
            "one": np.float32(1),
            "zero": np.int8(0),
        },
    ),
    "weights of a Quant": (
        [
            helper.make_node("Quant", ["q", "k", "nought", "bits"], ["w"], domain="qonnx.custom_op.general"),
            node("Conv", ["x", "w"], ["y"]),
        ],
        {"q": np.full((3, 4, 1, 1), HUGE), "k": HUGE / np.float32(1.6), "nought": np.float32(0), "bits": np.float32(4)},
    ),
    "product of constants": (
        [node("Mul", ["v", "k"], ["w"]), node("Conv", ["x", "w"], ["y"])],
        {"v": np.full((3, 4, 1, 1), HUGE), "k": HUGE},
    ),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", OVERFLOWING)
def test_numbers_that_overflow_on_the_way(kind, model_of):
    """One refusal says it, and NumPy prints nothing beside it."""
    nodes, constants = OVERFLOWING[kind]
    assert all(np.isfinite(array).all() for array in constants.values())
    with pytest.raises(InputError, match=r"NaN or infinite values|not a positive finite number"):
        import_model(model_of(nodes, constants), "case.onnx", "")
