"""How sure an estimate is: the model's own uncertainty, or what a device was calibrated with."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.cost.calibration import UNIT, Factor
from dynamap.cost.overlay.transfer import Ints

LOGIC_UNCERTAINTY_PERCENT = 40
"""Of the data paths that are not in RTL yet."""
MEMORY_UNCERTAINTY_PERCENT = 10
"""Of memories as designed."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """A number of cells, or of many overlays at once, and by how many percent it may be off."""

    used: Ints | int
    uncertainty_percent: int

    @property
    def most(self) -> Ints | int:
        """The upper end of the interval, rounded up: what has to be there.

        >>> Estimate(105, 10).most
        116
        """
        return -(-self.used * (100 + self.uncertainty_percent) // 100)


def room(available: int, percent: int) -> int:
    """The largest estimate of so many percent whose upper end is there.

    >>> room(116, 10), room(115, 10)
    (105, 104)
    """
    return available * 100 // (100 + percent)


def calibrated(estimate: Ints | int, factor: Factor | None) -> Ints | int:
    """The estimate times the factor, rounded up."""
    return estimate if factor is None else -(-estimate * factor.permille // UNIT)


def model_uncertainty_percent(resource: str) -> int:
    """The uncertainty of the model's own estimate, by the name in a plan; of logic, that of what is not measured."""
    if resource == "multipliers":
        return 0
    return LOGIC_UNCERTAINTY_PERCENT if resource in ("lut", "alm", "ff") else MEMORY_UNCERTAINTY_PERCENT
