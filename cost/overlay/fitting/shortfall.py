"""What an overlay needs more of than a device has: which resource, how much of it, and by how much that is too much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.fitting.logic.use import logic_use
from dynamap.cost.overlay.fitting.memory.blocks import Memory
from dynamap.cost.overlay.fitting.memory.spreading import Rooms
from dynamap.cost.overlay.machine import Buffers, Machine

BLOCK_NAMES: Mapping[str, str] = {"uram": "URAM blocks", "bram36": "BRAM blocks of 36 Kb", "m20k": "M20K blocks"}


def shortfalls(
    device: Device,
    machine: Machine,
    rows: int,
    columns: int,
    buffers: Buffers,
    extras: Extras,
    memories: Extras | None = None,
) -> list[str]:
    """A phrase for each of LUTs, flip-flops and memory that an overlay has too little of on a device; none if it fits.

    ``memories``: what these are for, if that is more than the logic is asked for. Of memory: where its parts lie so
    that as few bytes as possible are lacking.
    """
    there = Rooms.of(device)
    found = there.memories(machine, rows, columns, buffers, memories or extras)
    return [*_logic(device, machine, rows, columns, extras), *_memory(there, found)]


def too_many(needed: int, available: int, what: str, where: str = "the device has") -> str:
    """How much of something is needed, how much there is, and the difference.

    >>> too_many(1_600, 128, "multipliers")
    '1,600 multipliers where the device has 128 (1,472 too many)'
    """
    return f"{needed:,} {what} where {where} {available:,} ({needed - available:,} too many)"


def _logic(device: Device, machine: Machine, rows: int, columns: int, extras: Extras) -> Iterator[str]:
    lut, ff = logic_use(device, machine, rows, columns, extras)
    intel = device.vendor == "intel"
    for name, use, available in (
        ("ALMs" if intel else "LUTs", lut, device.resources.kernel_lut),
        ("registers" if intel else "flip-flops", ff, device.resources.kernel_ff),
    ):
        if use.most > available:
            what = f"{name} (about {int(use.used):,}, and the uncertainty of that)"
            yield too_many(int(use.most), available, what)


def _memory(there: Rooms, memories: Sequence[Memory]) -> list[str]:
    if not there.rooms:
        return ["memory blocks where there is room for none"]
    fewest: tuple[int, list[str]] | None = None
    for _, used in there.spreads(memories, there.demands(memories)):
        lacking, phrases = 0, []
        for pieces, room in zip(used, there.rooms, strict=True):
            blocks = int(room.kind.blocks(pieces))
            if blocks > room.blocks:
                lacking += (blocks - room.blocks) * room.kind.block_bytes
                name = BLOCK_NAMES.get(room.kind.name, room.kind.name)
                phrases.append(too_many(blocks, room.blocks, name, "there is room for"))
        total = int(there.bytes_of(used))
        if there.budget is not None and total > there.budget:
            lacking += total - there.budget
            phrases.append(too_many(total, there.budget, "bytes of on-chip memory", "--on-chip leaves"))
        if fewest is None or lacking < fewest[0]:
            fewest = lacking, phrases
    return fewest[1] if fewest else ["memory blocks of a kind that the device has not"]
