"""Reports of Vivado's ``report_utilization -hierarchical`` (UG835): a row per instance, with its module.

The kernel is the outermost instance of its module or of that name; a RAMB18 is half a BRAM36.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from dynamap.backends.evidence.vendor_reports.readers.utilization import stage_of
from dynamap.backends.evidence.vendor_reports.reading import count, head, read_text, rows, vivado_version, whole
from dynamap.backends.evidence.vendor_reports.values import Amount, Measured, OtherSubject, ReportError, Scope


def read_hierarchy(path: Path, name: str, kernel: str) -> Measured:
    """Reads it; ``name`` is what messages call the file, ``kernel`` the top function of the project.

    Raises:
        ReportError: the table or the kernel's row is missing, or a value is absurd.
    """
    text = read_text(path)
    columns: list[str] = []
    found: dict[str, str] | None = None
    for row in rows(text):
        if row[0].strip() == "Instance" and not columns:
            columns = [cell.strip() for cell in row]
        elif columns and len(row) == len(columns):
            cells = dict(zip(columns, row, strict=True))
            instance, module = cells["Instance"].strip(), cells.get("Module", "")
            if found is None and (instance in (f"{kernel}_1", kernel) or module == kernel):
                found = cells
    if "Total LUTs" not in columns:
        raise ReportError("has no table of 'Total LUTs' by instance (cut off?)")
    if found is None:
        raise OtherSubject(f"has no instance of the kernel {kernel!r}")
    said = head(text)
    return Measured(
        kind="hierarchical utilization",
        path=name,
        tool=vivado_version(text),
        stage=stage_of(said.get("Design State", ""), name),
        scope=Scope.KERNEL,
        resources=_resources(found),
        part=said.get("Device", ""),
        design=said.get("Design", ""),
    )


def _resources(cells: dict[str, str]) -> dict[str, Amount]:
    resources = {"lut": Amount(count(cells["Total LUTs"], "Total LUTs"))}
    if "FFs" in cells:
        resources["ff"] = Amount(count(cells["FFs"], "FFs"))
    if "RAMB36" in cells and "RAMB18" in cells:
        tiles = count(cells["RAMB36"], "RAMB36") + Fraction(count(cells["RAMB18"], "RAMB18"), 2)
        resources["bram36"] = Amount(whole(tiles, "RAMB36 and RAMB18"))
    if "URAM" in cells:
        resources["uram"] = Amount(count(cells["URAM"], "URAM"))
    for column in ("DSP Blocks", "DSP48 Blocks"):
        if column in cells:
            resources["dsp_blocks"] = Amount(count(cells[column], column))
    return resources
