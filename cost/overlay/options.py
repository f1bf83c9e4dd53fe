"""The options of convolution layers: algorithm, dataflow, formats and blocking, as tables of integers.

A *variant* is an algorithm on a layer (with its Winograd tile, with or without a toeplitz input); a *case*
adds dataflow, formats and blocking. Tables hold one int64 array per column, so that all cases are timed at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction

import numpy as np

from dynamap.cost.algorithms import Algorithm, Dataflow, WinogradTile
from dynamap.cost.convolution import ConvShape
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.machine import UNIT_BYTES, round_up
from dynamap.cost.overlay.transfer import Format, Ints

ALGORITHMS = tuple(Algorithm)
DATAFLOWS = tuple(Dataflow)
FORMATS = tuple(Format)
WINOGRAD_TILES = tuple(tile.outputs for tile in WinogradTile)
"""m of every variant, its code in tables of integers."""

DATAFLOWS_OF = {
    Algorithm.IM2COL: DATAFLOWS,
    Algorithm.KN2ROW: (Dataflow.WS, Dataflow.IS),
    Algorithm.WINOGRAD: (Dataflow.WS,),
}
"""What may stay in the array, by algorithm."""

STREAM_INPUTS, STREAM_WEIGHTS = 0, 1

WINOGRAD_MOST_PRODUCTS = {(1, 2): 5_592_405, (2, 2): 932_067, (1, 4): 479_349, (2, 4): 6_847, (1, 5): 44_739}
"""Channels x rounds whose sums fit 40 bits whatever the weights, by (transformed dimensions, tile).

