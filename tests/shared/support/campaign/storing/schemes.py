"""Scales and zero points for the range of a tensor, and weights as integers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from onnx import NodeProto, helper

from support.campaign.sketch import Sketch

WEIGHTED = ("Conv", "Gemm", "MatMul")
Range = tuple[float, float]


@dataclass(frozen=True)
class Scheme:
    """Names of the constants scale and zero point (empty: none is given, so uint8 and 0), and what they are."""

    scale_name: str
    zero_name: str
    scale: float
    zero: np.generic

    @property
    def inputs(self) -> list[str]:
        """The last inputs of a node that uses it."""
        return [self.scale_name, self.zero_name] if self.zero_name else [self.scale_name]


def scheme_of(sketch: Sketch, found: Range, *, whole: bool = False) -> Scheme:
    """A scheme for values in this range; some of them may saturate. Of an exact graph its scale is a power of two.

    ``whole``: one over the scale is an integer, or very little more.
    """
    low, high = min(found[0], 0.0), max(found[1], 0.0)
    kind = sketch.pick(sketch.integers)
    limits = np.iinfo(kind)
    reach = max(high - low, 1e-3)
    if sketch.exact:
        scale = 2.0 ** math.ceil(math.log2(reach / 240))
    else:
        scale = float(np.float32(reach / 255 * sketch.pick([0.8, 1.0, 1.0, 1.1, 1.4])))
    if whole:
        inverse = round(1 / scale)
        scale = float(np.nextafter(np.float32(1 / inverse), np.float32(0)))  # rounded down, one over it is no less
    zero = int(np.clip(round(limits.min - low / scale), limits.min, limits.max))
    if sketch.chance(0.3):  # symmetric
        zero = 0 if kind is np.int8 else 128
        scale = 2 * scale if low < 0 < high else scale
    if kind is np.uint8 and zero == 0 and sketch.chance(0.5):
        return Scheme(sketch.constant(np.float32(scale), "scale"), "", scale, kind(0))
    names = sketch.constant(np.float32(scale), "scale"), sketch.constant(kind(zero), "zero")
    return Scheme(*names, scale, kind(zero))


def integer_weights(array: np.ndarray, axis: int | None, *, exact: bool) -> tuple[np.ndarray, np.ndarray]:
    """int8 weights and their scales, one or one per index of ``axis``; an exact array is integers times one unit."""
    if exact:
        unit = np.abs(array[array != 0]).min(initial=1.0)  # at least one weight is 1, 2, ... units, 7 at most
        unit = 2.0 ** math.floor(math.log2(unit)) / 8
        scales = np.float32(unit) if axis is None else np.full(array.shape[axis], unit, np.float32)
    elif axis is None:
        scales = np.float32(max(float(np.abs(array).max()), 1e-3) / 127)
    else:
        rest = tuple(other for other in range(array.ndim) if other != axis)
        scales = (np.maximum(np.abs(array).max(axis=rest), 1e-3) / 127).astype(np.float32)
    shape = [1] * array.ndim
    if axis is not None:
        shape[axis] = -1
    integers = np.rint(array / np.reshape(scales, shape))
    assert np.abs(integers).max(initial=0) <= 127
    return integers.astype(np.int8), np.asarray(scales)


def channel_axis(node: NodeProto) -> int:
    """The axis of a node's weights along which its outputs lie."""
    if node.op_type == "Conv":
        return 0
    transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
    return 0 if node.op_type == "Gemm" and transposed else 1


def copy_of(node: NodeProto, inputs: list[str], outputs: list[str] | None = None) -> NodeProto:
    """The node with other tensors."""
    copied = NodeProto()
    copied.CopyFrom(node)
    del copied.input[:]
    copied.input.extend(inputs)
    if outputs is not None:
        del copied.output[:]
        copied.output.extend(outputs)
    return copied


def attributes_of(node: NodeProto) -> dict[str, object]:
    """The attributes of a node by name."""
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
