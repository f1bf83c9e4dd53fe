"""What the lower bounds of ``bounds`` need that no array changes: groups of cases, and paths through their pipelines.

A *group* is all cases of one variant, dataflow, formats, mode and rows per block; in coarse parts the column tiles of a
block (weights stream) are left open, too. The chunks that buffers force are always left open, so a bound must hold for
any number of chunks. It does where every term is superadditive, so that the parts are never less than the whole:
ceil(x) + ceil(y) >= ceil(x + y) and max(a, b) + max(c, d) >= max(a + c, b + d). Pad units between pixels are not (a
contraction cut into chunks of an odd number of units has fewer), so they are left out where the contraction may be cut.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from dynamap.cost.algorithms import Dataflow
from dynamap.cost.overlay import gemm
from dynamap.cost.overlay.blocks import C16, IM2COL, output_runs, stored_values, weight_bytes
from dynamap.cost.overlay.bounding.case_table import CaseTable, take_variants
from dynamap.cost.overlay.limits import PARAMETER_BYTES
from dynamap.cost.overlay.machine import LEAVING, PASS_OVERHEAD, UNIT_BYTES, Machine
from dynamap.cost.overlay.options import DATAFLOWS, STREAM_INPUTS, Variants
from dynamap.cost.overlay.transfer import Ints, Runs, transfer_cycles

FRACTION_BITS = 10
"""Cycles per channel of weights are kept in 1/1024."""


@dataclass(frozen=True)
class Paths:
    """Cycles that do not depend on the array, one element per group; sums over all bands where weights stream.

    ``early``: from the start to the data of the first block. ``late``: to the data of the last block. ``arrived``: to
    the last weights of block 0 (bands: to their inputs). ``moving``: all transfers. ``turn``: the load of a block,
    ``shorter``: by how much the last one is shorter. ``second``: from ``early`` to the data of the second block, if the
    blocks are even in number. ``tail``: latencies, the last store, the transform of Winograd beside its words.
    ``transform``: that of one block.
    """

    early: Ints
    late: Ints
    arrived: Ints
    moving: Ints
    turn: Ints
    shorter: Ints
    second: Ints
    tail: Ints
    transform: Ints


@dataclass(frozen=True)
class Part:
    """The groups of one dataflow and mode, in the order of their layers; ``group`` are their numbers.

    ``blocks`` (or bands) of rows: ``main`` positions in all but the ``last``; ``first`` is a lower bound of the
    positions that IS holds in its first tile. post takes ``lines`` lines of ``side`` sums in a main and the last block.
    ``whole``: the rows may be cut into any blocks (``bounds.summary``).
    ``weights_per_channel`` is in 1/1024 cycles, and so are ``first_per_channel`` of what a block begins with.
    """

    machine: Machine
    flow: Dataflow
    inputs: bool
    whole: bool
    coarse: bool
    group: Ints
    layer: Ints
    variant: Ints
    copies: Ints
    k: gemm.Contraction
    divisible: Ints
    channels: Ints
    blocks: Ints
    tiles: Ints
    main: Ints
    last: Ints
    first: Ints
    lines_main: Ints
    lines_last: Ints
    side_main: Ints
    side_last: Ints
    weights_per_channel: Ints
    first_per_channel: Ints
    paths: Paths

    def take(self, index: Ints) -> Part:
        """Some of the groups."""
        columns = {
            f.name: getattr(self, f.name)[index] for f in fields(self) if isinstance(getattr(self, f.name), np.ndarray)
        }
        paths = Paths(**{f.name: getattr(self.paths, f.name)[index] for f in fields(Paths)})
        return replace(self, **columns, k=self.k.take(index), paths=paths)

    def followed_by(self, other: Part) -> Part:
        """The groups of both."""
        columns = {
            f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)])
            for f in fields(self)
            if isinstance(getattr(self, f.name), np.ndarray)
        }
        k, paths = (
            {f.name: np.concatenate([getattr(a, f.name), getattr(b, f.name)]) for f in fields(a)}
            for a, b in ((self.k, other.k), (self.paths, other.paths))
        )
        return replace(self, **columns, k=gemm.Contraction(**k), paths=Paths(**paths))  # type: ignore[arg-type]

    @property
    def lanes(self) -> Ints:
        """Sums that post reads at a time: R, of Winograd half as many."""
        return self.machine.lanes // self.k.operand


def parts_of(table: CaseTable, *, coarse: bool, thin: bool = False, whole: bool = False) -> tuple[list[Part], Ints]:
    """The groups by dataflow and mode, and the group of every case; groups are numbered in the order of the layers.

    ``thin``: as if each layer had only as many output channels as the least chunk of them may have, inputs streaming:
    what any pass takes at the least. ``whole``: for buffers that hold so much that no contraction is cut.
    """
    c = table.cases
    key = np.zeros(len(c.variant), np.int64)
    tiles = np.zeros_like(c.tiles) if coarse else np.minimum(c.tiles, table.variants.out_channels[c.variant])
    for column in (c.variant, c.dataflow, c.format_in, c.format_out, c.mode, c.rows, tiles):
        key = key * (int(column.max(initial=0)) + 1) + column
    _, case, group_of_case = np.unique(key, return_index=True, return_inverse=True)
    parts = []
    for number, flow in enumerate(DATAFLOWS):
        for inputs in (True,) if thin else (True, False):
            group = np.flatnonzero((c.dataflow[case] == number) & ((c.mode[case] == STREAM_INPUTS) == inputs))
            if len(group):
                cut = not (inputs or whole)
                parts.append(_part(table, flow, inputs, coarse, thin, cut, group, case[group]))
    return parts, group_of_case


def _least_contraction(table: CaseTable, variant: Ints, divisible: Ints) -> gemm.Contraction:
    """The contraction without pad units between pixels where it may be cut."""
    v, k = table.variants, table.k.take(variant)
    joined = (v.algorithm[variant] == IM2COL) & (v.dilated[variant] == 0) & (v.toeplitz[variant] == 0)
    bare = v.kernel_columns[variant] * UNIT_BYTES * table.units[variant]
    segment = np.where(joined & (divisible == 1), bare, k.segment_bytes)
    return replace(k, segment_bytes=segment)


def _part(
    table: CaseTable, flow: Dataflow, inputs: bool, coarse: bool, thin: bool, cut: bool, group: Ints, case: Ints
) -> Part:
    """``case`` is any case of each group; ``cut``: where it may be, the contraction is cut."""
    machine, cases = table.machine, table.cases
    variant = cases.variant[case]
    v = take_variants(table.variants, variant)
    if thin:  # chunks are multiples of 16 but for the last
        v = replace(v, out_channels=(v.out_channels - 1) % UNIT_BYTES + 1)
    divisible = ((cases.format_in[case] == C16) & (v.toeplitz == 0)).astype(np.int64) * cut
    k = _least_contraction(table, variant, divisible)
    main, last = table.main.take(case), table.last.take(case)
    positions = [main.positions, last.positions]
    if flow is Dataflow.IS:
        lines, sides = (v.out_channels,) * 2, (main.laid, last.laid)
        positions = [np.maximum(a, laid) for a, laid in zip(positions, sides, strict=True)]
    else:
        lines, sides = (main.spots * v.positions, last.spots * v.positions), (v.out_channels,) * 2
    per_channel = PARAMETER_BYTES + stored_values(flow, k) * k.operand
    # Of WS and IS block 0 waits for its parameters and the weights of a tile, which has at least a byte.
    first = per_channel if flow is Dataflow.NS else np.full_like(per_channel, PARAMETER_BYTES)
    paths = _input_paths if inputs else _weight_paths
    return Part(
        machine=machine,
        flow=flow,
        inputs=inputs,
        whole=False,
        coarse=coarse,
        group=group,
        layer=v.layer,
        variant=variant,
        copies=v.groups,
        k=k,
        divisible=divisible,
        channels=v.out_channels,
        blocks=table.blocks[case],
        tiles=np.minimum(cases.tiles[case], v.out_channels),
        main=positions[0],
        last=positions[1],
        first=positions[0 if inputs else 1],
        lines_main=lines[0],
        lines_last=lines[1],
        side_main=sides[0],
        side_last=sides[1],
        weights_per_channel=_scaled_cycles(machine, per_channel),
        first_per_channel=_scaled_cycles(machine, first),
        paths=paths(table, flow, case, v, k),
    )


def _scaled_cycles(machine: Machine, size: Ints) -> Ints:
    """Cycles of a transfer per so many bytes, at the least, in 1/1024."""
    scaled = size << FRACTION_BITS
    cycles: Ints = np.maximum(
        scaled * 65 // (64 * machine.word_bytes), scaled * machine.clock_khz // machine.bandwidth_bytes_per_ms
    )
    return cycles


def _weights(table: CaseTable, flow: Dataflow, v: Variants, k: gemm.Contraction) -> Ints:
    size = weight_bytes(stored_values(flow, k), v.out_channels, k.operand)
    return transfer_cycles(table.machine, Runs(np.ones_like(size), size))


def _first_weights(table: CaseTable, flow: Dataflow, v: Variants, k: gemm.Contraction) -> Ints:
    """Cycles before block 0 has what it begins with: parameters, and of NS all weights.

    A tile of WS and IS has at least a byte.
    """
    stage = v.out_channels * k.streaming_values if flow is Dataflow.NS else 1
    size = PARAMETER_BYTES * v.out_channels + stage
    return transfer_cycles(table.machine, Runs(np.ones_like(size), size))


def _stores(table: CaseTable, v: Variants, case: Ints, channels: Ints) -> tuple[Ints, Ints]:
    """Transfer cycles of the outputs of a block (band) and of the last."""
    formats = table.cases.format_out[case]
    rows = (table.main.rows[case], table.last.rows[case])
    main, last = (transfer_cycles(table.machine, output_runs(v, formats, r, channels)) for r in rows)
    return main, last


def _around(machine: Machine) -> int:
    """Cycles of a pass that stores, beside those of its units and of the array."""
    return PASS_OVERHEAD + machine.read_latency + machine.least_registers + machine.write_latency


def _input_paths(table: CaseTable, flow: Dataflow, case: Ints, v: Variants, k: gemm.Contraction) -> Paths:
    machine, main, last = table.machine, table.main.take(case), table.last.take(case)
    weights = _weights(table, flow, v, k)
    store, last_store = _stores(table, v, case, v.out_channels)
    before = table.blocks[case] - 1
    transform = table.transform[table.cases.variant[case]]
    loads = before * main.transfer + last.transfer
    load, last_load = (
        np.where(transform > 0, b.transfer + b.place, np.maximum(b.transfer, b.place)) for b in (main, last)
    )
    first_weights = _first_weights(table, flow, v, k)
    moved = loads + weights + np.maximum(before - 2, 0) * store + np.where(transform > 0, last.place, 0)
    late = np.maximum(moved, before * main.place + last.place)
    # What the tail counts of the transform is not between weights and their use.
    early = np.maximum(np.where(transform > 0, load, main.place), main.transfer + first_weights - transform)
    next_transfer, next_place = (
        np.where(before == 1, a, b) for a, b in ((last.transfer, main.transfer), (last.place, main.place))
    )
    second = np.maximum(main.place + next_place, main.transfer + weights + next_transfer)
    return Paths(
        early=early,
        late=np.where(before > 0, late, load),
        arrived=main.transfer + weights - transform,
        moving=loads + weights + before * store + last_store + PASS_OVERHEAD + LEAVING + machine.write_latency,
        turn=load,
        shorter=np.where(before > 1, load - last_load, 0),
        second=np.where(before % 2, second - early, 0),
        tail=last_store + transform + _around(machine),
        transform=transform,
    )


def _weight_paths(table: CaseTable, flow: Dataflow, case: Ints, v: Variants, k: gemm.Contraction) -> Paths:
    machine, main, last = table.machine, table.main.take(case), table.last.take(case)
    bands = table.blocks[case]
    before = bands - 1
    weights = bands * _weights(table, flow, v, k)
    store, last_store = _stores(table, v, case, v.out_channels)
    least_store, least_last = _stores(table, v, case, np.ones_like(bands))
    transform = table.transform[table.cases.variant[case]]
    loads = before * main.transfer + last.transfer
    ends = PASS_OVERHEAD + LEAVING + machine.write_latency
    zero = np.zeros_like(bands)
    return Paths(
        early=before * main.place + last.place,
        late=loads + weights - bands * transform,
        arrived=loads - bands * transform,
        moving=loads + weights + before * store + last_store + bands * ends,
        turn=zero,
        shorter=zero,
        second=zero,
        tail=before * least_store + least_last + bands * (transform + _around(machine)),
        transform=transform,
    )
