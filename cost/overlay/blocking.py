"""How far a convolution is cut to fit the buffers: the fewest chunks that do (docs/overlay.md, sections 3 to 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.cost.algorithms import Dataflow
from dynamap.cost.overlay import gemm
from dynamap.cost.overlay.blocks import C16, HWC, IM2COL, input_bytes, stored_values, weight_bytes
from dynamap.cost.overlay.bounding.case_table import CaseTable, Points, take_variants
from dynamap.cost.overlay.limits import PARAMETER_BYTES, PARAMETER_CHANNELS
from dynamap.cost.overlay.machine import BEAT_BYTES, UNIT_BYTES
from dynamap.cost.overlay.transfer import Bools, Ints, ceil_ratio, plane_bytes, round_to


@dataclass(frozen=True)
class Blocking:
    """``channels`` of output per pass (inputs stream) or block (weights stream), ``units`` per contraction pass.

    Both are positive where ``feasible`` is False, and mean nothing.
    """

    channels: Ints
    units: Ints
    feasible: Bools


def _whole_beats(size: Ints) -> Ints:
    return size // BEAT_BYTES * BEAT_BYTES


def _floor16(value: Ints) -> Ints:
    return value // UNIT_BYTES * UNIT_BYTES


def sums_per_channel(table: CaseTable, flow: Dataflow, case: Ints) -> Ints:
    """Sums of a block per output channel in the accumulators."""
    if flow is Dataflow.IS:
        return table.main.laid[case]
    return table.main.spots[case] * table.variants.positions[table.cases.variant[case]]


def output_plane(table: CaseTable, case: Ints) -> Ints:
    """Bytes of a plane of a block in the output buffer."""
    cases = table.cases
    width = table.variants.out_width[cases.variant[case]]
    return plane_bytes(table.machine, cases.format_out[case] == HWC, cases.rows[case], width)


def input_blocking(table: CaseTable, flow: Dataflow, case: Ints, k: gemm.Contraction, on: Points) -> Blocking:
    """Output channels in the fewest chunks whose weights, sums and outputs fit."""
    v, variant = table.variants, table.cases.variant[case]
    out_channels = v.out_channels[variant]
    sums = sums_per_channel(table, flow, case)
    plane = output_plane(table, case)
    wide = gemm.columns_in_products(table.machine, on.columns, k.operand)
    by_weights = _whole_beats(on.weight_buffer) // (PARAMETER_BYTES + stored_values(flow, k) * k.operand)
    if flow is Dataflow.IS:
        by_sums = on.accumulator_rows // ceil_ratio(sums, wide)
    else:
        by_sums = on.accumulator_rows // sums * wide
    by_output = on.output_half // plane * UNIT_BYTES
    most = np.minimum(np.minimum(by_weights, by_sums), np.minimum(by_output, PARAMETER_CHANNELS))
    aligned = _floor16(most)
    fits = (most >= out_channels) | (aligned > 0)
    chunks = ceil_ratio(out_channels, np.maximum(aligned, 1))
    channels = np.where(most >= out_channels, out_channels, round_to(ceil_ratio(out_channels, chunks), UNIT_BYTES))
    feasible = fits & (table.held[case] <= on.input_buffer // 2)
    feasible &= (channels >= out_channels) | (table.cases.format_out[case] == C16)
    if flow is Dataflow.NS:
        feasible &= k.values * k.operand <= on.row_buffer
    return Blocking(np.minimum(channels, out_channels), table.units[variant], feasible)


@dataclass(frozen=True)
class ChannelBlocks:
    """Output channels in ``blocks`` of ``channels``, the last of ``last``; ``wide`` are side by side in the array."""

    channels: Ints
    blocks: Ints
    last: Ints
    wide: Ints

    @staticmethod
    def of(out_channels: Ints, tiles: Ints, wide: Ints) -> ChannelBlocks:
        """Blocks of so many column tiles, of whole units of channels."""
        channels = np.minimum(np.maximum(UNIT_BYTES, _floor16(np.minimum(tiles, out_channels) * wide)), out_channels)
        blocks = ceil_ratio(out_channels, channels)
        return ChannelBlocks(channels, blocks, out_channels - (blocks - 1) * channels, wide)

    def accumulator_rows(self, flow: Dataflow, sums: Ints, cut: Bools) -> Ints:
        """Rows that a block takes, of ``sums`` per channel; all blocks of a half where the contraction is ``cut``."""
        kept, kept_last = (gemm.accumulator_rows(flow, sums, some, self.wide) for some in (self.channels, self.last))
        # Blocks take the halves in turn: the first half has as many of them as the second, or the last one more.
        first_half = self.blocks // 2 * kept + self.blocks % 2 * kept_last
        return np.where(cut, np.maximum(kept, first_half), kept)


def weight_blocking(table: CaseTable, flow: Dataflow, case: Ints, k: gemm.Contraction, on: Points) -> Blocking:
    """Blocks of the case's column tiles, and the contraction in the fewest chunks whose weights fit."""
    v, variant = table.variants, table.cases.variant[case]
    units, rows = table.units[variant], table.cases.rows[case]
    wide = gemm.columns_in_products(table.machine, on.columns, k.operand)
    in_blocks = ChannelBlocks.of(v.out_channels[variant], table.cases.tiles[case], wide)
    channels = in_blocks.channels
    half = _whole_beats(on.weight_buffer // 2)
    whole = weight_bytes(stored_values(flow, k), channels, k.operand) <= half
    if flow is Dataflow.NS:
        whole &= k.values * k.operand <= on.row_buffer
    most = _most_units(table, flow, variant, k, half // channels - PARAMETER_BYTES, on)
    divisible = (most >= 1) & (table.cases.format_in[case] == C16) & (v.toeplitz[variant] == 0)
    chunks = np.where(whole, 1, ceil_ratio(units, np.maximum(most, 1)))
    part = ceil_ratio(units, chunks)
    kept = in_blocks.accumulator_rows(flow, sums_per_channel(table, flow, case), chunks > 1)
    feasible = (whole | divisible) & (kept <= on.accumulator_rows) & (channels <= PARAMETER_CHANNELS // 4)
    feasible &= output_plane(table, case) * ceil_ratio(channels, UNIT_BYTES) <= on.output_half
    feasible &= (in_blocks.blocks == 1) | (table.cases.format_out[case] == C16)
    held = table.held[case].copy()
    cut = np.flatnonzero(feasible & (chunks > 1))
    if len(cut):
        held[cut] = input_bytes(take_variants(v, variant[cut]), rows[cut], part[cut])
    return Blocking(channels, part, feasible & (held <= on.input_buffer))


def _most_units(
    table: CaseTable, flow: Dataflow, variant: Ints, k: gemm.Contraction, weights_per_channel: Ints, on: Points
) -> Ints:
    """The most channel units whose weights are at most so many bytes per output channel (and fit the row buffers)."""
    units = table.units[variant]
    most = np.maximum(weights_per_channel, 0) // (k.streaming_values * k.operand // units)
    if flow is Dataflow.NS:
        within_rows: Ints = np.minimum(most, on.row_buffer // (k.values * k.operand // units))
        return within_rows
    # A segment over several pixels ends with the last pixel's channels, so pad units stand between pixels only:
    # an even number of units is one padded unit per further pixel longer. One unit less is odd, and fits.
    gaps = np.where(_joined(table, variant), table.variants.kernel_columns[variant] - 1, 0)
    padding = k.segments * gaps * UNIT_BYTES
    too_long = (most % 2 == 0) & (most * (k.streaming_values * k.operand // units) + padding > weights_per_channel)
    fitting: Ints = most - too_long
    return fitting


def _joined(table: CaseTable, variant: Ints) -> Bools:
    """Whether a segment spans the pixels of a kernel row (im2col without dilation)."""
    v = table.variants
    joined: Bools = (v.algorithm[variant] == IM2COL) & (v.dilated[variant] == 0) & (v.toeplitz[variant] == 0)
    return joined
