"""Reports of Vivado's ``report_utilization`` (UG835), flat: a table per kind of site, a row per type.

LUTs are ``CLB LUTs`` on UltraScale and ``Slice LUTs`` on 7 series, with ``*`` where estimated before placement; block
RAM is counted in tiles of 36 kbit, with halves. The state of the design is in the report's head.
"""

from __future__ import annotations

import re
from pathlib import Path

from dynamap.backends.evidence.vendor_reports.reading import count, head, read_text, rows, vivado_version
from dynamap.backends.evidence.vendor_reports.values import Amount, Measured, ReportError, Scope, Stage

_ROWS = {
    "CLB LUTs": "lut",
    "Slice LUTs": "lut",
    "CLB Registers": "ff",
    "Slice Registers": "ff",
    "Block RAM Tile": "bram36",
    "URAM": "uram",
    "DSPs": "dsp_blocks",
    "DSP": "dsp_blocks",
}
KERNEL_WRAPPERS = ("bd_0_wrapper", "bd_0")
"""What Vitis HLS calls the design in which it implements a kernel alone."""


def read_utilization(path: Path, name: str, kernel: str) -> Measured:
    """Reads it; ``name`` is what messages call the file, ``kernel`` the top function of the project.

    Raises:
        ReportError: it has no table of LUTs and registers, or a value is absurd.
    """
    text = read_text(path)
    resources: dict[str, Amount] = {}
    columns: list[str] = []
    for row in rows(text):
        label = row[0].strip().rstrip("*")
        if label in ("Site Type", "Ref Name", "Instance"):
            columns = row
        elif label in _ROWS and _ROWS[label] not in resources and "Used" in columns and len(row) == len(columns):
            cells = dict(zip(columns, row, strict=True))
            available = cells.get("Available", "")
            resources[_ROWS[label]] = Amount(
                count(cells["Used"], label), count(available, f"{label} available") if available else None
            )
    for needed in ("lut", "ff"):
        if needed not in resources:
            row_name = "LUTs" if needed == "lut" else "Registers"
            raise ReportError(f"has no row 'CLB {row_name}' or 'Slice {row_name}' (cut off?)")
    said = head(text)
    design = said.get("Design", "")
    alone = design in KERNEL_WRAPPERS or re.search(rf"(^|_){re.escape(kernel)}(_\d+)*$", design) is not None
    return Measured(
        kind="utilization",
        path=name,
        tool=vivado_version(text),
        stage=stage_of(said.get("Design State", ""), name),
        scope=Scope.KERNEL if alone else Scope.DEVICE,
        resources=resources,
        part=said.get("Device", ""),
        design=design,
    )


def stage_of(state: str, name: str) -> Stage:
    """The stage of a design by the state in its report's head, else by the report's file name."""
    words = (state or name.rsplit("/", 1)[-1]).lower()
    if "rout" in words:  # Routed, Physopt postRoute
        return Stage.ROUTED
    return Stage.PLACED if "place" in words else Stage.SYNTHESIZED  # Fully Placed, Physopt postPlace
