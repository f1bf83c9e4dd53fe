"""Cycles and bytes of convolution cases on given arrays and buffers (docs/overlay.md, sections 2 to 7)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.overlay import gemm
from dynamap.cost.overlay.machine import BEAT_BYTES, UNIT_BYTES, Buffers, Machine
from dynamap.cost.overlay.options import ALGORITHMS, DATAFLOWS, FORMATS, STREAM_INPUTS, Cases, Variants
from dynamap.cost.overlay.pipeline import Block, Pass, makespan
from dynamap.cost.overlay.transfer import (
    Format,
    Ints,
    Runs,
    c16_rows,
    ceil_ratio,
    hwc_rows,
    plane_row_bytes,
    round_to,
    toeplitz_rows,
    transfer_cycles,
)

PARAMETER_BYTES = 16
"""Per output channel in the weight stream: int32 bias, int32 multiplier, shift and clamps."""

INFEASIBLE = np.int64(1) << 50
"""Cycles reported for a case that does not fit the buffers; above any real layer."""

KN2ROW = ALGORITHMS.index(Algorithm.KN2ROW)
WINOGRAD = ALGORITHMS.index(Algorithm.WINOGRAD)
C16, HWC, TOEPLITZ = (FORMATS.index(f) for f in (Format.C16, Format.HWC, Format.TOEPLITZ))


@dataclass(frozen=True)
class Times:
    """Totals of each case over all its passes; INFEASIBLE cycles where a buffer is too small."""

    cycles: Ints
    bound: Ints
    compute: Ints
    load: Ints
    input_load: Ints
    store: Ints
    bytes_read: Ints
    bytes_written: Ints


@dataclass(frozen=True)
class Work:
    """Case columns joined with their variants' columns and the array each is timed on (all one length)."""

    v: Variants
    c: Cases
    array_rows: Ints
    array_columns: Ints

    def take(self, index: Ints) -> Work:
        return Work(_take(self.v, index), _take(self.c, index), self.array_rows[index], self.array_columns[index])


def _take(table: object, index: Ints) -> object:
    return replace(table, **{f.name: getattr(table, f.name)[index] for f in fields(table)})  # type: ignore[type-var,arg-type]


def join(variants: Variants, cases: Cases, index: Ints, array_rows: Ints, array_columns: Ints) -> Work:
    """The cases at ``index``, each on the array of the same position."""
    chosen = _take(cases, index)
    assert isinstance(chosen, Cases)
    described = _take(variants, chosen.variant)
    assert isinstance(described, Variants)
    return Work(described, chosen, array_rows, array_columns)


def contraction(machine: Machine, v: Variants, units: Ints) -> gemm.Contraction:
    """The contraction of each case with ``units`` channel units."""
    direct = gemm.im2col(machine, units, v.kernel_rows, v.kernel_columns, v.dilated == 1)
    tables = (
        (v.toeplitz == 1, gemm.toeplitz(machine, v.window_bytes)),
        (v.algorithm == KN2ROW, gemm.kn2row(machine, units, v.kernel_rows * v.kernel_columns)),
        (v.algorithm == WINOGRAD, gemm.winograd(machine, units, v.rounds, v.positions)),
    )
    merged = {}
    for f in fields(gemm.Contraction):
        column = getattr(direct, f.name)
        for mask, table in tables:
            column = np.where(mask, getattr(table, f.name), column)
        merged[f.name] = column
    return gemm.Contraction(**merged)


def _tiles(v: Variants, rows: Ints) -> Ints:
    return ceil_ratio(rows, v.step_rows) * ceil_ratio(v.out_width, v.step_columns)


def _transform_words(machine: Machine, v: Variants, units: Ints) -> Ints:
    """Words that one Winograd tile takes in the input buffer (0 for other algorithms)."""
    words = v.positions * v.rounds * ceil_ratio(2 * UNIT_BYTES * units, machine.word_bytes)
    return np.where(v.algorithm == WINOGRAD, words, 0)


def _rows_in(v: Variants, rows: Ints) -> Ints:
    return np.minimum(v.height, (rows - 1) * v.stride_rows + v.extent_rows)


def input_load(machine: Machine, v: Variants, format_in: Ints, rows: Ints, units: Ints) -> tuple[Ints, Ints, Ints]:
    """(transfer cycles, place cycles, bytes) of loading the input of ``rows`` output rows, ``units`` channel units of it."""
    height = _rows_in(v, rows)
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
    place = np.select(
        [winograd, format_in == HWC, format_in == TOEPLITZ],
        [
            _tiles(v, rows) * _transform_words(machine, v, units),
            height * v.width * ceil_ratio(units, machine.word_units),
            rows * v.out_width * ceil_ratio(v.window_bytes, machine.word_bytes),
        ],
        height * units * ceil_ratio(v.width, machine.word_units),
    )
    return transfer_cycles(machine, runs), place, runs.total


