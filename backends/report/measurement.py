"""What a vendor's tool measured, as ``dynamap report import`` writes it (schema ``dynamap.measured/1``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dynamap.backends.report.documents import Fields, read_document
from dynamap.cost.errors import InputError

SCHEMA = "dynamap.measured/1"
KIND = "what `dynamap report import` writes"


@dataclass(frozen=True)
class MeasuredResource:
    """One resource: what was estimated and what the tool found; None where it is not said."""

    name: str
    estimated: int | None
    measured: int
    available: int | None


@dataclass(frozen=True)
class MeasuredClock:
    """The clock that was asked for and the one that the tool says can be reached."""

    requested_mhz: float
    achieved_mhz: float


@dataclass(frozen=True)
class Measurement:
    """One tool's report: ``stage`` says what kind of number it is (estimate of synthesis, after routing, ...)."""

    tool: str
    stage: str
    device: str
    resources: tuple[MeasuredResource, ...]
    clock: MeasuredClock | None
    notes: tuple[str, ...]

    def of(self, resource: str) -> MeasuredResource | None:
        """The measurement of a resource by its name in a plan."""
        return next((found for found in self.resources if found.name == resource), None)


def read_measurement(path: Path) -> Measurement:
    """Reads a measurement; keys that are not known here are left alone.

    Raises:
        InputError: the file cannot be read, is no measurement, or is of another version.
    """
    document = read_document(path, KIND)
    if document.data.get("schema") != SCHEMA:
        raise InputError(
            f"{str(path)!r} has schema {document.data.get('schema')!r}; this version reads {SCHEMA!r}: "
            "import the vendor's reports again"
        )
    return Measurement(
        tool=document.text("tool"),
        stage=document.text("stage"),
        device=document.text("device"),
        resources=tuple(_resource(entry) for entry in document.objects("resources")),
        clock=_clock(document),
        notes=document.texts("notes"),
    )


def _resource(entry: Fields) -> MeasuredResource:
    return MeasuredResource(
        name=entry.text("name"),
        estimated=entry.integer_or_none("estimated"),
        measured=entry.integer("measured"),
        available=entry.integer_or_none("available"),
    )


def _clock(document: Fields) -> MeasuredClock | None:
    data = document.data.get("clock_mhz")
    if data is None:
        return None
    if not isinstance(data, Mapping):
        raise document.wrong("clock_mhz", "an object or null")
    clock = Fields(data, document.file, document.kind, "clock_mhz.")
    return MeasuredClock(clock.number("requested"), clock.number("achieved"))
