"""Layers of the vector unit as one pass each (docs/overlay.md, section 7; docs/program.md, sections 2 and 4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynamap.backends.program.layout import plain_layout
from dynamap.backends.program.lowering.context import Lowering
from dynamap.backends.program.lowering.convolution import parameter_table
from dynamap.backends.program.packing import PARAMETERS
from dynamap.backends.program.specification import ALIGNMENT, LRN_ROW_WORDS, Command, Flag, Op, Source
from dynamap.backends.quantise import (
    ActivateArithmetic,
    AddArithmetic,
    AveragePoolArithmetic,
    ConcatArithmetic,
    ConvArithmetic,
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
from dynamap.cost.overlay.pooling import PoolOrder, pooling_of
from dynamap.planner.network.network import Add, Concat, Conv, Layer, Lrn, Mul, Pool, Resize
from dynamap.planner.plan.plan import PlannedLayer

Fields = dict[str, Any]


def lower_vector(lowering: Lowering, index: int, layer: Layer, planned: PlannedLayer) -> Command:
    """The pass of one vector layer.

    Raises:
        InputError: the plan has no blocking for it.
    """
    if planned.blocking is None:
        raise InputError(f"layer {layer.name!r}: the plan has no blocking for it")
    rows = planned.blocking.rows
    height, input_height = planned.shape.output[1], planned.shape.input[1]
    blocks = ceil_div(height, rows)
    last = height - (blocks - 1) * rows

    def rows_in(count: int) -> int:
        if isinstance(layer, Resize):
            return min(input_height, ceil_div(count, layer.rows) + 1)
        extent = (planned.shape.kernel[0] - 1) * planned.shape.dilation[0] + 1
        return min(input_height, (count - 1) * planned.shape.stride[0] + extent)

    fields = lowering.common(index, layer, planned) | {
        "block_rows": rows,
        "blocks": blocks,
        "block_input_rows": rows_in(rows),
        "last_input_rows": rows_in(last),
    }
    op, own = _operation(lowering, layer)
    return Command(op=op, **fields | own)


def _operation(lowering: Lowering, layer: Layer) -> tuple[Op, Fields]:
    integers = lowering.quantised.layers[layer.name]
    if isinstance(integers, ConvArithmetic):
        assert isinstance(layer, Conv)
        return Op.DEPTHWISE, _depthwise(lowering, layer, integers)
    if isinstance(integers, MaxPoolArithmetic):
        how = integers.rescale
        fixed = integers.finish.rounded.zero_point
        copy = _rescale(how) if how else _rescale(Rescale(fixed, 1, 0, fixed))
        return Op.MAX_POOL, _ordered(lowering, layer, copy | lowering.finish_fields(integers.finish))
    if isinstance(integers, AveragePoolArithmetic):
        assert isinstance(layer, Pool)
        fields = _average(lowering, layer, integers) | lowering.finish_fields(integers.finish)
        return Op.AVERAGE_POOL, _ordered(lowering, layer, fields)
    if isinstance(integers, AddArithmetic):
        assert isinstance(layer, Add)
        return Op.ADD, _add(lowering, layer, integers) | lowering.finish_fields(integers.finish)
    if isinstance(integers, MulArithmetic):
        assert isinstance(layer, Mul)
        op, fields = _mul(lowering, layer, integers)
        return op, fields | lowering.finish_fields(integers.finish)
    if isinstance(integers, ConcatArithmetic):
        assert isinstance(layer, Concat)
        return Op.CONCAT, _concat(lowering, layer, integers)
    if isinstance(integers, LrnArithmetic):
        assert isinstance(layer, Lrn)
        return Op.LRN, _lrn(lowering, layer, integers) | lowering.finish_fields(integers.finish)
    if isinstance(integers, ResizeArithmetic):
        assert isinstance(layer, Resize)
        how = integers.rescale or _identity(lowering, layer.output)
        fields = _rescale(how) | {"size": layer.rows, "columns_factor": layer.columns}
        return Op.RESIZE, fields | {"output_zero_point": how.zero_point, "clamp_low": -128, "clamp_high": 127}
    if isinstance(integers, SlopeArithmetic):
        fields = {
            "input_zero_point": integers.input_zero_point,
            "multiplier": integers.multiplier,
            "shift": integers.shift,
        }
        return Op.ACTIVATION, fields | lowering.finish_fields(integers.finish)
    assert isinstance(integers, ActivateArithmetic)
    return Op.ACTIVATION, {
        "multiplier": 1,
        "clamp_low": -128,
        "clamp_high": 127,
        "flags": Flag.STORE | Flag.LOOKUP,
        "lookup_address": lowering.tables.add(integers.table.astype("i1").tobytes()),
    }


def _identity(lowering: Lowering, tensor: str) -> Rescale:
    """A copy, for values with the scale of ``tensor``."""
    zero_point = lowering.zero_point(tensor)
    return Rescale(zero_point, 1, 0, zero_point)


def _rescale(how: Rescale) -> Fields:
    return {"input_zero_point": how.input_zero_point, "multiplier": how.multiplier, "shift": how.shift}


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


def _depthwise(lowering: Lowering, layer: Conv, integers: ConvArithmetic) -> Fields:
    channels, _, k1, k2 = integers.weights_oihw.shape
    padded = round_up(channels, UNIT_BYTES)
    parameters = np.zeros(padded, PARAMETERS)
    parameters[:channels] = parameter_table(integers, np.arange(channels), folded=True)
    weights = np.zeros((k1 * k2, padded), np.int8)
    weights[:, :channels] = integers.weights_oihw.reshape(channels, k1 * k2).T
    table = np.frombuffer(parameters.tobytes(), np.uint8)
    run = np.zeros(round_up(len(table) + weights.size, ALIGNMENT), np.uint8)
    run[: len(table)] = table
    run[len(table) : len(table) + weights.size] = weights.reshape(-1).view(np.uint8)
    fields: Fields = {
        "weights_address": lowering.weights.add(run),
        "weight_bytes": len(run),
        "output_zero_point": integers.finish.rounded.zero_point,
    }
    if integers.finish.table is not None:
        fields["flags"] = Flag.STORE | Flag.LOOKUP
        fields["lookup_address"] = lowering.tables.add(integers.finish.table.astype("i1").tobytes())
    return fields


def _average(lowering: Lowering, layer: Pool, integers: AveragePoolArithmetic) -> Fields:
    """Classes of rows and columns by their counts, and multiplier and shift for each pair."""
    rows, columns = sorted(set(integers.row_counts)), sorted(set(integers.column_counts))
    classes = [rows.index(n) for n in integers.row_counts] + [columns.index(n) for n in integers.column_counts]
    pairs = np.zeros((len(rows) * len(columns), 2), "<u4")
    for i, count in enumerate(row * column for row in rows for column in columns):
        entry = integers.counts.index(count)
        pairs[i] = integers.multipliers[entry], integers.shifts[entry]
    head = bytes(classes)
    data = head + bytes(-len(head) % 8) + pairs.tobytes()
    return {
        "input_zero_point": integers.input_zero_point,
        "columns_factor": len(columns),
        "values_address": lowering.tables.add(data),
        "values_bytes": len(data),
    }


def _ordered(lowering: Lowering, layer: Layer, fields: Fields) -> Fields:
    """The fields of a pooling with its order among the flags."""
    assert isinstance(layer, Pool)
    shapes, overlay = lowering.network.tensors, lowering.overlay
    source, target = shapes[layer.inputs[0]], shapes[layer.output]
    pooling = pooling_of(overlay.word_bytes // UNIT_BYTES, overlay.lanes, source, target, layer.window)
    assert pooling is not None, "the planner offers no pooling whose windows are wider than a row of running results"
    return fields | {"flags": fields["flags"] | Flag.PLANES} if pooling.order is PoolOrder.PLANES else fields


def _add(lowering: Lowering, layer: Add, integers: AddArithmetic) -> Fields:
    sources = [
        _source(lowering, tensor, zero, multiplier, 0, 0)
        for tensor, zero, multiplier in zip(layer.inputs, integers.input_zero_points, integers.multipliers, strict=True)
    ]
    return {
        "shift": integers.shift,
        "source_count": len(sources),
        "sources_address": lowering.tables.add_sources(sources, f"layer {layer.name!r}"),
    }


def _mul(lowering: Lowering, layer: Mul, integers: MulArithmetic) -> tuple[Op, Fields]:
    zeros = integers.input_zero_points
    sources = [_source(lowering, tensor, zero, 0, 0, 0) for tensor, zero in zip(layer.inputs, zeros, strict=True)]
    fields: Fields = {
        "input_zero_point": zeros[0],
        "second_zero_point": zeros[1],
        "multiplier": integers.multiplier,
        "shift": integers.shift,
        "source_count": 2,
        "sources_address": lowering.tables.add_sources(sources, f"layer {layer.name!r}"),
    }
    shapes = lowering.network.tensors
    if shapes[layer.inputs[1]] == shapes[layer.inputs[0]]:
        return Op.MUL, fields
    factor = lowering.places[layer.inputs[1]]
    size = plain_layout(TensorShape(shapes[layer.output].channels, 1, 1), factor.layout.format).size_bytes
    return Op.SCALE, fields | {"weights_address": factor.address, "weight_bytes": size}


def _concat(lowering: Lowering, layer: Concat, integers: ConcatArithmetic) -> Fields:
    sources, first = [], 0
    for tensor, rescale in zip(layer.inputs, integers.rescales, strict=True):
        how = rescale or _identity(lowering, layer.output)
        sources.append(_source(lowering, tensor, how.input_zero_point, how.multiplier, how.shift, first))
        first += sources[-1].channels
    return {
        "output_zero_point": lowering.zero_point(layer.output),
        "clamp_low": -128,
        "clamp_high": 127,
        "source_count": len(sources),
        "sources_address": lowering.tables.add_sources(sources, f"layer {layer.name!r}"),
    }


def _lrn(lowering: Lowering, layer: Lrn, integers: LrnArithmetic) -> Fields:
    octaves = len(integers.table)
    rows = np.zeros((octaves, LRN_ROW_WORDS), "<u4")
    rows[:, :-1] = integers.table
    rows[:, -1] = integers.shifts
    data = rows.tobytes()
    return {
        "input_zero_point": integers.input_zero_point,
        "size": min(layer.size, 2 * lowering.network.tensors[layer.output].channels + 1),  # more sees no more
        "values_address": lowering.tables.add(data),
        "values_bytes": len(data),
    }