def _input_bytes(machine: Machine, work: Work, rows: Ints, units: Ints) -> Ints:
    """Bytes that the input of ``rows`` output rows takes in the input buffer."""
    v = work.v
    height = _rows_in(v, rows)
    return np.select(
        [v.algorithm == WINOGRAD, v.toeplitz == 1],
        [
            _tiles(v, rows) * v.positions * v.rounds * units * UNIT_BYTES * 2 + height * v.width * units * UNIT_BYTES,
            rows * v.out_width * v.window_bytes,
        ],
        height * v.width * gemm.odd_pitch(units) * UNIT_BYTES,
    )


def weight_bytes(values: Ints, channels: Ints, k: gemm.Contraction) -> Ints:
    """Bytes of the run with ``channels`` output channels of ``values`` weights each, and their parameters."""
    return round_to(channels * (PARAMETER_BYTES + values * k.operand), BEAT_BYTES)


def _stored_values(flow: Dataflow, k: gemm.Contraction) -> Ints:
    return k.streaming_values if flow is Dataflow.NS else k.stationary_values


def output_store(
    machine: Machine, v: Variants, format_out: Ints, rows: Ints, channels: Ints, wide: Ints, is_flow: bool
) -> tuple[Ints, Ints, Ints]:
    """(post cycles, transfer cycles, bytes) of storing ``rows`` output rows of ``channels`` output channels."""
    sums = np.where(v.algorithm == WINOGRAD, _tiles(v, rows), rows * v.out_width)
    if is_flow:
        lanes = gemm.lane_cycles(machine, channels * v.positions, sums, wide)
    else:
        lanes = gemm.lane_cycles(machine, sums * v.positions, channels, wide)
    planes = ceil_ratio(channels, UNIT_BYTES)
    row = plane_row_bytes(v.out_width)
    whole = rows == v.out_height
    hwc = format_out == HWC
    hwc_run = hwc_rows(v.out_channels, v.out_width, rows)
    runs = Runs(
        np.where(hwc | whole, 1, planes),
        np.where(hwc, hwc_run.size, np.where(whole, planes, 1) * rows * row),
    )
    return lanes, transfer_cycles(machine, runs), runs.total


@dataclass(frozen=True)
class _PassTotals:
    work: Pass
    input_load: Ints
    bytes_read: Ints
    bytes_written: Ints


def array_positions(v: Variants, rows: Ints) -> Ints:
    """a of one GEMM for ``rows`` output rows."""
    return np.select(
        [v.algorithm == WINOGRAD, v.algorithm == KN2ROW], [_tiles(v, rows), rows * v.width], rows * v.out_width
    )


def _lag(machine: Machine, v: Variants, units: Ints) -> Ints:
    return ceil_ratio(v.out_width, v.step_columns) * _transform_words(machine, v, units)


def _stream_inputs(
    machine: Machine, flow: Dataflow, work: Work, k: gemm.Contraction, units: Ints, wide: Ints, channels: Ints
) -> _PassTotals:
    v, rows = work.v, work.c.rows
    blocks = ceil_ratio(v.out_height, rows)
    last = v.out_height - (blocks - 1) * rows
    weights = weight_bytes(_stored_values(flow, k), channels, k)
    k_time = [
        gemm.array_time(machine, flow, k, array_positions(v, r), channels, work.array_rows, work.array_columns)
        for r in (rows, last)
    ]
    loads = [input_load(machine, v, work.c.format_in, r, units) for r in (rows, last)]
    stores = [output_store(machine, v, work.c.format_out, r, channels, wide, flow is Dataflow.IS) for r in (rows, last)]
    block, final = (
        Block(load[0], load[1], time.cycles, store[0], store[1])
        for load, time, store in zip(loads, k_time, stores, strict=True)
    )
    totals = Pass(
        blocks=blocks,
        prologue_transfer=transfer_cycles(machine, Runs(np.ones_like(weights), weights)),
        prologue_place=np.zeros_like(weights),
        block=block,
        last=final,
        fill=k_time[0].fill + _lag(machine, v, units),
        after=k_time[0].after,
        read_latency=machine.read_latency,
        write_latency=machine.write_latency,
        stages=k_time[0].stages,
    )
    return _PassTotals(
        totals,
        (blocks - 1) * block.load + final.load,
        weights + (blocks - 1) * loads[0][2] + loads[1][2],
        (blocks - 1) * stores[0][2] + stores[1][2],
    )


