"""One pass on the machine: LOAD, COMPUTE and STORE at work on its blocks (docs/overlay.md, section 6).

Every unit is a process and every buffer half a token, so nothing here says when a block starts: it starts when its
unit is idle, its data is there and the half that it writes is free. Four units work at once: the memory (LOAD's and
STORE's transfers, one at a time, in the order of the memory sequence), LOAD's placing unit, the array or vector unit,
and STORE's post unit. A trace shows LOAD's and STORE's transfers as two rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from dynamap.backends.simulator.events import Kernel, Process, Signal, Tokens
from dynamap.cost.overlay.machine import PASS_OVERHEAD


class Unit(Enum):
    """The rows of a trace."""

    LOAD = "LOAD"
    PLACE = "PLACE"
    COMPUTE = "COMPUTE"
    POST = "POST"
    STORE = "STORE"


@dataclass(frozen=True)
class LoadTime:
    """Cycles that one operand occupies the memory, and the placing unit (0: stored as it comes)."""

    transfer: int
    place: int = 0


@dataclass(frozen=True)
class BlockTimes:
    """Cycles of one block: its load, its computation, and reading out (``post``) and storing its results."""

    load: LoadTime
    compute: int
    post: int
    store: int


@dataclass(frozen=True)
class PassTimes:
    """One pass. ``prologue`` is the operand that stays (None: there is none).

    ``inputs_stream``: the blocks load inputs and the prologue is weights, which arrive while block 0, in ``stages``
    equal parts, uses them. ``fill``: from the first operand to the first useful cycle; ``after``: from the last one
    to the last sum. ``stores`` is False for a pass that leaves its sums in the accumulators.
    """

    blocks: tuple[BlockTimes, ...]
    prologue: LoadTime | None
    inputs_stream: bool
    stages: int
    stores: bool
    fill: int
    after: int
    read_latency: int
    write_latency: int


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

    >>> one = BlockTimes(LoadTime(100, 20), compute=50, post=10, store=30)
    >>> run_pass(PassTimes((one,), None, True, 1, True, 5, 7, read_latency=64, write_latency=64)).cycles
    362
    """
    return _Pass(work).run()


class _Pass:
    def __init__(self, work: PassTimes) -> None:
        self.work = work
        self.kernel = Kernel()
        self.spans: list[Span] = []
        count = range(len(work.blocks))
        self.prologue_started, self.prologue_loaded, self.prologue_placed = Signal(), Signal(), Signal()
        self.started = [Signal() for _ in count]
        self.loaded = [Signal() for _ in count]
        self.placed = [Signal() for _ in count]
        self.computed = [Signal() for _ in count]
        self.posted = [Signal() for _ in count]
        self.operand_halves = Tokens(2)
        self.accumulator_halves = Tokens(2)
        self.output_halves = Tokens(2)

    def run(self) -> PassRun:
        for process in (self._memory(), self._placing(), self._computing()):
            self.kernel.start(process)
        if self.work.stores:
            self.kernel.start(self._posting())
        end = self.kernel.run()
        end += self.work.write_latency if self.work.stores else self.work.after
        spans = (
            Span(s.unit, s.block, s.start + PASS_OVERHEAD, s.end + PASS_OVERHEAD, s.waited)
            for s in sorted(self.spans, key=lambda s: (s.start, s.end))
        )
        return PassRun(PASS_OVERHEAD + end, tuple(spans))

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
                yield from self._load(index + 2)
            if self.work.stores:
                yield from self._store(index)

    def _load_prologue(self) -> Process:
        self.kernel.give(self.prologue_started)
        if self.work.prologue is not None:
            yield from self._occupy(Unit.LOAD, None, self.work.prologue.transfer)
        self.kernel.give(self.prologue_loaded)

    def _load(self, index: int) -> Process:
        yield self.operand_halves
        self.kernel.give(self.started[index])
        yield from self._occupy(Unit.LOAD, index, self.work.blocks[index].load.transfer)
        self.kernel.give(self.loaded[index])

    def _store(self, index: int) -> Process:
        yield self.posted[index]
        yield from self._occupy(Unit.STORE, index, self.work.blocks[index].store)
        self.kernel.release(self.output_halves)

    def _placing(self) -> Process:
        """Places what arrives while it arrives, one operand after the other; resident weights need no placing."""
        if not self.work.inputs_stream and self.work.prologue is not None:
            yield self.prologue_started
            yield from self._occupy(Unit.PLACE, None, self.work.prologue.place)
            yield self.prologue_loaded
        self.kernel.give(self.prologue_placed)
        for index, block in enumerate(self.work.blocks):
            yield self.started[index]
            yield from self._occupy(Unit.PLACE, index, block.load.place)
            yield self.loaded[index]
            self.kernel.give(self.placed[index])

    def _computing(self) -> Process:
        work = self.work
        for index, block in enumerate(work.blocks):
            yield self.placed[index]
            first_operand = self.placed[index].given_at() + work.read_latency + work.fill
            waits_for_weights = index == 0 and work.inputs_stream
            if waits_for_weights:
                yield self.prologue_started
                first_operand = max(first_operand, self._weights_usable(0) + work.fill)
            yield first_operand
            if work.stores:
                yield self.accumulator_halves
            start = end = self.kernel.now
            if waits_for_weights:
                for stage in range(work.stages):
                    end = max(end, self._weights_usable(stage)) + block.compute // work.stages
            else:
                end += block.compute
            yield end
            self.spans.append(Span(Unit.COMPUTE, index, start, end, end - start - block.compute))
            self.kernel.release(self.operand_halves)
            self.kernel.give(self.computed[index])

    def _weights_usable(self, stage: int) -> int:
        """When the weights of one stage of block 0 can be used: they arrive evenly, in the order of their use."""
        transfer = self.work.prologue.transfer if self.work.prologue is not None else 0
        arrived = -(-(stage + 1) * transfer // self.work.stages)
        return self.prologue_started.given_at() + arrived + self.work.read_latency

    def _posting(self) -> Process:
        for index, block in enumerate(self.work.blocks):
            yield self.computed[index]
            yield self.computed[index].given_at() + self.work.after
            yield self.output_halves
            yield from self._occupy(Unit.POST, index, block.post)
            self.kernel.release(self.accumulator_halves)
            self.kernel.give(self.posted[index])
