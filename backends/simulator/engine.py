"""One pass on the machine: LOAD, COMPUTE and STORE at work on its blocks (docs/overlay.md, section 6).

Every unit is a process, and so is what moves from one to the next through registers. Nothing here says when a block
starts: it starts when its unit is idle, its data is there and the half that it writes is free. Four units work at
once: the memory (LOAD's and STORE's transfers, one at a time, in the order of the memory sequence), LOAD's placing
unit, the array or vector unit, and STORE's post unit. A trace shows LOAD's and STORE's transfers as two rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from dynamap.backends.simulator.events import Kernel, Process, Signal
from dynamap.cost.overlay.machine import LANDING, LEAVING, NEXT_BLOCK, PASS_OVERHEAD, READING


class Unit(Enum):
    """The rows of a trace."""

    LOAD = "LOAD"
    PLACE = "PLACE"
    COMPUTE = "COMPUTE"
    POST = "POST"
    STORE = "STORE"


@dataclass(frozen=True)
class LoadTime:
    """Cycles that one operand occupies the memory, and the placing unit (0: stored as it comes).

    ``transform``: of Winograd, cycles of the placing unit beside these, which begins when all of it has arrived.
    """

    transfer: int
    place: int = 0
    transform: int = 0


@dataclass(frozen=True)
class BlockTimes:
    """Cycles of one block: its load, its computation, and reading out (``post``) and storing its results.

    It gives the array operands in ``compute`` cycles and ``occupied`` it for so long.
    """

    load: LoadTime
    compute: int
    occupied: int
    post: int
    store: int


@dataclass(frozen=True)
class PassTimes:
    """One pass. ``prologue`` is the operand that stays (None: there is none).

    ``inputs_stream``: the blocks load inputs and the prologue is weights; else the other way round. The weights of
    block 0 arrive while it uses them. ``first``: the cycles of their transfer before its first tile has all of its own;
    ``left``: those that it still computes when all are there. ``fill``: from the first operand to the first useful
    cycle; ``after``: from the last one to the first request for a sum; ``packing``: from the last sum to its byte in
    the output buffer. ``stores`` is False for a pass that leaves its sums in the accumulators, ``direct`` is True for
    one that has none. ``before``: cycles before its own, in which a table is written.
    """

    blocks: tuple[BlockTimes, ...]
    prologue: LoadTime | None
    inputs_stream: bool
    first: int
    left: int
    stores: bool
    direct: bool
    fill: int
    after: int
    packing: int
    read_latency: int
    write_latency: int
    before: int = 0


@dataclass(frozen=True)
class Span:
    """A unit at work from ``start`` to before ``end``, on a block (None: the prologue), idle for ``waited`` of it."""

    unit: Unit
    block: int | None
    start: int
    end: int
    waited: int = 0


@dataclass(frozen=True)
class PassRun:
    """What happened in a pass: its length in cycles and what each unit did, in the order of starts."""

    cycles: int
    spans: tuple[Span, ...]


@lru_cache(maxsize=4096)
def run_pass(work: PassTimes) -> PassRun:
    """Runs one pass; equal passes are run once.

    >>> one = BlockTimes(LoadTime(100, 20), compute=50, occupied=50, post=10, store=30)
    >>> run_pass(PassTimes((one,), None, True, 0, 50, True, False, 5, 7, 0, read_latency=64, write_latency=64)).cycles
    371
    """
    return _Pass(work).run()


class _Pass:
    def __init__(self, work: PassTimes) -> None:
        self.work = work
        self.kernel = Kernel()
        self.spans: list[Span] = []
        self.prologue_started, self.prologue_loaded, self.prologue_placed = Signal(), Signal(), Signal()
        self.started, self.loaded, self.placed = self._signals(), self._signals(), self._signals()
        self.computed, self.read = self._signals(), self._signals()
        self.posted, self.packed = self._signals(), self._signals()
        self.stored, self.gone = self._signals(), self._signals()

    def _signals(self) -> list[Signal]:
        """One for each block."""
        return [Signal() for _ in self.work.blocks]

    def run(self) -> PassRun:
        for process in (self._memory(), self._placing(), self._computing(), self._reading()):
            self.kernel.start(process)
        if self.work.stores:
            for process in (self._posting(), self._packing(), self._leaving()):
                self.kernel.start(process)
        self.kernel.run()
        if self.work.stores:
            end = self.gone[-1].given_at() + self.work.write_latency
        else:
            end = self.computed[-1].given_at() + self.work.after
        begin = self.work.before + PASS_OVERHEAD
        spans = (
            Span(s.unit, s.block, s.start + begin, s.end + begin, s.waited)
            for s in sorted(self.spans, key=lambda s: (s.start, s.end))
        )
        return PassRun(begin + end, tuple(spans))

    def _occupy(self, unit: Unit, block: int | None, cycles: int) -> Iterator[int]:
        start = self.kernel.now
        yield start + cycles
        if cycles:
            self.spans.append(Span(unit, block, start, start + cycles))

    def _memory(self) -> Process:
        """The memory sequence: P, L0, L1 or L0, P, L1, then L(i+2) and S(i) in turn."""
        count = len(self.work.blocks)
        if not self.work.inputs_stream:
            yield from self._load_prologue()
        yield from self._load(0)
        if self.work.inputs_stream:
            yield from self._load_prologue()
        if count > 1:
            yield from self._load(1)
        for index in range(count):
            if index + 2 < count:
                yield self.read[index]
                yield from self._load(index + 2)
            if self.work.stores:
                yield from self._store(index)

    def _load_prologue(self) -> Process:
        self.kernel.give(self.prologue_started)
        if self.work.prologue is not None:
            yield from self._occupy(Unit.LOAD, None, self.work.prologue.transfer)
        self.kernel.give(self.prologue_loaded)

    def _load(self, index: int) -> Process:
        self.kernel.give(self.started[index])
        yield from self._occupy(Unit.LOAD, index, self.work.blocks[index].load.transfer)
        self.kernel.give(self.loaded[index])

    def _store(self, index: int) -> Process:
        yield self.packed[index]
        self.kernel.give(self.stored[index])
        yield from self._occupy(Unit.STORE, index, self.work.blocks[index].store)

    def _placing(self) -> Process:
        """Places what arrives while it arrives, one operand after the other; resident weights need no placing."""
        if not self.work.inputs_stream and self.work.prologue is not None:
            yield from self._place(None, self.work.prologue, self.prologue_started, self.prologue_loaded)
        self.kernel.give(self.prologue_placed)
        for index, block in enumerate(self.work.blocks):
            yield from self._place(index, block.load, self.started[index], self.loaded[index])
            self.kernel.give(self.placed[index])

    def _place(self, block: int | None, load: LoadTime, started: Signal, loaded: Signal) -> Process:
        """While it arrives, or behind that where it is transformed."""
        yield loaded if load.transform else started
        yield from self._occupy(Unit.PLACE, block, load.place + load.transform)
        yield loaded

    def _computing(self) -> Process:
        work = self.work
        emptied = self.gone if work.direct else self.posted
        weights_started = self.prologue_started if work.inputs_stream else self.started[0]
        weights_loaded = self.prologue_loaded if work.inputs_stream else self.loaded[0]
        for index, block in enumerate(work.blocks):
            if index and work.direct:
                yield self.kernel.now + work.fill
            placed = self.placed[index] if index or work.inputs_stream else self.prologue_placed
            yield placed
            yield self._usable(placed.given_at())
            if index == 0:
                yield weights_started
                yield self._usable(weights_started.given_at() + work.first)
            if index >= 2 and work.stores:
                yield emptied[index - 2]
                yield emptied[index - 2].given_at() + work.fill
            start = self.kernel.now
            end = start + block.occupied
            if index == 0:
                yield weights_loaded
                end = max(end, self._usable(weights_loaded.given_at()) + work.left)
            yield end
            self.spans.append(Span(Unit.COMPUTE, index, start, end, end - start - block.occupied))
            self.kernel.give(self.computed[index])

    def _usable(self, loaded: int) -> int:
        """When the first value of what has left memory by then is at work."""
        return loaded + self.work.read_latency + LANDING + self.work.fill

    def _reading(self) -> Process:
        """The last operands of a block on their way; then their half of the buffer is free."""
        for computed, read in zip(self.computed, self.read, strict=True):
            yield computed
            yield computed.given_at() + READING
            self.kernel.give(read)

    def _posting(self) -> Process:
        for index, block in enumerate(self.work.blocks):
            if index:
                yield self.kernel.now + NEXT_BLOCK
            yield self.computed[index]
            yield self.computed[index].given_at() + self.work.after
            if index >= 2:
                yield self.gone[index - 2]
                yield self.gone[index - 2].given_at() + NEXT_BLOCK
            yield from self._occupy(Unit.POST, index, block.post)
            self.kernel.give(self.posted[index])

    def _packing(self) -> Process:
        """The last sums of a block on their way through the lanes to the output buffer."""
        for posted, packed in zip(self.posted, self.packed, strict=True):
            yield posted
            yield posted.given_at() + self.work.packing
            self.kernel.give(packed)

    def _leaving(self) -> Process:
        """Stored blocks on their way to the ports, one after the other; then their half of the buffer is free."""
        for index, block in enumerate(self.work.blocks):
            yield self.stored[index]
            yield self.kernel.now + block.store + LEAVING
            self.kernel.give(self.gone[index])
