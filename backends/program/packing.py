"""Weights in the order in which the array consumes them, and back (docs/program.md, section 3).

The common ground of all algorithms is a matrix *repeats x values x output channels*: the values that one
repeat sums, in streaming order. Dataflows differ in how they cut it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynamap.backends.program.specification import ALIGNMENT, DataflowCode
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.limits import PARAMETER_BYTES
from dynamap.cost.overlay.machine import UNIT_BYTES, round_up

Weights = npt.NDArray[np.integer]
Bytes = npt.NDArray[np.uint8]

PARAMETERS = np.dtype(
    [
        ("bias", "<i4"),
        ("multiplier", "<u4"),
        ("negative_multiplier", "<i4"),
        ("shift", "u1"),
        ("negative_shift", "u1"),
        ("low", "i1"),
        ("high", "i1"),
    ]
)
"""The 16 bytes of an output channel."""

assert PARAMETERS.itemsize == PARAMETER_BYTES


@dataclass(frozen=True)
class Contraction:
    """What one output channel sums (docs/overlay.md, section 4).

    Each of ``repeats`` products has ``segments`` of ``pixels`` pieces of ``piece`` values; ``gap`` zeros
    stand between the pieces of a segment in stationary order. ``operand_bytes`` is 1, or 2 for Winograd.
    """

    repeats: int
    segments: int
    pixels: int
    piece: int
    gap: int
    operand_bytes: int

    @property
    def values(self) -> int:
        """Values of one repeat in streaming order."""
        return self.segments * self.pixels * self.piece

    @property
    def segment_values(self) -> int:
        """Values of one segment in stationary order."""
        return self.pixels * (self.piece + self.gap) - self.gap

    def stored_values(self, dataflow: DataflowCode) -> int:
        """Values that an output channel takes in the stream, over all repeats."""
        per_repeat = self.values if dataflow is DataflowCode.NS else self.segments * self.segment_values
        return self.repeats * per_repeat

    def run_bytes(self, dataflow: DataflowCode, channels: int) -> int:
        """Bytes of the run of so many output channels: parameters, weights, padding."""
        return round_up(channels * (PARAMETER_BYTES + self.stored_values(dataflow) * self.operand_bytes), ALIGNMENT)

    @property
    def dtype(self) -> np.dtype[np.signedinteger]:
        return np.dtype("<i2" if self.operand_bytes == 2 else "i1")


def im2col(units: int, kernel: tuple[int, int], dilated: bool) -> Contraction:
    """A window of K1 x K2 pixels of ``units`` channel units; ``dilated`` along the columns."""
    if dilated:
        return Contraction(1, kernel[0] * kernel[1], 1, units * UNIT_BYTES, 0, 1)
    return Contraction(1, kernel[0], kernel[1], units * UNIT_BYTES, ((units | 1) - units) * UNIT_BYTES, 1)


def toeplitz(window_bytes: int) -> Contraction:
    """A window that the host has laid out."""
    return Contraction(1, 1, 1, window_bytes, 0, 1)


def kn2row(units: int, kernel: tuple[int, int]) -> Contraction:
    """K1 x K2 unit convolutions."""
    return Contraction(kernel[0] * kernel[1], 1, 1, units * UNIT_BYTES, 0, 1)


def winograd(units: int, positions: int, rounds: int) -> Contraction:
    """A product per position, summed over rounds."""
    return Contraction(positions, rounds, 1, units * UNIT_BYTES, 0, 2)


def array_tiles(k: Contraction, dataflow: DataflowCode, positions: int, channels: int, rows: int, wide: int) -> int:
    """Tiles of a rows x wide array that one block takes: ``positions`` of one repeat, ``channels`` output channels."""
    if dataflow is DataflowCode.NS:
        return ceil_div(positions, rows) * ceil_div(channels, wide)
    side = channels if dataflow is DataflowCode.WS else positions
    return k.repeats * k.segments * ceil_div(k.segment_values, rows) * ceil_div(side, wide)


def pack(weights: Weights, k: Contraction, dataflow: DataflowCode, rows: int, wide: int) -> Bytes:
    """The stream of a matrix repeats x values x output channels; the array has ``rows``, each of ``wide`` products."""
    assert weights.shape[:2] == (k.repeats, k.values)
    if dataflow is DataflowCode.NS:
        stream = _tile_columns(weights, wide)
    elif dataflow is DataflowCode.WS:
        stream = _by_row_tiles(_with_gaps(weights, k), rows, lambda part: _tile_columns(part, wide))
    else:
        stream = _by_row_tiles(_with_gaps(weights, k), rows, _channel_by_channel)
    return np.ascontiguousarray(stream, k.dtype).reshape(-1).view(np.uint8)


def unpack(stream: Bytes, k: Contraction, dataflow: DataflowCode, channels: int, rows: int, wide: int) -> Weights:
    """The inverse of `pack`: repeats x values x output channels."""
    size = k.stored_values(dataflow) * channels
    values = np.ascontiguousarray(stream[: size * k.operand_bytes]).view(k.dtype)
    if dataflow is DataflowCode.NS:
        return _untile_columns(values.reshape(k.repeats, -1), k.values, wide)
    lines = values.reshape(k.repeats * k.segments, k.segment_values * channels)
    full = k.segment_values // rows * rows
    parts = []
    for part, height, count in (
        (lines[:, : full * channels], rows, full // rows),
        (lines[:, full * channels :], k.segment_values - full, 1),
    ):
        if not part.size:
            continue
        tiles = part.reshape(len(lines) * count, height * channels)
        if dataflow is DataflowCode.WS:
            whole = _untile_columns(tiles, height, wide)
        else:
            whole = tiles.reshape(-1, channels, height).transpose(0, 2, 1)
        parts.append(whole.reshape(len(lines), count * height, channels))
    return _without_gaps(np.concatenate(parts, axis=1), k)


def _tile_columns(weights: Weights, wide: int) -> Weights:
    """n x rows x columns to n lines: column tile, row, column of the tile."""
    count, rows, columns = weights.shape
    full = columns // wide * wide
    tiles = weights[:, :, :full].reshape(count, rows, full // wide, wide).transpose(0, 2, 1, 3)
    return np.concatenate([tiles.reshape(count, -1), weights[:, :, full:].reshape(count, -1)], axis=1)


def _untile_columns(lines: Weights, rows: int, wide: int) -> Weights:
    count, columns = len(lines), lines.shape[1] // rows
    full = columns // wide * wide
    tiles = lines[:, : rows * full].reshape(count, full // wide, rows, wide).transpose(0, 2, 1, 3)
    return np.concatenate(
        [tiles.reshape(count, rows, full), lines[:, rows * full :].reshape(count, rows, columns - full)], axis=2
    )


def _channel_by_channel(weights: Weights) -> Weights:
    """n x rows x channels to n lines: channel, row."""
    return weights.transpose(0, 2, 1).reshape(len(weights), -1)


def _by_row_tiles(segments: Weights, rows: int, cut: object) -> Weights:
    """Segments x values x channels, cut into row tiles, each written by ``cut``."""
    assert callable(cut)
    count, values, channels = segments.shape
    full = values // rows * rows
    lines = []
    if full:
        tiles = segments[:, :full].reshape(count * (full // rows), rows, channels)
        lines.append(cut(tiles).reshape(count, -1))
    if full < values:
        lines.append(cut(segments[:, full:]).reshape(count, -1))
    return np.concatenate(lines, axis=1)


def _with_gaps(weights: Weights, k: Contraction) -> Weights:
    """Segments (of all repeats) x stationary values x channels."""
    channels = weights.shape[2]
    pieces = weights.reshape(k.repeats * k.segments, k.pixels, k.piece, channels)
    if not k.gap:
        return pieces.reshape(len(pieces), -1, channels)
    padded = np.zeros((len(pieces), k.pixels, k.piece + k.gap, channels), weights.dtype)
    padded[:, :, : k.piece] = pieces
    return padded.reshape(len(pieces), -1, channels)[:, : k.segment_values]


def _without_gaps(segments: Weights, k: Contraction) -> Weights:
    channels = segments.shape[2]
    if k.gap:
        closed = np.zeros((len(segments), k.gap, channels), segments.dtype)
        whole = np.concatenate([segments, closed], axis=1).reshape(len(segments), k.pixels, -1, channels)
        assert not whole[:, :, k.piece :].any(), "the pad units between pixels meet zero weights"
        segments = whole[:, :, : k.piece]
    return segments.reshape(k.repeats, k.values, channels)
