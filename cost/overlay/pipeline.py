"""The makespan of a pass: blocks flowing through LOAD, COMPUTE and STORE (docs/overlay.md, section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dynamap.cost.overlay.machine import LANDING, LEAVING, NEXT_BLOCK, PASS_OVERHEAD, READING
from dynamap.cost.overlay.transfer import Ints

BLOCK_TIMES = ("transfer", "place", "compute", "occupied", "post", "store")
PASS_COLUMNS = ("blocks", "prologue_transfer", "prologue_place", "transform", "fill", "after", "packing")
ARRIVAL_COLUMNS = ("first", "left")


@dataclass(frozen=True)
class Block:
    """Times of one block: ``transfer`` and ``place`` of its LOAD, ``post`` and ``store`` of its STORE.

    COMPUTE takes operands in ``compute`` cycles, and from its first to that of the next block ``occupied``.
    """

    transfer: Ints
    place: Ints
    compute: Ints
    occupied: Ints
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
class Arrival:
    """Weights of block 0, which arrive while it uses them: ``first`` are the cycles of their transfer before its first
    tile has all of its own, ``left`` those that it still computes when all of them are there."""

    first: Ints
    left: Ints

    def take(self, index: Ints) -> Arrival:
        return Arrival(self.first[index], self.left[index])


@dataclass(frozen=True)
class Pass:
    """Times of many passes at once, one element of each array per pass: ``blocks - 1`` like ``block``, then ``last``.

    ``read_latency`` and ``fill`` delay COMPUTE after a block's data has been placed, ``after`` is the delay from
    COMPUTE to post, ``packing`` from post to a block that may be stored, ``write_latency`` ends the pass. ``stores`` is
    False for a pass that leaves its sums on chip. ``transform``: of Winograd, the cycles for which a block is placed
    beside ``place``, when all of it has arrived; 0 where it is placed as it arrives. ``inputs_stream``: the prologue
    is weights and follows the first load; else blocks load weights. Either way block 0 computes while its weights
    arrive (``arrival``). ``direct``: results go to the output buffer as they are computed, as the vector unit's do, and
    not by way of accumulators. ``opening``: cycles of block 0 that no other block has. ``before``: of the pass, before
    its own.
    """

    blocks: Ints
    prologue_transfer: Ints
    prologue_place: Ints
    block: Block
    last: Block
    transform: Ints
    fill: Ints
    after: Ints
    read_latency: int
    write_latency: int
    packing: Ints
    arrival: Arrival
    inputs_stream: bool
    stores: bool = True
    direct: bool = False
    opening: Ints | None = None
    before: Ints | None = None

    def take(self, index: Ints) -> Pass:
        """Some of the passes."""
        return replace(
            self,
            **{name: getattr(self, name)[index] for name in PASS_COLUMNS},
            block=self.block.take(index),
            last=self.last.take(index),
            arrival=self.arrival.take(index),
            opening=None if self.opening is None else self.opening[index],
            before=None if self.before is None else self.before[index],
        )

    @property
    def landing(self) -> int:
        """Cycles from a transfer's end to the data in its buffer."""
        return self.read_latency + LANDING

    @property
    def ready(self) -> Ints:
        return self.fill + self.landing

    @property
    def kind(self) -> tuple[bool, bool, bool]:
        """What passes must have in common to be joined."""
        return self.stores, self.direct, self.inputs_stream

    @property
    def compute_total(self) -> Ints:
        return self._with_opening((self.blocks - 1) * self.block.compute + self.last.compute)

    @property
    def occupied_total(self) -> Ints:
        return self._with_opening((self.blocks - 1) * self.block.occupied + self.last.occupied)

    def _with_opening(self, cycles: Ints) -> Ints:
        return cycles if self.opening is None else cycles + self.opening

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
        computing = self._first_operands() + self.ready + self.occupied_total + self.after
        moving = self.prologue_transfer + (self.blocks - 1) * self.block.transfer + self.last.transfer
        if self.stores:
            ends = LEAVING + self.write_latency
            computing = computing + self.last.post + self.packing + self.last.store + ends
            moving = moving + (self.blocks - 1) * self.block.store + self.last.store + ends
        longest: Ints = np.maximum(computing, moving)
        return PASS_OVERHEAD + longest

    def _first_operands(self) -> Ints:
        """When the first operands of block 0 have arrived, and are transformed."""
        if self.inputs_stream:
            several = self.blocks > 1
            inputs = np.where(several, self.block.transfer, self.last.transfer)
            place = np.where(several, self.block.place, self.last.place)
        else:
            inputs, place = self.prologue_transfer, self.prologue_place
        transformed = np.where(self.transform > 0, place + self.transform, 0)
        arrived: Ints = inputs + np.maximum(self.arrival.first, transformed)
        return arrived


def joined(passes: Sequence[Pass]) -> Pass:
    """The passes of all, one after the other; they must be of one kind."""
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
        arrival=Arrival(*(np.concatenate([getattr(p.arrival, name) for p in passes]) for name in ARRIVAL_COLUMNS)),
        opening=None if first.opening is None else column("opening"),
        before=None if first.before is None else column("before"),
    )


