"""Copies of a tensor by another scale."""

from __future__ import annotations

import numpy as np

from dynamap.backends.quantise import quantise
from dynamap.backends.quantise.reference import execute
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import Conv, Network, Quantisation


def test_a_copy_by_another_scale_rounds_as_quantize_linear() -> None:
    """Each second value lies half way between two steps, and halves go to even: 127 steps for a weight of 1 miss it."""
    one = np.ones((1, 1, 1, 1), np.float32)
    layer = Conv("c", ("x",), "y", Window((1, 1)), one, np.zeros(1, np.float32))
    shape = TensorShape(1, 8, 32)
    scales = {"x": Quantisation(0.25, 0), "y": Quantisation(0.5, 3)}
    network = Network("toy", "", (layer,), {"x": shape, "y": shape}, ("x",), ("y",), quantisation=scales)
    levels = np.arange(-128, 128).reshape(1, 8, 32)
    found = execute(quantise(network), {"x": levels.astype(np.int8)})["y"]
    assert np.array_equal(found, np.rint(levels / 2) + 3)