def _stream_weights(
    machine: Machine, flow: Dataflow, work: Work, units: Ints, wide: Ints, rows: Ints, channels: Ints, stores: bool
) -> _PassTotals:
    v = work.v
    k = contraction(machine, work.v, units)
    blocks = ceil_ratio(v.out_channels, channels)
    last = v.out_channels - (blocks - 1) * channels
    input_transfer, input_place, input_bytes = input_load(machine, v, work.c.format_in, rows, units)
    positions = array_positions(v, rows)
    sizes = (channels, last)
    k_time = [
        gemm.array_time(machine, flow, k, positions, c, work.array_rows, work.array_columns) for c in sizes
    ]
    weights = [weight_bytes(_stored_values(flow, k), c, k) for c in sizes]
    one = np.ones_like(rows)
    written = [output_store(machine, v, work.c.format_out, rows, c, wide, flow is Dataflow.IS) for c in sizes]
    block, final = (
        Block(transfer_cycles(machine, Runs(one, load)), np.zeros_like(rows), time.cycles, store[0], store[1])
        for load, time, store in zip(weights, k_time, written, strict=True)
    )
    totals = Pass(
        blocks=blocks,
        prologue_transfer=input_transfer,
        prologue_place=input_place,
        block=block,
        last=final,
        fill=k_time[0].fill + _lag(machine, v, units),
        after=k_time[0].after,
        read_latency=machine.read_latency,
        write_latency=machine.write_latency,
        stores=stores,
    )
    return _PassTotals(
        totals,
        np.maximum(input_transfer, input_place),
        input_bytes + (blocks - 1) * weights[0] + weights[1],
        (blocks - 1) * written[0][2] + written[1][2] if stores else np.zeros_like(rows),
    )


class _Sum:
    """Adds passes to the totals of the cases they belong to."""

    def __init__(self, machine: Machine, size: int) -> None:
        self.machine = machine
        self.columns = {f.name: np.zeros(size, np.int64) for f in fields(Times)}
        self.passes: list[tuple[Ints, Ints, Pass]] = []

    def add(self, index: Ints, count: Ints, totals: _PassTotals) -> None:
        """``count`` identical passes for each case at ``index``."""
        p = totals.work
        for name, value in (
            ("bound", p.lower_bound()),
            ("compute", p.compute_total),
            ("load", p.load_total),
            ("input_load", totals.input_load),
            ("store", p.store_total),
            ("bytes_read", totals.bytes_read),
            ("bytes_written", totals.bytes_written),
        ):
            self.columns[name][index] += count * value
        self.passes.append((index, count, p))

    def finish(self, groups: Ints, feasible: Ints, limit: Ints) -> Times:
        """Times of all groups; cases that do not fit, or whose bound is not below ``limit``, are not simulated."""
        for column in self.columns.values():
            column *= groups
        live = feasible & (self.columns["bound"] < limit)
        cycles = self.columns["cycles"]
        for index, count, p in self.passes:
            chosen = np.flatnonzero(live[index])
            if len(chosen):
                cycles[index[chosen]] += count[chosen] * makespan(p.take(chosen)) * groups[index[chosen]]
        cycles[~live] = INFEASIBLE
        self.columns["bound"][~feasible] = INFEASIBLE
        return Times(**self.columns)


def _floor16(value: Ints) -> Ints:
    return value // UNIT_BYTES * UNIT_BYTES


def _sums(v: Variants, rows: Ints) -> Ints:
    """a': sums per output channel that stay in the accumulator buffer."""
    return np.where(v.algorithm == WINOGRAD, _tiles(v, rows) * v.positions, rows * v.out_width)


