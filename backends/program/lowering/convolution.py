"""Convolutions of the array as passes: groups, output channel chunks, row bands, contraction chunks (section 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic.winograd import transform_weights
from dynamap.backends.program import packing
from dynamap.backends.program.lowering.context import Lowering
from dynamap.backends.program.lowering.geometry import contraction_of, wide_of_overlay, winograd_form
from dynamap.backends.program.packing import PARAMETERS
from dynamap.backends.program.specification import (
    ALGORITHMS,
    DATAFLOWS,
    MODES,
    AlgorithmCode,
    Command,
    Flag,
    FormatCode,
    Mode,
    Op,
)
from dynamap.backends.quantise import ConvArithmetic
from dynamap.cost.algorithms import WinogradTile
from dynamap.cost.convolution import ConvShape
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.machine import UNIT_BYTES, round_up
from dynamap.planner.mapping.storage import sliced
from dynamap.planner.network.network import Conv
from dynamap.planner.network.work import conv_shape
from dynamap.planner.plan.layers import Blocking, OnArray

Int8Array = npt.NDArray[np.int8]
Bytes = npt.NDArray[np.uint8]


def lower_conv(lowering: Lowering, index: int, layer: Conv, planned: OnArray) -> Iterator[Command]:
    """The passes of one convolution, their weights added to the stream.

    Raises:
        InputError: a Winograd of a changed plan could overflow the accumulators, or its blocks begin inside a unit.
    """
    integers = lowering.quantised.layers[layer.name]
    assert isinstance(integers, ConvArithmetic)
    assert planned.blocking is not None, "a plan by the published model is refused before"
    dense = layer.groups > 1 and not sliced(layer, lowering.network)
    shape, groups = conv_shape(layer, lowering.network).split_groups(UNIT_BYTES, dense=dense)
    _check_blocks(layer, planned.blocking.channels, shape.out_channels)
    common = _layer_command(lowering, index, layer, planned, integers, shape)
    number = 0
    for group in range(groups):
        weights = group_weights(layer, integers, group, groups)
        folded = common.algorithm is not AlgorithmCode.KN2ROW
        passes = _Passes(lowering, layer, integers, shape, weights, group, planned.blocking, folded=folded)
        source, target = lowering.places[layer.inputs[0]], lowering.places[layer.output]
        own = replace(
            common,
            input_address=source.address + group * shape.input.channels // UNIT_BYTES * source.layout.plane_bytes,
            output_address=target.address + group * shape.out_channels // UNIT_BYTES * target.layout.plane_bytes,
        )
        if own.algorithm is AlgorithmCode.WINOGRAD:
            _check_winograd(layer, own, weights.shape[1])
        streamed = passes.input_streams if own.mode is Mode.STREAM_INPUTS else passes.weight_streams
        for made in streamed(own):
            yield replace(made, index=number)
            number += 1


def _check_blocks(layer: Conv, channels: int, whole: int) -> None:
    if channels < whole and channels % UNIT_BYTES:
        raise InputError(
            f"layer {layer.name!r}: it cannot be done in blocks of {channels} of its {whole} channels, as the plan has "
            f"it: blocks that are not all channels have a multiple of {UNIT_BYTES}; plan the model again"
        )


def group_weights(layer: Conv, integers: ConvArithmetic, group: int, groups: int) -> Int8Array:
    """O x I x K1 x K2 of one of ``groups`` dense groups, in the order of the output tensor's channels.

    Merged groups stand on the diagonal, with zeros elsewhere.
    """
    values = integers.weights_oihw
    per_group, depth = values.shape[0] // groups, values.shape[1]
    own = values[group * per_group : (group + 1) * per_group]
    merged = layer.groups // groups
    if merged > 1:
        outputs = per_group // merged
        wide = np.zeros((per_group, merged * depth, *values.shape[2:]), np.int8)
        for part in range(merged):
            rows = slice(part * outputs, (part + 1) * outputs)
            wide[rows, part * depth : (part + 1) * depth] = own[rows]
        own = wide
    if layer.output_order is not None:
        assert groups == 1, "a channel shuffle needs one dense group"
        own = own[list(layer.output_order)]
    return own


def _layer_command(
    lowering: Lowering, index: int, layer: Conv, planned: OnArray, integers: ConvArithmetic, shape: ConvShape
) -> Command:
    """What all passes of the layer have in common."""
    choice, blocking = planned.choice, planned.blocking
    assert blocking is not None
    made = replace(
        lowering.command(Op.CONV, index, layer, planned),
        algorithm=ALGORITHMS[choice.algorithm],
        dataflow=DATAFLOWS[choice.dataflow],
        winograd_tile=choice.winograd.outputs if choice.winograd else 0,
        mode=MODES[blocking.mode],
        channels=shape.input.channels,
        out_channels=shape.out_channels,
        pass_channels=shape.out_channels,
        output_zero_point=integers.finish.rounded.zero_point,
    )
    if made.algorithm is AlgorithmCode.KN2ROW:
        made = replace(made, data_offset=integers.input_zero_point)
    return lowering.looked_up(made, integers.finish.table)


def _check_winograd(layer: Conv, made: Command, channels: int) -> None:
    """Refuses a Winograd whose sums could overflow for some input: a plan that was changed by hand.

    Raises:
        InputError: naming the layer.
    """
    form = winograd_form(made)
    if not form.fits(channels):
        raise InputError(
            f"layer {layer.name!r}: Winograd {WinogradTile(form.m).label} over {channels} channels needs "
            f"sums of {form.sum_bits(channels)} bits; plan it with --pin {layer.name}=im2col"
        )


class _Passes:
    """The passes of one group."""

    def __init__(
        self,
        lowering: Lowering,
        layer: Conv,
        integers: ConvArithmetic,
        shape: ConvShape,
        weights: Int8Array,
        group: int,
        blocking: Blocking,
        *,
        folded: bool,
    ) -> None:
        self.lowering, self.layer, self.shape, self.blocking = lowering, layer, shape, blocking
        self.weights = weights
        self.parameters = _parameters(layer, integers, group, shape.out_channels, folded=folded)

    def input_streams(self, common: Command) -> Iterator[Command]:
        """One pass per chunk of output channels."""
        rows, channels = self.blocking.rows, self.blocking.channels
        height = self.shape.output.height
        blocks = ceil_div(height, rows)
        last = height - (blocks - 1) * rows
        toeplitz = common.input_format is FormatCode.TOEPLITZ
        for first in range(0, self.shape.out_channels, channels):
            count = min(channels, self.shape.out_channels - first)
            made = replace(
                common,
                block_rows=rows,
                block_input_rows=rows if toeplitz else self.shape.rows_in(rows),
                last_input_rows=last if toeplitz else self.shape.rows_in(last),
                first_channel=first,
                pass_channels=count,
                block_channels=count,
                blocks=blocks,
            )
            run = self.run(made, slice(0, self.shape.input.channels), first, count)
            yield replace(made, weights_address=self.lowering.weights.add(run), weight_bytes=len(run))

    def weight_streams(self, common: Command) -> Iterator[Command]:
        """Row bands; in each, chunks of the contraction; in each, blocks of output channels."""
        rows, channels, units = self.blocking.rows, self.blocking.channels, self.blocking.units
        depth, outputs = self.shape.input.channels, self.shape.out_channels
        blocks = ceil_div(outputs, channels)
        chunks = ceil_div(ceil_div(depth, UNIT_BYTES), units)
        toeplitz = common.input_format is FormatCode.TOEPLITZ
        stored: dict[int, tuple[int, int, int]] = {}
        for row in range(0, self.shape.output.height, rows):
            band = min(rows, self.shape.output.height - row)
            for chunk in range(chunks):
                first = chunk * units * UNIT_BYTES
                part = slice(first, min(depth, first + units * UNIT_BYTES))
                flags = common.flags & ~Flag.STORE
                flags |= Flag.STORE if chunk == chunks - 1 else Flag(0)
                flags |= Flag.ACCUMULATE if chunk else Flag(0)
                heights = band if toeplitz else self.shape.rows_in(band)
                made = replace(
                    common,
                    flags=flags,
                    input_address=common.input_address + chunk * units * common.input_plane_bytes,
                    channels=part.stop - part.start,
                    first_row=row,
                    pass_rows=band,
                    block_rows=band,
                    block_input_rows=heights,
                    last_input_rows=heights,
                    block_channels=channels,
                    blocks=blocks,
                )
                if chunk not in stored:
                    runs = [
                        self.run(made, part, begin, min(channels, outputs - begin))
                        for begin in range(0, outputs, channels)
                    ]
                    addresses = [self.lowering.weights.add(run) for run in runs]
                    stored[chunk] = addresses[0], len(runs[0]), len(runs[-1])
                address, size, last = stored[chunk]
                yield replace(made, weights_address=address, weight_bytes=size, last_weight_bytes=last)

    def run(self, made: Command, part: slice, first: int, count: int) -> Bytes:
        """Parameters and packed weights of ``count`` output channels from ``first`` on, for input channels ``part``."""
        k = contraction_of(made)
        matrix = _matrix(self.weights[first : first + count, part], made, k)
        wide = wide_of_overlay(self.lowering.overlay.columns, self.lowering.overlay.packing, made)
        stream = packing.pack(matrix, k, made.dataflow, self.lowering.overlay.rows, wide)
        table = self.parameters[first : first + count].tobytes()
        run = np.zeros(k.run_bytes(made.dataflow, count), np.uint8)
        run[: len(table)] = np.frombuffer(table, np.uint8)
        run[len(table) : len(table) + len(stream)] = stream
        return run


def _parameters(layer: Conv, integers: ConvArithmetic, group: int, count: int, *, folded: bool) -> npt.NDArray[np.void]:
    """The parameters of one group's output channels, in the order of the output tensor."""
    order = np.arange(group * count, (group + 1) * count)
    if layer.output_order is not None:
        order = np.asarray(layer.output_order)[order]
    return parameter_table(integers, order, folded=folded)


