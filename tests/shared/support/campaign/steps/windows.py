"""Convolutions and poolings, with every form of window and pads that ONNX knows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from support.campaign.sketch import Sketch

KERNELS = [(1, 1), (1, 1), (3, 3), (3, 3), (3, 3), (1, 3), (3, 1), (1, 5), (7, 1), (2, 2), (2, 3), (5, 5), (4, 3)]
Pair = tuple[int, int]


def convolution(sketch: Sketch, x: str) -> str | None:
    """Conv: dense, grouped or depthwise, strided, dilated; weights may be those of an earlier one."""
    channels = sketch.shapes[x][0]
    known = [name for name, array in sketch.constants.items() if _fits(array, channels)]
    weights = sketch.pick(known) if known and sketch.chance(0.3) else ""
    kernel = sketch.constants[weights].shape[2:] if weights else sketch.pick(KERNELS)
    window = _window(sketch, x, kernel, dilations=True)
    if window is None:
        return None
    attributes, size = window
    if weights:
        outputs, groups = sketch.constants[weights].shape[0], channels // sketch.constants[weights].shape[1]
    else:
        outputs, groups = _groups(sketch, channels)
        shape = (outputs, channels // groups, *kernel)
        weights = sketch.constant(sketch.floats(*shape, scale=1 / math.sqrt(math.prod(shape[1:]))), "weight")
    inputs = [x, weights]
    if sketch.chance(0.7):
        inputs.append(sketch.constant(sketch.floats(outputs, scale=0.5), "bias"))
    if groups > 1 or sketch.chance(0.3):
        attributes["group"] = groups
    return sketch.node("Conv", inputs, (outputs, *size), **attributes)


def _fits(array: np.ndarray, channels: int) -> bool:
    """Whether these weights can convolve so many channels, in groups if need be."""
    if array.ndim != 4 or channels % array.shape[1]:
        return False
    return array.shape[0] % (channels // array.shape[1]) == 0


def _groups(sketch: Sketch, channels: int) -> Pair:
    """The channels of an output, and the groups in which they are computed."""
    divisors = [g for g in range(2, channels + 1) if channels % g == 0]
    groups = sketch.pick(divisors) if divisors and sketch.chance(0.35) else 1
    groups = channels if channels > 1 and sketch.chance(0.2) else groups
    return groups * sketch.integer(1, max(1, min(24, 48 // groups))), groups


def max_pool(sketch: Sketch, x: str) -> str | None:
    """MaxPool, also in ceil mode and dilated."""
    kernel = sketch.pick(KERNELS)
    window = _window(sketch, x, kernel, dilations=sketch.opset >= 10, ceil=sketch.opset >= 10)
    if window is None:
        return None
    attributes, size = window
    return sketch.node("MaxPool", [x], (sketch.shapes[x][0], *size), **(attributes | {"kernel_shape": kernel}))


def average_pool(sketch: Sketch, x: str) -> str | None:
    """AveragePool; of an exact graph only those whose divisors are powers of two."""
    kernel = sketch.pick(KERNELS)
    dilations = sketch.opset >= 19 and not sketch.exact
    window = _window(sketch, x, kernel, dilations=dilations, ceil=sketch.opset >= 10)
    if window is None:
        return None
    attributes, size = window
    if sketch.chance(0.4):
        attributes["count_include_pad"] = 1
    padded = any(attributes.get("pads", ())) or "auto_pad" in attributes or "ceil_mode" in attributes
    if sketch.exact and (padded or math.prod(kernel) & (math.prod(kernel) - 1)):
        return None
    return sketch.node("AveragePool", [x], (sketch.shapes[x][0], *size), **(attributes | {"kernel_shape": kernel}))


def global_pool(sketch: Sketch, x: str) -> str | None:
    """The global pools, and the reductions that are the same."""
    channels, height, width = sketch.shapes[x]
    op = sketch.pick(["GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "ReduceMax"])
    area = height * width
    if sketch.exact and op in ("GlobalAveragePool", "ReduceMean") and area & (area - 1):
        return None
    if op.startswith("Global"):
        return sketch.node(op, [x], (channels, 1, 1))
    axes = sketch.pick([[2, 3], [-1, -2], [-2, -1]] if sketch.opset >= 11 else [[2, 3]])
    if sketch.opset < 18:
        return sketch.node(op, [x], (channels, 1, 1), axes=axes)
    return sketch.node(op, [x, sketch.constant(np.array(axes, np.int64), "axes")], (channels, 1, 1))


def pad(sketch: Sketch, x: str) -> str | None:
    """Pad with zeros, and often what reads padded images."""
    channels, height, width = sketch.shapes[x]
    pads = [sketch.integer(0, 2) for _ in range(4)]
    every = [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]
    shape = (channels, height + pads[0] + pads[2], width + pads[1] + pads[3])
    if sketch.opset < 11:
        y = sketch.node("Pad", [x], shape, pads=every)
    else:
        inputs = [x, sketch.constant(np.array(every, np.int64), "pads")]
        if sketch.chance(0.5):
            inputs.append(sketch.constant(np.float32(0), "value"))
        y = sketch.node("Pad", inputs, shape)
    if sketch.chance(0.2):
        return y
    return sketch.pick([convolution, average_pool, max_pool, max_pool])(sketch, y) or y


def _window(
    sketch: Sketch, x: str, kernel: Pair, *, dilations: bool, ceil: bool = False
) -> tuple[dict[str, Any], Pair] | None:
    """Attributes and size of the output; None where the image is too small for what was drawn."""
    _, *image = sketch.shapes[x]
    stride = sketch.pick([(1, 1), (1, 1), (1, 1), (2, 2), (1, 2), (2, 1), (3, 2)])
    dilation = sketch.pick([(1, 1), (1, 1), (2, 2), (1, 3), (2, 1)]) if dilations else (1, 1)
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    attributes: dict[str, Any] = {}
    if stride != (1, 1) or sketch.chance(0.5):
        attributes["strides"] = stride
    if dilation != (1, 1):
        attributes["dilations"] = dilation
    automatic = sketch.pick(["SAME_UPPER", "SAME_LOWER", "VALID"]) if sketch.chance(0.25) else ""
    if automatic.startswith("SAME"):
        too_short = any((-(-n // s) - 1) * s + k < n for n, s, k in zip(image, stride, kernel, strict=True))
        if dilation != (1, 1) or too_short:  # runtimes disagree on these
            return None
        attributes["auto_pad"] = automatic
        return attributes, _pair([-(-n // s) for n, s in zip(image, stride, strict=True)])
    pads = [0, 0, 0, 0]
    if automatic:
        attributes["auto_pad"] = automatic
    elif sketch.chance(0.7):
        pads = [sketch.integer(0, min(k - 1, e // 2 + 1)) for k, e in zip(kernel * 2, extent * 2, strict=True)]
        attributes["pads"] = pads
    rest = [n + pads[i] + pads[i + 2] - extent[i] for i, n in enumerate(image)]
    if min(rest) < 0:
        return None
    if ceil and not automatic and sketch.chance(0.3):
        attributes["ceil_mode"] = 1
        size = [-(-r // s) + 1 for r, s in zip(rest, stride, strict=True)]
        # A last window that starts behind the image is left out; shape inference knows that from opset 22 on only,
        # and onnxruntime refuses what does not fit to its result.
        if any((count - 1) * s >= n + pads[i] for i, (count, s, n) in enumerate(zip(size, stride, image, strict=True))):
            return None
    else:
        size = [r // s + 1 for r, s in zip(rest, stride, strict=True)]
    return attributes, _pair(size)


def _pair(values: list[int]) -> Pair:
    return values[0], values[1]
