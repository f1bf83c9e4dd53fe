"""What buffers add to the lower bounds of ``bounds``: whether a case fits at all, and the passes it is cut into.

Where inputs stream, every further pass loads all inputs again, and at least the first block's before anything else
happens; where weights stream, a pass that leaves its sums on chip waits for its last weights and ends ``after`` them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.cost.algorithms import Dataflow
from dynamap.cost.overlay.blocking import Bools, input_blocking, weight_blocking
from dynamap.cost.overlay.blocks import C16, PARAMETER_BYTES
from dynamap.cost.overlay.bounds import NEVER
from dynamap.cost.overlay.case_table import CaseTable, Points
from dynamap.cost.overlay.machine import BEAT_BYTES, PASS_OVERHEAD, PIPELINE, UNIT_BYTES, Buffers
from dynamap.cost.overlay.options import DATAFLOWS, STREAM_INPUTS
from dynamap.cost.overlay.transfer import Ints, ceil_ratio

NS, IS = DATAFLOWS.index(Dataflow.NS), DATAFLOWS.index(Dataflow.IS)


@dataclass(frozen=True)
class Demands:
    """What some cases ask of any buffers, beside any array; 0 where that depends on the array or on chunks.

    ``input_bytes``, ``accumulator_rows`` and ``row_bytes`` are sizes of buffers, ``pixels`` and ``weights`` are bytes
    per output channel in half of the output and in the weight buffer. ``first`` and ``loads`` are cycles that each
    further pass takes at the least, in any case and of ``moving`` (all transfers of the case, unless it is cut).
    """

    inputs: Bools
    stores_planes: Bools
    channels: Ints
    input_bytes: Ints
    pixels: Ints
    weights: Ints
    accumulator_rows: Ints
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
        whole = inputs | (cases.format_in[case] != C16) | (v.toeplitz[variant] == 1)  # else the contraction may be cut
        values = np.where(flow == NS, k.streaming_values, k.stationary_values)
        ends = PASS_OVERHEAD + table.machine.write_latency
        first = table.main.transfer[case]
        loads = (table.blocks[case] - 1) * first + table.last.transfer[case]
        return Demands(
            inputs=inputs,
            stores_planes=cases.format_out[case] == C16,
            channels=v.out_channels[variant],
            input_bytes=np.where(whole, table.held[case] * np.where(inputs, 2, 1), 0),
            pixels=cases.rows[case] * v.out_width[variant],
            weights=np.where(whole, PARAMETER_BYTES + values * k.operand, 0),
            accumulator_rows=np.where(flow == IS, 0, table.main.spots[case] * v.positions[variant]),
            row_bytes=np.where((flow == NS) & whole, k.values * k.operand, 0),
            first=v.groups[variant] * (ends + first),
            loads=v.groups[variant] * (ends + loads),
            moving=moving,
        )

    def added(self, buffers: Buffers) -> tuple[Ints, Ints]:
        """(cycles to add to a bound, cycles that it is at least) per case; NEVER where it fits beside no array."""
        half = buffers.output_bytes // 2
        space = buffers.weight_bytes // BEAT_BYTES * BEAT_BYTES
        by_weights = np.where(self.inputs, space, space // 2) // np.maximum(self.weights, 1)
        most = np.minimum(by_weights, half // self.pixels // UNIT_BYTES * UNIT_BYTES)
        aligned = most // UNIT_BYTES * UNIT_BYTES
        more: Ints = np.where(most >= self.channels, 0, ceil_ratio(self.channels, np.maximum(aligned, 1)) - 1)
        fits = (most >= self.channels) | (aligned > 0)
        fits &= ~self.inputs | self.stores_planes | (more == 0)
        fits &= self.input_bytes <= buffers.input_bytes
        fits &= self.accumulator_rows <= buffers.accumulator_rows
        fits &= self.row_bytes <= buffers.row_bytes
        more = np.where(self.inputs, more, 0)
        extra: Ints = np.where(fits, more * self.first, NEVER)
        floor: Ints = self.moving + more * self.loads
        return extra, floor


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
