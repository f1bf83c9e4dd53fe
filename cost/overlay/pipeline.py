"""The makespan of a pass: blocks flowing through LOAD, COMPUTE and STORE (docs/overlay.md, section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dynamap.cost.overlay.machine import PASS_OVERHEAD
from dynamap.cost.overlay.transfer import Ints, ceil_ratio

BLOCK_TIMES = ("transfer", "place", "compute", "post", "store")
PASS_COLUMNS = ("blocks", "prologue_transfer", "prologue_place", "fill", "after")


@dataclass(frozen=True)
class Block:
    """Times of one block: ``transfer`` and ``place`` of its LOAD, ``compute``, ``post`` and ``store`` of its STORE."""

    transfer: Ints
    place: Ints
    compute: Ints
    post: Ints
    store: Ints

    def take(self, index: Ints) -> Block:
        return Block(*(getattr(self, name)[index] for name in BLOCK_TIMES))

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
    weights arrive, in that many parts. ``opening``: cycles of block 0 that no other block has.
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
    opening: Ints | None = None

    def take(self, index: Ints) -> Pass:
        """Some of the passes."""
        return replace(
            self,
            **{name: getattr(self, name)[index] for name in PASS_COLUMNS},
            block=self.block.take(index),
            last=self.last.take(index),
            stages=None if self.stages is None else self.stages[index],
            opening=None if self.opening is None else self.opening[index],
        )

    @property
    def ready(self) -> Ints:
        return self.fill + self.read_latency

    @property
    def compute_total(self) -> Ints:
        every = (self.blocks - 1) * self.block.compute + self.last.compute
        return every if self.opening is None else every + self.opening

    @property
    def load_total(self) -> Ints:
        first: Ints = np.maximum(self.prologue_transfer, self.prologue_place)
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
        longest: Ints = np.maximum(computing, moving)
        return PASS_OVERHEAD + longest


def joined(passes: Sequence[Pass]) -> Pass:
    """The passes of all, one after the other; they must be of one kind (stages given or not, storing or not)."""
    first = passes[0]
    if len(passes) == 1:
        return first

    def column(name: str) -> Ints:
        return np.concatenate([getattr(p, name) for p in passes])

    def blocks(name: str) -> Block:
        parts = [getattr(p, name) for p in passes]
        return Block(*(np.concatenate([getattr(b, f) for b in parts]) for f in BLOCK_TIMES))

    return replace(
        first,
        **{name: column(name) for name in PASS_COLUMNS},  # type: ignore[arg-type]
        block=blocks("block"),
        last=blocks("last"),
        stages=None if first.stages is None else column("stages"),
        opening=None if first.opening is None else column("opening"),
    )


def makespan(work: Pass) -> Ints:
    """Cycles of each pass, by the recurrence over its blocks (docs/overlay.md, section 6)."""
    order = np.argsort(-work.blocks, kind="stable")
    p = work.take(order)
    size = len(order)
    longest = int(p.blocks[0]) if size else 0
    # How many passes, the first ones, have at least so many blocks.
    counts = np.searchsorted(-p.blocks, -np.arange(longest + 3), side="right").tolist()
    transfer, place, compute, post, store = (getattr(p.block, name).copy() for name in BLOCK_TIMES)

    memory = np.zeros(size, np.int64)  # end of the last transfer
    placed = np.zeros(size, np.int64)  # of the last load
    finished = np.zeros(size, np.int64)  # end C(i)
    ready: dict[int, Ints] = {}  # when block i could start, for its data
    posted = [np.zeros(size, np.int64), np.zeros(size, np.int64)]  # end post(i), by parity of i
    stored = [np.zeros(size, np.int64), np.zeros(size, np.int64)]  # end S(i), by parity of i

    def last_from(index: int) -> slice:
        """The passes whose last block is ``index``."""
        return slice(counts[index + 2], counts[index + 1])

    def load(index: int) -> None:
        if index >= longest:
            return
        count, ending = counts[index + 1], last_from(index)
        transfer[ending], place[ending] = p.last.transfer[ending], p.last.place[ending]
        start = memory[:count]
        if index >= 2:
            start = np.maximum(start, finished[:count])
        end = start + transfer[:count]
        placed[:count] = np.maximum(end, np.maximum(placed[:count], start) + place[:count])
        memory[:count] = end
        ready[index] = placed[:count] + p.ready[:count]

    if p.stages is None:
        memory += p.prologue_transfer
        placed = np.maximum(memory, p.prologue_place)
        load(0)
    else:
        load(0)
        arriving = memory + ceil_ratio(p.prologue_transfer, p.stages)
        ready[0] = np.maximum(ready[0], arriving + p.ready)
        memory += p.prologue_transfer
        arrived = memory.copy()
    load(1)
    for index in range(longest):
        half, active, ending = index % 2, counts[index + 1], last_from(index)
        for current, final in ((compute, p.last.compute), (post, p.last.post), (store, p.last.store)):
            current[ending] = final[ending]
        start = np.maximum(ready.pop(index), finished[:active])
        if p.stores:
            np.maximum(start, posted[half][:active], out=start)
        np.add(start, compute[:active], out=finished[:active])
        if index == 0 and p.opening is not None:
            finished += p.opening
        if index == 0 and p.stages is not None:
            np.maximum(finished, arrived + p.read_latency + ceil_ratio(compute, p.stages), out=finished)
        load(index + 2)
        if p.stores:
            done = np.maximum(posted[1 - half][:active], finished[:active] + p.after[:active])
            np.maximum(done, stored[half][:active], out=done)
            np.add(done, post[:active], out=posted[half][:active])
            np.maximum(memory[:active], posted[half][:active], out=memory[:active])
            memory[:active] += store[:active]
            stored[half][:active] = memory[:active]
    ends = memory + p.write_latency if p.stores else finished + p.after
    cycles = np.empty_like(ends)
    cycles[order] = PASS_OVERHEAD + ends
    return cycles
