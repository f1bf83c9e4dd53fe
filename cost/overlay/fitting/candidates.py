"""All arrays that fit a device, and the buffers beside each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dynamap.cost.device import Device
from dynamap.cost.errors import InfeasibleError
from dynamap.cost.overlay.fitting.extras import LEAST_EXTRAS, Extras
from dynamap.cost.overlay.fitting.logic.use import logic_fits
from dynamap.cost.overlay.fitting.memory.sizes import GRID, all_buffers, maximal_buffers
from dynamap.cost.overlay.fitting.memory.spreading import fit_beside
from dynamap.cost.overlay.fitting.room import Room, Transforms
from dynamap.cost.overlay.fitting.shortfall import shortfalls
from dynamap.cost.overlay.fitting.target import FILL_PERCENT
from dynamap.cost.overlay.machine import UNIT_BYTES, Buffers, Machine
from dynamap.cost.overlay.transfer import Ints
from dynamap.cost.slice_columns import SliceColumns

LEAST_SIDE = 8
"""Rows and columns of the least array of multipliers that make two products: a group of rows, a unit of channels."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """All arrays that fit a device, and the buffers that fit beside each.

    ``extras``: what every kernel has beside its array. ``transforms``: which may do Winograd too. ``given``: buffers
    that there are already.
    """

    device: Device
    machine: Machine
    limit: int
    rows: Ints
    columns: Ints
    extras: Extras
    transforms: Transforms = Transforms.WHERE_ROOM
    given: Buffers | None = None

    @staticmethod
    def of(
        device: Device,
        machine: Machine,
        limit: int,
        extras: Extras = LEAST_EXTRAS,
        transforms: Transforms = Transforms.WHERE_ROOM,
        given: Buffers | None = None,
    ) -> Candidates:
        """Every array of at most ``limit`` PEs that the columns of slices hold and that fits with the smallest buffers;
        where a multiplier makes two products, those whose columns have whole units of channels, and those of fewer PEs
        than the least of them, so that a larger budget has all that a smaller one has.

        Raises:
            InfeasibleError: not even one PE fits; the message says what is short.
        """
        if limit < 1:
            raise InfeasibleError(
                f"no array fits device {device.name!r}: the {machine.lanes} lanes of the vector unit need "
                f"{machine.lane_multipliers} multipliers, an array at least 1, and there are "
                f"{max(0, limit + machine.lane_multipliers)} for both ({1 - limit} too few; the device has "
                f"{device.resources.multipliers}, of which --fill is the share): raise --fill or --multipliers, or use "
                "a larger --device"
            )
        rows, columns = arrays_within(device.resources.multiplier_columns, limit)
        if machine.packing > 1:
            whole = (rows >= LEAST_SIDE) & (columns % (UNIT_BYTES // machine.packing) == 0)
            considered = whole | (rows * columns < LEAST_SIDE**2)
            rows, columns = rows[considered], columns[considered]
        fits = logic_fits(device, machine, rows, columns, extras)
        rows, columns = rows[fits], columns[fits]
        found = Candidates(device, machine, limit, rows, columns, extras, transforms, given)
        room = fit_beside(device, machine, rows, columns, GRID.smallest, found.least_memories)
        if not room.any():
            lacking = shortfalls(device, machine, 1, 1, GRID.smallest, extras, found.least_memories)
            raise InfeasibleError(
                f"no array fits device {device.name!r}: the smallest overlay, with one multiplier in its array, needs "
                f"{' and '.join(lacking)}; use a larger --device{_or_budget(device)}, or a device file with fewer or "
                "narrower memory ports"
            )
        return replace(found, rows=rows[room], columns=columns[room])

    @property
    def room(self) -> Room | None:
        """For Winograd's transforms, which not all arrays leave; None where they are asked for all the same."""
        if self.transforms is Transforms.ANYWHERE:
            return None
        return Room(self.device, self.machine, self.extras, self.given or GRID.smallest)

    @property
    def least_memories(self) -> Extras:
        """What the memories of every kernel are for."""
        return replace(self.extras, winograd=self.transforms is Transforms.ANYWHERE)

    def memories_beside(self, rows: int, columns: int) -> Extras:
        """What the memories of a kernel with this array may be for."""
        if self.transforms is not Transforms.WHERE_ROOM or self.room is None:
            return self.least_memories
        return replace(self.extras, winograd=bool(self.room.beside(rows, columns)))

    def only(self, rows: int, columns: int) -> Candidates:
        """The same device with one array to consider."""
        return replace(self, rows=np.array([rows]), columns=np.array([columns]))

    def ceiling(self) -> Buffers:
        """Sizes that no buffers beside any of the arrays exceed."""
        some = self.buffers_within(int(self.rows.min()), int(self.rows.max()), int(self.columns.min()))
        return Buffers.covering(some)

    def buffers_within(self, least_rows: int, most_rows: int, least_columns: int) -> tuple[Buffers, ...]:
        """Configurations of which one has at least the size of each buffer beside each array of a box."""
        rows = range(least_rows, most_rows + 1)
        return maximal_buffers(self.device, self.machine, rows, least_columns, self.least_memories)

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]:
        """Buffer configurations that fit and that no other fitting one exceeds in every size, largest first.

        With a budget of on-chip memory, all that fit, those of the fewest bytes first. A layer's blocks follow from the
        buffers, so that larger ones may be slower: only all of them make the optimum one of the whole budget.
        """
        extras = self.memories_beside(rows, columns)
        if self.device.resources.on_chip_bytes is not None:
            return all_buffers(self.device, self.machine, rows, columns, extras)
        return maximal_buffers(self.device, self.machine, range(rows, rows + 1), columns, extras)


