"""What buffers add to the lower bounds of ``bounds``: whether a case fits at all, and the passes it is cut into.

Where inputs stream, every further pass loads all inputs again, and at least the first block's before anything else
happens; where weights stream, a pass that leaves its sums on chip waits for its last weights and ends ``after`` them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np

from dynamap.cost.algorithms import Dataflow
from dynamap.cost.overlay.blocking import input_blocking, output_plane, weight_blocking
from dynamap.cost.overlay.blocks import C16
from dynamap.cost.overlay.bounding.bounds import NEVER, Sides
from dynamap.cost.overlay.bounding.case_table import CaseTable, Points
from dynamap.cost.overlay.limits import PARAMETER_BYTES
from dynamap.cost.overlay.machine import BEAT_BYTES, LANDING, PASS_OVERHEAD, UNIT_BYTES, Buffers
from dynamap.cost.overlay.options import DATAFLOWS, STREAM_INPUTS
from dynamap.cost.overlay.transfer import Bools, Ints, ceil_ratio

NS, IS = DATAFLOWS.index(Dataflow.NS), DATAFLOWS.index(Dataflow.IS)


@dataclass(frozen=True)
class Demands:
    """What some cases ask of buffers, as far as neither array nor chunks matter; 0 where they do.

    ``input_buffer`` and ``row_buffer`` are sizes of buffers, ``plane`` is bytes of 16 output channels in half of the
    output buffer, ``weights`` of each in the weight buffer, ``sums`` per output channel are in the accumulators. A case
    is ``divisible`` if its contraction may be cut. ``first`` and ``loads`` are cycles that each further pass takes at
    the least, in any case and of ``moving`` (all transfers of the case, unless it is cut).
    """

    packing: int
    inputs: Bools
    inputs_stay: Bools
    divisible: Bools
    stores_planes: Bools
    operand: Ints
    channels: Ints
    input_buffer: Ints
    plane: Ints
    weights: Ints
    sums: Ints
    row_buffer: Ints
    first: Ints
    loads: Ints
    moving: Ints

    @staticmethod
    def of(table: CaseTable, case: Ints, moving: Ints) -> Demands:
        v, cases = table.variants, table.cases
        variant, inputs = cases.variant[case], cases.mode[case] == STREAM_INPUTS
        k = table.k.take(variant)
        flow = cases.dataflow[case]
        divisible = ~inputs & (cases.format_in[case] == C16) & (v.toeplitz[variant] == 0)
        values = np.where(flow == NS, k.streaming_values, k.stationary_values)
        ends = PASS_OVERHEAD + table.machine.write_latency
        first = table.main.transfer[case]
        loads = (table.blocks[case] - 1) * first + table.last.transfer[case]
        # A pass of one block cannot store before its last weights have arrived and been used.
        alone = inputs & (table.blocks[case] == 1)
        waiting = np.where(alone, table.machine.read_latency + LANDING + table.machine.summing, 0)
        return Demands(
            packing=table.machine.packing,
            inputs=inputs,
            inputs_stay=flow == IS,
            divisible=divisible,
            stores_planes=cases.format_out[case] == C16,
            operand=k.operand,
            channels=v.out_channels[variant],
            input_buffer=np.where(divisible, 0, table.held[case] * np.where(inputs, 2, 1)),
            plane=output_plane(table, case),
            weights=PARAMETER_BYTES + values * k.operand,
            sums=table.main.spots[case] * v.positions[variant],
            row_buffer=np.where(flow == NS, k.values * k.operand, 0),
            first=v.groups[variant] * (ends + first),
            loads=v.groups[variant] * (ends + loads + waiting),
            moving=moving,
        )

    def take(self, index: Ints) -> Demands:
        columns = {f.name: getattr(self, f.name)[index] for f in fields(self) if f.name != "packing"}
        return replace(self, **columns)

    def beside(self, columns: Sides) -> Beside:
        """What the cases ask of accumulators and weights beside arrays of so many columns: shape (boxes, cases)."""
        scale = np.where(self.operand == 1, self.packing, 1)
        least, most = columns.least[:, None] * scale, columns.most[:, None] * scale
        tile = np.maximum(least // UNIT_BYTES * UNIT_BYTES, UNIT_BYTES)
        fewest = np.minimum(np.where(self.inputs, UNIT_BYTES, tile), self.channels)
        pieces = np.where(self.inputs_stay, ceil_ratio(self.sums, most), self.sums)
        everything = pieces * np.where(self.inputs_stay, self.channels, ceil_ratio(self.channels, most))
        return Beside(
            wide=np.where(self.inputs_stay, 1, most),
            pieces=pieces,
            kept=pieces * np.where(self.inputs_stay, fewest, 1),
            everything=np.where(self.divisible, everything, NEVER),
            block_weights=np.where(self.inputs, 0, fewest * self.weights),
        )

    def share(self, buffers: Buffers) -> Share:
        """What the buffers allow each case, whatever the array."""
        half = buffers.output_buffer // 2
        fits = self.input_buffer <= buffers.input_buffer
        in_rows = self.row_buffer <= buffers.row_buffer
        fits &= self.divisible | in_rows
        fits &= self.inputs_stay | (self.sums <= buffers.accumulator_rows)
        by_output = half // self.plane * UNIT_BYTES
        fits &= self.inputs | (by_output > 0)
        half = buffers.weight_buffer // 2 // BEAT_BYTES * BEAT_BYTES
        whole = self.divisible & in_rows & (self.channels * self.weights <= half)
        return Share(buffers, fits, np.minimum(buffers.weight_buffer // self.weights, by_output), whole)

    def added(self, share: Share, beside: Beside | None = None) -> Added:
        """What buffers add per case, or per (box, case) of ``beside``."""
        most, fits, loads = share.most, share.fits, self.loads
        if beside is not None:
            by_sums, kept, everything = beside.within(share.buffers.accumulator_rows)
            most = np.minimum(most, by_sums)
            fits = fits & kept & (everything | (beside.block_weights <= share.buffers.weight_buffer // 2))
        aligned = most & -UNIT_BYTES
        single = ~self.inputs | (most >= self.channels)
        more: Ints = np.where(single, 0, ceil_ratio(self.channels, np.maximum(aligned, 1)) - 1)
        fits = fits & (single | ((aligned > 0) & self.stores_planes))
        return Added(np.where(fits, more * self.first, NEVER), self.moving + more * loads, more + 1)


@dataclass(frozen=True)
class Share:
    """Per case: whether it may fit some buffers, the most output channels of a pass that they hold, and whether a
    contraction that may be cut stays ``whole`` in them."""

    buffers: Buffers
    fits: Bools
    most: Ints
    whole: Bools

    def of(self, case: Ints) -> Share:
        """What is allowed to some cases."""
        return Share(self.buffers, self.fits[case], self.most[case], self.whole[case])

    def bounds(self, cut: Ints, whole: Ints) -> Ints:
        """Of bounds where contractions may be ``cut`` and where none is, each case's."""
        return np.where(self.whole, whole, cut)


