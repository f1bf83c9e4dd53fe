"""A memory port of the RTL: the bursts of a list of runs, and the cycle of every beat (docs/rtl/memory-ports.md)."""

from __future__ import annotations

from collections.abc import Sequence
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
        self._after = memory.write_latency + 1
        self._places = _Places(port.outstanding, memory.gap, _write_turn(memory))

    def add(self, run: Run, not_before: int) -> RunCycles:
        """The cycles of one more run, whose first beat and address are there in time for ``not_before``."""
        first, last = self._places.add(run, not_before)
        return RunCycles(first, last, last + self._after)

    @property
    def taken(self) -> int:
        """The cycle in which the last beat of all is taken from the stream: the one before it is on the port.

        A beat that stands on the port while the gap behind the burst before it passes was taken before that.
        """
        return self._places.offered - 1


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
    """Runs read through a port, one list after the other."""

    def __init__(self, port: MemoryPort, memory: PlannedMemory) -> None:
        self._outstanding, self._latency, self._gap = port.outstanding, memory.read_latency, memory.gap
        self._bursts: list[tuple[int, int, int]] = []

    def add(self, runs: Sequence[Run], requested: int) -> tuple[list[int], int]:
        """The cycle of each beat on the port, and the one in which the last run is taken, of a list requested here.

        The proof in docs/rtl/memory-ports.md: burst k is formed in b(k), and its first beat is on the port in f(k).
        """
        beats: list[int] = []
        taken = requested
        for run in runs:
            for number, count in enumerate(run.bursts()):
                formed = max(requested, self._bursts[-1][0] + 1) if self._bursts else requested
                if len(self._bursts) >= self._outstanding:
                    formed = max(formed, self._bursts[-self._outstanding][2] + 1)
                first = formed + 1 + self._latency
                if self._bursts:
                    first = max(first, self._bursts[-1][2] + 1 + self._gap)
                self._bursts.append((formed, first, first + count - 1))
                beats += range(first, first + count)
                taken = formed if number == 0 else taken
        return beats, taken


class _Places:
    """First and last beat of each run on a port.

    A burst begins behind the one before it and its gap, and not before the burst that was ``outstanding`` places
    ahead has made room for it and it was asked for: the longest path of steps by one and by ``outstanding``.
    """

    def __init__(self, outstanding: int, gap: int, turn: int) -> None:
        self._outstanding, self._gap, self._turn = outstanding, gap, turn
        self._firsts: list[int] = []
        self._lengths: list[int] = []
        self.offered = 0
        """The cycle in which the last beat would be on the port if it did not wait for the gap before its burst."""

    def add(self, run: Run, not_before: int) -> tuple[int, int]:
        firsts, lengths = self._firsts, self._lengths
        begun = len(firsts)
        for beats in run.bursts():
            offered, free = not_before, 0
            if firsts:
                offered = max(offered, firsts[-1] + lengths[-1])
                free = firsts[-1] + lengths[-1] + self._gap
            if len(firsts) >= self._outstanding:
                oldest = -self._outstanding
                offered = max(offered, firsts[oldest] + lengths[oldest] + self._turn)
            firsts.append(max(offered, free))
            lengths.append(beats)
            self.offered = offered if beats == 1 else firsts[-1] + beats - 1
        return firsts[begun], firsts[-1] + lengths[-1] - 1
