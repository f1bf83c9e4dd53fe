"""What aoc writes (Intel FPGA SDK for OpenCL 19.1 to 22.4): ``area.json``, ``quartus.json`` and ``info.json``.

They lie in ``reports/lib/json`` (later ``reports/resources/json``) of aoc's folder. ``area.json`` is the compiler's
estimate: columns by name, since their order and a blank first one differ by version; the board's static partition is
taken off. ``quartus.json`` is what the fitter placed, by the row "Kernel System" where there is one, with ``TBD`` in
every cell before Quartus ran.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from dynamap.backends.evidence.vendor_reports.reading import json_count, megahertz, plain, read_json, whole
from dynamap.backends.evidence.vendor_reports.values import (
    Amount,
    Clock,
    Measured,
    OtherSubject,
    ReportError,
    Scope,
    Stage,
)

_AREA = {"alut": "alm", "ff": "ff", "ram": "m20k", "dsp": "dsp_blocks"}
_FITTER = {"alm": "alm", "reg": "ff", "ram": "m20k", "dsp": "dsp_blocks"}
_ALUTS_PER_ALM = 2


def read_area(path: Path, name: str) -> Measured:
    """Reads ``area.json``; ``name`` is what messages call the file.

    Raises:
        ReportError: it is not JSON, its totals are missing, or a value is absurd.
    """
    document = _mapping(read_json(path), "the document")
    columns = [str(column).strip().lower() for column in _list(document, "columns")]
    columns = [column for column in columns if column and column != "details"]
    total = _by_column(columns, _list(document, "total"), "total")
    most = _by_column(columns, document["max_resources"], "max_resources") if "max_resources" in document else {}
    board = _static(document, columns)
    resources = {}
    for key, resource in _AREA.items():
        if key not in total:
            raise ReportError(f"has no column of {key.upper()}s (columns: {', '.join(columns)[:100]})")
        used = total[key] - board.get(key, 0)
        if used < 0:
            raise ReportError(f"says that the board's {key.upper()}s are more than the total")
        per_block = _ALUTS_PER_ALM if resource == "alm" else 1
        available = most.get(key)
        resources[resource] = Amount(
            whole(Fraction(used, per_block), key), None if available is None else available // per_block
        )
    tool, part, board_name = _info(path)
    return Measured(
        kind="area.json",
        path=name,
        tool=tool,
        stage=Stage.ESTIMATED,
        scope=Scope.KERNEL,
        resources=resources,
        part=part,
        design=board_name,
        notes=("aoc estimates ALUTs: an ALM holds up to two of them, so the ALMs are the fewest that could do",),
    )


def read_quartus(path: Path, name: str) -> Measured:
    """Reads ``quartus.json``; ``name`` is what messages call the file.

    Raises:
        ReportError: it is not JSON, its summaries are missing, or a value is absurd.
        OtherSubject: Quartus has not run yet.
    """
    document = _mapping(read_json(path), "the document")
    nodes = _nodes(document, "quartusFitResourceUsageSummary")
    rows = {str(node.get("name", "")): node for node in nodes}
    kernel = next((node for title, node in rows.items() if "Kernel System" in title), None)
    node = kernel or next((node for title, node in rows.items() if "Total Used" in title), None)
    if node is None:
        raise ReportError(f"has neither a row 'Kernel System' nor 'Total Used' (rows: {', '.join(rows)[:200]})")
    if str(node.get("alm", "TBD")).upper() in ("TBD", "N/A"):
        raise OtherSubject("has no figures yet: Quartus has not run")
    resources = {}
    for key, resource in _FITTER.items():
        if key in node:
            # The entire system is given as "used / available ( share )" or as a number.
            used, _, rest = str(node[key]).partition("/")
            available = rest.split("(")[0]
            resources[resource] = Amount(
                json_count(used, key), json_count(available, f"{key} available") if available.strip() else None
            )
    if "alm" not in resources:
        raise ReportError("has no ALMs in its resource summary")
    tool, part, board_name = _info(path)
    return Measured(
        kind="quartus.json",
        path=name,
        tool=tool,
        stage=Stage.ROUTED,
        scope=Scope.DEVICE if kernel is None else Scope.KERNEL,
        resources=resources,
        clock=_clock(document),
        part=part,
        design=board_name,
    )


def _clock(document: dict[str, Any]) -> Clock | None:
    for node in _nodes(document, "quartusFitClockSummary"):
        for key in ("kernel clock", "clock", "clock1x"):
            text = str(node.get(key, "")).strip()
            if text and text.upper() not in ("TBD", "N/A"):
                return Clock(megahertz(text, f"the {key}"))
    return None


def _info(path: Path) -> tuple[str, str, str]:
    """(tool, part, board) from the ``info.json`` beside a report; blank where it is missing or broken."""
    unknown = ("aoc", "", "")
    beside = path.with_name("info.json")
    if not beside.is_file():
        return unknown
    try:
        node = _nodes(_mapping(read_json(beside), "info.json"), "compileInfo")[0]
    except (ReportError, IndexError):
        return unknown
    version = plain(str(node.get("version", ""))[:40]).split(" ")[0]
    family = [word.strip() for word in plain(str(node.get("family", ""))[:400]).split(",")]
    part = family[1] if len(family) > 1 else ""
    board = family[2].rsplit(":", 1)[-1] if len(family) > 2 else ""
    return f"aoc {version}".strip(), part, board


def _static(document: dict[str, Any], columns: list[str]) -> dict[str, int]:
    """What the board's static partition takes, by column; nothing where the report does not list it."""
    for child in document.get("children", []):
        if isinstance(child, dict) and child.get("name") == "Static Partition":
            parts = [part for part in child.get("children", []) if isinstance(part, dict)]
            for part in [child, *parts]:
                if isinstance(part.get("data"), list):
                    return _by_column(columns, part["data"], "the board's data")
    return {}


def _by_column(columns: list[str], values: Any, what: str) -> dict[str, int]:
    if not isinstance(values, list) or len(values) < len(columns):
        raise ReportError(f"has {what} that do not fit its columns")
    pairs = zip(columns, values, strict=False)
    return {column.removesuffix("s"): json_count(value, f"{column} of {what}") for column, value in pairs}


def _nodes(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    nodes = _list(_mapping(document.get(key), key), "nodes")
    return [node for node in nodes if isinstance(node, dict)]


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ReportError(f"{what} is missing or no object (cut off?)")
    return value


def _list(document: dict[str, Any], key: str) -> list[Any]:
    value = document.get(key)
    if not isinstance(value, list):
        raise ReportError(f"has no list {key!r} (cut off?)")
    return value
