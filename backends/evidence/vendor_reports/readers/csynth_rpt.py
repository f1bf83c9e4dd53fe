"""Text reports of the HLS estimate, for where ``csynth.xml`` was not kept.

``overlay_csynth.rpt`` has a section "Utilization Estimates" with rows ``Total`` and ``Available``, and a section
"Timing" with target and estimate: bare numbers in 2019, with the unit since 2020. ``csynth.rpt`` (since 2020.2) is a
summary with a row per module, ``+ overlay`` first, a cell being a number and a percentage. Both count BRAM_18K.
"""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

from dynamap.backends.evidence.vendor_reports.reading import count, read_text, real, rows, whole
from dynamap.backends.evidence.vendor_reports.values import (
    Amount,
    Clock,
    Measured,
    OtherSubject,
    ReportError,
    Scope,
    Stage,
)

_COLUMNS = {
    "BRAM_18K": ("bram36", 2),
    "BRAM": ("bram36", 2),
    "DSP": ("dsp_blocks", 1),
    "DSP48E": ("dsp_blocks", 1),
    "FF": ("ff", 1),
    "LUT": ("lut", 1),
    "URAM": ("uram", 1),
}


def read_csynth_rpt(path: Path, name: str, kernel: str) -> Measured:
    """Reads either; ``name`` is what messages call the file, ``kernel`` the top function of the project.

    Raises:
        ReportError: it has no table of resources, or a value is absurd.
        OtherSubject: it is of another function.
    """
    text = read_text(path)
    design = re.search(r"Report (?:for|of) '([^'\n]{1,200})'", text)
    if design and design[1] != kernel:
        raise OtherSubject(f"is of the function {design[1]!r}, not of {kernel!r}")
    _, detailed, section = text.partition("== Utilization Estimates")
    resources = _totals(section) if detailed else _of_module(text, kernel)
    for needed in ("lut", "ff"):
        if needed not in resources:
            raise ReportError(f"has no column {needed.upper()} in its table of resources (cut off?)")
    version = re.search(r"^[ \t]*\* Version:[ \t]*(\d{4}\.\d(?:\.\d)?)", text, re.MULTILINE)
    part = re.search(r"^[ \t]*\* Target device:[ \t]*(\S+)", text, re.MULTILINE)
    return Measured(
        kind="csynth.rpt",
        path=name,
        tool=f"Vitis HLS {version[1]}" if version else "Vitis HLS",
        stage=Stage.ESTIMATED,
        scope=Scope.KERNEL,
        resources=resources,
        clock=_clock(text),
        part=part[1] if part else "",
        design=design[1] if design else "",
    )


def _totals(section: str) -> dict[str, Amount]:
    columns: list[str] = []
    lines: dict[str, list[str]] = {}
    for row in rows(section):
        label = row[0].strip()
        if label == "Name":
            if columns:
                break  # a table of instances: the summary comes first
            columns = row
        elif label in ("Total", "Available") and len(row) == len(columns):
            lines.setdefault(label, row)
    if "Total" not in lines:
        raise ReportError("has no row 'Total' in its table of resources (cut off?)")
    return _amounts(columns, lines["Total"], lines.get("Available"))


def _of_module(text: str, kernel: str) -> dict[str, Amount]:
    columns: list[str] = []
    for row in rows(text):
        if "LUT" in row and "FF" in row:
            columns = row
        elif re.fullmatch(rf"\s*\+\s*{re.escape(kernel)}\*?", row[0]) and len(row) == len(columns):
            return _amounts(columns, row, None)
    raise ReportError(f"has no table of resources with a row for {kernel!r} (cut off?)")


def _amounts(columns: list[str], used: list[str], available: list[str] | None) -> dict[str, Amount]:
    resources = {}
    for index, column in enumerate(columns):
        if column in _COLUMNS:
            resource, per_block = _COLUMNS[column]
            resources[resource] = Amount(
                whole(Fraction(_cell(used[index], column), per_block), column),
                None if available is None else _cell(available[index], column) // per_block,
            )
    return resources


def _cell(text: str, column: str) -> int:
    return 0 if text == "-" else count(text, column)


def _clock(text: str) -> Clock | None:
    row = re.search(r"^[ \t]*\|[ ]*ap_clk[ ]*\|[ ]*([\d.]+)[ ]*(?:ns)?[ ]*\|[ ]*([\d.]+)[ ]*(?:ns)?[ ]*\|", text, re.M)
    if row is None:
        return None
    target, estimated = (real(cell, "the clock period") for cell in row.groups())
    if min(target, estimated) < 0.05:
        raise ReportError(f"has a clock period of {min(target, estimated):g} ns")
    return Clock(1000 / estimated, 1000 / target)
