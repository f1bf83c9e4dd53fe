"""Cycles of the systolic array for one block of a convolution (docs/overlay.md, section 4).

All functions work on int64 arrays, one element per candidate, and are exact.
Source of the dataflows: DYNAMAP (FPGA 2021), section on the overlay; skew, preload and drain are this machine's.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from dynamap.cost.algorithms import Dataflow
from dynamap.cost.overlay.machine import LAST_PIECE, LEAST_TILE, TURNING, UNIT_BYTES, Machine
from dynamap.cost.overlay.transfer import Ints, ceil_ratio, round_to


@dataclass(frozen=True)
class Contraction:
    """What is summed for one output position, by algorithm and channel units (section 4's table).

    ``segments`` consecutive byte ranges of ``segment_bytes`` each per GEMM, of which NS takes ``spans`` of
    ``span_bytes`` without the pad units between pixels; ``values`` (b) are summed; ``repeats`` GEMMs; ``operand`` is
    bytes per value.
    """

    segments: Ints
    segment_bytes: Ints
    spans: Ints
    span_bytes: Ints
    values: Ints
    repeats: Ints
    operand: Ints

    def take(self, index: Ints) -> Contraction:
        return Contraction(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @property
    def stationary_values(self) -> Ints:
        """Stored per output channel by WS and IS."""
        return self.repeats * self.segments * (self.segment_bytes // self.operand)

    @property
    def streaming_values(self) -> Ints:
        """Stored per output channel by NS, and summed in all GEMMs by all dataflows."""
        return self.repeats * self.values

    def words(self, machine: Machine) -> Ints:
        """Memory words of a position's window (NS)."""
        return self.segments * ceil_ratio(self.segment_bytes, machine.word_bytes)

    def tiles(self, rows: Ints) -> Ints:
        """kt: pieces of all segments that an array of so many rows holds one after the other."""
        return self.repeats * self.segments * ceil_ratio(self.segment_bytes, rows * self.operand)

    def held(self, rows: Ints) -> Ints:
        """Values of the first, and largest, of these pieces."""
        held: Ints = np.minimum(rows, self.segment_bytes // self.operand)
        return held

    def tile_cycles(self, rows: Ints, least: Ints) -> Ints:
        """Of all pieces, each as long as it has values, and no less than ``least``."""
        whole, rest = np.divmod(self.segment_bytes // self.operand, rows)
        last = np.where(rest > 0, np.maximum(rest, least), 0)
        cycles: Ints = self.repeats * self.segments * (whole * np.maximum(rows, least) + last)
        return cycles


def odd_pitch(units: Ints) -> Ints:
    """Units from one pixel to the next in the input buffer: odd, so that no two accesses meet in a bank."""
    return units | 1


def im2col(units: Ints, kernel_rows: Ints, kernel_columns: Ints, dilated: Ints) -> Contraction:
    """The contraction of im2col: a segment per kernel row, or per tap where the kernel is dilated."""
    gap = odd_pitch(units) - units
    joined = UNIT_BYTES * (kernel_columns * odd_pitch(units) - gap)
    apart = dilated | (gap > 0)
    one = np.ones_like(units)
    return Contraction(
        segments=np.where(dilated, kernel_rows * kernel_columns, kernel_rows),
        segment_bytes=np.where(dilated, UNIT_BYTES * units, joined),
        spans=np.where(apart, kernel_rows * kernel_columns, kernel_rows),
        span_bytes=UNIT_BYTES * units * np.where(apart, 1, kernel_columns),
        values=kernel_rows * kernel_columns * UNIT_BYTES * units,
        repeats=one,
        operand=one,
    )


def toeplitz(window_bytes: Ints) -> Contraction:
    """The contraction over windows that memory already holds: one segment."""
    one = np.ones_like(window_bytes)
    return Contraction(one, window_bytes, one, window_bytes, window_bytes, one, one)


def kn2row(units: Ints, kernel_rows: Ints, kernel_columns: Ints) -> Contraction:
    """The contraction of one tap, of which each is a unit convolution of its own."""
    one = np.ones_like(units)
    size = UNIT_BYTES * units
    return Contraction(one, size, one, size, size, kernel_rows * kernel_columns, one)


def winograd(units: Ints, rounds: Ints, positions: Ints) -> Contraction:
    """The contraction of one position: a segment per round, two bytes per transformed value."""
    size = 2 * UNIT_BYTES * units
    return Contraction(rounds, size, rounds, size, rounds * UNIT_BYTES * units, positions, 2 * np.ones_like(units))


@dataclass(frozen=True)
class ArrayTime:
    """``cycles`` in which the array takes operands of a block, ``occupied`` those from its first one to that of the
    next block, ``fill`` before its first operand, ``after`` its last operand.

    The block computes in ``stages``, each with weights of its own, in ``longest`` cycles and of ``stage_bytes`` at most
    (section 6).
    """

    cycles: Ints
    occupied: Ints
    fill: Ints
    after: Ints
    stages: Ints
    longest: Ints
    stage_bytes: Ints


def columns_in_products(machine: Machine, columns: Ints, operand: Ints) -> Ints:
    """Cw: output channels (NS, WS) or positions (IS) side by side in the array."""
    return np.where(operand == 1, columns * machine.packing, columns)


def array_time(
    machine: Machine,
    dataflow: Dataflow,
    k: Contraction,
    positions: Ints,
    laid: Ints,
    channels: Ints,
    rows: Ints,
    columns: Ints,
) -> ArrayTime:
    """Time of one block: ``positions`` (a of one GEMM) times ``channels`` (oc) on a ``rows`` x ``columns`` array.

    ``laid``: the positions that IS lays into columns, rows of pixels in whole sets.
    """
    wide = columns_in_products(machine, columns, k.operand)
    if dataflow is Dataflow.NS:
        column_tiles, position_tiles = ceil_ratio(channels, wide), ceil_ratio(positions, rows)
        streamed = column_tiles * np.maximum(k.values, rows)
        cycles = position_tiles * np.maximum(streamed, rows * k.words(machine))
        # A column's products come one after the other, and pieces of a window are turned for each of them.
        pieces = k.spans * ceil_ratio(k.span_bytes, rows)
        sums = pieces * np.maximum(rows, LEAST_TILE) + LAST_PIECE
        occupied = np.maximum(cycles, machine.packing * column_tiles * position_tiles * sums)
        one, weights = np.ones_like(rows), channels * k.streaming_values
        return ArrayTime(cycles, occupied, rows + TURNING, rows + machine.summing, one, occupied, weights)
    tiles, held = k.tiles(rows), k.held(rows)
    after = np.full_like(rows, machine.summing)
    if dataflow is Dataflow.WS:
        column_tiles = ceil_ratio(channels, wide)
        streamed = np.maximum(positions, LEAST_TILE)
        return ArrayTime(
            cycles=column_tiles * k.tile_cycles(rows, positions),
            occupied=column_tiles * k.tile_cycles(rows, streamed),
            fill=held,
            after=after,
            stages=tiles * column_tiles,
            longest=np.maximum(held, streamed),
            stage_bytes=rows * np.minimum(channels, wide) * k.operand,
        )
    laid = np.maximum(positions, laid)
    across = np.minimum(laid, wide)
    longest = ceil_ratio(laid, wide) * np.maximum(np.maximum(channels, across), np.maximum(held, LEAST_TILE))
    return ArrayTime(
        cycles=tiles * ceil_ratio(positions, wide) * np.maximum(channels, np.minimum(positions, wide)),
        occupied=tiles * longest,
        fill=across + held + TURNING,
        after=after,
        stages=tiles,
        longest=longest,
        stage_bytes=rows * channels * k.operand,
    )


def accumulator_rows(dataflow: Dataflow, sums: Ints, channels: Ints, wide: Ints) -> Ints:
    """Accumulator rows of a block with ``sums`` (a') sums per output channel."""
    if dataflow is Dataflow.IS:
        return channels * ceil_ratio(sums, wide)
    return sums * ceil_ratio(channels, wide)


def post_cycles(machine: Machine, dataflow: Dataflow, lines: Ints, sums: Ints, operand: Ints, columns: Ints) -> Ints:
    """Cycles of STORE's post unit: ``lines`` of ``sums`` side by side, in rows of the accumulators.

    It reads R of them at a time, of Winograd half as many, whose columns have one sum. A chunk takes a cycle for each
    of its lines, and for each pair of lanes whose parameters it loads (of Winograd each lane); where a line is a
    channel (IS), no fewer than there are pairs.
    """
    wide = columns_in_products(machine, columns, operand)
    lanes = machine.lanes // operand
    chunks = (sums // wide) * ceil_ratio(wide, lanes) + ceil_ratio(sums % wide, lanes)
    loads = np.minimum(machine.lanes, operand * round_to(sums, UNIT_BYTES)) // 2
    if dataflow is Dataflow.IS:
        loads = np.full_like(loads, machine.lanes // 2)
    cycles: Ints = chunks * np.maximum(lines, loads)
    return cycles
