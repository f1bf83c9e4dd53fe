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
from dynamap.cost.overlay.fitting.estimates import calibrated, uncertainty_percent
from dynamap.cost.overlay.fitting.memories import BRAM36, M20K, URAM, Memory, MemoryKind, Sizes, memories_of
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.transfer import Bools, Ints

Used = list[Ints | int]
"""Uncalibrated blocks of each kind in the order of the device's rooms."""


@dataclass(frozen=True)
class Room:
    """A kind of memory that a device has, and how many uncalibrated blocks of it there is room for."""

    kind: MemoryKind
    blocks: int


@dataclass(frozen=True)
class Spread:
    """Which kind of memory each buffer lies in, and the blocks of each kind before calibration."""

    kinds: Mapping[str, str]
    blocks: Mapping[str, int]


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
            most = estimates.room(count, uncertainty_percent(device.calibration, kind.name))
            blocks = most if factor is None else factor.room(most)
            if blocks:
                rooms.append(Room(kind, blocks))
        return Rooms(device, tuple(rooms))

    @property
    def budget(self) -> int | None:
        return self.device.resources.on_chip_bytes

    def memories(self, machine: Machine, rows: Ints | int, columns: Ints | int, sizes: Sizes) -> tuple[Memory, ...]:
        """The overlay's memories; its tables lie in the smallest blocks of the device."""
        return memories_of(machine, rows, columns, sizes, self.rooms[-1].kind) if self.rooms else ()

    def demands(self, memories: Sequence[Memory]) -> list[list[Ints | int]]:
        """Blocks that each memory takes of each kind."""
        return [[memory.blocks(room.kind) for room in self.rooms] for memory in memories]

    def spreads(
        self, memories: Sequence[Memory], demands: Sequence[Sequence[Ints | int]]
    ) -> Iterator[tuple[tuple[int, ...], Used]]:
        """Every assignment of memories to kinds (positions in ``rooms``), with the blocks that it takes of each."""
        if not self.rooms:
            return
        anywhere = range(len(self.rooms))

        def below(number: int, choice: tuple[int, ...], used: Used) -> Iterator[tuple[tuple[int, ...], Used]]:
            if number == len(memories):
                yield choice, used
                return
            wanted = memories[number].kind
            for place in anywhere:
                if wanted is None or wanted is self.rooms[place].kind:
                    more = used.copy()
                    more[place] = more[place] + demands[number][place]
                    yield from below(number + 1, (*choice, place), more)

        yield from below(0, (), [0] * len(self.rooms))

    def hold(self, used: Used) -> Bools:
        """Whether so many blocks are no more than there are of each kind, and than the budget in bytes."""
        fits: Bools = np.asarray(self.budget is None or self.bytes_of(used) <= self.budget)
        for blocks, room in zip(used, self.rooms, strict=True):
            fits = fits & (blocks <= room.blocks)
        return fits

    def bytes_of(self, used: Used) -> Ints | int:
        """Bytes of the calibrated blocks that so many uncalibrated ones of each kind are."""
        total: Ints | int = 0
        for blocks, room in zip(used, self.rooms, strict=True):
            total = total + calibrated(blocks, self.device.calibration.factor(room.kind.name)) * room.kind.block_bytes
        return total


def memory_spread(device: Device, machine: Machine, rows: int, columns: int, buffers: Buffers) -> Spread | None:
    """The memories over the kinds, so that the fullest kind is as empty as possible; None if they do not fit.

    Where the device has a budget of on-chip memory, so that they take as few bytes as possible.
    """
    there = Rooms.of(device)
    memories = there.memories(machine, rows, columns, buffers)
    demands = [[int(blocks) for blocks in demand] for demand in there.demands(memories)]
    best: tuple[tuple[int, float], Spread] | None = None
    for choice, used in there.spreads(memories, demands):
        total = 0 if there.budget is None else int(there.bytes_of(used))
        worst = max(int(blocks) / room.blocks for blocks, room in zip(used, there.rooms, strict=True))
        if worst > 1 or (there.budget is not None and total > there.budget):
            continue
        if best is None or (total, worst) < best[0]:
            kinds = {memory.name: there.rooms[i].kind.name for memory, i in zip(memories, choice, strict=True)}
            blocks = {room.kind.name: int(count) for room, count in zip(there.rooms, used, strict=True)}
            best = (total, worst), Spread(kinds, blocks)
    return best[1] if best else None


def memory_use(device: Device, machine: Machine, rows: int, columns: int, buffers: Buffers) -> Mapping[str, int] | None:
    """Blocks of each memory kind before calibration; None if they do not fit, calibrated."""
    spread = memory_spread(device, machine, rows, columns, buffers)
    return spread.blocks if spread else None


def fit_beside(device: Device, machine: Machine, rows: Ints, columns: Ints, buffers: Buffers) -> Bools:
    """Whether buffers fit beside each of many arrays, by some assignment of memories to kinds."""
    there = Rooms.of(device)
    memories = there.memories(machine, rows, columns, buffers)
    fits = np.zeros(len(rows), bool)
    for _, used in there.spreads(memories, there.demands(memories)):
        fits |= there.hold(used)
    return fits
