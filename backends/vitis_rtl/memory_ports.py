"""A memory port of the RTL: the bursts of a list of runs, and the cycle of every beat (docs/rtl/memory-ports.md)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

BURST_BEATS = 64
"""Bursts end at multiples of so many beats: at most 4 KiB, so that none crosses a multiple of 4 KiB."""


@dataclass(frozen=True)
class MemoryPort:
    """The parameters of ``axi_read.sv`` and ``axi_write.sv``.

    ``data_bytes``: 8, 16, 32 or 64, a beat. ``outstanding``: bursts asked for and not answered, a power of two.
    """

    data_bytes: int = 64
    outstanding: int = 32

    def parameters(self) -> dict[str, int]:
        """The parameters by their names in the RTL."""
        return {"DataBytes": self.data_bytes, "Outstanding": self.outstanding}


@dataclass(frozen=True)
class PlannedMemory:
    """What a plan counts on: a memory that takes every address at once and is idle ``gap`` cycles after a burst.

    ``read_latency``: cycles from an address to its first beat. ``write_latency``: from a burst's last beat to its
    response.
    """

    read_latency: int
    write_latency: int
    gap: int = 1


@dataclass(frozen=True)
class Run:
    """``beats`` one after the other; ``start`` is the number of the first, its address by the bytes of a beat."""

    start: int
    beats: int

    def bursts(self) -> list[int]:
        """Beats of each burst: ceil((start mod 64 + beats) / 64) of them.

        >>> Run(start=60, beats=70).bursts()
        [4, 64, 2]
        """
        first = min(self.beats, BURST_BEATS - self.start % BURST_BEATS)
        whole, rest = divmod(self.beats - first, BURST_BEATS)
        return [first] + [BURST_BEATS] * whole + [rest] * (rest > 0)


@dataclass(frozen=True)
class RunCycles:
    """Of one run, in cycles since the first request was offered: its first beat, its last, and when it is done.

    Read beats are counted where the stream hands them on, and a run is done with its last beat. Written beats are
    counted on the port, and a run is done when ``done_o`` says so.
    """

    first: int
    last: int
    done: int


def occupancy(runs: Sequence[Run], gap: int = 1) -> int:
    """Cycles that a transfer takes of the memory: its beats, and ``gap`` for each burst."""
    return sum(run.beats + gap * len(run.bursts()) for run in runs)


def read_cycles(port: MemoryPort, memory: PlannedMemory, runs: Sequence[Run]) -> list[RunCycles]:
    """The cycles of each run of one list, all requested at once and taken without a pause.

    The first address is on the port a cycle after its request and its data ``read_latency`` later; the stream has
    a beat a cycle after the port.
    """
    places = _Places(port.outstanding, memory.gap, _read_turn(memory))
    start = 1 + memory.read_latency + 1
    found = [places.add(run, not_before=start) for run in runs]
    return [RunCycles(first, last, last) for first, last in found]


def write_cycles(port: MemoryPort, memory: PlannedMemory, runs: Sequence[Run]) -> list[RunCycles]:
    """The cycles of each run of one list, all requested at once and data always there.

    The first beat is on the port a cycle after its address; ``done_o`` is a cycle behind the response.
    """
    writes = Writes(port, memory)
    return [writes.add(run, not_before=2) for run in runs]


class Writes:
    """Runs written through a port, one after the other, by the cycle in which the first beat of each may be on it."""

    def __init__(self, port: MemoryPort, memory: PlannedMemory) -> None:
        self._outstanding, self._gap, self._turn = port.outstanding, memory.gap, _write_turn(memory)
        self._after = memory.write_latency + 1
        self._ends: list[int] = []
        self._last = -1 - memory.gap
        self.taken = -1
        """The cycle in which the last beat of all was taken from the stream: the one before it is on the port.

        A beat that stands on the port while the gap behind the burst before it passes was taken before that.
        """

    def add(self, run: Run, not_before: int, waits: Sequence[int] | None = None) -> RunCycles:
        """The cycles of one more run, whose first beat and address are there in time for ``not_before``.

        ``waits``: for each beat, the cycles from when the one before it is taken to when it is there itself; else one.
        """
        left = iter(waits or [1] * run.beats)
        first: int | None = None
        for beats in run.bursts():
            taken = not_before - 1 if first is None else 0
            if len(self._ends) >= self._outstanding:
                taken = max(taken, self._ends[-self._outstanding] + self._turn)
            gap = self._gap
            for _ in range(beats):
                self.taken = max(taken, self.taken + next(left), self._last)
                self._last = max(self.taken + 1, self._last + 1 + gap)
                first = self._last if first is None else first
                taken = gap = 0
            self._ends.append(self._last)
        assert first is not None, "a run has a beat"
        return RunCycles(first, self._last, self._last + self._after)


def outstanding_for_reads(memory: PlannedMemory, beats: int) -> int:
    """Outstanding bursts of ``beats`` each with which data follows data: no fewer are enough.

    >>> outstanding_for_reads(PlannedMemory(read_latency=64, write_latency=64), beats=64)
    2
    """
    return _outstanding(_read_turn(memory), memory.gap, beats)


def outstanding_for_writes(memory: PlannedMemory, beats: int) -> int:
    """As for reads."""
    return _outstanding(_write_turn(memory), memory.gap, beats)


def _read_turn(memory: PlannedMemory) -> int:
    """From the cycle behind a burst's last beat to the first beat of the burst that took its place.

    Its place is free in the next cycle, where that burst is formed; a cycle later its address is on the port.
    """
    return 1 + memory.read_latency


def _write_turn(memory: PlannedMemory) -> int:
    """As for reads; here a place is free a cycle after the response, and data comes two cycles after that."""
    return memory.write_latency + 2


def _outstanding(turn: int, gap: int, beats: int) -> int:
    """The least O with (O - 1) (beats + gap) + gap >= turn."""
    return 1 + max(0, -(-(turn - gap) // (beats + gap)))


class Reads:
    """Runs read through a port into a queue of ``waiting`` words (None: as many as come), one list after the other."""

    def __init__(self, port: MemoryPort, memory: PlannedMemory, waiting: int | None = None) -> None:
        self._outstanding, self._latency, self._gap = port.outstanding, memory.read_latency, memory.gap
        self._bursts: list[tuple[int, int]] = []
        self._left: deque[int] = deque(maxlen=waiting)
        self._queued = -1

    def add(
        self, runs: Sequence[Run], requested: int, take: Callable[[int], int] | None = None
    ) -> tuple[list[int], int]:
        """The cycle in which each beat is taken on the port, and the last run, of a list that is requested here.

        ``take`` says for each word when it leaves the queue, of the first cycle in which it is there; None: then. The
        proof in docs/rtl/memory-ports.md: burst k is formed in b(k), and its first beat is on the port in f(k). A beat
        is in the port's register, and then in the queue, a cycle behind; it waits where the one before it does, or
        ``waiting`` words have not left.
        """
        beats: list[int] = []
        asked = requested
        for run in runs:
            for number, count in enumerate(run.bursts()):
                formed = max(requested, self._bursts[-1][0] + 1) if self._bursts else requested
                if len(self._bursts) >= self._outstanding:
                    formed = max(formed, self._bursts[-self._outstanding][1] + 1)
                beat = formed + 1 + self._latency
                if self._bursts:
                    beat = max(beat, self._bursts[-1][1] + 1 + self._gap)
                for _ in range(count):
                    accepted = max(beat, self._queued)
                    self._queued = accepted + 1
                    if len(self._left) == self._left.maxlen:
                        self._queued = max(self._queued, self._left[0] + 1)
                    self._left.append(take(self._queued + 1) if take else self._queued + 1)
                    beats.append(accepted)
                    beat = accepted + 1
                self._bursts.append((formed, accepted))
                asked = formed if number == 0 else asked
        return beats, asked


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
