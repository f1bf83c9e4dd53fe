"""The generated Makefile with stand-ins for the vendor's tools: what is called, where reports go, what is built again.

The stand-ins write what the real tools document: Vitis HLS below its work folder, the linker below its report folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from dynamap.backends.evidence.vendor_reports.standalone import comparison_files
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.project import write_project
from dynamap.backends.vitis_hls.flow import make_settings
from dynamap.cost.device import load_device
from support.report_samples import SAMPLES, Project

COMPILER = """#!/bin/sh
case "$*" in *host.cpp*) echo "g++ $*" >> "$CALLS";; esac
"""
STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
work= out= reports=
while [ $# -gt 0 ]; do
  case $1 in
    --work_dir) work=$2; shift;;
    --report_dir) reports=$2; shift;;
    -o) out=$2; shift;;
    --package) xo=yes;;
    --impl) impl=yes;;
    -c) synthesis=yes;;
    -l) link=yes;;
  esac
  shift
done
if [ -n "$synthesis" ]; then
  mkdir -p "$work/hls/syn/report" && cp "$SAMPLES/csynth_2023.2.xml" "$work/hls/syn/report/csynth.xml"
fi
if [ -n "$impl" ]; then
  mkdir -p "$work/hls/impl/verilog/report"
  cp "$SAMPLES/overlay_utilization_routed_2023.2.rpt" "$work/hls/impl/verilog/report/overlay_utilization_routed.rpt"
fi
[ -z "$xo" ] || echo kernel > "$work/overlay.xo"
if [ -n "$link" ]; then
  mkdir -p "$reports/link/imp"
  cp "$SAMPLES/impl_1_kernel_util_routed_2022.2.rpt" "$reports/link/imp/impl_1_kernel_util_routed.rpt"
fi
if [ -n "$out" ]; then echo image > "$out" && cp "$SAMPLES/overlay_2024.1.xclbin.info" "$out.info"; fi
"""

SIZES = KernelSizes(
    rows=8,
    columns=8,
    packing=2,
    ports=1,
    port_bytes=64,
    lanes=32,
    input_buffer=1 << 16,
    weight_buffer=1 << 16,
    output_buffer=1 << 15,
    accumulator_rows=256,
    row_buffer=512,
)


class Flow:
    """A project's folder with stand-ins for v++, vitis-run and g++."""

    def __init__(self, folder: Path, tools: Path) -> None:
        self.folder, self.calls = folder, tools / "calls"
        for name, text in (("v++", STAND_IN), ("vitis-run", STAND_IN), ("g++", COMPILER)):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        self.environment = {**os.environ, "CALLS": str(self.calls), "SAMPLES": str(SAMPLES), "XILINX_XRT": "/none"}
        self.environment["PATH"] = f"{tools}{os.pathsep}{os.environ['PATH']}"

    def make(self, *arguments: str) -> list[str]:
        """What the tools were called with, a line per call."""
        self.calls.write_text("")
        done = subprocess.run(
            ["make", *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return self.calls.read_text().splitlines()


@pytest.fixture
def flow(project: Project, tmp_path: Path) -> Flow:
    folder = project("zcu104")
    write_project(comparison_files(), tmp_path / "files")
    shutil.copytree(tmp_path / "files", folder, dirs_exist_ok=True)
    makefile = resources.files("dynamap.backends.vitis_hls") / "project" / "Makefile"
    (folder / "Makefile").write_bytes(makefile.read_bytes())
    (folder / "config.mk").write_text(make_settings(load_device("zcu104"), SIZES))
    (folder / "hls_config.cfg").write_text("part=x\n")
    (folder / "src").mkdir()
    (folder / "src" / "overlay.cpp").write_text("")
    (tmp_path / "tools").mkdir()
    return Flow(folder, tmp_path / "tools")


def _compared(flow: Flow) -> dict[str, object]:
    done = subprocess.run(["python3", "compare_reports.py", "--json"], cwd=flow.folder, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    document: dict[str, object] = json.loads(done.stdout)
    return document


def test_synthesis_is_not_repeated(flow: Flow) -> None:
    first = flow.make("hls")
    assert first == ["v++ -c --mode hls --config hls_config.cfg --work_dir build/hls"]
    assert flow.make("hls") == []
    xo = "vitis-run --mode hls --package --config hls_config.cfg --work_dir build/hls"
    assert flow.make("xo") == [xo]
    assert flow.make("xo") == []
    (flow.folder / "src" / "overlay.cpp").touch()
    assert flow.make("xo") == [*first, xo]


def test_the_linker_works_below_build_and_its_reports_are_compared(flow: Flow) -> None:
    calls = flow.make("xclbin")
    assert [call.split(" ")[1] for call in calls if call.startswith("v++")] == ["-c", "-l", "-p"]
    for call in calls:
        if call.startswith(("v++ -l", "v++ -p")):
            assert "--temp_dir build/hw/tmp --log_dir build/hw/log --report_dir build/hw/reports" in call
    package = calls[-1]
    assert "--package.boot_mode sd --package.image_format ext4 --package.rootfs rootfs.ext4" in package
    assert "--package.kernel_image Image --package.sd_file build/host --package.sd_dir data" in package
    assert any(call.startswith("g++") for call in calls), "the card takes the host program along"
    outside = {path.name for path in flow.folder.iterdir()} - {"build"}
    assert outside == {
        "Makefile",
        "MANIFEST",
        "compare_reports.py",
        "config.mk",
        "hls_config.cfg",
        "predicted.json",
        "src",
        "vendor_reports",
    }
    document = _compared(flow)
    assert (document["tool"], document["stage"]) == ("Vivado 2022.2", "routed")
    assert document["clock_mhz"] is not None


def test_implementation_of_the_kernel_alone(flow: Flow) -> None:
    assert flow.make("impl")[-1] == "vitis-run --mode hls --impl --config hls_config.cfg --work_dir build/hls"
    document = _compared(flow)
    assert (document["stage"], document["scope"]) == ("routed", "kernel")