def parameter_table(integers: ConvArithmetic, order: npt.NDArray[np.int64], *, folded: bool) -> npt.NDArray[np.void]:
    """The 16-byte parameters of the convolution's channels ``order``; ``folded``: the bias contains the zero point."""
    negative = integers.negative or (integers.multipliers, integers.shifts)
    table = np.zeros(len(order), PARAMETERS)
    table["bias"] = (integers.folded_bias if folded else integers.bias)[order]
    table["multiplier"] = integers.multipliers[order]
    table["shift"] = integers.shifts[order]
    table["negative_multiplier"] = negative[0][order]
    table["negative_shift"] = negative[1][order]
    table["low"] = integers.finish.low
    table["high"] = integers.finish.high
    return table


def _matrix(weights: Int8Array, made: Command, k: packing.Contraction) -> packing.Weights:
    """O x I x K1 x K2 as repeats x values x O, in streaming order."""
    outputs, depth, k1, k2 = weights.shape
    if made.algorithm is AlgorithmCode.WINOGRAD:
        transformed = transform_weights(weights, winograd_form(made))
        matrix = np.zeros((k.repeats, k.segments, k.piece, outputs), np.int16)
        matrix[:, :, :depth] = transformed
        return matrix.reshape(k.repeats, k.values, outputs)
    taps = weights.transpose(2, 3, 1, 0).reshape(k1 * k2, depth, outputs)
    if made.input_format is FormatCode.TOEPLITZ:
        window = np.zeros((k.values, outputs), np.int8)
        window[: k1 * k2 * depth] = taps.reshape(-1, outputs)
        return window[None]
    padded = np.zeros((k1 * k2, round_up(depth, UNIT_BYTES), outputs), np.int8)
    padded[:, :depth] = taps
    return padded.reshape(k.repeats, k.values, outputs)
