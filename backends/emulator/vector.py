"""Passes of the vector unit: one function per operation, on channels x rows x columns of one block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic import integers as arithmetic
from dynamap.backends.emulator.memory import Memory, Stored
from dynamap.backends.emulator.passes import (
    finish_products,
    finish_sums,
    input_of,
    output_of,
    pad_block,
    read_parameters,
)
from dynamap.backends.program.lowering.geometry import BlockShape, blocks_of, channel_units, window_of
from dynamap.backends.program.specification import (
    LRN_ROW_WORDS,
    Command,
    FormatCode,
    Op,
    Source,
)
from dynamap.cost.overlay.limits import PARAMETER_BYTES
from dynamap.cost.overlay.machine import UNIT_BYTES, round_up

Int8Array = npt.NDArray[np.int8]
Pixels = npt.NDArray[Any]


@dataclass(frozen=True)
class Pass:
    """One vector command, its sources and the bytes of its prologue."""

    memory: Memory
    command: Command
    sources: Sequence[Source]
    resident: npt.NDArray[np.uint8]


def run_vector(memory: Memory, command: Command, sources: Sequence[Source]) -> None:
    """One pass."""
    resident = memory.read(command.weights_address, command.weight_bytes)
    work = Pass(memory, command, sources, resident)
    inputs = [(input_of(command), command.pad_value)]
    if command.op.streams_sources:
        inputs = [(_stored(command, source), source.zero_point) for source in sources]
    for block in blocks_of(command):
        pixels = [memory.load(stored, block.input_start, block.input_rows, fill) for stored, fill in inputs]
        values = _OPERATIONS[command.op](work, block, pixels)
        assert values.shape == (command.out_channels, block.rows, command.out_width)
        memory.store(output_of(command), 0, block.first_row, values)


def _stored(command: Command, source: Source) -> Stored:
    return Stored(
        command.input_format,
        source.address,
        source.row_bytes,
        source.plane_bytes,
        source.channels,
        command.height,
        command.width,
    )


def _planes(pixels: Pixels, channels: int) -> Pixels:
    """Rows x columns x channels as channels x rows x columns, without the channels beyond the last."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[:channels])


def _reduce(work: Pass, block: BlockShape, pixels: Pixels, fill: int, operation: np.ufunc) -> Pixels:
    """Sums or maxima of windows: K1 rows first, then K2 columns."""
    command = work.command
    window = window_of(command)
    padded = _planes(pad_block(pixels, command, block, window, fill), command.channels)
    for axis, count in ((1, block.rows), (2, command.out_width)):
        stride, dilation = window.stride[axis - 1], window.dilation[axis - 1]
        parts = []
        for tap in range(window.kernel[axis - 1]):
            chosen = slice(tap * dilation, tap * dilation + (count - 1) * stride + 1, stride)
            parts.append(padded[(slice(None),) * axis + (chosen,)])
        padded = parts[0].copy()
        for part in parts[1:]:
            operation(padded, part, out=padded)
    return padded


def _max_pool(work: Pass, block: BlockShape, pixels: list[Int8Array]) -> Int8Array:
    command = work.command
    largest = _reduce(work, block, pixels[0], arithmetic.LOWEST, np.maximum)
    products = (largest.astype(np.int64) - command.input_zero_point) * command.multiplier
    return finish_products(work.memory, command, products, command.shift)