def arrays_within(slices: SliceColumns, limit: int) -> tuple[Ints, Ints]:
    """Rows and columns of every array of at most ``limit`` PEs, of those that the slices hold where these are known."""
    sides = np.arange(1, (min(limit, slices.tallest) if slices.known else limit) + 1)
    counts = limit // sides
    if slices.known:
        counts = np.minimum(counts, slices.held(sides))
    return np.repeat(sides, counts), np.concatenate([np.arange(1, count + 1) for count in counts])


def held_columns(device: Device, rows: int) -> int | None:
    """The most columns of so many rows that the device's columns of slices hold; None where these are not known."""
    slices = device.resources.multiplier_columns
    return int(slices.held(rows)) if slices.known else None


def require_array(
    candidates: Candidates, rows: int, columns: int, *, continued: bool = False, given: Buffers | None = None
) -> None:
    """Checks that one array fits beside the smallest buffers, or the ``given`` ones of an overlay that exists.

    ``continued``: also one whose cascades do not lie in the columns of slices.

    Raises:
        InfeasibleError: it does not; the message says what is needed, what there is and which option to change.
    """
    device, machine = candidates.device, candidates.machine
    if rows * columns > candidates.limit:
        remedy = "use" if given else "choose a smaller --array, raise --fill or --multipliers, or use"
        raise InfeasibleError(
            f"array {rows}x{columns} needs {rows * columns} multipliers and device {device.name!r} leaves "
            f"{candidates.limit} to the array ({rows * columns - candidates.limit} too many); {remedy} a "
            "larger --device"
        )
    held = held_columns(device, rows)
    if held is not None and columns > held and not continued:
        raise InfeasibleError(
            f"array {rows}x{columns}: the columns of multipliers of device {device.name!r} hold {held} columns of "
            f"{rows} rows; choose an --array with fewer columns or rows, or ask for it by --fill above {FILL_PERCENT}%"
        )
    smallest, extras = given or GRID.smallest, candidates.extras
    lacking = shortfalls(device, machine, rows, columns, smallest, extras, candidates.least_memories)
    if lacking:
        what = "with the smallest buffers" if given is None else "with the buffers of the given overlay"
        remedy = "use" if given else "choose an --array with fewer rows or columns, or"
        raise InfeasibleError(
            f"array {rows}x{columns} {what} does not fit device {device.name!r}: it needs {' and '.join(lacking)}; "
            f"{remedy} a larger --device{_or_budget(device)}"
        )


def _or_budget(device: Device) -> str:
    return "" if device.resources.on_chip_bytes is None else ", a larger --on-chip budget"
