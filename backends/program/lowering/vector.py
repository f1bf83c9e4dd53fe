"""The passes of the vector unit's layers (docs/overlay.md, section 7; docs/program.md, sections 2 and 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.program.layout import plain_layout
from dynamap.backends.program.lowering.context import Lowering
from dynamap.backends.program.lowering.convolution import parameter_table
from dynamap.backends.program.packing import PARAMETERS
from dynamap.backends.program.specification import ALIGNMENT, LRN_ROW_WORDS, Command, Op, Source
from dynamap.backends.quantise import (
    ActivateArithmetic,
    AddArithmetic,
    AveragePoolArithmetic,
    ConcatArithmetic,
    ConvArithmetic,
    LayerArithmetic,
    LrnArithmetic,
    MaxPoolArithmetic,
    MulArithmetic,
    Rescale,
    ResizeArithmetic,
    SlopeArithmetic,
)
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape, ceil_div
from dynamap.cost.overlay.machine import UNIT_BYTES, round_up
from dynamap.cost.overlay.transfer import Format
from dynamap.cost.overlay.vector import VectorShape
from dynamap.planner.network.network import Layer, Lrn, Resize
from dynamap.planner.network.work import work_of
from dynamap.planner.plan.layers import OnVectorUnit

Channels = npt.NDArray[np.int64]
"""Positions in the layer's output, in order."""


