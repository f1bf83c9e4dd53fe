"""Conv, and what it shares with QLinearConv: windows, automatic padding, weights."""

from __future__ import annotations

import numpy as np

from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.planner.importer.drafts import Constant, ConvSpec, FloatArray, LayerDraft, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.limits import MAX_SIDE
from dynamap.planner.importer.lowering import Lowering, refuse_view
from dynamap.planner.importer.operators.normalisation import normalising, with_normalisation
from dynamap.planner.importer.operators.rows import (
    in_two_dimensions,
    quantised_in_two_dimensions,
    view_like,
    weights_in_two_dimensions,
)
from dynamap.planner.network.network import WeightQuantisation

_AGAIN = "export the model again; the file may be damaged"
Pads = tuple[int, int, int, int]


def conv(lowering: Lowering, node: Node) -> None:
    """Conv over one or two spatial dimensions becomes a layer of its own."""
    value = lowering.real(node, 0)
    weights = lowering.parameter(node, 1, "weights")
    bias = lowering.parameter(node, 2, "bias") if node.has(2) else None
    quantisation = weight_quantisation(lowering, lowering.constant(node.inputs[1]), 0)
    emit_conv(lowering, node, value, weights, bias, quantisation)


def emit_conv(
    lowering: Lowering,
    node: Node,
    value: Value,
    weights_oihw: FloatArray,
    bias: FloatArray | None,
    quantisation: WeightQuantisation | None,
) -> LayerDraft:
    """Check a convolution's attributes against its weights and input, and emit the layer."""
    node, weights_oihw = in_two_dimensions(node, value), weights_in_two_dimensions(weights_oihw, value)
    if weights_oihw.ndim == len(value.shape) == 3:  # one axis, and yet no row
        raise refuse_view(node, 0, value)
    if weights_oihw.ndim != 4:
        raise Unsupported(
            f"its weights have {weights_oihw.ndim} dimensions and its input is {list(value.shape)}; convolutions of "
            "N x C x H x W and of N x C x L are supported",
            "keep activations in these forms; three-dimensional convolutions cannot be executed",
        )
    quantisation = quantised_in_two_dimensions(quantisation, weights_oihw.shape)
    if 0 in weights_oihw.shape:
        raise Unsupported(f"its weights have the shape {list(weights_oihw.shape)}", _AGAIN)
    channels, height, width = spatial(node, value)
    kernel = (weights_oihw.shape[2], weights_oihw.shape[3])
    declared = node.integers("kernel_shape")
    if declared is not None and declared != kernel:
        raise Unsupported(f"kernel_shape is {list(declared)}, but its weights are {kernel[0]} x {kernel[1]}", _AGAIN)
    groups = node.integer("group", 1)
    outputs = weights_oihw.shape[0]
    if groups < 1 or channels != groups * weights_oihw.shape[1] or outputs % groups:
        raise Unsupported(
            f"weights {list(weights_oihw.shape)} in {groups} groups do not fit {channels} input channels",
            _AGAIN,
        )
    window = window_of(node, kernel, height, width)
    if value.pads is not None:
        window = Window(window.kernel, window.stride, add_pads(window.pads, value.pads), window.dilation)
    if bias is None:
        bias = np.zeros(outputs, np.float32)
    if bias.shape != (outputs,):
        raise Unsupported(f"its bias has the shape {list(bias.shape)} instead of [{outputs}]", _AGAIN)
    chw = value.tensor.shape
    rows, columns = window.output_size(chw.height, chw.width)
    spec = ConvSpec(window, weights_oihw, bias, groups, quantisation=quantisation)
    shape = TensorShape(outputs, rows, columns)
    before = normalising(lowering, value)
    folded = None if before is None else with_normalisation(spec, before)
    if before is None or folded is None:
        return lowering.emit(node, spec, [value.tensor], shape, view_like(value, shape))
    draft = lowering.emit(node, folded[0], [folded[1]], shape, view_like(value, shape))
    lowering.replaced[id(before)] = draft
    return draft


def spatial(node: Node, value: Value) -> tuple[int, int, int]:
    """Channels, rows and columns of the input of a windowed operator, pending pads included.

    It is N x C x H x W, or N x C x L where rows or columns are one.
    """
    chw = value.tensor.shape
    if value.is_row:
        return chw.channels, chw.height, chw.width
    top, left, bottom, right = value.pads or (0, 0, 0, 0)
    shape = (chw.channels, chw.height + top + bottom, chw.width + left + right)
    if value.order is not None or value.shape != (1, *shape):
        raise refuse_view(node, 0, value)
    return shape


