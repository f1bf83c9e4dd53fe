"""What a generated project predicted: its ``predicted.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dynamap.backends.evidence.vendor_reports.reading import read_json
from dynamap.backends.evidence.vendor_reports.values import ReportError

PREDICTED = "predicted.json"
SCHEMA = "dynamap.predicted/1"
REMEDY = "generate the project again"


@dataclass(frozen=True)
class Estimate:
    """One resource of the plan: used, available, and the estimate's uncertainty in percent (0 = exact)."""

    name: str
    used: int
    available: int
    uncertainty_percent: int


@dataclass(frozen=True)
class Prediction:
    """A project's prediction. ``kernel`` is its top function; ``device_tables`` the device's TOML tables."""

    model: str
    device: str
    vendor: str
    part: str
    board: str
    kernel: str
    clock_mhz: float
    cycles: int
    latency_ms: float
    multipliers_per_block: int
    resources: tuple[Estimate, ...]
    device_tables: Mapping[str, Any]


def read_prediction(project: Path) -> Prediction:
    """Reads the prediction of a project's folder.

    Raises:
        ReportError: the folder is no generated project, or its prediction is damaged or of an older version.
    """
    path = project / PREDICTED
    if not project.is_dir():
        raise ReportError(f"{str(project)!r} is no folder: give the folder that `dynamap generate` wrote")
    if not path.is_file():
        raise ReportError(f"{str(project)!r} is no generated project: it has no {PREDICTED} (`dynamap generate` does)")
    try:
        document = read_json(path)
    except ReportError as error:
        raise ReportError(f"{path}: {error}; {REMEDY}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else None
        raise ReportError(f"{path}: has schema {found!r}, expected {SCHEMA!r}; {REMEDY}")
    try:
        return _read(document)
    except (KeyError, TypeError, ValueError) as error:
        detail = f"key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise ReportError(f"{path}: is damaged: {detail}; {REMEDY}") from None


def _read(document: dict[str, Any]) -> Prediction:
    entries = document["resources"]
    if not isinstance(entries, list):
        raise ValueError("resources must be a list")
    clock = document["clock_mhz"]
    latency = document["latency_ms"]
    if not all(isinstance(value, (int, float)) and value > 0 for value in (clock, latency)):
        raise ValueError("clock_mhz and latency_ms must be positive numbers")
    tables = document["device_tables"]
    if not isinstance(tables, dict):
        raise ValueError("device_tables must be an object")
    return Prediction(
        **{key: _text(document, key) for key in ("model", "device", "vendor", "part", "board", "kernel")},
        clock_mhz=float(clock),
        cycles=_count(document, "cycles"),
        latency_ms=float(latency),
        multipliers_per_block=max(1, _count(document, "multipliers_per_block")),
        resources=tuple(
            Estimate(
                _text(entry, "name"),
                *(_count(entry, key) for key in ("used", "available", "uncertainty_percent")),
            )
            for entry in entries
        ),
        device_tables=tables,
    )


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str):
        raise ValueError(f"{key} must be a text, found {value!r:.40}")
    return value


def _count(entry: Mapping[str, Any], key: str) -> int:
    value = entry[key]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{key} must be a count, found {value!r:.40}")
    return value
