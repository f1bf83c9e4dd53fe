"""Winograd behind the array: how POST reads the sums of a block's positions, and its cycles (docs/rtl/winograd.md)."""

from __future__ import annotations

from dynamap.backends.arithmetic.winograd import WinogradForm
from dynamap.backends.vitis_rtl.core.post import ANSWER_CYCLES, WRITE_CYCLES, DrainShape
from dynamap.backends.vitis_rtl.feeding.forms import in_order, transform_cycles

PIECE_CHANNELS = 8
"""Channels of a piece: columns of a group are a multiple of it, and a column has one channel."""

SUM_CYCLES = 1
"""From the answer of a column to its sum, put together of both parts."""

QUOTIENT_CYCLES = 6
"""From a result of the output transform to the sum of a pixel."""


def chunks(shape: DrainShape, channels: int) -> list[int]:
    """Pieces of 8 channels in each chunk of a block."""
    return shape.chunks(-(-channels // PIECE_CHANNELS))


def _chunk_cycles(reads: int, pieces: int) -> int:
    """A cycle for each sum that is read, and one for each channel whose parameters are loaded."""
    return max(reads, PIECE_CHANNELS * pieces)


def post_cycles(shape: DrainShape, form: WinogradForm, tiles: int, channels: int) -> int:
    """From the first request for a row to the cycle behind the last: POST is taken so long by a block."""
    reads = tiles * form.positions
    return sum(_chunk_cycles(reads, pieces) for pieces in chunks(shape, channels))


def filled_cycles(shape: DrainShape, form: WinogradForm, tiles: int, channels: int) -> int:
    """From the first request for a row to the cycle in which the block is said to be in the output buffer.

    The last tile's last line of results begins when the second transform has had the lines before it.
    """
    reads = tiles * form.positions
    last_request = post_cycles(shape, form, tiles, channels) - _chunk_cycles(reads, chunks(shape, channels)[-1]) + reads
    rows, columns = form.transforms
    first, second = in_order(columns, rows)
    data = len(second.data)
    results = transform_cycles(first.outputs, data) + data * (first.outputs - 1) + second.outputs - 1
    lane = ANSWER_CYCLES + SUM_CYCLES + results + QUOTIENT_CYCLES + shape.lanes.row_cycles() + WRITE_CYCLES
    return last_request - 1 + lane
