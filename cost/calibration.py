"""How far the estimates of an overlay are off on one device, learnt from reports of the vendor's tools.

The optional table ``[calibration]`` of a device file (docs/devices.md). Estimates are multiplied by a factor in per
mille and rounded up; the clock is multiplied and rounded down. Everything stays an integer, and a device without
the table is estimated as if this file did not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from dynamap.cost.errors import InputError
from dynamap.cost.toml_table import Table, described

UNIT = 1000
LEAST_FACTOR, MOST_FACTOR = 100, 10_000
"""A measurement beyond a tenth or ten times of the estimate says that the two are not of the same design."""
LEAST_CLOCK = 100
_FACTOR_KEYS = ("permille", "uncertainty_percent")


@dataclass(frozen=True)
class Factor:
    """``permille``: measured over estimated, 1000 = as estimated. ``uncertainty_percent`` replaces the model's own."""

    permille: int
    uncertainty_percent: int

    def room(self, available: int) -> int:
        """The largest estimate whose calibrated value is at most ``available``."""
        return available * UNIT // self.permille


@dataclass(frozen=True)
class DeviceCalibration:
    """A factor per resource, None where nothing was measured. ``lut`` is that of ALMs on Intel's devices.

    ``clock_permille``: the share of the clock asked for that the tools achieve, at most 1000.
    """

    lut: Factor | None = None
    ff: Factor | None = None
    bram36: Factor | None = None
    uram: Factor | None = None
    m20k: Factor | None = None
    clock_permille: int = UNIT
    source: str = ""

    def clock_khz(self, asked_khz: int) -> int:
        """The clock to plan with, rounded down."""
        return asked_khz * self.clock_permille // UNIT

    def factor(self, resource: str) -> Factor | None:
        """The factor of a resource by its key; ``alm`` is ``lut``."""
        found: Factor | None = getattr(self, "lut" if resource == "alm" else resource)
        return found

    def document(self) -> dict[str, object]:
        """The table as plain JSON data; ``parse_calibration`` reads it back."""
        table: dict[str, object] = {"source": self.source} if self.source else {}
        for key in RESOURCE_KEYS:
            factor = self.factor(key)
            if factor is not None:
                table[key] = {"permille": factor.permille, "uncertainty_percent": factor.uncertainty_percent}
        if self.clock_permille != UNIT:
            table["clock_permille"] = self.clock_permille
        return table


RESOURCE_KEYS = tuple(f.name for f in fields(DeviceCalibration) if f.name not in ("clock_permille", "source"))
NONE = DeviceCalibration()


def parse_calibration(values: object, source: str) -> DeviceCalibration:
    """The table ``[calibration]`` of a device file; ``source`` is named in messages.

    Raises:
        InputError: it is no table, or an entry is unknown, missing, of the wrong type or out of range.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{source}: calibration must be a table, written [calibration], found {described(values)}")
    table = Table(source, "calibration", values, (*RESOURCE_KEYS, "clock_permille", "source"))
    factors = {}
    for key in RESOURCE_KEYS:
        if key not in values:
            continue
        entry = values[key]
        if not isinstance(entry, Mapping):
            wanted = ", ".join(f"{name} = ..." for name in _FACTOR_KEYS)
            raise InputError(f"{table.where(key)}: expected {{ {wanted} }}, found {described(entry)}")
        part = Table(source, f"calibration.{key}", entry, _FACTOR_KEYS)
        factors[key] = Factor(
            permille=part.integer("permille", least=LEAST_FACTOR, most=MOST_FACTOR),
            uncertainty_percent=part.integer("uncertainty_percent", least=0, most=100),
        )
    return DeviceCalibration(
        **factors,
        clock_permille=table.integer("clock_permille", least=LEAST_CLOCK, most=UNIT, default=UNIT),
        source=table.line("source", default=""),
    )
