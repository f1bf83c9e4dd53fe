"""Quant of QONNX, as Brevitas exports it: real values rounded to integers of 2 to 32 bits and back.

y = (clip(round(x / scale + zero point), lowest, highest) - zero point) * scale, scale and zero point per tensor or per
channel (https://github.com/fastmachinelearning/qonnx, operator Quant).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dynamap.planner.importer.constants.budget import Budget
from dynamap.planner.importer.drafts import Array, Constant, Unsupported
from dynamap.planner.importer.graph import Node

DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas")
_STEPS = 12  # for each element
Doubles = npt.NDArray[np.float64]
_ROUNDINGS: Mapping[str, Callable[[Doubles], Doubles]] = {"ROUND": np.rint, "CEIL": np.ceil, "FLOOR": np.floor}


def is_quant(node: Node) -> bool:
    """True for a Quant of QONNX."""
    return node.op == "Quant" and node.domain in DOMAINS


def range_of(node: Node, bits: Array) -> tuple[int, int]:
    """The lowest and the highest integer of a Quant of so many ``bits``.

    Raises:
        Unsupported: they are no whole number from 2 to 32.
    """
    width = float(bits.reshape(())) if bits.size == 1 else 0.0
    if width != int(width) or not 2 <= width <= 32:
        raise Unsupported(f"its bit width is {bits.ravel()[:4].tolist()}", "quantise to 2 to 8 bits")
    narrow = node.integer("narrow", 0)
    if node.integer("signed", 1):
        return -(2 ** (int(width) - 1)) + narrow, 2 ** (int(width) - 1) - 1
    return 0, 2 ** int(width) - 1 - narrow


def quantised_constant(node: Node, arrays: Sequence[Array | None], budget: Budget) -> Constant:
    """A constant Quant; integers of up to 8 bits are kept beside the real values.

    Raises:
        Unsupported: an input is missing, or it rounds in a way that is not known.
    """
    if len(arrays) != 4 or any(array is None for array in arrays):
        raise Unsupported("it has not four inputs", "export the model again")
    values, scales, zero_points, bits = (np.asarray(array, np.float64) for array in arrays if array is not None)
    rounding = _ROUNDINGS.get(node.text("rounding_mode", "ROUND").upper())
    if rounding is None:
        raise Unsupported(f"its rounding_mode is {node.text('rounding_mode', '')!r}", "use ROUND")
    lowest, highest = range_of(node, bits)
    budget.spend(16 * values.size, _STEPS * values.size)
    integers = np.clip(rounding(values / scales + zero_points), lowest, highest)
    real = ((integers - zero_points) * scales).astype(np.float32)
    long = [axis for axis, size in enumerate(scales.shape) if size > 1]
    plain = len(long) <= 1 and (not long or scales.ndim == values.ndim) and not zero_points.any()
    if not plain or lowest < -128 or highest > 127:
        return Constant(real)
    axis = long[0] if long else None
    flat = scales.ravel().astype(np.float32)
    return Constant(real, integers.astype(np.int8), flat, np.zeros(flat.size, np.int8), axis)
