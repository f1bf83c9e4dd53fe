"""Projects with a prediction of round numbers, and the samples: written by hand from the formats, no tool's output."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dynamap.backends.evidence.vendor_reports.comparison import Comparison
from dynamap.backends.evidence.vendor_reports.front_end import compare_project
from dynamap.cost.device import load_device

SAMPLES = Path(__file__).parents[1] / "vendor_samples"
CSYNTH = {"build/hls/hls/syn/report/csynth.xml": "csynth_2023.2.xml"}
LINKED = CSYNTH | {
    "build/_x/reports/link/imp/impl_1_kernel_util_routed.rpt": "impl_1_kernel_util_routed_2022.2.rpt",
    "build/_x/reports/link/imp/impl_1_full_util_placed.rpt": "full_util_placed_2023.2.rpt",
    "build/_x/reports/link/imp/impl_1_timing_summary_routed.rpt": "impl_1_timing_summary_routed_2023.2.rpt",
    "build/overlay.hw.xclbin.info": "overlay_2024.1.xclbin.info",
}
USES = {
    "zcu104": (
        ("multipliers", 864, 0),
        ("uram", 96, 10),
        ("bram36", 300, 10),
        ("lut", 80_000, 40),
        ("ff", 180_000, 40),
    ),
    "pynq-z2": (("multipliers", 131, 0), ("bram36", 50, 10), ("lut", 30_000, 40), ("ff", 32_000, 40)),
    "arria10-gx1150": (("multipliers", 852, 0), ("m20k", 700, 10), ("alm", 90_000, 40), ("ff", 200_000, 40)),
}


def prediction(board: str, clock_mhz: float = 300.0, **changes: Any) -> dict[str, Any]:
    """The content of a ``predicted.json``."""
    device = load_device(board)
    document: dict[str, Any] = {
        "schema": "dynamap.predicted/1",
        "model": "example",
        "device": device.name,
        "vendor": device.vendor,
        "part": device.part,
        "board": device.board,
        "kernel": "overlay",
        "clock_mhz": clock_mhz,
        "latency_ms": 2.0,
        "cycles": 600_000,
        "resources": [
            {"name": name, "used": used, "available": 10 * used, "uncertainty_percent": percent}
            for name, used, percent in USES[board]
        ],
        "multipliers_per_block": device.resources.multiplier.per_block,
        "device_tables": device.document(),
        "layers": [],
    }
    return document | changes


Project = Callable[..., Path]


def compared(folder: Path) -> Comparison:
    return compare_project(folder, folder)


def make_project(folder: Path) -> Project:
    """What makes a project's folder: of a device, with samples in some places, and changes to the prediction."""

    def make(board: str, reports: dict[str, str] | None = None, **changes: Any) -> Path:
        folder.mkdir()
        (folder / "predicted.json").write_text(json.dumps(prediction(board, **changes)))
        for place, sample in (reports or {}).items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(SAMPLES / sample, folder / place)
        return folder

    return make


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Makes a project's folder: ``project("zcu104", {"build/hls/csynth.xml": "csynth_2023.2.xml"})``."""
    return make_project(tmp_path / "project")