class _Blocks:
    """The recurrence over the blocks of many passes, those of more blocks first; all times count from the start."""

    def __init__(self, p: Pass) -> None:
        size = len(p.blocks)
        self.p = p
        self.longest = int(p.blocks[0]) if size else 0
        # How many passes, the first ones, have at least so many blocks.
        self.counts = np.searchsorted(-p.blocks, -np.arange(self.longest + 3), side="right").tolist()
        self.now = Block(*(getattr(p.block, name).copy() for name in BLOCK_TIMES))
        self.transform = p.transform if p.inputs_stream else np.zeros(size, np.int64)  # of what blocks load
        self.memory = np.zeros(size, np.int64)  # end of the last transfer
        self.placed = np.zeros(size, np.int64)  # of the last load
        self.finished = np.zeros(size, np.int64)  # end C(i)
        self.ready: dict[int, Ints] = {}  # when block i could start, for its data
        # By parity of i: end post(i), and when block i has left the output buffer.
        self.posted = [np.zeros(size, np.int64), np.zeros(size, np.int64)]
        self.gone = [np.zeros(size, np.int64), np.zeros(size, np.int64)]

    def run(self) -> Ints:
        """The end of each pass, without what comes before its first transfer."""
        p = self.p
        weights = self._begin()
        self._load(1)
        for index in range(self.longest):
            ending = self._last_from(index)
            for name in ("occupied", "post", "store"):
                getattr(self.now, name)[ending] = getattr(p.last, name)[ending]
            self._compute(index)
            if index == 0 and p.opening is not None:
                self.finished += p.opening
            if index == 0:
                np.maximum(self.finished, weights + p.arrival.left, out=self.finished)
            self._load(index + 2)
            if p.stores:
                self._store(index)
        if p.stores:
            return np.where(p.blocks % 2 == 1, *self.gone) + p.write_latency
        return self.finished + p.after

    def _last_from(self, index: int) -> slice:
        """The passes whose last block is ``index``."""
        return slice(self.counts[index + 2], self.counts[index + 1])

    def _begin(self) -> Ints:
        """The prologue and the first load; returns when the last weights of block 0 are at work."""
        p = self.p
        if p.inputs_stream:
            self._load(0)
            inputs, weights = self.placed.copy(), self.memory.copy()
            self.memory += p.prologue_transfer
        else:
            self.memory += p.prologue_transfer
            self._place(np.zeros_like(self.memory), self.memory, p.prologue_place, p.transform)
            inputs, weights = self.placed.copy(), self.memory.copy()
            self._load(0)
        self.ready[0] = np.maximum(inputs, weights + p.arrival.first) + p.ready
        return self.memory + p.ready

    def _load(self, index: int) -> None:
        if index >= self.longest:
            return
        p, now = self.p, self.now
        count, ending = self.counts[index + 1], self._last_from(index)
        now.transfer[ending], now.place[ending] = p.last.transfer[ending], p.last.place[ending]
        start = self.memory[:count]
        if index >= 2:
            start = np.maximum(start, self.finished[:count] + READING)
        end = start + now.transfer[:count]
        self._place(start, end, now.place[:count], self.transform[:count])
        self.memory[:count] = end
        self.ready[index] = self.placed[:count] + p.ready[:count]

    def _place(self, start: Ints, end: Ints, place: Ints, transform: Ints) -> None:
        """Place what memory delivers from ``start`` to ``end``, in that time, or behind it where it is transformed."""
        placed = self.placed[: len(end)]
        begin = np.where(transform > 0, end, start)
        placed[:] = np.maximum(end, np.maximum(placed, begin) + place + transform)

    def _compute(self, index: int) -> None:
        p, active = self.p, self.counts[index + 1]
        # A walk of the vector unit is set up behind the one before it, a tile of the array beside it.
        behind = p.fill[:active] if p.direct and index else 0
        start = np.maximum(self.ready.pop(index), self.finished[:active] + behind)
        if p.stores and index >= 2:
            released = self.gone if p.direct else self.posted
            np.maximum(start, released[index % 2][:active] + p.fill[:active], out=start)
        np.add(start, self.now.occupied[:active], out=self.finished[:active])

    def _store(self, index: int) -> None:
        p, half, active = self.p, index % 2, self.counts[index + 1]
        store, memory = self.now.store[:active], self.memory[:active]
        done = self.finished[:active] + p.after[:active]
        if index >= 1:
            np.maximum(done, self.posted[1 - half][:active] + NEXT_BLOCK, out=done)
        if index >= 2:
            np.maximum(done, self.gone[half][:active] + NEXT_BLOCK, out=done)
        np.add(done, self.now.post[:active], out=self.posted[half][:active])
        np.maximum(memory, self.posted[half][:active] + p.packing[:active], out=memory)
        leaving = np.maximum(memory, self.gone[1 - half][:active])
        np.add(leaving, store + LEAVING, out=self.gone[half][:active])
        memory += store


def makespan(work: Pass) -> Ints:
    """Cycles of each pass, by the recurrence over its blocks (docs/overlay.md, section 6)."""
    order = np.argsort(-work.blocks, kind="stable")
    ends = _Blocks(work.take(order)).run()
    cycles = np.empty_like(ends)
    cycles[order] = PASS_OVERHEAD + ends
    return cycles if work.before is None else cycles + work.before
