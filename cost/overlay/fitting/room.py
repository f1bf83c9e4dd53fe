"""Whether the logic of a device has room for Winograd's transforms beside an array."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.fitting.logic import logic_fits
from dynamap.cost.overlay.machine import Machine
from dynamap.cost.overlay.transfer import Bools, Ints


@dataclass(frozen=True)
class Room:
    """A device and the machine on it; ``extras``: what a kernel has there beside the transforms."""

    device: Device
    machine: Machine
    extras: Extras

    def beside(self, rows: Ints | int, columns: Ints | int) -> Bools:
        """For each array. One of more rows or columns leaves no more."""
        return logic_fits(self.device, self.machine, rows, columns, replace(self.extras, winograd=True))
