"""Pieces of random graphs: what is computed from two tensors of 6 x 5 x 4, by name, and the constants in them."""

from __future__ import annotations

import numpy as np
from onnx import helper

node = helper.make_node
CHANNELS, ROWS, COLUMNS = 6, 5, 4

CONSTANTS = {
    "one by one": (6, 6, 1, 1),
    "three by three": (6, 6, 3, 3),
    "depthwise": (6, 1, 3, 3),
    "narrowing": (6, 12, 1, 1),
    "deep": (6, 24, 1, 1),
    "upwards": (6, 6, 3, 3),
    "of one": (6, 1, 1, 1),
    "scale": (6, 1, 1),
    "shift": (1, 6, 1, 1),
    "slopes": (6, 1, 1),
    "s": (6,),
    "b": (6,),
    "m": (6,),
}
FIXED = {
    "v": np.linspace(0.5, 2, 6, dtype=np.float32),
    "zero": np.float32(0),
    "six": np.float32(1.5),
    "pads": np.asarray([0, 0, 1, 0, 0, 0, 1, 2], np.int64),
    "split": np.asarray([1, 3, 2, 5, 4], np.int64),
    "join": np.asarray([1, 6, 5, 4], np.int64),
    "flat": np.asarray([1, -1], np.int64),
    "parts": np.asarray([2, 4], np.int64),
    "starts": np.asarray([0, 0], np.int64),
    "ends": np.asarray([99, 99], np.int64),
    "spatial": np.asarray([2, 3], np.int64),
    "twos": np.asarray([2, 2], np.int64),
    "doubled": np.asarray([1, 1, 2, 2], np.float32),
    "half": np.float32(0.5),
    "one": np.float32(1),
}


def blocks(a, b, out):
    """By name, nodes that compute ``out`` from the tensors ``a`` and ``b``, all 6 x 5 x 4."""
    inner = [f"{out}.{index}" for index in range(4)]
    return {
        "conv1": [node("Conv", [a, "one by one", "b"], [out])],
        "conv3": [node("Conv", [a, "three by three"], [out], pads=[1, 1, 1, 1])],
        "depthwise": [node("Conv", [a, "depthwise"], [out], group=6, auto_pad="SAME_UPPER")],
        "padded": [
            node("Pad", [a, "pads"], [inner[0]]),
            node("Conv", [inner[0], "three by three"], [out]),
        ],
        "norm": [node("BatchNormalization", [a, "s", "b", "m", "v"], [out])],
        "scale": [node("Mul", [a, "scale"], [out])],
        "shift": [node("Sub", ["shift", a], [out])],
        "relu": [node("Relu", [a], [out])],
        "clip": [node("Clip", [a, "zero", "six"], [out])],
        "prelu": [node("PRelu", [a, "slopes"], [out])],
        "swish": [node("Sigmoid", [a], [inner[0]]), node("Mul", [inner[0], a], [out])],
        "add": [node("Add", [a, b], [out])],
        "sum": [node("Sum", [a, b, a], [out])],
        "gate": [
            node("GlobalAveragePool", [a], [inner[0]]),
            node("Sigmoid", [inner[0]], [inner[1]]),
            node("Mul", [inner[1], b], [out]),
        ],
        "join": [
            node("Concat", [a, b], [inner[0]], axis=1),
            node("Conv", [inner[0], "narrowing"], [out]),
        ],
        "pool": [node("MaxPool", [a], [out], kernel_shape=[3, 3], pads=[1, 1, 1, 1])],
        "average": [node("AveragePool", [a], [out], kernel_shape=[3, 3], pads=[1, 1, 1, 1])],
        "identity": [node("Identity", [a], [out])],
        "dropout": [node("Dropout", [a], [out])],
        "shuffle": [
            node("Reshape", [a, "split"], [inner[0]]),
            node("Transpose", [inner[0]], [inner[1]], perm=[0, 2, 1, 3, 4]),
            node("Reshape", [inner[1], "join"], [out]),
        ],
        "gelu": [
            node("Erf", [a], [inner[0]]),
            node("Add", [inner[0], "one"], [inner[1]]),
            node("Mul", [inner[1], a], [inner[2]]),
            node("Mul", [inner[2], "half"], [out]),
        ],
        "elu": [node("Elu", [a], [out])],
        "softplus": [node("Softplus", [a], [out])],
        "subtract": [node("Sub", [a, b], [out])],
        "larger": [node("Max", [a, b], [out])],
        "smaller": [node("Min", [a, b], [out])],
        "attention": [
            node("ReduceMean", [a], [inner[0]], axes=[1]),
            node("Conv", [inner[0], "of one"], [inner[1]]),
            node("Add", [inner[1], b], [out]),
        ],
        "mean over channels": [node("ReduceMean", [a], [inner[0]], axes=[1]), node("Mul", [b, inner[0]], [out])],
        "halves": [
            node("Split", [a, "parts"], inner[:2], axis=1),
            node("Concat", [inner[1], inner[0]], [out], axis=1),
        ],
        "up and down": [
            node("ConvTranspose", [a, "upwards"], [inner[0]], strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]),
            node("Slice", [inner[0], "starts", "ends", "spatial", "twos"], [out]),
        ],
        "bilinear": [
            node("Resize", [a, "", "doubled"], [inner[0]], mode="linear"),
            node("SpaceToDepth", [inner[0]], [inner[1]], blocksize=2),
            node("Conv", [inner[1], "deep"], [out]),
        ],
        "there and back": [node("Reshape", [a, "flat"], [inner[0]]), node("Reshape", [inner[0], "join"], [out])],
    }


KINDS = tuple(blocks("x", "x", "y"))
