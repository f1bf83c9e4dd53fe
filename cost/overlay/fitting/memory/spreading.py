"""Over which kinds of memory block an overlay's memories can be spread, within what a device has of each.

A device that was calibrated with reports of the vendor's tools (``cost/calibration.py``) has room for as many
uncalibrated blocks as its calibrated ones make.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting import estimates
from dynamap.cost.overlay.fitting.estimates import MEMORY_UNCERTAINTY_PERCENT, calibrated
from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.fitting.memory.blocks import BRAM36, URAM, Memory, MemoryKind
from dynamap.cost.overlay.fitting.memory.designed import M20K, designed_memories
from dynamap.cost.overlay.fitting.memory.kernel import Sizes, in_rtl, kernel_memories
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.transfer import Bools, Ints

Used = list[Ints | int]
"""Pieces of uncalibrated blocks of each kind, in the order of the device's rooms."""


@dataclass(frozen=True)
class Room:
    """A kind of memory that a device has, and how many uncalibrated blocks of it there is room for."""

    kind: MemoryKind
    blocks: int

    @property
    def pieces(self) -> int:
        return self.blocks * self.kind.pieces


@dataclass(frozen=True)
class Placed:
    """A memory of an overlay, the kind of block that it lies in, and the pieces of these that it takes."""

    memory: Memory
    kind: MemoryKind
    pieces: int

    @property
    def blocks(self) -> float:
        """Blocks, and parts of them."""
        return self.pieces / self.kind.pieces


@dataclass(frozen=True)
class Spread:
    """Where each memory lies, and the blocks of each kind before calibration."""

    placed: tuple[Placed, ...]
    blocks: Mapping[str, int]

    @property
    def kinds(self) -> Mapping[str, str]:
        """The kind of block of each memory, by both their names."""
        return {placed.memory.name: placed.kind.name for placed in self.placed}


@dataclass(frozen=True)
class Rooms:
    """The memory of a device: its kinds, the large blocks first, and the budget in bytes where there is one."""

    device: Device
    rooms: tuple[Room, ...]

    @staticmethod
    def of(device: Device) -> Rooms:
        """The kinds of memory of which the device has any."""
        r = device.resources
        rooms = []
        for kind, count in ((URAM, r.kernel_uram), (BRAM36, r.kernel_bram36), (M20K, r.kernel_m20k)):
            factor = device.calibration.factor(kind.name)
            most = estimates.room(count, memory_uncertainty_percent(device, kind.name))
            blocks = most if factor is None else factor.room(most)
            if blocks:
                rooms.append(Room(kind, blocks))
        return Rooms(device, tuple(rooms))

    @property
    def budget(self) -> int | None:
        return self.device.resources.on_chip_bytes

    def memories(
        self, machine: Machine, rows: Ints | int, columns: Ints | int, sizes: Sizes, extras: Extras
    ) -> tuple[Memory, ...]:
        """The overlay's memories, those first whose kind is no choice."""
        if in_rtl(self.device):
            found = kernel_memories(machine, rows, columns, sizes, extras)
        else:
            found = designed_memories(machine, rows, columns, sizes)
        return tuple(sorted(found, key=lambda memory: memory.large))

    def demands(self, memories: Sequence[Memory]) -> list[list[Ints | int]]:
        """Pieces that each memory takes of each kind."""
        return [[memory.pieces(room.kind) for room in self.rooms] for memory in memories]

    def spreads(
        self, memories: Sequence[Memory], demands: Sequence[Sequence[Ints | int]]
    ) -> Iterator[tuple[tuple[int, ...], Used]]:
        """Every assignment of memories to kinds (positions in ``rooms``), with the pieces that it takes of each.

        Small memories lie in the small blocks, the last kind.
        """
        if not self.rooms:
            return
        small, anywhere = range(len(self.rooms) - 1, len(self.rooms)), range(len(self.rooms))

        def below(number: int, choice: tuple[int, ...], used: Used) -> Iterator[tuple[tuple[int, ...], Used]]:
            if number == len(memories):
                yield choice, used
                return
            for place in anywhere if memories[number].large else small:
                more = used.copy()
                more[place] = more[place] + demands[number][place]
                yield from below(number + 1, (*choice, place), more)

        yield from below(0, (), [0] * len(self.rooms))

    def hold(self, used: Used) -> Bools:
        """Whether so many pieces are no more than there are of each kind, and than the budget in bytes."""
        fits: Bools = np.asarray(self.budget is None or self.bytes_of(used) <= self.budget)
        for pieces, room in zip(used, self.rooms, strict=True):
            fits = fits & (pieces <= room.pieces)
        return fits

    def bytes_of(self, used: Used) -> Ints | int:
        """Bytes of the calibrated blocks that so many pieces of each kind are."""
        total: Ints | int = 0
        for pieces, room in zip(used, self.rooms, strict=True):
            blocks = calibrated(room.kind.blocks(pieces), self.device.calibration.factor(room.kind.name))
            total = total + blocks * room.kind.block_bytes
        return total


def memory_uncertainty_percent(device: Device, kind: str) -> int:
    """Of the count of a kind of block: none where it is counted as it is mapped."""
    factor = device.calibration.factor(kind)
    if factor is not None:
        return factor.uncertainty_percent
    return 0 if in_rtl(device) else MEMORY_UNCERTAINTY_PERCENT


def memory_spread(
    device: Device, machine: Machine, rows: int, columns: int, buffers: Buffers, extras: Extras
) -> Spread | None:
    """The memories over the kinds, so that the fullest kind is as empty as possible; None if they do not fit.

    Where the device has a budget of on-chip memory, so that they take as few bytes as possible.
    """
    there = Rooms.of(device)
    memories = there.memories(machine, rows, columns, buffers, extras)
    demands = [[int(pieces) for pieces in demand] for demand in there.demands(memories)]
    best: tuple[tuple[int, float], tuple[int, ...], Used] | None = None
    for choice, used in there.spreads(memories, demands):
        total = 0 if there.budget is None else int(there.bytes_of(used))
        worst = max(int(pieces) / room.pieces for pieces, room in zip(used, there.rooms, strict=True))
        if worst > 1 or (there.budget is not None and total > there.budget):
            continue
        if best is None or (total, worst) < best[0]:
            best = (total, worst), choice, used
    if best is None:
        return None
    _, choice, used = best
    placed = tuple(
        Placed(memory, there.rooms[place].kind, demand[place])
        for memory, demand, place in zip(memories, demands, choice, strict=True)
    )
    blocks = {room.kind.name: int(room.kind.blocks(pieces)) for room, pieces in zip(there.rooms, used, strict=True)}
    return Spread(placed, blocks)


def memory_use(
    device: Device, machine: Machine, rows: int, columns: int, buffers: Buffers, extras: Extras
) -> Mapping[str, int] | None:
    """Blocks of each memory kind before calibration; None if they do not fit, calibrated."""
    spread = memory_spread(device, machine, rows, columns, buffers, extras)
    return spread.blocks if spread else None


def fit_beside(
    device: Device, machine: Machine, rows: Ints | int, columns: Ints | int, buffers: Buffers, extras: Extras
) -> Bools:
    """Whether buffers fit beside each of many arrays, by some assignment of memories to kinds."""
    there = Rooms.of(device)
    memories = there.memories(machine, rows, columns, buffers, extras)
    fits = np.zeros(np.broadcast_shapes(np.shape(rows), np.shape(columns)), bool)
    for _, used in there.spreads(memories, there.demands(memories)):
        fits = fits | there.hold(used)
    return fits