@dataclass(frozen=True)
class Added:
    """Cycles to add to a bound (NEVER where the case does not fit), cycles that it is at least, passes of a group."""

    extra: Ints
    floor: Ints
    passes: Ints

    def of(self, case: Ints) -> Added:
        """What is added to some cases, or to the same one several times."""
        return Added(self.extra[case], self.floor[case], self.passes[case])

    def to(self, bounds: Ints, thin: Ints | None = None) -> Ints:
        """The bounds, raised; ``thin`` are bounds of one pass."""
        raised: Ints = np.maximum(bounds + self.extra, self.floor)
        return raised if thin is None else np.maximum(raised, thin * self.passes, out=raised)


@dataclass(frozen=True)
class Beside:
    """Demands that depend on the columns, of shape (boxes, cases).

    A channel (of IS; else a column tile, ``wide`` channels) has ``pieces`` accumulator rows; a block or pass has
    ``kept`` at the least, a band ``everything``; ``block_weights`` bytes are the least of a block, if it is not cut.
    """

    wide: Ints
    pieces: Ints
    kept: Ints
    everything: Ints
    block_weights: Ints
    by_rows: dict[int, tuple[Ints, Bools, Bools]] = field(default_factory=dict)

    def take(self, boxes: list[int] | slice) -> Beside:
        return Beside(*(getattr(self, f.name)[boxes] for f in fields(self) if f.name != "by_rows"))

    def within(self, rows: int) -> tuple[Ints, Bools, Bools]:
        """For so many accumulator rows: channels of a pass, whether a block fits, whether a whole band does."""
        if rows not in self.by_rows:
            by_sums: Ints = rows // self.pieces * self.wide
            self.by_rows[rows] = by_sums, self.kept <= rows, self.everything <= 2 * rows
        return self.by_rows[rows]


def screened(table: CaseTable, case: Ints, on: Points, bound: Ints, moving: Ints) -> Ints:
    """Lower bounds of cases on points, from bounds that hold for any buffers; NEVER where a case does not fit.

    ``moving`` is the part of each bound that all transfers take.
    """
    machine, cases = table.machine, table.cases
    result = np.full(len(case), NEVER)
    kind = cases.dataflow[case] * 2 + (cases.mode[case] == STREAM_INPUTS)
    for number, flow in enumerate(DATAFLOWS):
        for inputs in (True, False):
            place = np.flatnonzero(kind == number * 2 + inputs)
            if not len(place):
                continue
            some, points = case[place], on.take(place)
            variant = cases.variant[some]
            k, groups = table.k.take(variant), table.variants.groups[variant]
            if inputs:
                chosen = input_blocking(table, flow, some, k, points)
                more = ceil_ratio(table.variants.out_channels[variant], chosen.channels) - 1
                ends = PASS_OVERHEAD + machine.write_latency
                first = table.main.transfer[some]
                loads = (table.blocks[some] - 1) * first + table.last.transfer[some]
                least = bound[place] + more * groups * (ends + first)
                least = np.maximum(least, moving[place] + more * groups * (ends + loads))
            else:
                chosen = weight_blocking(table, flow, some, k, points)
                more = ceil_ratio(table.units[variant], chosen.units) - 1
                # The first tile of weights, of a unit of channels or more; or the sums of the rows that leave.
                rows = {
                    Dataflow.NS: points.rows,
                    Dataflow.WS: np.minimum(points.rows, UNIT_BYTES),
                    Dataflow.IS: np.zeros_like(points.rows),
                }[flow]
                waiting = PASS_OVERHEAD + machine.read_latency + LANDING + machine.summing + rows
                least = bound[place] + more * groups * table.blocks[some] * waiting
            result[place] = np.where(chosen.feasible, least, NEVER)
    return result
