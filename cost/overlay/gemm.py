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
    ``span_bytes`` without the pad units between pixels; ``values`` (b) are summed; a position costs
    ``words`` input words; ``inner`` unit convolutions share one feeding (kn2row: a kernel row), ``outer`` do not (nor
    Winograd's positions); ``operand`` is bytes per value; ``stationary_values`` are stored per output channel by WS and
    IS, ``streaming_values`` by NS.
    """

    segments: Ints
    segment_bytes: Ints
    spans: Ints
    span_bytes: Ints
    values: Ints
    words: Ints
    inner: Ints
    outer: Ints
    operand: Ints

    def take(self, index: Ints) -> Contraction:
        return Contraction(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def columns(self) -> Contraction:
        """The same with a trailing axis of length 1, to be broadcast over arrays."""
        return Contraction(**{f.name: getattr(self, f.name)[:, None] for f in fields(self)})

    @property
    def stationary_values(self) -> Ints:
        return self.segments * (self.segment_bytes // self.operand) * self.inner * self.outer

    @property
    def streaming_values(self) -> Ints:
        return self.values * self.inner * self.outer


def odd_pitch(units: Ints) -> Ints:
    """Units from one pixel to the next in the input buffer: odd, so that no two accesses meet in a bank."""
    return units | 1


def im2col(machine: Machine, units: Ints, kernel_rows: Ints, kernel_columns: Ints, dilated: Ints) -> Contraction:
    """The contraction of im2col: a segment per kernel row, or per tap where the kernel is dilated."""
    gap = odd_pitch(units) - units
    joined = UNIT_BYTES * (kernel_columns * odd_pitch(units) - gap)
    segments = np.where(dilated, kernel_rows * kernel_columns, kernel_rows)
    size = np.where(dilated, UNIT_BYTES * units, joined)
    one = np.ones_like(units)
    apart = dilated | (gap > 0)
    return Contraction(
        segments=segments,
        segment_bytes=size,
        spans=np.where(apart, kernel_rows * kernel_columns, kernel_rows),
        span_bytes=UNIT_BYTES * units * np.where(apart, 1, kernel_columns),
        values=kernel_rows * kernel_columns * UNIT_BYTES * units,
        words=segments * ceil_ratio(size, machine.word_bytes),
        inner=one,
        outer=one,
        operand=one,
    )


def toeplitz(machine: Machine, window_bytes: Ints) -> Contraction:
    """The contraction over windows that memory already holds: one segment."""
    one = np.ones_like(window_bytes)
    words = ceil_ratio(window_bytes, machine.word_bytes)
    return Contraction(one, window_bytes, one, window_bytes, window_bytes, words, one, one, one)


def kn2row(machine: Machine, units: Ints, kernel_rows: Ints, kernel_columns: Ints) -> Contraction:
    """The contraction of one tap; a row of input pixels is fed once for the taps of one kernel row."""
    one = np.ones_like(units)
    size = UNIT_BYTES * units
    words = ceil_ratio(size, machine.word_bytes)
    return Contraction(one, size, one, size, size, words, kernel_columns, kernel_rows, one)


def winograd(machine: Machine, units: Ints, rounds: Ints, positions: Ints) -> Contraction:
    """The contraction of one position: a segment per round, two bytes per transformed value."""
    one = np.ones_like(units)
    size = 2 * UNIT_BYTES * units
    words = rounds * ceil_ratio(size, machine.word_bytes)
    return Contraction(rounds, size, rounds, size, rounds * UNIT_BYTES * units, words, one, positions, 2 * one)


@dataclass(frozen=True)
class ArrayTime:
    """``cycles`` in which the array takes operands of a block, ``occupied`` those from its first one to that of the
    next block, ``fill`` before its first operand, ``after`` its last operand.

    The block computes in ``stages`` equal parts, each with weights of its own, ``stage_bytes`` at most (section 6).
    """

    cycles: Ints
    occupied: Ints
    fill: Ints
    after: Ints
    stages: Ints
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
        weight_row = ceil_ratio(np.minimum(channels, wide) * k.operand, machine.word_bytes)
        feed = rows * k.words
        tile = np.maximum(
            ceil_ratio(channels, wide) * k.inner * np.maximum(k.values * weight_row, rows),
            feed,
        )
        cycles = ceil_ratio(positions, rows) * k.outer * tile
        stages = np.where(k.operand == 1, 1, k.outer)  # Winograd positions have weights of their own
        weights = channels * k.values * k.inner * k.outer * k.operand
        # A column's products come one after the other, and pieces of a window are turned for each of them.
        pieces = k.spans * ceil_ratio(k.span_bytes, rows)
        sums = pieces * np.maximum(rows, LEAST_TILE) + LAST_PIECE
        turned = machine.packing * ceil_ratio(channels, wide) * ceil_ratio(positions, rows) * sums
        return ArrayTime(
            cycles, np.maximum(cycles, turned), rows + TURNING, rows + machine.summing, stages, weights // stages
        )
    tiles = k.inner * k.outer * k.segments * ceil_ratio(k.segment_bytes, rows * k.operand)
    held = np.minimum(rows, k.segment_bytes // k.operand)
    window = ceil_ratio(k.operand * held, machine.word_bytes)
    after = np.full_like(rows, machine.summing)
    if dataflow is Dataflow.WS:
        weight_row = ceil_ratio(np.minimum(channels, wide) * k.operand, machine.word_bytes)
        fill = rows * weight_row
        tiles = tiles * ceil_ratio(channels, wide)
        bytes_of_tile = rows * np.minimum(channels, wide) * k.operand
        cycles = tiles * np.maximum(positions * window, fill)
        return ArrayTime(cycles, cycles, fill, after, tiles, bytes_of_tile)
    laid = np.maximum(positions, laid)
    across = np.minimum(laid, wide)
    cycles = tiles * ceil_ratio(positions, wide) * np.maximum(channels * window, np.minimum(positions, wide) * window)
    tile = np.maximum(np.maximum(channels, across) * window, np.maximum(held, LEAST_TILE))
    occupied = tiles * ceil_ratio(laid, wide) * tile
    return ArrayTime(cycles, occupied, across * window + held + TURNING, after, tiles, rows * channels * k.operand)


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
