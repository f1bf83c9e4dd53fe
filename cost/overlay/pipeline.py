"""The makespan of a pass: blocks flowing through LOAD, COMPUTE and STORE (docs/overlay.md, section 6)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np

from dynamap.cost.overlay.machine import PASS_OVERHEAD
from dynamap.cost.overlay.transfer import Ints, ceil_ratio


@dataclass(frozen=True)
class Block:
    """Times of one block: ``transfer`` and ``place`` of its LOAD, ``compute``, ``post`` and ``store`` of its STORE."""

    transfer: Ints
    place: Ints
    compute: Ints
    post: Ints
    store: Ints

    @property
    def load(self) -> Ints:
        return np.maximum(self.transfer, self.place)

    @property
    def storing(self) -> Ints:
        return np.maximum(self.post, self.store)


@dataclass(frozen=True)
class Pass:
    """Times of many passes at once, one element of each array per pass: ``blocks - 1`` like ``block``, then ``last``.

    ``read_latency`` and ``fill`` delay COMPUTE after a block's data has been placed, ``after`` is the delay from
    COMPUTE to post, ``write_latency`` ends the pass. ``stores`` is False for a pass that leaves its sums on chip.
    ``stages`` is given where inputs stream: the prologue then follows the first load, and block 0 computes while its
    weights arrive, in that many parts.
    """

    blocks: Ints
    prologue_transfer: Ints
    prologue_place: Ints
    block: Block
    last: Block
    fill: Ints
    after: Ints
    read_latency: int
    write_latency: int
    stores: bool = True
    stages: Ints | None = None

    def take(self, index: Ints) -> Pass:
        return _take(self, index)

    @property
    def ready(self) -> Ints:
        return self.fill + self.read_latency

    @property
    def compute_total(self) -> Ints:
        return (self.blocks - 1) * self.block.compute + self.last.compute

    @property
    def load_total(self) -> Ints:
        first = np.maximum(self.prologue_transfer, self.prologue_place)
        return first + (self.blocks - 1) * self.block.load + self.last.load

    @property
    def store_total(self) -> Ints:
        if not self.stores:
            return np.zeros_like(self.blocks)
        return (self.blocks - 1) * self.block.storing + self.last.storing

    def lower_bound(self) -> Ints:
        """Two paths through the pipeline: along COMPUTE, and along the memory sequence."""
        first = np.where(self.blocks > 1, self.block.transfer, self.last.transfer)
        computing = first + self.ready + self.compute_total + self.after
        if self.stages is None:
            computing = computing + self.prologue_transfer
        else:
            computing = computing + ceil_ratio(self.prologue_transfer, self.stages)
        moving = self.prologue_transfer + (self.blocks - 1) * self.block.transfer + self.last.transfer
        if self.stores:
            computing = computing + self.last.post + self.last.store + self.write_latency
            moving = moving + (self.blocks - 1) * self.block.store + self.last.store + self.write_latency
        return PASS_OVERHEAD + np.maximum(computing, moving)


T = TypeVar("T")


def _take(table: T, index: Ints) -> T:
    def pick(value: object) -> object:
        if isinstance(value, np.ndarray):
            return value[index]
        return _take(value, index) if isinstance(value, Block) else value

    return type(table)(**{f.name: pick(getattr(table, f.name)) for f in fields(table)})  # type: ignore[arg-type]


def makespan(work: Pass) -> Ints:
    """Cycles of each pass, by the recurrence over its blocks (docs/overlay.md, section 6)."""
    order = np.argsort(-work.blocks, kind="stable")
    p = work.take(order)
    longest = -p.blocks  # ascending, so that "at least k blocks" is a prefix

    def at_least(count: int) -> int:
        return int(np.searchsorted(longest, -count, side="right"))

    def times(name: str, index: int, size: int) -> Ints:
        """Times of block ``index`` of the first ``size`` passes."""
        main, last = getattr(p.block, name), getattr(p.last, name)
        return np.where(p.blocks[:size] == index + 1, last[:size], main[:size])

    size = len(p.blocks)
    memory = np.zeros(size, np.int64)
    placed = np.zeros(size, np.int64)
    finished = np.zeros(size, np.int64)  # end C(i)
    before = np.zeros(size, np.int64)  # end C(i-1)
    posted = [np.zeros(size, np.int64), np.zeros(size, np.int64)]  # end post(i), by parity of i
    stored = [np.zeros(size, np.int64), np.zeros(size, np.int64)]  # end S(i), by parity of i
    placed_at: dict[int, Ints] = {}

    def load(index: int, start_not_before: Ints | None) -> None:
        count = at_least(index + 1)
        if not count:
            return
        start = memory[:count]
        if start_not_before is not None:
            start = np.maximum(start, start_not_before[:count])
        end = start + times("transfer", index, count)
        placed[:count] = np.maximum(end, np.maximum(placed[:count], start) + times("place", index, count))
        memory[:count] = end
        placed_at[index] = placed[:count].copy()

    if p.stages is None:
        memory += p.prologue_transfer
        placed = np.maximum(memory, p.prologue_place)
        load(0, None)
    else:
        load(0, None)
        begun = np.maximum(placed, memory + ceil_ratio(p.prologue_transfer, p.stages)) + p.ready
        memory += p.prologue_transfer
        first = times("compute", 0, size)
        held = memory + p.read_latency + ceil_ratio(first, p.stages)
    load(1, None)
    index = 0
    active = size
    while active:
        half = index % 2
        if index == 0 and p.stages is not None:
            finished[:] = np.maximum(begun + first, held)
        else:
            start = np.maximum(before[:active], placed_at[index][:active] + p.ready[:active])
            finished[:active] = np.maximum(start, posted[half][:active]) + times("compute", index, active)
        placed_at.pop(index)
        load(index + 2, finished)
        if p.stores:
            done = np.maximum(posted[1 - half][:active], finished[:active] + p.after[:active])
            posted[half][:active] = np.maximum(done, stored[half][:active]) + times("post", index, active)
            memory[:active] = np.maximum(memory[:active], posted[half][:active]) + times("store", index, active)
            stored[half][:active] = memory[:active]
        before[:active] = finished[:active]
        index += 1
        active = at_least(index + 1)
    ends = memory + p.write_latency if p.stores else finished + p.after
    cycles = np.empty_like(ends)
    cycles[order] = PASS_OVERHEAD + ends
    return cycles