def lower_vector(lowering: Lowering, index: int, layer: Layer, planned: OnVectorUnit) -> Iterator[Command]:
    """The passes of one vector layer, each over some of its channels.

    Raises:
        InputError: a changed plan has passes that the layer cannot be divided into.
    """
    assert planned.blocking is not None, "a plan by the published model is refused before"
    rows = planned.blocking.rows
    height, input_height = planned.shape.output[1], planned.shape.input[1]
    blocks = ceil_div(height, rows)
    last = height - (blocks - 1) * rows

    def rows_in(count: int) -> int:
        if isinstance(layer, Resize):
            return min(input_height, ceil_div(count, layer.rows) + 1)
        extent = (planned.shape.kernel[0] - 1) * planned.shape.dilation[0] + 1
        return min(input_height, (count - 1) * planned.shape.stride[0] + extent)

    integers = lowering.quantised.layers[layer.name]
    common = replace(
        lowering.command(_OPS[type(integers)], index, layer, planned),
        block_rows=rows,
        blocks=blocks,
        block_input_rows=rows_in(rows),
        last_input_rows=rows_in(last),
    )
    _check_passes(lowering, layer, planned, planned.blocking.channels)
    every = np.arange(common.out_channels)
    if planned.blocking.channels == len(every):
        yield _operation(lowering, layer, integers, common, every)
        return
    for number, first in enumerate(range(0, len(every), planned.blocking.channels)):
        channels = every[first : first + planned.blocking.channels]
        part = _over_planes(common, first // UNIT_BYTES, len(channels))
        yield _operation(lowering, layer, integers, replace(part, index=number), channels)


def _over_planes(whole: Command, plane: int, channels: int) -> Command:
    """The same over ``channels`` channels, those of the planes from ``plane`` on."""
    return replace(
        whole,
        input_address=whole.input_address + plane * whole.input_plane_bytes,
        output_address=whole.output_address + plane * whole.output_plane_bytes,
        channels=channels,
        out_channels=channels,
        pass_channels=channels,
        block_channels=channels,
    )


def _check_passes(lowering: Lowering, layer: Layer, planned: OnVectorUnit, channels: int) -> None:
    shape = work_of(layer, lowering.network)
    read, written = planned.input_format, planned.output_format
    assert isinstance(shape, VectorShape) and isinstance(read, Format) and isinstance(written, Format)
    if not shape.takes_passes_over(channels, read, written):
        raise InputError(
            f"layer {layer.name!r}: it cannot be done in passes over {channels} of its {shape.output.channels} "
            "channels, as the plan has it; plan the model again"
        )


_OPS: dict[type[LayerArithmetic], Op] = {
    ConvArithmetic: Op.DEPTHWISE,
    MaxPoolArithmetic: Op.MAX_POOL,
    AveragePoolArithmetic: Op.AVERAGE_POOL,
    AddArithmetic: Op.ADD,
    MulArithmetic: Op.MUL,
    ConcatArithmetic: Op.CONCAT,
    LrnArithmetic: Op.LRN,
    ResizeArithmetic: Op.RESIZE,
    SlopeArithmetic: Op.ACTIVATION,
    ActivateArithmetic: Op.ACTIVATION,
}


def _operation(
    lowering: Lowering, layer: Layer, integers: LayerArithmetic, made: Command, channels: Channels
) -> Command:
    """The command with what its operation needs, for these channels of the layer's output."""
    if isinstance(integers, ConvArithmetic):
        return _depthwise(lowering, integers, made, channels)
    if isinstance(integers, MaxPoolArithmetic):
        fixed = integers.finish.rounded.zero_point
        made = _rescaled(made, integers.rescale or Rescale(fixed, 1, 0, fixed))
        return lowering.finished(made, integers.finish)
    if isinstance(integers, AveragePoolArithmetic):
        return lowering.finished(_average(lowering, integers, made), integers.finish)
    if isinstance(integers, AddArithmetic):
        return lowering.finished(_add(lowering, layer, integers, made), integers.finish)
    if isinstance(integers, MulArithmetic):
        return lowering.finished(_mul(lowering, layer, integers, made), integers.finish)
    if isinstance(integers, ConcatArithmetic):
        return _concat(lowering, layer, integers, made)
    if isinstance(integers, LrnArithmetic):
        return lowering.finished(_lrn(lowering, layer, integers, made), integers.finish)
    if isinstance(integers, ResizeArithmetic):
        assert isinstance(layer, Resize)
        how = integers.rescale or _identity(lowering, layer.output)
        made = replace(
            _rescaled(made, how),
            size=layer.rows,
            size_reciprocal=ceil_div(2**32, layer.rows) if layer.rows > 1 else 0,
            columns_factor=layer.columns,
        )
        return replace(made, output_zero_point=how.zero_point, clamp_low=-128, clamp_high=127)
    if isinstance(integers, SlopeArithmetic):
        made = replace(
            made,
            input_zero_point=integers.input_zero_point,
            multiplier=integers.multiplier,
            shift=integers.shift,
        )
        return lowering.finished(made, integers.finish)
    assert isinstance(integers, ActivateArithmetic)
    made = replace(made, multiplier=1, clamp_low=-128, clamp_high=127)
    return lowering.looked_up(made, integers.table)


def _identity(lowering: Lowering, tensor: str) -> Rescale:
    """A copy, for values with the scale of ``tensor``."""
    zero_point = lowering.zero_point(tensor)
    return Rescale(zero_point, 1, 0, zero_point)


def _rescaled(made: Command, how: Rescale) -> Command:
    return replace(made, input_zero_point=how.input_zero_point, multiplier=how.multiplier, shift=how.shift)


def _source(
    lowering: Lowering, tensor: str, zero_point: int, multiplier: int, shift: int, first_channel: int
) -> Source:
    place = lowering.places[tensor]
    return Source(
        address=place.address,
        channels=place.layout.shape.channels,
        row_bytes=place.layout.row_bytes,
        plane_bytes=place.layout.plane_bytes,
        zero_point=zero_point,
        multiplier=multiplier,
        shift=shift,
        first_channel=first_channel,
    )


def _depthwise(lowering: Lowering, integers: ConvArithmetic, made: Command, channels: Channels) -> Command:
    taps = made.kernel_rows * made.kernel_columns
    padded = round_up(len(channels), UNIT_BYTES)
    parameters = np.zeros(padded, PARAMETERS)
    parameters[: len(channels)] = parameter_table(integers, channels, folded=True)
    weights = np.zeros((taps, padded), np.int8)
    weights[:, : len(channels)] = integers.weights_oihw[channels].reshape(len(channels), taps).T
    table = np.frombuffer(parameters.tobytes(), np.uint8)
    run = np.zeros(round_up(len(table) + weights.size, ALIGNMENT), np.uint8)
    run[: len(table)] = table
    run[len(table) : len(table) + weights.size] = weights.reshape(-1).view(np.uint8)
    made = replace(
        made,
        weights_address=lowering.weights.add(run),
        weight_bytes=len(run),
        output_zero_point=integers.finish.rounded.zero_point,
    )
    return lowering.looked_up(made, integers.finish.table)


def _average(lowering: Lowering, integers: AveragePoolArithmetic, made: Command) -> Command:
    """Classes of rows and columns by their counts, and multiplier and shift for each pair."""
    rows, columns = sorted(set(integers.row_counts)), sorted(set(integers.column_counts))
    classes = [rows.index(n) for n in integers.row_counts] + [columns.index(n) for n in integers.column_counts]
    pairs = np.zeros((len(rows) * len(columns), 2), "<u4")
    for i, count in enumerate(row * column for row in rows for column in columns):
        entry = integers.counts.index(count)
        pairs[i] = integers.multipliers[entry], integers.shifts[entry]
    head = bytes(classes)
    data = head + bytes(-len(head) % 8) + pairs.tobytes()
    return replace(
        made,
        input_zero_point=integers.input_zero_point,
        columns_factor=len(columns),
        values_address=lowering.tables.add(data),
        values_bytes=len(data),
    )


def _add(lowering: Lowering, layer: Layer, integers: AddArithmetic, made: Command) -> Command:
    sources = [
        _source(lowering, tensor, zero, multiplier, 0, 0)
        for tensor, zero, multiplier in zip(layer.inputs, integers.input_zero_points, integers.multipliers, strict=True)
    ]
    return _reading(lowering, layer, sources, replace(made, shift=integers.shift))


def _reading(lowering: Lowering, layer: Layer, sources: Sequence[Source], made: Command) -> Command:
    """The command with the records of its inputs."""
    address = lowering.tables.add_sources(sources, f"layer {layer.name!r}")
    return replace(made, source_count=len(sources), sources_address=address)


def _mul(lowering: Lowering, layer: Layer, integers: MulArithmetic, made: Command) -> Command:
    zeros = integers.input_zero_points
    sources = [_source(lowering, tensor, zero, 0, 0, 0) for tensor, zero in zip(layer.inputs, zeros, strict=True)]
    made = replace(
        _reading(lowering, layer, sources, made),
        input_zero_point=zeros[0],
        second_zero_point=zeros[1],
        multiplier=integers.multiplier,
        shift=integers.shift,
    )
    shapes = lowering.network.tensors
    if shapes[layer.inputs[1]] == shapes[layer.inputs[0]]:
        return made
    factor = lowering.places[layer.inputs[1]]
    size = plain_layout(TensorShape(shapes[layer.output].channels, 1, 1), factor.layout.format).size_bytes
    return replace(made, op=Op.SCALE, weights_address=factor.address, weight_bytes=size)


def _concat(lowering: Lowering, layer: Layer, integers: ConcatArithmetic, made: Command) -> Command:
    sources, first = [], 0
    for tensor, rescale in zip(layer.inputs, integers.rescales, strict=True):
        how = rescale or _identity(lowering, layer.output)
        sources.append(_source(lowering, tensor, how.input_zero_point, how.multiplier, how.shift, first))
        first += sources[-1].channels
    made = replace(made, output_zero_point=lowering.zero_point(layer.output), clamp_low=-128, clamp_high=127)
    return _reading(lowering, layer, sources, made)


def _lrn(lowering: Lowering, layer: Layer, integers: LrnArithmetic, made: Command) -> Command:
    assert isinstance(layer, Lrn)
    octaves = len(integers.table)
    rows = np.zeros((octaves, LRN_ROW_WORDS), "<u4")
    rows[:, :-1] = integers.table
    rows[:, -1] = integers.shifts
    data = rows.tobytes()
    return replace(
        made,
        input_zero_point=integers.input_zero_point,
        size=min(layer.size, 2 * lowering.network.tensors[layer.output].channels + 1),  # more sees no more
        values_address=lowering.tables.add(data),
        values_bytes=len(data),
    )
