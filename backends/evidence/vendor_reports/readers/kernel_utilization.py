"""``*_kernel_util_*.rpt`` of the Vitis linker: what the kernel takes, apart from the platform (UG1393, v++ reports).

A table with a row for the platform, the budget that it leaves, what is used of it, and each kernel and compute unit;
a cell is a number and a percentage: ``327707 [ 43.68%]``.
"""

from __future__ import annotations

from pathlib import Path

from dynamap.backends.evidence.vendor_reports.readers.utilization import stage_of
from dynamap.backends.evidence.vendor_reports.reading import count, head, read_text, rows, vivado_version
from dynamap.backends.evidence.vendor_reports.values import Amount, Measured, OtherSubject, ReportError, Scope

_COLUMNS = {"LUT": "lut", "REG": "ff", "BRAM": "bram36", "URAM": "uram", "DSP": "dsp_blocks"}


def read_kernel_utilization(path: Path, name: str, kernel: str) -> Measured:
    """Reads it; ``name`` is what messages call the file, ``kernel`` the top function of the project.

    Raises:
        ReportError: the table or the kernel's row is missing, or a value is absurd.
    """
    text = read_text(path)
    table: dict[str, list[str]] = {}
    columns: list[str] = []
    for row in rows(text):
        label = row[0].strip()
        if label == "Name" and not columns:
            columns = row
        elif columns and len(row) == len(columns):
            table.setdefault(label, row)
    if not set(_COLUMNS) - {"URAM"} <= set(columns):
        raise ReportError("has no table of LUT, REG, BRAM and DSP by name (cut off?)")
    unit = table.get(f"{kernel}_1") or table.get(kernel)
    if unit is None:
        others = ", ".join(label for label in table if label not in ("Platform", "User Budget"))
        raise OtherSubject(f"has no row for the kernel {kernel!r} (it has: {others[:200] or 'none'})")
    budget = table.get("User Budget")
    resources = {}
    for column, resource in _COLUMNS.items():
        if column in columns:
            index = columns.index(column)
            available = None if budget is None else count(budget[index], f"{column} of the budget")
            resources[resource] = Amount(count(unit[index], column), available)
    said = head(text)
    return Measured(
        kind="kernel utilization",
        path=name,
        tool=vivado_version(text),
        stage=stage_of(said.get("Design State", ""), name),
        scope=Scope.KERNEL,
        resources=resources,
        part=said.get("Device", ""),
        design=said.get("Design", ""),
    )
