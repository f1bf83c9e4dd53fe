"""CONV passes: Toeplitz matrices, shifted unit convolutions and Winograd tiles, block by block.

Integers are multiplied by the BLAS in floating point: float32 where every sum stays below 2^24,
float64 where it stays below 2^53; both are then exact whatever the order of additions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic.winograd import transform_output, transform_tiles
from dynamap.backends.emulator.memory import Memory
from dynamap.backends.emulator.passes import finish_sums, input_of, output_of, pad_block, read_parameters
from dynamap.backends.program.lowering.geometry import (
    BlockShape,
    blocks_of,
    contraction_of,
    wide_of,
    window_of,
    winograd_form,
)
from dynamap.backends.program.packing import Contraction, array_tiles, unpack
from dynamap.backends.program.specification import (
    AlgorithmCode,
    Command,
    Flag,
    FormatCode,
    Header,
    Mode,
)
from dynamap.cost.overlay.limits import PARAMETER_BYTES

Floats = npt.NDArray[np.floating[Any]]
Int8Array = npt.NDArray[np.int8]
Sums = npt.NDArray[np.float64]

CHUNK_BYTES = 32 * 2**20
"""Toeplitz matrices are built for as many rows of windows at a time as fit here."""


@dataclass
class Accumulators:
    """The sums that a pass leaves on chip for the next one, by block."""

    sums: dict[int, Sums] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one run: repeats x values x output channels in floating point, and the channels' parameters."""

    matrix: Floats
    parameters: npt.NDArray[np.void]


def run_conv(memory: Memory, header: Header, command: Command, kept: Accumulators) -> int:
    """One pass; returns the array tiles that it takes."""
    k, wide = contraction_of(command), wide_of(header, command)
    streams_inputs = command.mode is Mode.STREAM_INPUTS
    if not command.flags & Flag.ACCUMULATE:
        kept.sums.clear()
    weights: Weights | None = None
    pixels: Int8Array | None = None
    if streams_inputs:
        weights = _read_weights(
            memory, header, command, k, command.weights_address, command.weight_bytes, command.pass_channels
        )
    tiles = 0
    for block in blocks_of(command):
        if streams_inputs or pixels is None:
            pixels = _load(memory, command, block)
        if not streams_inputs:
            weights = _read_weights(
                memory, header, command, k, block.weights_address, block.weight_bytes, block.channels
            )
        assert weights is not None
        tiles += array_tiles(k, command.dataflow, _positions(command, block), block.channels, header.rows, wide)
        sums = _ALGORITHMS[command.algorithm](command, block, pixels, weights.matrix)
        if command.flags & Flag.ACCUMULATE:
            sums += kept.sums.pop(block.index)
        if not command.flags & Flag.STORE:
            kept.sums[block.index] = sums
            continue
        whole = _output_sums(command, block, sums)
        values = finish_sums(memory, command, whole, weights.parameters)
        memory.store(output_of(command), block.first_channel, block.first_row, values)
    return tiles


def _load(memory: Memory, command: Command, block: BlockShape) -> Int8Array:
    """The input rows of a block: rows x columns x channels, toeplitz: rows x windows x bytes."""
    stored = input_of(command)
    if command.input_format is FormatCode.TOEPLITZ:
        return memory.load_windows(stored, block.input_start, block.input_rows, command.out_width, command.window_bytes)
    return memory.load(stored, block.input_start, block.input_rows, command.pad_value)


def _read_weights(
    memory: Memory, header: Header, command: Command, k: Contraction, address: int, size: int, channels: int
) -> Weights:
    """One run, unpacked, in the narrowest floating point type in which all its sums are exact."""
    assert size == k.run_bytes(command.dataflow, channels)
    run = memory.read(address, size)
    wide = wide_of(header, command)
    integers = unpack(run[channels * PARAMETER_BYTES :], k, command.dataflow, channels, header.rows, wide)
    kind: type[np.floating[Any]] = np.float64
    if command.algorithm is not AlgorithmCode.WINOGRAD:
        largest = max(128 + command.data_offset, 127 - command.data_offset)
        bound = largest * int(np.abs(integers, dtype=np.int16).sum(axis=1, dtype=np.int64).max())
        assert bound < 2**53
        kind = np.float32 if bound < 2**24 else np.float64
    return Weights(integers.astype(kind), read_parameters(run, channels))