The largest transformed value of int8 data times that of int8 weights, so many times, stays below 2^39
(docs/arithmetic.md derives the widths; tests compare with ``backends.winograd``).
"""

STRIP_COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 1 << 20)
"""Numbers of blocks tried when inputs stream (each gives the rows of a block); the last stands for single rows."""

BAND_COUNTS = (1, 2, 4, 8, 16, 64)
"""Numbers of row bands tried when weights stream."""

COLUMN_TILES = (1, 2, 4, 8, 1 << 20)
"""Column tiles per block tried when weights stream; the last stands for all output channels."""


@dataclass(frozen=True)
class LayerOptions:
    """What one convolution may choose from. Formats of input and output are those its tensors may have."""

    shape: ConvShape
    algorithms: tuple[Algorithm, ...] = ALGORITHMS
    dataflows: tuple[Dataflow, ...] = DATAFLOWS
    formats_in: tuple[Format, ...] = (Format.C16, Format.HWC)
    formats_out: tuple[Format, ...] = (Format.C16, Format.HWC)
    dense: bool = False


@dataclass(frozen=True)
class Variants:
    """One row per (layer, algorithm, Winograd tile, toeplitz); sizes of one group, of which there are ``groups``."""

    layer: Ints
    algorithm: Ints
    tile: Ints
    toeplitz: Ints
    groups: Ints
    channels: Ints
    height: Ints
    width: Ints
    out_channels: Ints
    out_height: Ints
    out_width: Ints
    kernel_rows: Ints
    kernel_columns: Ints
    stride_rows: Ints
    extent_rows: Ints
    dilated: Ints
    rounds: Ints
    positions: Ints
    step_rows: Ints
    step_columns: Ints
    window_bytes: Ints
    looks_up: Ints


@dataclass(frozen=True)
class Cases:
    """One row per (variant, dataflow, input format, output format, blocking).

    ``mode``: stream inputs or weights; ``rows``: of a block (inputs) or of a band (weights);
    ``tiles``: column tiles per block (weights).
    """

    variant: Ints
    dataflow: Ints
    format_in: Ints
    format_out: Ints
    mode: Ints
    rows: Ints
    tiles: Ints


def applicable(shape: ConvShape, algorithm: Algorithm) -> bool:
    """Whether the machine can run this convolution by this algorithm (docs/overlay.md, sections 4 and 5)."""
    if algorithm is Algorithm.IM2COL:
        return True
    if shape.pointwise or not shape.unit_stride:
        return False
    if algorithm is Algorithm.KN2ROW:
        return shape.output.width <= shape.input.width
    return shape.window.dilation == (1, 1)


def winograd_fits(shape: ConvShape, tile: int) -> bool:
    """Whether F(tile, r) is for this dense convolution, and its sums always fit the accumulators.

    F(5,4) is for kernels longer than 3 along one dimension; along two its data would need more than 16 bits.
    """
    dimensions = sum(size > 1 for size in shape.window.kernel)
    taps = WinogradTile(tile).taps
    if taps > 3 and max(shape.window.kernel) < taps:
        return False
    return shape.input.channels * shape.winograd_rounds(tile) <= WINOGRAD_MOST_PRODUCTS.get((dimensions, tile), 0)


def fewest_multiplier_cycles(shape: ConvShape, algorithms: Collection[Algorithm], packing: int) -> Fraction:
    """Cycles of one multiplier for the fewest products that any of these algorithms needs.

    Direct products come ``packing`` at a time, Winograd's one by one, and tiles of the array that are not full cost
    nothing: a lower bound for every array when it is divided by the multipliers.
    """
    cycles = Fraction(shape.macs, packing)
    if Algorithm.WINOGRAD not in algorithms or not applicable(shape, Algorithm.WINOGRAD):
        return cycles
    group, _ = shape.split_groups(1)
    tiles = (tile for tile in WINOGRAD_TILES if winograd_fits(group, tile))
    return min([cycles, *(Fraction(shape.winograd_products(tile)) for tile in tiles)])


def _blockings(out_height: int, out_channels: int, step: int) -> list[tuple[int, int, int]]:
    """(mode, rows, column tiles) to try; rows are multiples of ``step`` unless one block holds all."""

    def rows_of(count: int) -> int:
        return min(out_height, round_up(ceil_div(out_height, count), step))

    strips = sorted({rows_of(count) for count in STRIP_COUNTS})
    bands = sorted({rows_of(count) for count in BAND_COUNTS})
    blockings = [(STREAM_INPUTS, rows, 0) for rows in strips]
    return blockings + [(STREAM_WEIGHTS, rows, tiles) for rows in bands for tiles in COLUMN_TILES]


def _variant_row(layer: int, options: LayerOptions, algorithm: Algorithm, tile: int, toeplitz: bool) -> tuple[int, ...]:
    shape, groups = options.shape.split_groups(UNIT_BYTES, dense=options.dense)
    window = shape.window
    winograd = algorithm is Algorithm.WINOGRAD
    step = shape.winograd_step(tile) if winograd else (1, 1)
    return (
        layer,
        ALGORITHMS.index(algorithm),
        tile,
        int(toeplitz),
        groups,
        shape.input.channels,
        shape.input.height,
        shape.input.width,
        shape.output.channels,
        shape.output.height,
        shape.output.width,
        *window.kernel,
        window.stride[0],
        window.extent[0],
        int(window.dilation[1] > 1),
        shape.winograd_rounds(tile) if winograd else 1,
        shape.winograd_positions(tile) if winograd else 1,
        *step,
        round_up(window.kernel[0] * window.kernel[1] * shape.input.channels, UNIT_BYTES),
        int(shape.looks_up),
    )


def tabulate(layers: Sequence[LayerOptions]) -> tuple[Variants, Cases]:
    """All variants and cases of the layers, in the order of the layers."""
    variant_rows: list[tuple[int, ...]] = []
    case_tables: list[np.ndarray] = []
    for index, options in enumerate(layers):
        shape, groups = options.shape.split_groups(UNIT_BYTES, dense=options.dense)
        sliced = groups > 1
        plain_in: list[Format] = [f for f in options.formats_in if f is Format.C16 or (f is Format.HWC and not sliced)]
        outs = [f for f in options.formats_out if f is Format.C16 or (f is Format.HWC and not sliced)]
        for algorithm in options.algorithms:
            if not applicable(shape, algorithm):
                continue
            wanted: list[tuple[int, bool, list[Format]]] = []
            if algorithm is Algorithm.WINOGRAD:
                wanted = [(tile, False, plain_in) for tile in WINOGRAD_TILES if winograd_fits(shape, tile)]
            else:
                wanted = [(0, False, plain_in)]
                if algorithm is Algorithm.IM2COL and Format.TOEPLITZ in options.formats_in and not sliced:
                    wanted.append((0, True, [Format.TOEPLITZ]))
            for tile, toeplitz, ins in wanted:
                row = len(variant_rows)
                variant_rows.append(_variant_row(index, options, algorithm, tile, toeplitz))
                step = shape.winograd_step(tile)[0] if tile else 1
                blocks = np.array(_blockings(shape.output.height, shape.output.channels, step), np.int64)
                formats = np.array([(FORMATS.index(i), FORMATS.index(o)) for i in ins for o in outs], np.int64)
                allowed = [d for d in options.dataflows if d in DATAFLOWS_OF[algorithm]]
                flows = np.array([DATAFLOWS.index(d) for d in allowed], np.int64)
                if not len(formats) or not len(flows):
                    continue
                d, f, b = np.meshgrid(
                    np.arange(len(flows)), np.arange(len(formats)), np.arange(len(blocks)), indexing="ij"
                )
                table = np.column_stack([np.full(d.size, row), flows[d.ravel()], formats[f.ravel()], blocks[b.ravel()]])
                case_tables.append(table)
    variants = np.array(variant_rows, np.int64).reshape(-1, len(fields(Variants)))
    cases = np.concatenate(case_tables) if case_tables else np.empty((0, 7), np.int64)
    return (
        Variants(*(np.ascontiguousarray(column) for column in variants.T)),
        Cases(*(np.ascontiguousarray(column) for column in cases.T)),
    )
