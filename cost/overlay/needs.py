"""How much of each buffer layers can use: with more, they are cut into the same blocks and take the same cycles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dynamap.cost.algorithms import Dataflow
from dynamap.cost.overlay import gemm
from dynamap.cost.overlay.blocking import ChannelBlocks, output_plane, sums_per_channel
from dynamap.cost.overlay.blocks import stored_values, weight_bytes
from dynamap.cost.overlay.bounding.case_table import CaseTable
from dynamap.cost.overlay.machine import UNIT_BYTES, Buffers, Machine
from dynamap.cost.overlay.options import DATAFLOWS, STREAM_INPUTS
from dynamap.cost.overlay.transfer import Ints, ceil_ratio


@dataclass(frozen=True)
class Needs:
    """What some cases can use of buffers: ``sizes`` but for the accumulators, which depend on the array's columns.

    ``sums`` are the distinct demands for them by dataflow: of shape (5, demands), sums per output channel, output
    channels, column tiles of a block, bytes per value, and 1 where the contraction may be cut.
    """

    machine: Machine
    sizes: Buffers
    sums: Sequence[tuple[Dataflow, Ints]]

    @staticmethod
    def of(table: CaseTable, ceiling: Buffers, *others: Buffers) -> Needs:
        """Needs of buffers of at most these sizes, and of ``others``; what none of them meets is no need."""
        sizes, sums = [*others], []
        for number, flow in enumerate(DATAFLOWS):
            for inputs in (True, False):
                of_kind = (table.cases.dataflow == number) & ((table.cases.mode == STREAM_INPUTS) == inputs)
                case = np.flatnonzero(of_kind)
                sizes.append(_held(table, flow, inputs, case, ceiling))
                sums.append((flow, _sums(table, flow, inputs, case)))
        return Needs(table.machine, Buffers.covering(sizes), sums)

    def beside(self, columns: int) -> Buffers:
        """What is used beside an array of so many columns."""
        most = 0
        for flow, (sums, channels, tiles, operand, cut) in self.sums:
            wide = gemm.columns_in_products(self.machine, np.full_like(sums, columns), operand)
            blocks = ChannelBlocks.of(channels, tiles, wide).accumulator_rows(flow, sums, cut == 1)
            whole = gemm.accumulator_rows(flow, sums, channels, wide)  # inputs stream: all channels in a block
            most = max(most, _most(np.where(cut == 1, blocks, whole)))
        return replace(self.sizes, accumulator_rows=most)


def _held(table: CaseTable, flow: Dataflow, inputs: bool, case: Ints, ceiling: Buffers) -> Buffers:
    """What cases of one dataflow and mode use, without accumulators.

    Where inputs stream, a block of them is held as a whole or not at all; else smaller buffers may cut the contraction.
    """
    variant = table.cases.variant[case]
    k, channels = table.k.take(variant), table.variants.out_channels[variant]
    weights = weight_bytes(stored_values(flow, k), channels, k.operand)
    outputs = 4 * output_plane(table, case) * ceil_ratio(channels, UNIT_BYTES)
    held = table.held[case]
    rows = k.values * k.operand if flow is Dataflow.NS else np.zeros_like(case)
    if inputs:
        held, rows = within(2 * held, ceiling.input_buffer), within(rows, ceiling.row_buffer)
    return Buffers(
        input_buffer=max(_most(outputs), _most(held)),
        weight_buffer=_most(weights if inputs else 2 * weights),
        accumulator_rows=0,
        row_buffer=_most(rows),
    )


def _sums(table: CaseTable, flow: Dataflow, inputs: bool, case: Ints) -> Ints:
    """What cases of one dataflow and mode ask of accumulators, as ``Needs`` has it."""
    variant = table.cases.variant[case]
    channels = table.variants.out_channels[variant]
    tiles = channels if inputs else np.minimum(table.cases.tiles[case], channels)
    cut = np.full_like(case, not inputs)
    columns = [sums_per_channel(table, flow, case), channels, tiles, table.k.operand[variant], cut]
    key = np.zeros_like(case)
    for column in columns:
        key = key * (_most(column) + 1) + column
    _, some = np.unique(key, return_index=True)
    return np.stack(columns)[:, some]


def _most(demand: Ints) -> int:
    return int(demand.max(initial=0))


def within(demand: Ints, size: int) -> Ints:
    """Demands that some buffer of at most ``size`` meets; the others are met by none."""
    return demand[demand <= size]
