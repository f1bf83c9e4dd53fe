"""Cycles and bytes of convolution cases on given arrays and buffers (docs/overlay.md, sections 2 to 7)."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from dynamap.cost.algorithms import Dataflow
from dynamap.cost.overlay import gemm
from dynamap.cost.overlay.blocking import Blocking, input_blocking, weight_blocking
from dynamap.cost.overlay.blocks import (
    HWC,
    RowBlock,
    contraction,
    output_runs,
    row_block,
    stored_values,
    weight_bytes,
)
from dynamap.cost.overlay.bounding.case_table import CaseTable, Points, take_variants
from dynamap.cost.overlay.limits import PARAMETER_BYTES
from dynamap.cost.overlay.machine import CHANNEL_TURN, PACKING, TABLE_CYCLES, TILE_SET_UP, UNIT_BYTES, Machine
from dynamap.cost.overlay.options import DATAFLOWS, STREAM_INPUTS
from dynamap.cost.overlay.pipeline import Arrival, Block, Pass, joined, makespan
from dynamap.cost.overlay.transfer import Ints, Runs, ceil_ratio, round_to, store_cycles, transfer_cycles

INFEASIBLE = np.int64(1) << 50
"""Cycles reported for a case that does not fit the buffers; above any real layer."""


@dataclass(frozen=True)
class Times:
    """Totals of each case over all its passes; INFEASIBLE cycles where a buffer is too small.

    ``channels`` are the output channels of a pass (inputs stream) or of a block (weights stream), ``units`` the channel
    units of a contraction pass.
    """

    cycles: Ints
    bound: Ints
    compute: Ints
    load: Ints
    input_load: Ints
    store: Ints
    bytes_read: Ints
    bytes_written: Ints
    channels: Ints
    units: Ints

    def take(self, part: slice) -> Times:
        """Some cases that follow each other."""
        return Times(**{f.name: getattr(self, f.name)[part] for f in fields(Times)})


@dataclass(frozen=True)
class Work:
    """Cases of one dataflow and mode, each on the design point of the same position."""

    table: CaseTable
    flow: Dataflow
    case: Ints
    variant: Ints
    on: Points

    def take(self, index: Ints) -> Work:
        return Work(self.table, self.flow, self.case[index], self.variant[index], self.on.take(index))

    @property
    def machine(self) -> Machine:
        return self.table.machine

    @property
    def size(self) -> int:
        return len(self.case)


@dataclass(frozen=True)
class _PassTotals:
    work: Pass
    input_load: Ints
    bytes_read: Ints
    bytes_written: Ints


@dataclass(frozen=True)
class _Stored:
    post: Ints
    transfer: Ints
    bytes: Ints


def _store(work: Work, k: gemm.Contraction, block: RowBlock, channels: Ints) -> _Stored:
    """STORE of one block."""
    v = work.table.variants
    gemms = v.positions[work.variant]
    lines, side = block.spots * gemms, channels
    if work.flow is Dataflow.IS:
        lines, side = round_to(channels, UNIT_BYTES), block.laid
    post = gemm.post_cycles(work.machine, work.flow, lines, side, k.operand, work.on.columns)
    some = take_variants(v, work.variant)
    format_out = work.table.cases.format_out[work.case]
    runs = output_runs(some, format_out, block.rows, channels)
    store = store_cycles(work.machine, runs, format_out == HWC, some.out_channels, some.out_width, block.rows)
    return _Stored(post, store, runs.total)


def _array_time(work: Work, k: gemm.Contraction, block: RowBlock, channels: Ints) -> gemm.ArrayTime:
    on = work.on
    return gemm.array_time(work.machine, work.flow, k, block.positions, block.laid, channels, on.rows, on.columns)


def _packing(work: Work) -> Ints:
    """Cycles from the last request for sums to their bytes in the output buffer."""
    turn = CHANNEL_TURN if work.flow is Dataflow.IS else 0
    pairs = np.minimum(work.machine.lanes // 2, work.on.columns)
    return work.table.results[work.variant] + PACKING + pairs + turn


def _arrival(machine: Machine, time: gemm.ArrayTime, weights: Ints, channels: Ints) -> Arrival:
    """The run of weights, parameters of ``channels`` first, that arrives while block 0 of this time uses it.

    Stage j > 1 may wait for its own, and then what is left of block 0 is at most ``h(j)``: no stage is longer than
    ``longest``, and none has more than ``stage_bytes``. Up to ``early`` it is all of the block, from ``full`` on all
    weights may be there; between these, and behind both, h is the ceiling of what is linear in j, so that it is largest
    beside one of them.
    """
    before = PARAMETER_BYTES * channels
    stage = np.minimum(time.stage_bytes, weights - before)
    first = transfer_cycles(machine, Runs(np.ones_like(weights), before + stage))

    def h(j: Ints) -> Ints:
        left = np.minimum(time.occupied, (time.stages - j + 1) * time.longest)
        waited: Ints = left - np.maximum(weights - before - j * stage, 0) // machine.word_bytes
        return waited

    full = (weights - before) // np.maximum(stage, 1)
    early = time.stages + 1 - ceil_ratio(time.occupied, time.longest)
    left = np.zeros_like(weights)
    for j in (early, early + 1, full, full + 1):
        left = np.maximum(left, h(np.clip(j, 2, np.maximum(time.stages, 2))))
    return Arrival(first, np.where(time.stages > 1, left, 0))


def _stream_inputs(work: Work, k: gemm.Contraction, channels: Ints) -> _PassTotals:
    """The pass that makes ``channels`` output channels."""
    table, machine = work.table, work.machine
    blocks = table.blocks[work.case]
    weights = weight_bytes(stored_values(work.flow, k), channels, k.operand)
    rows = [table.main.take(work.case), table.last.take(work.case)]
    times = [_array_time(work, k, block, channels) for block in rows]
    stores = [_store(work, k, block, channels) for block in rows]
    block, final = (
        Block(load.transfer, load.place, time.cycles, time.occupied, store.post, store.transfer)
        for load, time, store in zip(rows, times, stores, strict=True)
    )
    totals = Pass(
        blocks=blocks,
        prologue_transfer=transfer_cycles(machine, Runs(np.ones_like(weights), weights)),
        prologue_place=np.zeros_like(weights),
        block=block,
        last=final,
        transform=table.transform[work.variant],
        fill=times[0].fill + TILE_SET_UP,
        after=times[0].after,
        read_latency=machine.read_latency,
        write_latency=machine.write_latency,
        packing=_packing(work),
        arrival=_arrival(machine, times[0], weights, channels),
        inputs_stream=True,
    )
    return _PassTotals(
        totals,
        (blocks - 1) * block.load + final.load,
        weights + (blocks - 1) * rows[0].bytes + rows[1].bytes,
        (blocks - 1) * stores[0].bytes + stores[1].bytes,
    )


def _stream_weights(work: Work, rows: RowBlock, units: Ints, channels: Ints, stores: bool) -> _PassTotals:
    """The pass over one band and one contraction chunk, in blocks of ``channels`` output channels."""
    machine = work.machine
    v = take_variants(work.table.variants, work.variant)
    k = contraction(v, units)
    blocks = -(-v.out_channels // channels)
    last = v.out_channels - (blocks - 1) * channels
    sizes = (channels, last)
    times = [_array_time(work, k, rows, size) for size in sizes]
    weights = [weight_bytes(stored_values(work.flow, k), size, k.operand) for size in sizes]
    one, zero = np.ones_like(units), np.zeros_like(units)
    written = [_store(work, k, rows, size) for size in sizes]
    block, final = (
        Block(transfer_cycles(machine, Runs(one, load)), zero, time.cycles, time.occupied, store.post, store.transfer)
        for load, time, store in zip(weights, times, written, strict=True)
    )
    totals = Pass(
        blocks=blocks,
        prologue_transfer=rows.transfer,
        prologue_place=rows.place,
        block=block,
        last=final,
        transform=work.table.transform[work.variant],
        fill=times[0].fill + TILE_SET_UP,
        after=times[0].after,
        read_latency=machine.read_latency,
        write_latency=machine.write_latency,
        packing=_packing(work),
        arrival=_arrival(machine, times[0], weights[0], channels),
        inputs_stream=False,
        stores=stores,
    )
    return _PassTotals(
        totals,
        np.maximum(rows.transfer, rows.place),
        rows.bytes + (blocks - 1) * weights[0] + weights[1],
        (blocks - 1) * written[0].bytes + written[1].bytes if stores else zero,
    )


class _Sum:
    """Adds passes to the totals of the cases they belong to."""

    def __init__(self, size: int) -> None:
        self.columns = {f.name: np.zeros(size, np.int64) for f in fields(Times)}
        self.groups = np.ones(size, np.int64)
        self.feasible = np.zeros(size, bool)
        self.passes: list[tuple[Ints, Ints, Pass]] = []

    def choose(self, place: Ints, groups: Ints, chosen: Blocking) -> None:
        """The blocking of the cases at ``place`` and how many groups follow each other."""
        self.groups[place] = groups
        self.feasible[place] = chosen.feasible
        self.columns["channels"][place] = chosen.channels
        self.columns["units"][place] = chosen.units

    def add(self, place: Ints, count: Ints, totals: _PassTotals) -> None:
        """``count`` identical passes for each case at ``place``."""
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
            self.columns[name][place] += count * value
        self.passes.append((place, count, p))

    def finish(self, limit: Ints) -> Times:
        """Times of all groups; cases that do not fit, or whose bound is not below ``limit``, are not simulated."""
        for name, column in self.columns.items():
            if name not in ("channels", "units"):
                column *= self.groups
        live = self.feasible & (self.columns["bound"] < limit)
        cycles = self.columns["cycles"]
        kinds: dict[tuple[bool, bool, bool], list[tuple[Ints, Ints, Pass]]] = {}
        for place, count, p in self.passes:
            some = np.flatnonzero(live[place])
            if len(some):
                kind = kinds.setdefault(p.kind, [])
                kind.append((place[some], count[some], p.take(some)))
        for passes in kinds.values():
            place, count = (np.concatenate([some[i] for some in passes]) for i in (0, 1))
            # A case may have several passes of one kind.
            np.add.at(cycles, place, count * makespan(joined([p for _, _, p in passes])) * self.groups[place])
        cycles[~live] = INFEASIBLE
        self.columns["bound"][~self.feasible] = INFEASIBLE
        return Times(**self.columns)


def _add_input_streams(total: _Sum, place: Ints, work: Work) -> None:
    table = work.table
    k = table.k.take(work.variant)
    out_channels = table.variants.out_channels[work.variant]
    chosen = input_blocking(table, work.flow, work.case, k, work.on)
    total.choose(place, table.variants.groups[work.variant], chosen)
    chunks = -(-out_channels // chosen.channels)
    several = np.flatnonzero(chosen.feasible & (chunks > 1))
    if len(several):
        passes = _stream_inputs(work.take(several), k.take(several), chosen.channels[several])
        total.add(place[several], chunks[several] - 1, passes)
    fits = np.flatnonzero(chosen.feasible)
    final = out_channels - (chunks - 1) * chosen.channels
    total.add(place[fits], np.ones_like(fits), _stream_inputs(work.take(fits), k.take(fits), final[fits]))


def _add_weight_streams(total: _Sum, place: Ints, work: Work) -> None:
    table = work.table
    units = table.units[work.variant]
    k = table.k.take(work.variant)
    chosen = weight_blocking(table, work.flow, work.case, k, work.on)
    chunks = -(-units // chosen.units)
    bands = table.blocks[work.case]
    total.choose(place, table.variants.groups[work.variant], chosen)
    for bank, count in ((table.main, bands - 1), (table.last, np.ones_like(bands))):
        whole = np.flatnonzero(chosen.feasible & (count > 0) & (chunks == 1))
        if len(whole):
            rows = bank.take(work.case[whole])
            passes = _stream_weights(work.take(whole), rows, units[whole], chosen.channels[whole], True)
            total.add(place[whole], count[whole], passes)
        parts = np.flatnonzero(chosen.feasible & (count > 0) & (chunks > 1))
        if not len(parts):
            continue
        some, case = work.take(parts), work.case[parts]
        v = take_variants(table.variants, some.variant)
        format_in, band = table.cases.format_in[case], bank.rows[case]
        full, before = chosen.units[parts], chunks[parts] - 1
        for part, repeats, stores in (
            (full, count[parts] * before, False),
            (units[parts] - before * full, count[parts], True),
        ):
            rows = row_block(work.machine, v, format_in, band, part)
            passes = _stream_weights(some, rows, part, chosen.channels[parts], stores)
            total.add(place[parts], repeats, passes)


def evaluate(table: CaseTable, case: Ints, on: Points, limit: Ints) -> Times:
    """Times of every case on the point of the same position.

    Those whose lower bound reaches ``limit`` get INFEASIBLE cycles.
    """
    total = _Sum(len(case))
    kind = table.cases.dataflow[case] * 2 + (table.cases.mode[case] == STREAM_INPUTS)
    for number, flow in enumerate(DATAFLOWS):
        for inputs, add in ((1, _add_input_streams), (0, _add_weight_streams)):
            place = np.flatnonzero(kind == number * 2 + inputs)
            if len(place):
                chosen = case[place]
                add(total, place, Work(table, flow, chosen, table.cases.variant[chosen], on.take(place)))
    times = total.finish(limit)
    looked_up = table.variants.looks_up[table.cases.variant[case]] == 1
    times.cycles[looked_up & (times.cycles < INFEASIBLE)] += TABLE_CYCLES
    return times
