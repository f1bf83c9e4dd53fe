"""The cycle of every word that is read or written through the memory ports (docs/rtl/memory-ports.md)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from dynamap.backends.vitis_rtl.memory.ports import (
    MemoryPort,
    PlannedMemory,
    Run,
    RunCycles,
    read_turn,
    write_turn,
)

Port = TypeVar("Port", bound="_WritingPort | _ReadingPort")


def read_cycles(port: MemoryPort, memory: PlannedMemory, runs: Sequence[Run]) -> list[RunCycles]:
    """The cycles of each run of one list, all requested at once and taken without a pause.

    The first address is on the port a cycle after its request and its data ``read_latency`` later; the stream has
    a word a cycle after the ports.
    """
    if port.ports > 1:
        return _read_together(Reads(port, memory), runs)
    places = _Places(port.outstanding, memory.gap, read_turn(memory))
    start = 1 + memory.read_latency + 1
    found = [places.add(run, not_before=start) for run in runs]
    return [RunCycles(first, last, last) for first, last in found]


def _read_together(reads: Reads, runs: Sequence[Run]) -> list[RunCycles]:
    found = []
    for run in runs:
        queued: list[int] = []

        def take(there: int, queued: list[int] = queued) -> int:
            queued.append(there - 1)
            return there

        reads.add([run], 0, take)
        found.append(RunCycles(queued[0], queued[-1], queued[-1]))
    return found


def write_cycles(port: MemoryPort, memory: PlannedMemory, runs: Sequence[Run]) -> list[RunCycles]:
    """The cycles of each run of one list, all requested at once and data always there.

    The first beat is on the port a cycle after its address; ``done_o`` is a cycle behind the response.
    """
    writes = Writes(port, memory)
    return [writes.add(run, not_before=2) for run in runs]


class Writes:
    """Runs written through the ports, one after the other, by the cycle in which each may have its first beat."""

    def __init__(self, port: MemoryPort, memory: PlannedMemory) -> None:
        self._ports = [_WritingPort(port.outstanding, memory) for _ in range(port.ports)]
        self._under_way = port.runs_under_way
        self._after = memory.write_latency + 1
        self._done: list[int] = []
        self.taken = -1
        """The cycle in which the last word of all was taken from the stream: the one before it is on the ports.

        A beat that stands on a port while the gap behind the burst before it passes was taken before that.
        """

    def add(self, run: Run, not_before: int, waits: Sequence[int] | None = None) -> RunCycles:
        """The cycles of one more run, whose first word and address are there in time for ``not_before``.

        ``waits``: for each word, the cycles from when the one before it is taken to when it is there itself; else one.
        """
        shares = _shares(run, self._ports)
        for port, share in shares:
            port.ask(share)
        words = run.words(len(self._ports))
        ready = not_before - 1
        if self._under_way and len(self._done) >= self._under_way:
            ready = max(ready, self._done[-self._under_way] + 2)
        first = None
        for word, wait in zip(range(words), waits or [1] * words, strict=True):
            users = [port for port, share in shares if word < share.beats]
            self.taken = max(ready, self.taken + wait, *(port.free() for port in users))
            there = [port.send(self.taken) for port in users]
            first = min(there) if first is None else first
            ready = 0
        assert first is not None, "a run has a beat"
        last = max(port.last for port, _ in shares)
        done = last + self._after
        # Of two runs at different ports, the second is said to be done a cycle later.
        self._done.append(max(done, self._done[-1] + 1) if self._done else done)
        return RunCycles(first, last, self._done[-1])


class _WritingPort:
    """Beats of one port: ``last`` is the cycle in which the last one was on it."""

    def __init__(self, outstanding: int, memory: PlannedMemory) -> None:
        self._outstanding, self._gap, self._turn = outstanding, memory.gap, write_turn(memory)
        self._bursts: deque[int] = deque()
        self._left = 0
        self._ends: list[int] = []
        self.last = -1 - memory.gap

    def ask(self, run: Run) -> None:
        """For the bursts of one more run."""
        self._bursts.extend(run.bursts())

    def free(self) -> int:
        """From when on it may take the next beat."""
        if self._left == 0 and len(self._ends) >= self._outstanding:
            return max(self.last, self._ends[-self._outstanding] + self._turn)
        return self.last

    def send(self, taken: int) -> int:
        """The cycle in which a beat that is taken here is on the port."""
        gap = 0
        if self._left == 0:
            gap, self._left = self._gap, self._bursts.popleft()
        self.last = max(taken + 1, self.last + 1 + gap)
        self._left -= 1
        if self._left == 0:
            self._ends.append(self.last)
        return self.last


class Reads:
    """Runs read through the ports into a queue of ``waiting`` words (None: as many as come), list after list."""

    def __init__(self, port: MemoryPort, memory: PlannedMemory, waiting: int | None = None) -> None:
        self._ports = [_ReadingPort(port.outstanding, memory) for _ in range(port.ports)]
        self._under_way = port.runs_under_way
        self._left: deque[int] = deque(maxlen=waiting)
        self._ended: list[int] = []
        self._asked = self._queued = -1

    def add(
        self, runs: Sequence[Run], requested: int, take: Callable[[int], int] | None = None
    ) -> tuple[list[int], int]:
        """The cycle in which each word is taken on the ports, and the last run, of a list that is requested here.

        ``take`` says for each word when it leaves the queue, of the first cycle in which it is there; None: then. The
        proof in docs/rtl/memory-ports.md: burst k is formed in b(k), and its first beat is on the port in f(k). A beat
        is in the port's register a cycle behind, and its word in the queue with it when all the others are there; they
        wait where the word before them does, or ``waiting`` words have not left.
        """
        words: list[int] = []
        for run in runs:
            shares = _shares(run, self._ports)
            self._asked = max(requested, self._asked + 1, *(port.room() for port, _ in shares))
            if self._under_way and len(self._ended) >= self._under_way:
                self._asked = max(self._asked, self._ended[-self._under_way] + 1)
            for port, share in shares:
                port.ask(share, self._asked)
            for word in range(run.words(len(self._ports))):
                users = [port for port, share in shares if word < share.beats]
                words.append(max(port.accept() for port in users))
                self._queued = max(words[-1], self._queued) + 1
                if len(self._left) == self._left.maxlen:
                    self._queued = max(self._queued, self._left[0] + 1)
                for port in users:
                    port.free = self._queued
                self._left.append(take(self._queued + 1) if take else self._queued + 1)
            self._ended.append(self._queued)
        return words, self._asked


class _ReadingPort:
    """Beats of one port: ``free`` is the cycle in which the last one leaves its register."""

    def __init__(self, outstanding: int, memory: PlannedMemory) -> None:
        self._outstanding, self._latency, self._gap = outstanding, memory.read_latency, memory.gap
        self._bursts: deque[int] = deque()
        self._asked: int | None = None
        self._left = 0
        self._formed: list[int] = []
        self._ends: list[int] = []
        self._accepted = self.free = -1

    def room(self) -> int:
        """From when on the next burst may be formed; all before it have ended, or have been formed."""
        number = len(self._formed)
        if number == 0:
            return 0
        behind = self._formed[-1] + 1
        return behind if number < self._outstanding else max(behind, self._ends[number - self._outstanding] + 1)

    def ask(self, run: Run, formed: int) -> None:
        """For a run, whose first burst is formed here."""
        self._bursts.extend(run.bursts())
        self._asked = formed

    def accept(self) -> int:
        """The cycle in which the next beat is taken on the port."""
        beat = self._accepted + 1
        if self._left == 0:
            formed = self.room() if self._asked is None else self._asked
            self._asked = None
            beat = formed + 1 + self._latency
            if self._ends:
                beat = max(beat, self._ends[-1] + 1 + self._gap)
            self._formed.append(formed)
            self._left = self._bursts.popleft()
        self._accepted = max(beat, self.free)
        self._left -= 1
        if self._left == 0:
            self._ends.append(self._accepted)
        return self._accepted


def _shares(run: Run, ports: Sequence[Port]) -> list[tuple[Port, Run]]:
    """The ports that have some of a run, and what."""
    shares = ((port, run.share(number, len(ports))) for number, port in enumerate(ports))
    return [(port, share) for port, share in shares if share]


class _Places:
    """First and last beat of each run on a port that nothing waits for.

    A burst begins behind the one before it and its gap, and not before the burst that was ``outstanding`` places
    ahead has made room for it and it was asked for: the longest path of steps by one and by ``outstanding``.
    """

    def __init__(self, outstanding: int, gap: int, turn: int) -> None:
        self._outstanding, self._gap, self._turn = outstanding, gap, turn
        self._firsts: list[int] = []
        self._lengths: list[int] = []

    def add(self, run: Run, not_before: int) -> tuple[int, int]:
        firsts, lengths = self._firsts, self._lengths
        begun = len(firsts)
        for beats in run.bursts():
            first = not_before
            if firsts:
                first = max(first, firsts[-1] + lengths[-1] + self._gap)
            if len(firsts) >= self._outstanding:
                oldest = -self._outstanding
                first = max(first, firsts[oldest] + lengths[oldest] + self._turn)
            firsts.append(first)
            lengths.append(beats)
        return firsts[begun], firsts[-1] + lengths[-1] - 1