def _positions(command: Command, block: BlockShape) -> int:
    """Output positions of one product: a in docs/overlay.md, section 4."""
    if command.algorithm is AlgorithmCode.WINOGRAD:
        rows, columns = winograd_form(command).tiles(block.rows, command.out_width)
        return rows * columns
    return block.rows * (command.width if command.algorithm is AlgorithmCode.KN2ROW else command.out_width)


def _im2col(command: Command, block: BlockShape, pixels: Int8Array, weights: Floats) -> Sums:
    """Rows of the Toeplitz matrix times the weights: output positions x channels."""
    width = command.out_width
    result = np.empty((block.rows * width, weights.shape[2]), np.float64)
    step = max(1, CHUNK_BYTES // (width * weights.shape[1] * weights.itemsize))
    patches = pixels if command.input_format is FormatCode.TOEPLITZ else _patches(command, block, pixels)
    for row in range(0, block.rows, step):
        some = patches[row : row + step]
        matrix = some.astype(weights.dtype).reshape(len(some) * width, weights.shape[1])
        result[row * width : (row + len(some)) * width] = matrix @ weights[0]
    return result


def _patches(command: Command, block: BlockShape, pixels: Int8Array) -> Int8Array:
    """A view rows x columns x K1 x K2 x channels: the window of every output position."""
    window = window_of(command)
    padded = pad_block(pixels, command, block, window, command.pad_value)
    line, item, channel = padded.strides
    shape = (block.rows, command.out_width, *window.kernel, padded.shape[2])
    (s1, s2), (d1, d2) = window.stride, window.dilation
    strides = (line * s1, item * s2, line * d1, item * d2, channel)
    return np.lib.stride_tricks.as_strided(padded, shape, strides, writeable=False)


def _kn2row(command: Command, block: BlockShape, pixels: Int8Array, weights: Floats) -> Sums:
    """A unit convolution of rows of pixels per tap, each added into the output at its own shift; pads are fed too."""
    channels, fill = weights.shape[2], command.pad_value - command.data_offset
    result = np.zeros((block.rows, command.out_width, channels), np.float64)
    centred = pixels.astype(weights.dtype) - weights.dtype.type(command.data_offset)
    for tap in range(command.kernel_rows * command.kernel_columns):
        k1, k2 = divmod(tap, command.kernel_columns)
        top = block.first_row - command.pad_top + k1 * command.dilation_rows
        first, last = max(top, 0), min(top + block.rows, command.height)
        pads = fill * weights[tap].sum(axis=0, dtype=np.float64)
        outside = np.ones((block.rows, command.out_width, 1), bool)
        shift = command.pad_left - k2 * command.dilation_columns
        begin, end = max(0, -shift), min(command.width, command.out_width - shift)
        if first < last and begin < end:
            rows = centred[first - block.input_start : last - block.input_start]
            products = rows.reshape(-1, rows.shape[2]) @ weights[tap]
            whole = products.reshape(last - first, command.width, channels)
            result[first - top : last - top, begin + shift : end + shift] += whole[:, begin:end]
            outside[first - top : last - top, begin + shift : end + shift] = False
        if fill:
            result += np.where(outside, pads, 0)
    return result.reshape(-1, channels)


def _winograd(command: Command, block: BlockShape, pixels: Int8Array, weights: Floats) -> Sums:
    """Transformed tiles times transformed weights: positions x tiles x channels."""
    form = winograd_form(command)
    padded = pad_block(pixels, command, block, window_of(command), command.pad_value).transpose(2, 0, 1)
    tiles = transform_tiles(padded, form, block.rows, command.out_width)  # positions x rounds x tiles x channels
    count = tiles.shape[2]
    left = tiles.transpose(0, 2, 1, 3).reshape(form.positions, count, -1).astype(np.float64)
    sums: Sums = np.matmul(left, weights)
    return sums


_ALGORITHMS: dict[AlgorithmCode, Callable[[Command, BlockShape, Int8Array, Floats], Sums]] = {
    AlgorithmCode.IM2COL: _im2col,
    AlgorithmCode.KN2ROW: _kn2row,
    AlgorithmCode.WINOGRAD: _winograd,
}


def _output_sums(command: Command, block: BlockShape, sums: Sums) -> npt.NDArray[np.int64]:
    """What the accumulators hold as channels x rows x columns; Winograd sums are transformed."""
    if command.algorithm is AlgorithmCode.WINOGRAD:
        return transform_output(sums.astype(np.int64), winograd_form(command), block.rows, command.out_width)
    turned = np.ascontiguousarray(sums.T).astype(np.int64)
    return turned.reshape(-1, block.rows, command.out_width)