def _average_pool(work: Pass, block: BlockShape, pixels: list[Int8Array]) -> Int8Array:
    command = work.command
    values = work.memory.view(command.values_address, command.values_bytes)
    rows, columns = command.out_height, command.out_width
    start = -(-(rows + columns) // 8) * 8
    pairs = values[start:].view("<u4").reshape(-1, command.columns_factor, 2).astype(np.int64)
    row_class = values[block.first_row : block.first_row + block.rows]
    chosen = pairs[row_class[:, None], values[rows : rows + columns][None, :]]
    centred = pixels[0].astype(np.int32) - command.input_zero_point
    sums = _reduce(work, block, centred, 0, np.add).astype(np.int64)
    return finish_products(work.memory, command, sums * chosen[:, :, 0], chosen[:, :, 1])


def _depthwise(work: Pass, block: BlockShape, pixels: list[Int8Array]) -> Int8Array:
    command = work.command
    window = window_of(command)
    padded_channels = channel_units(command) * UNIT_BYTES
    taps = window.kernel[0] * window.kernel[1]
    start = padded_channels * PARAMETER_BYTES
    weights = work.resident[start : start + taps * padded_channels].view(np.int8).reshape(taps, padded_channels)
    padded = _planes(pad_block(pixels[0], command, block, window, command.pad_value), command.channels)
    padded = padded.astype(np.int32)
    sums = np.zeros((command.channels, block.rows, command.out_width), np.int64)
    for tap in range(taps):
        y, x = (tap // window.kernel[1]) * window.dilation[0], (tap % window.kernel[1]) * window.dilation[1]
        rows = slice(y, y + (block.rows - 1) * window.stride[0] + 1, window.stride[0])
        columns = slice(x, x + (command.out_width - 1) * window.stride[1] + 1, window.stride[1])
        sums += padded[:, rows, columns] * weights[tap, : command.channels].astype(np.int32).reshape(-1, 1, 1)
    return finish_sums(work.memory, command, sums, read_parameters(work.resident, command.channels))


def _add(work: Pass, block: BlockShape, pixels: list[Int8Array]) -> Int8Array:
    command = work.command
    tensors = [_planes(part, command.channels) for part in pixels]
    zero_points = tuple(source.zero_point for source in work.sources)
    total = arithmetic.scaled_sum(tensors, zero_points, tuple(source.multiplier for source in work.sources))
    return finish_products(work.memory, command, total, command.shift)


def _mul(work: Pass, block: BlockShape, pixels: list[Int8Array]) -> Int8Array:
    command = work.command
    first, second = (_planes(part, command.channels) for part in pixels)
    return _multiplied(work, first, second)


def _scale(work: Pass, block: BlockShape, pixels: list[Int8Array]) -> Int8Array:
    """The resident factor is C x 1 x 1: c16 has a unit per 64-byte plane, hwc all channels in a row."""
    command = work.command
    factor = work.resident.view(np.int8)
    if command.input_format is FormatCode.C16:
        factor = factor.reshape(-1, 4, UNIT_BYTES)[:, 0].reshape(-1)
    second = factor[: command.channels].reshape(-1, 1, 1)
    return _multiplied(work, _planes(pixels[0], command.channels), second)


def _multiplied(work: Pass, first: Int8Array, second: Int8Array) -> Int8Array:
    command = work.command
    product = arithmetic.centred_product(first, second, command.input_zero_point, command.second_zero_point)
    return finish_products(work.memory, command, product * command.multiplier, command.shift)


def _lrn(work: Pass, block: BlockShape, pixels: list[Int8Array]) -> Int8Array:
    command = work.command
    values = work.memory.view(command.values_address, command.values_bytes)
    octaves = values.view("<u4").reshape(-1, LRN_ROW_WORDS)
    table, shifts = octaves[:, :-1].astype(np.int64), octaves[:, -1].astype(np.int32)
    centred = _planes(pixels[0], command.channels).astype(np.int64) - command.input_zero_point
    sums = arithmetic.window_sums(centred * centred, command.size)
    factor, shift = arithmetic.lrn_factor(sums, table, shifts)
    return finish_products(work.memory, command, centred * factor, shift)


def _activation(work: Pass, block: BlockShape, pixels: list[Int8Array]) -> Int8Array:
    command = work.command
    centred = _planes(pixels[0], command.channels).astype(np.int64) - command.input_zero_point
    return finish_products(work.memory, command, centred * command.multiplier, command.shift)


def _concat(work: Pass, block: BlockShape, pixels: list[Int8Array]) -> Int8Array:
    command = work.command
    result = np.empty((command.out_channels, block.rows, command.out_width), np.int8)
    for source, part in zip(work.sources, pixels, strict=True):
        centred = _planes(part, source.channels).astype(np.int64) - source.zero_point
        values = finish_products(work.memory, command, centred * source.multiplier, source.shift)
        result[source.first_channel : source.first_channel + source.channels] = values
    return result


def _resize(work: Pass, block: BlockShape, pixels: list[Int8Array]) -> Int8Array:
    command = work.command
    rows = (block.first_row + np.arange(block.rows)) // command.size - block.input_start
    columns = np.arange(command.out_width) // command.columns_factor
    values = _planes(pixels[0], command.channels).astype(np.int64) - command.input_zero_point
    first = np.zeros((block.rows, command.out_width), np.int64)  # the channel of the pixel that is the output's first
    if command.channels > command.out_channels:
        phase_rows = (block.first_row + np.arange(block.rows)) % command.size
        phases = phase_rows[:, None] * command.columns_factor + np.arange(command.out_width) % command.columns_factor
        first = phases * round_up(command.out_channels, UNIT_BYTES)
    channels = first[None] + np.arange(command.out_channels)[:, None, None]
    enlarged = values[channels, rows[:, None], columns[None, :]]
    return finish_products(work.memory, command, enlarged * command.multiplier, command.shift)


_OPERATIONS: Mapping[Op, Callable[[Pass, BlockShape, list[Int8Array]], Int8Array]] = {
    Op.MAX_POOL: _max_pool,
    Op.AVERAGE_POOL: _average_pool,
    Op.DEPTHWISE: _depthwise,
    Op.ADD: _add,
    Op.MUL: _mul,
    Op.SCALE: _scale,
    Op.LRN: _lrn,
    Op.ACTIVATION: _activation,
    Op.CONCAT: _concat,
    Op.RESIZE: _resize,
}