def window_of(node: Node, kernel: tuple[int, int], height: int, width: int, *, ceil_mode: bool = False) -> Window:
    """The window that the attributes of a Conv or pooling node describe, on an input of height x width."""
    stride = _pair(node, "strides")
    dilation = _pair(node, "dilations")
    if min(*kernel, *stride, *dilation) < 1:
        raise Unsupported("kernel, strides and dilations must be positive", _AGAIN)
    pads = _pads(node, kernel, stride, dilation, height, width)
    if min(pads) < 0:
        raise Unsupported(f"it has the negative pads {list(pads)}", "crop with a stride or export without cropping")
    window = Window(kernel, stride, pads, dilation)
    fits = window.extent[0] <= height + pads[0] + pads[2] and window.extent[1] <= width + pads[1] + pads[3]
    if not fits and not ceil_mode:  # in ceil mode a window may overhang the end
        raise Unsupported(
            f"its window spans {window.extent[0]} x {window.extent[1]}, more than its padded input of "
            f"{height + pads[0] + pads[2]} x {width + pads[1] + pads[3]}",
            "use a larger input image or a smaller window",
        )
    size = window.output_size(height, width, ceil_mode=ceil_mode)
    if min(size) < 1:
        raise Unsupported("its output would be empty", "use a larger input image or a smaller window")
    check_size(*size)
    return window


def check_size(rows: int, columns: int) -> None:
    """Raises Unsupported where a damaged file asks for an absurdly large tensor."""
    if max(rows, columns) > MAX_SIDE:
        raise Unsupported(f"its output would have {rows} x {columns} elements per channel", _AGAIN)


def add_pads(first: Pads, second: Pads) -> Pads:
    """The sum of two pads, side by side."""
    return (first[0] + second[0], first[1] + second[1], first[2] + second[2], first[3] + second[3])


def weight_quantisation(lowering: Lowering, constant: Constant | None, axis: int) -> WeightQuantisation | None:
    """The int8 weights behind a DequantizeLinear, if they are symmetric and scaled per output channel.

    ``axis`` is the axis of the output channels, which comes back as the first.
    """
    if constant is None or constant.quantised is None or constant.scales is None or constant.zero_points is None:
        return None
    values, zero_points = constant.quantised, constant.zero_points.astype(np.int64)
    centre = 128 if values.dtype == np.uint8 else 0
    if values.dtype not in (np.int8, np.uint8) or (zero_points != centre).any():
        lowering.notice("weights that are not symmetric int8 are quantised anew from their real values")
        return None
    if constant.axis is not None and constant.axis != axis:
        lowering.notice("weights with scales along another axis than the output channels are quantised anew")
        return None
    count = values.shape[axis]
    scales = np.broadcast_to(constant.scales.astype(np.float64), (count,))
    signed = values if values.dtype == np.int8 else (values.astype(np.int16) - 128).astype(np.int8)
    signed = np.moveaxis(signed.astype(np.int8, copy=False), axis, 0)
    return WeightQuantisation(signed, tuple(float(scale) for scale in scales))


def _pair(node: Node, name: str) -> tuple[int, int]:
    values = node.integers(name)
    if values is None:
        return (1, 1)
    if len(values) != 2:
        raise Unsupported(f"attribute {name!r} is {list(values)}; two values are needed", _AGAIN)
    return values[0], values[1]


def _pads(
    node: Node,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    height: int,
    width: int,
) -> Pads:
    """ONNX, operator Conv: SAME_* makes the output ceil(input / stride); UPPER puts an odd pad at the end."""
    automatic = node.text("auto_pad", "NOTSET") or "NOTSET"
    if automatic == "VALID":
        return (0, 0, 0, 0)
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        if dilation != (1, 1):
            raise Unsupported(
                f"auto_pad {automatic} with dilations {list(dilation)}: runtimes disagree on the pads",
                "write explicit pads instead of auto_pad",
            )
        before, after = [], []
        for size, step, length in zip((height, width), stride, kernel, strict=True):
            wanted = (ceil_div(size, step) - 1) * step + length - size
            if wanted < -1:
                raise Unsupported(
                    f"{automatic} with a window of {length} and a stride of {step} on {size} elements leaves some "
                    "over; runtimes disagree which",
                    "write explicit pads instead of auto_pad",
                )
            total = max(wanted, 0)
            small = total // 2
            before.append(small if automatic == "SAME_UPPER" else total - small)
            after.append(total - small if automatic == "SAME_UPPER" else small)
        return before[0], before[1], after[0], after[1]
    if automatic != "NOTSET":
        raise Unsupported(f"auto_pad {automatic!r} is unknown", "use NOTSET, VALID, SAME_UPPER or SAME_LOWER")
    pads = node.integers("pads")
    if pads is None:
        return (0, 0, 0, 0)
    if len(pads) != 4:
        raise Unsupported(f"attribute 'pads' is {list(pads)}; four values are needed", _AGAIN)
    return pads[0], pads[1], pads[2], pads[3]
