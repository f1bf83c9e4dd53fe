"""What a block of a convolution loads, holds and stores (docs/overlay.md, sections 2, 3, 5 and 6).

All functions work on int64 arrays, one element per case, on the columns of a ``Variants`` table.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from dynamap.cost.algorithms import Algorithm, Dataflow, WinogradTile
from dynamap.cost.overlay import gemm
from dynamap.cost.overlay.limits import PARAMETER_BYTES
from dynamap.cost.overlay.machine import (
    BEAT_BYTES,
    PIXEL_LANDING,
    RESULTS,
    TRANSFORMING,
    UNIT_BYTES,
    Machine,
)
from dynamap.cost.overlay.options import ALGORITHMS, FORMATS, WINOGRAD_TILES, Variants
from dynamap.cost.overlay.own_buffers import PIXELS_SHARE
from dynamap.cost.overlay.transfer import (
    Format,
    Ints,
    Runs,
    c16_rows,
    ceil_ratio,
    hwc_rows,
    load_cycles,
    plane_row_bytes,
    round_to,
    toeplitz_rows,
)

IM2COL = ALGORITHMS.index(Algorithm.IM2COL)
KN2ROW = ALGORITHMS.index(Algorithm.KN2ROW)
WINOGRAD = ALGORITHMS.index(Algorithm.WINOGRAD)
C16, HWC, TOEPLITZ = (FORMATS.index(f) for f in (Format.C16, Format.HWC, Format.TOEPLITZ))


def channel_units(v: Variants) -> Ints:
    """Units of 16 channels that each variant's input has."""
    return ceil_ratio(v.channels, UNIT_BYTES)


def contraction(v: Variants, units: Ints) -> gemm.Contraction:
    """The contraction of each variant with ``units`` channel units."""
    direct = gemm.im2col(units, v.kernel_rows, v.kernel_columns, v.dilated == 1)
    masks = [v.toeplitz == 1, v.algorithm == KN2ROW, v.algorithm == WINOGRAD]
    tables = [
        gemm.toeplitz(v.window_bytes),
        gemm.kn2row(units, v.kernel_rows, v.kernel_columns),
        gemm.winograd(units, v.rounds, v.positions),
    ]
    return gemm.Contraction(
        **{
            f.name: np.select(masks, [getattr(table, f.name) for table in tables], getattr(direct, f.name))
            for f in fields(gemm.Contraction)
        }
    )


def stored_values(flow: Dataflow, k: gemm.Contraction) -> Ints:
    """Weight values per output channel, as the dataflow wants them in memory."""
    return k.streaming_values if flow is Dataflow.NS else k.stationary_values


def weight_bytes(values: Ints, channels: Ints, operand: Ints) -> Ints:
    """Bytes of the run with ``channels`` output channels of ``values`` weights each, and their parameters."""
    return round_to(channels * (PARAMETER_BYTES + values * operand), BEAT_BYTES)


def winograd_tiles(v: Variants, rows: Ints) -> Ints:
    """Winograd tiles that ``rows`` output rows take."""
    return ceil_ratio(rows, v.step_rows) * ceil_ratio(v.out_width, v.step_columns)


def _transform_words(machine: Machine, v: Variants, units: Ints) -> Ints:
    """Words that one Winograd tile takes in the input buffer (0 for other algorithms)."""
    words = v.positions * v.rounds * ceil_ratio(2 * UNIT_BYTES * units, machine.word_bytes)
    return np.where(v.algorithm == WINOGRAD, words, 0)


def _tile_rows(v: Variants, step: Ints) -> Ints:
    """Data of a Winograd tile along a dimension of so many outputs."""
    overlap = np.array([tile.taps - 1 for tile in WinogradTile])[np.searchsorted(WINOGRAD_TILES, v.tile)]
    return np.where(step > 1, step + overlap, 1)


def transform_registers(v: Variants) -> Ints:
    """Cycles of a block's transform beside its words (0 for other algorithms)."""
    rows, columns = _tile_rows(v, v.step_rows), _tile_rows(v, v.step_columns)
    return np.where(v.algorithm == WINOGRAD, TRANSFORMING + rows + columns + rows * columns, 0)


