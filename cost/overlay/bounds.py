"""Lower bounds on the cycles of convolutions, for every array at once and no blocking in particular.

Each bound relaxes docs/overlay.md: one block of everything (sums of rounded-up parts are never below the rounded-up
whole), unlimited buffers, each operand moved once, and the smallest first load and last store that any blocking has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.cost.algorithms import Dataflow
from dynamap.cost.overlay import gemm
from dynamap.cost.overlay.blocks import C16, HWC, TOEPLITZ, contraction, output_runs, row_block, weight_bytes
from dynamap.cost.overlay.machine import PASS_OVERHEAD, UNIT_BYTES, Machine
from dynamap.cost.overlay.options import DATAFLOWS, FORMATS, LayerOptions, Variants
from dynamap.cost.overlay.transfer import Ints, Runs, ceil_ratio, transfer_cycles


@dataclass(frozen=True)
class VariantBounds:
    """Array-independent parts of the bounds, one element per variant and dataflow (rows of the tables that follow).

    ``moving``: memory cycles of the whole layer; ``edges``: first load, latencies and last store that no blocking avoids.
    """

    layer: Ints
    variant: Ints
    flow: Ints
    groups: Ints
    contraction: gemm.Contraction
    positions: Ints
    least_positions: Ints
    channels: Ints
    moving: Ints
    edges: Ints
    products: Ints


def variant_bounds(machine: Machine, variants: Variants, layers: list[LayerOptions]) -> VariantBounds:
    """Everything about the bounds that does not depend on the array."""
    count = len(variants.layer)
    units = ceil_ratio(variants.channels, UNIT_BYTES)
    k = contraction(machine, variants, units)
    whole = variants.out_height
    least = np.minimum(whole, variants.step_rows)
    one = np.ones(count, np.int64)

    def cheapest_load(rows: Ints) -> Ints:
        choices = []
        for code in (C16, HWC, TOEPLITZ):
            transfer = row_block(machine, variants, np.full(count, code), rows, units).transfer
            allowed = _allows(layers, variants, code)
            choices.append(np.where(allowed, transfer, np.int64(1) << 40))
        return np.minimum.reduce(choices)

    def cheapest_store(rows: Ints, channels: Ints) -> Ints:
        choices = [
            transfer_cycles(machine, output_runs(variants, np.full(count, code), rows, channels)) for code in (C16, HWC)
        ]
        return np.minimum.reduce(choices)

    some_channels = np.minimum(variants.out_channels, UNIT_BYTES)

    def weights(channels: Ints) -> Ints:
        fewest = np.minimum(k.streaming_values, k.stationary_values)
        return transfer_cycles(machine, Runs(one, weight_bytes(fewest, channels, k.operand)))

    all_weights = weights(variants.out_channels)
    all_input, some_input = cheapest_load(whole), cheapest_load(least)
    # With a stride beyond the window, strips of few rows skip input rows (2: the rounding of one run and its burst).
    touched = np.minimum(variants.stride_rows, variants.extent_rows)
    skipping = np.maximum(all_input * touched // variants.stride_rows - 2, some_input)
    all_input = np.where(touched < variants.stride_rows, skipping, all_input)
    all_output = cheapest_store(whole, variants.out_channels)
    strip_output = transfer_cycles(machine, Runs(one, np.minimum(variants.out_width * some_channels, 64)))
    first = np.minimum(some_input, all_input + weights(some_channels))
    edges = first + machine.read_latency + strip_output + machine.write_latency
    values = k.values * k.inner * k.outer
    some_format = np.full(count, C16)

    def array_positions(rows: Ints) -> Ints:
        return row_block(machine, variants, some_format, rows, units).positions

    products = array_positions(whole) * variants.out_channels * values
    flows = np.arange(len(DATAFLOWS))
    index = np.repeat(np.arange(count), len(flows))
    flow = np.tile(flows, count)
    permitted = np.array(
        [DATAFLOWS[f] in layers[variants.layer[v]].dataflows for v, f in zip(index, flow, strict=True)], bool
    )
    index, flow = index[permitted], flow[permitted]
    return VariantBounds(
        layer=variants.layer[index],
        variant=index,
        flow=flow,
        groups=variants.groups[index],
        contraction=k.take(index),
        positions=array_positions(whole)[index],
        least_positions=array_positions(least)[index],
        channels=variants.out_channels[index],
        moving=(all_weights + all_input + all_output + machine.write_latency)[index],
        edges=edges[index],
        products=products[index],
    )


def _allows(layers: list[LayerOptions], variants: Variants, code: int) -> Ints:
    listed = np.array([FORMATS[code] in layers[i].formats_in for i in variants.layer], bool)
    return listed & ((variants.toeplitz == 1) == (code == TOEPLITZ))


def ideal_cycles(machine: Machine, b: VariantBounds, multipliers: Ints) -> Ints:
    """Cycles per (row, number of multipliers) if every multiplier worked all the time: shape (rows, multipliers)."""
    per_cycle = np.where(b.contraction.operand == 1, machine.packing, 1)[:, None] * multipliers[None, :]
    computing = ceil_ratio(b.products[:, None], per_cycle) + b.edges[:, None]
    return b.groups[:, None] * (PASS_OVERHEAD + np.maximum(computing, b.moving[:, None]))


def array_bounds(machine: Machine, b: VariantBounds, rows: Ints, columns: Ints) -> Ints:
    """Lower bound on cycles per (row of ``b``, array): shape (rows of b, arrays)."""
    result = np.empty((len(b.layer), len(rows)), np.int64)
    for number, flow in enumerate(DATAFLOWS):
        index = np.flatnonzero(b.flow == number)
        k = b.contraction.take(index).columns()
        time = gemm.array_time(
            machine, flow, k, b.positions[index][:, None], b.channels[index][:, None], rows[None, :], columns[None, :]
        )
        if flow is Dataflow.NS:
            fill = time.fill
        elif flow is Dataflow.WS:
            fill = np.broadcast_to(rows[None, :], time.cycles.shape)
        else:
            wide = gemm.columns_in_products(machine, columns[None, :], k.operand)
            fill = np.minimum(b.least_positions[index][:, None], wide)
        computing = b.edges[index][:, None] + fill + time.cycles + time.after
        result[index] = np.maximum(computing, b.moving[index][:, None])
    return b.groups[:, None] * (PASS_OVERHEAD + result)
