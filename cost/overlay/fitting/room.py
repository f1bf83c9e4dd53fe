"""Whether a device has room for Winograd beside an array: the logic of its transforms, the memory of its pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.fitting.logic.use import logic_fits
from dynamap.cost.overlay.fitting.memory.spreading import fit_beside
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.transfer import Bools, Ints


class Transforms(Enum):
    """Where a layer may be done by Winograd."""

    NOWHERE = "no layer can, or is allowed to"
    WHERE_ROOM = "beside arrays that leave them room"
    ANYWHERE = "asked for in any case"


@dataclass(frozen=True)
class Room:
    """A device and the machine on it; ``extras``: what a kernel has there beside the transforms; ``buffers``: the least
    that there are."""

    device: Device
    machine: Machine
    extras: Extras
    buffers: Buffers

    def beside(self, rows: Ints | int, columns: Ints | int) -> Bools:
        """For each array. One of more rows or columns leaves no more."""
        extras = replace(self.extras, winograd=True)
        logic = logic_fits(self.device, self.machine, rows, columns, extras)
        return logic & fit_beside(self.device, self.machine, rows, columns, self.buffers, extras)
