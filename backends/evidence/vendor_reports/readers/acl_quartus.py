"""``acl_quartus_report.txt``, which the board's scripts write after Quartus: a line per figure.

``Logic utilization: 83,037 / 427,200 ( 19 % )``. Its figures are those of the whole device, board included.
"""

from __future__ import annotations

from pathlib import Path

from dynamap.backends.evidence.vendor_reports.reading import count, megahertz, pairs, read_text
from dynamap.backends.evidence.vendor_reports.values import Amount, Clock, Measured, ReportError, Scope, Stage

_LINES = {"Logic utilization": "alm", "Registers": "ff", "RAM blocks": "m20k", "DSP blocks": "dsp_blocks"}


def read_acl_quartus(path: Path, name: str) -> Measured:
    """Reads it; ``name`` is what messages call the file.

    Raises:
        ReportError: it has no logic utilisation or no clock, or a value is absurd.
    """
    lines = {key: value for key, value in pairs(read_text(path)) if value}
    resources = {}
    for label, resource in _LINES.items():
        if label in lines:
            used, _, rest = lines[label].partition("/")
            available = rest.split("(")[0].strip()
            resources[resource] = Amount(
                count(used, label), count(available, f"{label} available") if available else None
            )
    if "alm" not in resources:
        raise ReportError("has no line 'Logic utilization' (cut off?)")
    clock = lines.get("Actual clock freq") or lines.get("Kernel fmax")
    if clock is None:
        raise ReportError("has no line 'Actual clock freq' (cut off?)")
    return Measured(
        kind="acl_quartus_report.txt",
        path=name,
        tool="Quartus",
        stage=Stage.ROUTED,
        scope=Scope.DEVICE,
        resources=resources,
        clock=Clock(megahertz(clock, "the clock")),
    )
