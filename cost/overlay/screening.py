"""What buffers add to the lower bounds of ``bounds``: whether a case fits at all, and the passes it is cut into.

Where inputs stream, every further pass loads all inputs again, and at least the first block's before anything else
happens; where weights stream, a pass that leaves its sums on chip waits for its last weights and ends ``after`` them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from dynamap.cost.algorithms import Dataflow
from dynamap.cost.overlay.blocking import Bools, input_blocking, weight_blocking
from dynamap.cost.overlay.blocks import C16, PARAMETER_BYTES
from dynamap.cost.overlay.bounds import NEVER, Sides
from dynamap.cost.overlay.case_table import CaseTable, Points
from dynamap.cost.overlay.machine import PASS_OVERHEAD, PIPELINE, UNIT_BYTES, Buffers
from dynamap.cost.overlay.options import DATAFLOWS, STREAM_INPUTS
from dynamap.cost.overlay.transfer import Ints, ceil_ratio

NS, IS = DATAFLOWS.index(Dataflow.NS), DATAFLOWS.index(Dataflow.IS)


@dataclass(frozen=True)
class Demands:
    """What some cases ask of buffers, as far as neither array nor chunks matter; 0 where they do.

    ``input_bytes`` and ``row_bytes`` are sizes of buffers, ``pixels`` and ``weights`` are bytes per output channel in
    half of the output and in the weight buffer, ``sums`` per output channel are in the accumulators. A case is
    ``divisible`` if its contraction may be cut. ``first`` and ``loads`` are cycles that each further pass takes at the
    least, in any case and of ``moving`` (all transfers of the case, unless it is cut).
    """

    packing: int
    inputs: Bools
    inputs_stay: Bools
    divisible: Bools
    stores_planes: Bools
    operand: Ints
    channels: Ints
    input_bytes: Ints
    pixels: Ints
    weights: Ints
    sums: Ints
    row_bytes: Ints
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
        return Demands(
            packing=table.machine.packing,
            inputs=inputs,
            inputs_stay=flow == IS,
            divisible=divisible,
            stores_planes=cases.format_out[case] == C16,
            operand=k.operand,
            channels=v.out_channels[variant],
            input_bytes=np.where(divisible, 0, table.held[case] * np.where(inputs, 2, 1)),
            pixels=cases.rows[case] * v.out_width[variant],
            weights=PARAMETER_BYTES + values * k.operand,
            sums=table.main.spots[case] * v.positions[variant],
            row_bytes=np.where((flow == NS) & ~divisible, k.values * k.operand, 0),
            first=v.groups[variant] * (ends + first),
            loads=v.groups[variant] * (ends + loads),
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

    def added(self, buffers: Buffers, beside: Beside | None = None) -> tuple[Ints, Ints]:
        """(cycles to add to a bound, cycles that it is at least) per case, or per (box, case) of ``beside``.

        The first is NEVER where the case does not fit, beside those arrays or any.
        """
        half, rows = buffers.output_bytes // 2, buffers.accumulator_rows
        most = np.minimum(buffers.weight_bytes // self.weights, half // self.pixels // UNIT_BYTES * UNIT_BYTES)
        fits = self.input_bytes <= buffers.input_bytes
        fits &= self.row_bytes <= buffers.row_bytes
        fits &= self.inputs_stay | (self.sums <= rows)
        if beside is not None:
            most = np.minimum(most, rows // beside.pieces * beside.wide)
            fits = fits & (beside.kept <= rows)
            fits &= (beside.block_weights <= buffers.weight_bytes // 2) | (beside.everything <= 2 * rows)
        aligned = most // UNIT_BYTES * UNIT_BYTES
        more: Ints = np.where(most >= self.channels, 0, ceil_ratio(self.channels, np.maximum(aligned, 1)) - 1)
        fits = fits & (~self.inputs | (more == 0) | ((aligned > 0) & self.stores_planes))
        fits &= self.inputs | (half // self.pixels >= UNIT_BYTES)
        more = np.where(self.inputs, more, 0)
        extra: Ints = np.where(fits, more * self.first, NEVER)
        floor: Ints = self.moving + more * self.loads
        return extra, floor


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

    def take(self, boxes: list[int]) -> Beside:
        return Beside(*(getattr(self, f.name)[boxes] for f in fields(self)))


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
                waiting = PASS_OVERHEAD + machine.read_latency + points.rows + points.columns + PIPELINE
                least = bound[place] + more * groups * table.blocks[some] * waiting
            result[place] = np.where(chosen.feasible, least, NEVER)
    return result
