"""The memory ports of the RTL, and the bursts of a list of runs (docs/rtl/memory-ports.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BURST_BEATS = 64
"""Bursts end at multiples of so many beats: at most 4 KiB, so that none crosses a multiple of 4 KiB."""


WIDEST_PORT = 64
"""Bytes of a beat: 64 of them are 4 KiB."""


@dataclass(frozen=True)
class MemoryPort:
    """The parameters of ``memory_read.sv`` and ``memory_write.sv``.

    ``data_bytes``: 8, 16, 32 or 64, a beat. ``outstanding``: bursts asked for and not answered, a power of two.
    ``ports``: so many of these; beats of the memory alternate between them.
    """

    data_bytes: int = 64
    outstanding: int = 32
    ports: int = 1

    def parameters(self) -> dict[str, int]:
        """The parameters by their names in the RTL."""
        return {"Ports": self.ports, "DataBytes": self.data_bytes, "Outstanding": self.outstanding}

    @property
    def word_bytes(self) -> int:
        """Of a memory word: a beat of each port."""
        return self.ports * self.data_bytes

    @property
    def runs_under_way(self) -> int | None:
        """Runs that may be under way at several ports (``Runs`` of ``memory_read.sv``)."""
        return None if self.ports == 1 else 2 * self.outstanding


def port_of_word(word: int) -> MemoryPort:
    """The ports whose beats are memory words of so many bytes: one, or several of 64 bytes."""
    return MemoryPort(word) if word <= WIDEST_PORT else MemoryPort(WIDEST_PORT, ports=word // WIDEST_PORT)


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
    """``beats`` of a port one after the other; ``start``: number of the first, its address by the bytes of a beat."""

    start: int
    beats: int

    def words(self, ports: int = 1) -> int:
        """Memory words, the last of which may have fewer beats."""
        return -(-self.beats // ports)

    def share(self, port: int, ports: int) -> Run | None:
        """What one of several ports has of it, by its own beats, if any: beat b is its beat b div ports."""
        if ports == 1:
            return self
        start, end = (-(-(beat - port) // ports) for beat in (self.start, self.start + self.beats))
        return Run(start, end - start) if end > start else None

    def most_bursts(self, ports: int = 1) -> int:
        """Bursts of the port that has most."""
        shares = (self.share(port, ports) for port in range(ports))
        return max(len(share.bursts()) for share in shares if share)

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


def plane_runs(beat: int, address: int, size: int, planes: int, pitch: int, *, together: bool) -> list[Run]:
    """By beats of so many bytes, a run of ``size`` bytes for each plane, or one of all if they follow each other."""
    if together:
        return [Run(address // beat, planes * size // beat)]
    return [Run((address + plane * pitch) // beat, size // beat) for plane in range(planes)]


def occupancy(runs: Sequence[Run], gap: int = 1, ports: int = 1) -> int:
    """Cycles that a transfer takes of the memory: its words, and ``gap`` for each burst of the port that has most."""
    return sum(run.words(ports) + gap * run.most_bursts(ports) for run in runs)


def outstanding_for_reads(memory: PlannedMemory, beats: int) -> int:
    """Outstanding bursts of ``beats`` each with which data follows data: no fewer are enough.

    >>> outstanding_for_reads(PlannedMemory(read_latency=64, write_latency=64), beats=64)
    2
    """
    return _outstanding(read_turn(memory), memory.gap, beats)


def outstanding_for_writes(memory: PlannedMemory, beats: int) -> int:
    """As for reads."""
    return _outstanding(write_turn(memory), memory.gap, beats)


def read_turn(memory: PlannedMemory) -> int:
    """From the cycle behind a burst's last beat to the first beat of the burst that took its place.

    Its place is free in the next cycle, where that burst is formed; a cycle later its address is on the port.
    """
    return 1 + memory.read_latency


def write_turn(memory: PlannedMemory) -> int:
    """As for reads; here a place is free a cycle after the response, and data comes two cycles after that."""
    return memory.write_latency + 2


def _outstanding(turn: int, gap: int, beats: int) -> int:
    """The least O with (O - 1) (beats + gap) + gap >= turn."""
    return 1 + max(0, -(-(turn - gap) // (beats + gap)))
