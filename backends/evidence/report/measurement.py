"""What a vendor's tool measured, as ``dynamap report import`` writes it (schema ``dynamap.measured/1``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dynamap.backends.evidence.report.documents import Fields, read_document
from dynamap.backends.evidence.vendor_reports.comparison import SCHEMA
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import Plan

KIND = "what `dynamap report import` writes"


@dataclass(frozen=True)
class MeasuredResource:
    """One resource: what was estimated and what the tool found, in ``unit``; None where it is not said.

    ``inside``: whether the measurement lies in the interval of the estimate.
    """

    name: str
    unit: str | None
    estimated: int | None
    measured: int
    available: int | None
    inside: bool | None


@dataclass(frozen=True)
class MeasuredClock:
    """The clock that was asked for and the one that the tool says can be reached."""

    requested_mhz: float
    achieved_mhz: float


@dataclass(frozen=True)
class Measurement:
    """One report: ``stage`` says what kind of number it is, ``scope`` whether of the kernel or the whole device."""

    tool: str
    stage: str
    scope: str | None
    device: str
    resources: tuple[MeasuredResource, ...]
    clock: MeasuredClock | None
    notes: tuple[str, ...]

    def of(self, resource: str) -> MeasuredResource | None:
        """The measurement of a resource by its name in a plan."""
        return next((found for found in self.resources if found.name == resource), None)


def read_measurement(path: Path, plan: Plan) -> Measurement:
    """Reads a measurement of ``plan``'s overlay; keys that are not known here are left alone.

    Raises:
        InputError: the file cannot be read, is no measurement, of another version, or of another model or device.
    """
    document = read_document(path, KIND)
    if document.data.get("schema") != SCHEMA:
        raise InputError(
            f"{str(path)!r} has schema {document.data.get('schema')!r}; this version reads {SCHEMA!r}: "
            "import the vendor's reports again"
        )
    for key, planned in (("model", plan.model.name), ("device_name", str(plan.device["device"]["name"]))):
        said = document.text_or_none(key)
        if said is not None and said != planned:
            raise InputError(
                f"{str(path)!r} is the measurement of another plan: its {key} is {said!r}, here {planned!r}"
            )
    return Measurement(
        tool=document.text("tool"),
        stage=document.text("stage"),
        scope=document.text_or_none("scope"),
        device=document.text("device"),
        resources=tuple(_resource(entry) for entry in document.objects("resources")),
        clock=_clock(document),
        notes=document.texts("notes"),
    )


def _resource(entry: Fields) -> MeasuredResource:
    return MeasuredResource(
        name=entry.text("name"),
        unit=entry.text_or_none("unit"),
        estimated=entry.integer_or_none("estimated"),
        measured=entry.integer("measured"),
        available=entry.integer_or_none("available"),
        inside=entry.truth_or_none("inside"),
    )


def _clock(document: Fields) -> MeasuredClock | None:
    data = document.data.get("clock_mhz")
    if data is None:
        return None
    if not isinstance(data, Mapping):
        raise document.wrong("clock_mhz", "an object or null")
    clock = Fields(data, document.file, document.kind, "clock_mhz.")
    return MeasuredClock(clock.number("requested"), clock.number("achieved"))