def _time_input_streams(machine: Machine, buffers: Buffers, flow: Dataflow, work: Work, limit: Ints) -> Times:
    v, rows = work.v, work.c.rows
    units = ceil_ratio(v.channels, UNIT_BYTES)
    k = contraction(machine, work.v, units)
    wide = gemm.columns_in_products(machine, work.array_columns, k.operand)
    sums = _sums(v, rows)
    values = _stored_values(flow, k)
    by_weights = (buffers.weight_bytes // BEAT_BYTES * BEAT_BYTES) // (PARAMETER_BYTES + values * k.operand)
    if flow is Dataflow.IS:
        by_sums = buffers.accumulator_rows // ceil_ratio(sums, wide)
    else:
        by_sums = (buffers.accumulator_rows // sums) * wide
    by_output = (buffers.output_bytes // 2) // (rows * v.out_width)
    most = _floor16(np.minimum(np.minimum(by_weights, by_sums), by_output))
    fits = most >= UNIT_BYTES
    chunks = np.where(round_to(v.out_channels, UNIT_BYTES) <= most, 1, ceil_ratio(v.out_channels, np.maximum(most, 1)))
    chunk = np.where(chunks == 1, v.out_channels, round_to(ceil_ratio(v.out_channels, chunks), UNIT_BYTES))
    chunks = ceil_ratio(v.out_channels, chunk)
    feasible = fits & (_input_bytes(machine, work, rows, units) <= buffers.input_bytes // 2)
    feasible &= (chunks == 1) | (work.c.format_out == C16)
    if flow is Dataflow.NS:
        feasible &= k.values * k.operand <= buffers.row_bytes
    total = _Sum(machine, len(rows))
    everyone = np.arange(len(rows))
    several = np.flatnonzero(feasible & (chunks > 1))
    if len(several):
        part = work.take(several)
        kp = contraction(machine, part.v, units[several])
        total.add(
            several,
            chunks[several] - 1,
            _stream_inputs(machine, flow, part, kp, units[several], wide[several], chunk[several]),
        )
    final = np.where(feasible, v.out_channels - (chunks - 1) * chunk, v.out_channels)
    total.add(everyone, np.ones_like(rows), _stream_inputs(machine, flow, work, k, units, wide, final))
    return total.finish(v.groups, feasible, limit)


def _time_weight_streams(machine: Machine, buffers: Buffers, flow: Dataflow, work: Work, limit: Ints) -> Times:
    v, rows = work.v, work.c.rows
    units = ceil_ratio(v.channels, UNIT_BYTES)
    k = contraction(machine, work.v, units)
    wide = gemm.columns_in_products(machine, work.array_columns, k.operand)
    tile = np.maximum(UNIT_BYTES, _floor16(np.minimum(work.c.tiles, v.out_channels) * wide))
    channels = np.where(tile >= v.out_channels, v.out_channels, tile)
    blocks = ceil_ratio(v.out_channels, channels)
    half = buffers.weight_bytes // 2 // BEAT_BYTES * BEAT_BYTES
    whole = weight_bytes(_stored_values(flow, k), channels, k) <= half
    per_unit = k.streaming_values * k.operand // units
    most_units = (half // channels - PARAMETER_BYTES) // per_unit - (0 if flow is Dataflow.NS else 1)
    if flow is Dataflow.NS:
        whole &= k.values * k.operand <= buffers.row_bytes
        most_units = np.minimum(most_units, buffers.row_bytes // (k.values // units * k.operand))
    divisible = (most_units >= 1) & (work.c.format_in == C16) & (v.toeplitz == 0)
    chunks = np.where(whole, 1, ceil_ratio(units, np.maximum(most_units, 1)))
    part_units = ceil_ratio(units, chunks)
    chunks = ceil_ratio(units, part_units)
    last_units = units - (chunks - 1) * part_units
    last_channels = v.out_channels - (blocks - 1) * channels
    padded = round_to(channels, UNIT_BYTES)
    sums = _sums(v, rows)
    kept = gemm.accumulator_rows(flow, sums, padded, wide)
    kept_last = gemm.accumulator_rows(flow, sums, round_to(last_channels, UNIT_BYTES), wide)
    feasible = (whole | divisible) & (kept <= buffers.accumulator_rows)
    feasible &= (chunks == 1) | ((blocks - 1) * kept + kept_last <= 2 * buffers.accumulator_rows)
    feasible &= rows * v.out_width * padded <= buffers.output_bytes // 2
    feasible &= _input_bytes(machine, work, rows, part_units) <= buffers.input_bytes
    feasible &= (blocks == 1) | (work.c.format_out == C16)
    bands = ceil_ratio(v.out_height, rows)
    last_rows = v.out_height - (bands - 1) * rows
    total = _Sum(machine, len(rows))
    one = np.ones_like(rows)
    for band_rows, band_count in ((rows, bands - 1), (last_rows, one)):
        for chunk_units, chunk_count, stores in ((part_units, chunks - 1, False), (last_units, one, True)):
            count = band_count * chunk_count
            index = np.flatnonzero(feasible & (count > 0))
            if len(index):
                part = work.take(index)
                passes = _stream_weights(
                    machine, flow, part, chunk_units[index], wide[index], band_rows[index], channels[index], stores
                )
                total.add(index, count[index], passes)
    return total.finish(v.groups, feasible, limit)


def evaluate(machine: Machine, buffers: Buffers, work: Work, limit: Ints) -> Times:
    """Times of every case of ``work``; those whose lower bound reaches ``limit`` get INFEASIBLE cycles."""
    columns = {f.name: np.zeros(len(limit), np.int64) for f in fields(Times)}
    for number, flow in enumerate(DATAFLOWS):
        for inputs, timer in ((True, _time_input_streams), (False, _time_weight_streams)):
            index = np.flatnonzero((work.c.dataflow == number) & ((work.c.mode == STREAM_INPUTS) == inputs))
            if len(index):
                times = timer(machine, buffers, flow, work.take(index), limit[index])
                for name, column in columns.items():
                    column[index] = getattr(times, name)
    return Times(**columns)
