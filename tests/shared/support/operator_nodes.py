"""Nodes that the tests of several operators are made of."""

from __future__ import annotations

import numpy as np
from onnx import helper

OPSETS = (7, 9, 11, 13, 17, 22)
node = helper.make_node


def conv(source="x", output="c", weights="w", name="", **attributes):
    """A convolution that reads ``source`` and writes ``output``."""
    return node("Conv", [source, weights], [output], name=name, **attributes)


def ints(*numbers):
    """A constant of integers."""
    return np.asarray(numbers, np.int64)


def batch_norm(source, output, count=4, **attributes):
    """A normalisation by the constants of `statistics`."""
    return node("BatchNormalization", [source, "s", "b", "m", "v"], [output], **attributes)


def statistics(values, count=4):
    """Scale, bias, mean and variance of ``count`` channels."""
    return {
        "s": values(count, seed=1),
        "b": values(count, seed=2),
        "m": values(count, seed=3),
        "v": np.abs(values(count, seed=4)) + np.float32(0.1),
    }
