"""Constants behind a DequantizeLinear: real values, with the integers kept beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dynamap.planner.importer.constants.budget import Budget
from dynamap.planner.importer.drafts import Array, Constant, Unsupported
from dynamap.planner.importer.graph import Node

_AGAIN = "export the model again"
_STEPS = 8  # for each element


def dequantise(node: Node, arrays: Sequence[Array | None], budget: Budget) -> Constant:
    """A constant DequantizeLinear, with the integers kept beside the real values."""
    integers, scales = arrays[0], arrays[1]
    zero_points = arrays[2] if len(arrays) > 2 else None
    if integers is None or scales is None:
        raise Unsupported("it lacks its scale", _AGAIN)
    if node.integer("block_size", 0):
        raise Unsupported("weights quantised in blocks are not supported", "quantise per channel or per tensor")
    axis = node.integer("axis", 1) if scales.size > 1 else None
    return dequantised(integers, scales, zero_points, axis, budget)


def dequantised(
    integers: Array, scales: Array, zero_points: Array | None, axis: int | None, budget: Budget
) -> Constant:
    """(integers - zero_points) * scales along ``axis``, in float32, with the integers kept beside."""
    if zero_points is None:
        zero_points = np.zeros(scales.shape, integers.dtype)
    if axis is not None:
        axis += integers.ndim if axis < 0 else 0
        if not 0 <= axis < integers.ndim or scales.shape != (integers.shape[axis],):
            raise Unsupported(
                f"scales of shape {list(scales.shape)} do not fit axis {axis} of {list(integers.shape)}", _AGAIN
            )
    elif scales.size != 1:
        raise Unsupported(f"it has {scales.size} scales where one is expected", _AGAIN)
    if zero_points.size != scales.size:
        raise Unsupported(f"{zero_points.size} zero points do not fit {scales.size} scales", _AGAIN)
    budget.spend(4 * integers.size, _STEPS * integers.size)
    form = [1] * integers.ndim
    if axis is not None:
        form[axis] = scales.size
    centred = integers.astype(np.float32) - zero_points.astype(np.float32).reshape(form)
    real = (centred * scales.astype(np.float32).reshape(form)).astype(np.float32)
    return Constant(real, integers, scales.ravel(), zero_points.ravel(), axis)
