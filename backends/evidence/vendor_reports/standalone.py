"""The copies of the parsers that a generated project carries, so that its `make compare` needs Python alone."""

from __future__ import annotations

from importlib import resources

PACKAGE = "dynamap.backends.evidence.vendor_reports"
MODULES = (
    "values",
    "reading",
    "readers/csynth_xml",
    "readers/csynth_rpt",
    "readers/utilization",
    "readers/kernel_utilization",
    "readers/hierarchy",
    "readers/timing",
    "readers/xclbin_info",
    "readers/aoc_reports",
    "readers/acl_quartus",
    "prediction",
    "discovery",
    "comparison",
    "front_end",
)
"""Every module that uses the standard library and these modules alone."""

_SCRIPT = '''#!/usr/bin/env python3
"""Compares what the plan predicts (predicted.json) with the reports of the vendor's tools; see --help."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
from vendor_reports.front_end import main  # noqa: E402

sys.exit(main(Path(__file__).resolve().parent, sys.argv[1:]))
'''


def comparison_files() -> dict[str, bytes]:
    """``compare_reports.py`` and the package ``vendor_reports`` beside it, which the copies' imports name."""
    root = resources.files(PACKAGE)
    files = {"compare_reports.py": _SCRIPT.encode(), "vendor_reports/__init__.py": b""}
    for module in MODULES:
        source = (root / f"{module}.py").read_text(encoding="utf-8")
        for package in (f"{PACKAGE}.readers", PACKAGE):
            source = source.replace(f"from {package}.", "from vendor_reports.")
        files[f"vendor_reports/{module.rpartition('/')[2]}.py"] = source.encode()
    return files