def result_registers(v: Variants) -> Ints:
    """Cycles from the sums of a Winograd tile to those of its pixels (0 for other algorithms)."""
    rows, columns = _tile_rows(v, v.step_rows), _tile_rows(v, v.step_columns)
    # The one line of a tile of F(5,4) lies down the rows, whichever way the kernel does.
    data = np.where(v.tile == WinogradTile.F5_4.outputs, rows * columns, rows * v.step_columns)
    results = RESULTS + v.step_rows + v.step_columns + data
    return np.where(v.algorithm == WINOGRAD, results, 0)


def rows_read(v: Variants, rows: Ints) -> Ints:
    """Input rows that ``rows`` output rows read; no more than there are."""
    rows_in: Ints = np.minimum(v.height, (rows - 1) * v.stride_rows + v.extent_rows)
    return rows_in


def input_bytes(v: Variants, rows: Ints, units: Ints) -> Ints:
    """Bytes of the input buffer that there have to be for the input of ``rows`` output rows."""
    raw = rows_read(v, rows) * plane_row_bytes(v.width)
    tiles = round_to(winograd_tiles(v, rows) * v.rounds * (2 * UNIT_BYTES) * units, BEAT_BYTES)
    return np.select(
        [v.algorithm == WINOGRAD, v.toeplitz == 1],
        [
            # The pixels have a buffer of their own too, a share of this one's size.
            np.maximum(v.positions * tiles + raw * units, PIXELS_SHARE * raw * gemm.odd_pitch(units)),
            toeplitz_rows(v.out_width, v.window_bytes, rows).total,
        ],
        raw * gemm.odd_pitch(units),
    )


@dataclass(frozen=True)
class RowBlock:
    """A block of ``rows`` output rows with ``units`` channel units, before output channels are chosen.

    ``positions`` is a of one GEMM, ``spots`` are sums per output channel and GEMM that stay (tiles, or pixels),
    ``laid`` those of IS, whose rows of pixels are whole sets; ``transfer``, ``place`` and ``bytes`` are of its LOAD.
    """

    rows: Ints
    positions: Ints
    spots: Ints
    laid: Ints
    transfer: Ints
    place: Ints
    bytes: Ints

    def take(self, index: Ints) -> RowBlock:
        return RowBlock(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def row_block(machine: Machine, v: Variants, format_in: Ints, rows: Ints, units: Ints) -> RowBlock:
    """The blocks of ``rows`` output rows and ``units`` channel units, with inputs in ``format_in``."""
    height = rows_read(v, rows)
    channels = np.minimum(v.channels, units * UNIT_BYTES)
    winograd = v.algorithm == WINOGRAD
    planes = c16_rows(channels, v.height, v.width, height)
    ordered = c16_rows(channels, v.height, v.width, height, row_by_row=True)
    hwc = hwc_rows(v.channels, v.width, height)
    window = toeplitz_rows(v.out_width, v.window_bytes, rows)
    select = [format_in == HWC, format_in == TOEPLITZ, winograd]
    runs = Runs(
        np.select(select, [hwc.count, window.count, ordered.count], planes.count),
        np.select(select, [hwc.size, window.size, ordered.size], planes.size),
    )
    tiles = winograd_tiles(v, rows)
    by_pixel = height * v.width * ceil_ratio(units, machine.word_units) + PIXEL_LANDING
    place = np.select(
        [winograd, format_in == HWC, format_in == TOEPLITZ],
        [
            tiles * _transform_words(machine, v, units),
            by_pixel,
            rows * v.out_width * ceil_ratio(v.window_bytes, machine.word_bytes),
        ],
        height * units * ceil_ratio(v.width, machine.word_units),
    )
    pixels = rows * v.out_width
    return RowBlock(
        rows=rows,
        positions=np.select([winograd, v.algorithm == KN2ROW], [tiles, rows * v.width], pixels),
        spots=np.where(winograd, tiles, pixels),
        laid=rows * round_to(v.out_width, machine.set_positions),
        transfer=load_cycles(machine, by_pixel, format_in == HWC, runs),
        place=place,
        bytes=runs.total,
    )


def output_runs(v: Variants, format_out: Ints, rows: Ints, channels: Ints) -> Runs:
    """The runs in memory of ``rows`` output rows of ``channels`` output channels."""
    planes = ceil_ratio(channels, UNIT_BYTES)
    row = plane_row_bytes(v.out_width)
    whole = rows == v.out_height
    hwc = format_out == HWC
    return Runs(
        np.where(hwc | whole, 1, planes),
        np.where(hwc, hwc_rows(v.out_channels, v.out_width, rows).size, np.where(whole, planes, 1) * rows * row),
    )
