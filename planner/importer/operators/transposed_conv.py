"""ConvTranspose as stride x stride convolutions, one for each phase of the output's rows and columns, interleaved.

Output row s q + p gets input row (s q + p + pad - k d) / s through tap k of a kernel with dilation d, if that is
whole. For one phase p these are the rows q + t, t = (p + pad - k d) / s, of the taps k without a rest: a convolution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.cost.overlay.machine import UNIT_BYTES, round_up
from dynamap.planner.importer.drafts import ConcatSpec, ConvSpec, FloatArray, LayerDraft, TensorDraft, Unsupported
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering, refuse_view
from dynamap.planner.importer.operators.blocks import interleaved
from dynamap.planner.importer.operators.conv import check_size
from dynamap.planner.importer.operators.selection import crop_to

_AGAIN = "export the model again; the file may be damaged"
MOST_PARTS = 4
"""Phases that are convolutions of their own; more are one convolution, with zeros where a phase has no tap."""


@dataclass(frozen=True)
class Phase:
    """One phase along an axis: for each tap of its convolution that of the kernel, -1 for none; pads before, after."""

    taps: tuple[int, ...]
    before: int
    after: int


@dataclass(frozen=True)
class Axis:
    """Rows or columns: input and output length, kernel, stride, dilation, pad before the output."""

    size: int
    output: int
    kernel: int
    stride: int
    dilation: int
    pad: int

    @property
    def each(self) -> int:
        """Rows of one phase."""
        return ceil_div(self.output, self.stride)

    def phases(self, *, alike: bool) -> list[Phase]:
        """All phases; ``alike``: with one window for all of them."""
        reached = [self._reached(phase) for phase in range(self.stride)]
        everything = [place for places in reached for place in places]
        return [self._phase(places, everything if alike else list(places)) for places in reached]

    def _reached(self, phase: int) -> dict[int, int]:
        """The taps of the kernel by t."""
        ways = [(phase + self.pad - tap * self.dilation, tap) for tap in range(self.kernel)]
        return {way // self.stride: tap for way, tap in ways if way % self.stride == 0}

    def _phase(self, places: dict[int, int], span: list[int]) -> Phase:
        """Pads are never negative: the window reaches back to t = 0 and on to the last row of the input."""
        first = min([*span, 0])
        last = max([*span, self.size - self.each, first])
        taps = tuple(places.get(t, -1) for t in range(first, last + 1))
        return Phase(taps, -first, self.each - 1 + last - (self.size - 1))


def conv_transpose(lowering: Lowering, node: Node) -> None:
    """ConvTranspose over rows and columns with any kernel, stride, dilation, pads, output padding and groups."""
    value = lowering.real(node, 0)
    if not value.is_plain or len(value.shape) != 4:
        raise refuse_view(node, 0, value)
    weights = lowering.parameter(node, 1, "weights")
    chw, groups = value.tensor.shape, node.integer("group", 1)
    fits = weights.ndim == 4 and 0 not in weights.shape and weights.shape[0] == chw.channels
    if not fits or groups < 1 or chw.channels % groups:
        reason = f"weights {list(weights.shape)} in {groups} groups do not fit {chw.channels} channels"
        raise Unsupported(reason, _AGAIN)
    channels = weights.shape[1] * groups
    bias = lowering.parameter(node, 2, "bias") if node.has(2) else np.zeros(channels, np.float32)
    if bias.shape != (channels,):
        raise Unsupported(f"its bias has the shape {list(bias.shape)} instead of [{channels}]", _AGAIN)
    rows, columns = _axes(node, chw, (weights.shape[2], weights.shape[3]))
    dense = _dense(weights, groups)
    alike = rows.stride * columns.stride > MOST_PARTS or _same_windows(rows, columns)
    downs, acrosses = rows.phases(alike=alike), columns.phases(alike=alike)
    phases = [(down, across) for down in downs for across in acrosses]
    kernels = [_padded(dense, bias, down, across) for down, across in phases]
    parts: list[LayerDraft] = []
    if alike:
        joined = np.concatenate([kernel for kernel, _ in kernels]), np.concatenate([shift for _, shift in kernels])
        parts.append(_part(lowering, node, value.tensor, joined, phases[0], (rows.each, columns.each)))
        source = parts[0].output
    else:
        for kernel, phase in zip(kernels, phases, strict=True):
            parts.append(_part(lowering, node, value.tensor, kernel, phase, (rows.each, columns.each)))
        shape = TensorShape(sum(part.output.shape.channels for part in parts), rows.each, columns.each)
        tensors = [part.output for part in parts]
        source = lowering.emit_step(node, ConcatSpec(), tensors, shape, len(lowering.layers)).output
    draft = interleaved(lowering, node, source, channels, (rows.stride, columns.stride), tuple(parts))
    crop_to(lowering, node, draft, rows.output, columns.output)


def _axes(node: Node, chw: TensorShape, kernel: tuple[int, int]) -> tuple[Axis, Axis]:
    """ONNX, operator ConvTranspose: out = stride (in - 1) + output_padding + dilation (kernel - 1) + 1 - pads."""
    strides, dilations = node.integers("strides") or (1, 1), node.integers("dilations") or (1, 1)
    extra, pads = node.integers("output_padding") or (0, 0), node.integers("pads") or (0, 0, 0, 0)
    wanted, automatic = node.integers("output_shape"), node.text("auto_pad", "NOTSET") or "NOTSET"
    lengths = (len(strides), len(dilations), len(extra), len(pads))
    positive = lengths == (2, 2, 2, 4) and min(*strides, *dilations) > 0 and min(*extra, *pads) >= 0
    if not positive or node.integers("kernel_shape") not in (None, kernel):
        raise Unsupported("its kernel_shape, strides, dilations, pads or output_padding do not fit", _AGAIN)
    axes = []
    for axis, size in enumerate((chw.height, chw.width)):
        whole = strides[axis] * (size - 1) + extra[axis] + dilations[axis] * (kernel[axis] - 1) + 1
        before, after = pads[axis], pads[axis + 2]
        if wanted is not None or automatic in ("SAME_UPPER", "SAME_LOWER"):
            length = size * strides[axis] if wanted is None else wanted[len(wanted) - 2 + axis]
            total = whole - length
            before = total - total // 2 if automatic != "SAME_UPPER" else total // 2
            after = total - before
        elif automatic not in ("NOTSET", "VALID"):
            raise Unsupported(f"auto_pad {automatic!r} is unknown", _AGAIN)
        output = whole - before - after
        if output < 1 or before < 0 or after < 0:
            raise Unsupported(f"its output would have {output} rows or columns, or negative pads", _AGAIN)
        axes.append(Axis(size, output, kernel[axis], strides[axis], dilations[axis], before))
    check_size(axes[0].output, axes[1].output)
    return axes[0], axes[1]


def _dense(weights: FloatArray, groups: int) -> FloatArray:
    """Weights I x (O / groups) x K1 x K2 as O x I x K1 x K2, with zeros between groups."""
    inputs, each, *kernel = weights.shape
    dense = np.zeros((groups, each, inputs, *kernel), np.float32)
    step = inputs // groups
    for group in range(groups):
        own = slice(group * step, (group + 1) * step)
        dense[group, :, own] = weights[own].transpose(1, 0, 2, 3)
    return dense.reshape(groups * each, inputs, *kernel)


def _same_windows(rows: Axis, columns: Axis) -> bool:
    """True where the phases have one window already, so that one convolution has no zeros between its taps."""
    return all(
        len({(len(phase.taps), phase.before) for phase in axis.phases(alike=False)}) == 1
        and -1 not in [tap for phase in axis.phases(alike=True) for tap in phase.taps]
        for axis in (rows, columns)
    )


def _padded(dense: FloatArray, bias: FloatArray, down: Phase, across: Phase) -> tuple[FloatArray, FloatArray]:
    """The kernel and bias of one phase, its channels rounded up to whole units by zeros."""
    outputs, inputs = dense.shape[:2]
    each = round_up(outputs, UNIT_BYTES)
    kernel = np.zeros((each, inputs, len(down.taps), len(across.taps)), np.float32)
    for row, down_tap in enumerate(down.taps):
        for column, across_tap in enumerate(across.taps):
            if down_tap >= 0 and across_tap >= 0:
                kernel[:outputs, :, row, column] = dense[:, :, down_tap, across_tap]
    return kernel, np.concatenate([bias, np.zeros(each - outputs, np.float32)])


def _part(
    lowering: Lowering,
    node: Node,
    source: TensorDraft,
    kernel: tuple[FloatArray, FloatArray],
    phase: tuple[Phase, Phase],
    size: tuple[int, int],
) -> LayerDraft:
    """The convolution of one phase, or of all."""
    weights, bias = kernel
    down, across = phase
    window = Window((weights.shape[2], weights.shape[3]), pads=(down.before, across.before, down.after, across.after))
    shape = TensorShape(len(bias), *size)
    return lowering.emit_step(node, ConvSpec(window, weights, bias), [source], shape, len(lowering.layers))
