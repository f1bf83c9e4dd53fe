"""The generated project: its files, its own Makefile with Intel's emulator, and what is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import dynamap
from dynamap.backends.conformance.networks import random_network
from dynamap.backends.contract import Backend
from dynamap.backends.executors import find_executor
from dynamap.backends.hardware.pages import layer_table
from dynamap.backends.intel_opencl import backend, emulator
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.project import MANIFEST, with_manifest, write_project
from dynamap.backends.quantise import quantise
from dynamap.cost.device import load_device, parse_device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import Network
from dynamap.planner.plan.layers import OnHost
from dynamap.planner.plan.plan import Plan
from support.programs import integer_image, one_conv, plan_on
from support.repository import DIGITS_MODEL


def made(network: Network, plan: Plan) -> dict[str, bytes]:
    quantised = quantise(network, samples=1)
    return dict(backend.generate(plan, compile_program(plan, quantised), integer_image(network, 4)))


def on_device(plan: Plan, **changes: object) -> Plan:
    """The plan with other entries in the tables of its device."""
    tables = json.loads(json.dumps(plan.device))
    for key, value in changes.items():
        next(table for table in tables.values() if key in table)[key] = value
    return replace(plan, device=tables)


@pytest.fixture(scope="module")
def network() -> Network:
    built: Network = random_network(5)
    return built


@pytest.fixture(scope="module")
def plan(network: Network) -> Plan:
    return plan_on(network, (8, 8), device="stratix10-gx2800")


@pytest.fixture(scope="module")
def files(network: Network, plan: Plan) -> dict[str, bytes]:
    return made(network, plan)


def environment() -> dict[str, str]:
    """An activated environment, the tests' interpreter first; without what a make that runs the tests would pass on."""
    outside = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return outside | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def make(folder: Path, *words: str, path: str | None = None, seconds: int = 400) -> subprocess.CompletedProcess[str]:
    env = environment() if path is None else {"PATH": path}
    return subprocess.run(
        ["make", *words], cwd=folder, capture_output=True, text=True, env=env, check=False, timeout=seconds
    )


def settings(files: Mapping[str, bytes]) -> dict[str, str]:
    lines = files["config.mk"].decode().splitlines()
    return {line.split(" :=")[0]: line.split(" :=")[1].strip() for line in lines if " :=" in line}


def test_the_backend_keeps_its_contract() -> None:
    assert isinstance(backend, Backend)


def test_same_plan_same_bytes(network: Network, files: dict[str, bytes]) -> None:
    again = made(network, plan_on(network, (8, 8), device="stratix10-gx2800"))
    assert again == files
    for path, content in files.items():
        assert str(Path.home()).encode() not in content and os.getcwd().encode() not in content, path


def test_params_h_alone_is_generated_among_the_sources(network: Network, files: dict[str, bytes]) -> None:
    """Another array, another device: other numbers, the same kernel and hosts."""
    other = made(network, plan_on(network, (4, 6), device="arria10-gx1150"))
    folders = {path: content for path, content in files.items() if path.startswith(("src/", "host/"))}
    assert folders.keys() == {path for path in other if path.startswith(("src/", "host/"))}
    assert [path for path, content in folders.items() if other[path] != content] == ["src/params.h"]


def test_the_files_of_a_project(files: dict[str, bytes], plan: Plan) -> None:
    for path in (
        "Makefile",
        "README.md",
        "layers.md",
        "config.mk",
        "predicted.json",
        "src/overlay.cl",
        "host/host.cpp",
    ):
        assert path in files
    for name in ("program.bin", "weights.bin", "input.bin", "golden.bin"):
        assert files[f"data/{name}"]
    predicted = json.loads(files["predicted.json"])
    assert predicted["latency_ms"] == plan.latency_ms
    assert files["layers.md"].decode() == layer_table(plan)


def test_params_h_says_what_the_plan_says(files: dict[str, bytes], plan: Plan) -> None:
    text = files["src/params.h"].decode()
    found = dict(re.findall(r"^#define (\w+) (\S+) +//", text, re.MULTILINE))
    o = plan.overlay
    wanted = {
        "ARRAY_ROWS": o.rows,
        "ARRAY_COLUMNS": o.columns,
        "PACKING": 1,
        "PORTS": 4,
        "PORT_BYTES": 64,
        "LANES": o.lanes,
        "INPUT_BYTES": o.input_buffer,
        "WEIGHT_BYTES": o.weight_buffer,
        "OUTPUT_BYTES": o.output_buffer,
        "ACCUMULATOR_ROWS": o.accumulator_rows,
        "ROW_BUFFER_BYTES": o.row_buffer,
    }
    assert {name: found[name] for name in wanted} == {name: str(value) for name, value in wanted.items()}
    for line in text.splitlines():  # every number has a meaning and an origin
        if line.startswith("#define ") and "OVERLAY_" not in line:
            assert re.search(r"// \S.* \[(.+; )?(plan|device|program format|kernel|derived)\]$", line), line


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("#define LANES 128", "#define LANES 24"), "the lanes work on whole units"),
        (("#define PORT_BYTES 64", "#define PORT_BYTES 48"), "a beat must not straddle one"),
        (("#define PACKING 1", "#define PACKING 3"), "a multiplier makes one int8 product or two"),
    ],
)
def test_wrong_sizes_are_refused_with_a_sentence(
    files: dict[str, bytes], tmp_path: Path, change: tuple[str, str], sentence: str
) -> None:
    """The relations are for any C preprocessor."""
    text = files["src/params.h"].decode()
    assert change[0] in text
    for name, content, status in (("good.h", text, 0), ("bad.h", text.replace(*change), 1)):
        (tmp_path / name).write_text(content)
        done = subprocess.run(
            ["g++", "-fsyntax-only", "-x", "c", str(tmp_path / name)], capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stderr
    assert sentence in done.stderr


def test_memory_and_board_are_the_devices(files: dict[str, bytes], network: Network) -> None:
    found = settings(files)
    assert found["BOARD"] == "p520_max_sg280l" and found["CLOCK_MHZ"] == "300"
    assert found["MEMORY_FLAGS"] == ",".join(f"CL_CHANNEL_{bank}_INTELFPGA" for bank in (1, 2, 3, 4))
    assert found["AOC_MEMORY"] == "-no-interleaving=default"
    assert found["AOC_FAMILY"] == "-hyper-optimized-handshaking=auto"  # Stratix 10 alone has it
    hbm = settings(made(network, plan_on(network, (8, 8), device="stratix10-mx2100")))
    assert hbm["BOARD"] == "p520_hpc_m210h"
    assert hbm["MEMORY_FLAGS"].split(",") == ["CL_MEM_HETEROGENEOUS_INTELFPGA"] * 8
    assert hbm["AOC_MEMORY"].split() == [f"-DBANK_{i}=HBM{4 * i}" for i in range(8)]
    arria = settings(made(network, plan_on(network, (8, 8), device="arria10-gx1150")))
    assert arria["MEMORY_FLAGS"] == "CL_CHANNEL_1_INTELFPGA,CL_CHANNEL_2_INTELFPGA" and arria["AOC_FAMILY"] == ""


def test_the_readme_states_the_status_of_the_tool(files: dict[str, bytes]) -> None:
    text = files["README.md"].decode()
    assert "deprecated the Intel FPGA SDK for OpenCL from release 22.3" in text and "PDN2219" in text
    assert "Target: Intel FPGA SDK for OpenCL 22.4" in text and "board p520_max_sg280l" in text
    assert "aoc, its reports, timing and boards were not available" in text
    for package in emulator.PACKAGES.split():
        assert package in text


def assert_counters_are_the_plans(printed: str, predicted: Path) -> None:
    """Cycles and bytes of every layer in the table that `make emulate` prints."""
    layers = json.loads(predicted.read_text())["layers"]
    for layer in layers:
        line = re.search(rf"^{re.escape(layer['name'])} +(\d+) +(\d+) +(\d+)$", printed, re.MULTILINE)
        assert line is not None, layer["name"]
        wanted = [layer["compute_cycles"], layer["bytes_read"], layer["bytes_written"]]
        assert [int(number) for number in line.groups()] == wanted, layer["name"]


@pytest.mark.full
def test_make_emulate_runs_googlenet(tmp_path: Path) -> None:
    """The commands of a user, for the network and the card that they are meant for.

    The golden outputs that a project carries are the NumPy emulator's, which shares no code with the kernel and is held
    against onnxruntime (tests/backends/evidence/comparison).
    """
    network = dynamap.load("googlenet")
    write_project(made(network, dynamap.plan(network, device="stratix10-gx2800")), tmp_path / "p")
    done = make(tmp_path / "p", "emulate", seconds=1800)
    assert done.returncode == 0 and "PASS: every layer equals its golden output" in done.stdout, done.stderr[-2000:]
    assert_counters_are_the_plans(done.stdout, tmp_path / "p" / "predicted.json")


def test_make_emulate_runs_the_digits_network(tmp_path: Path) -> None:
    """The whole project, on Intel's emulator, by both hosts: the plan's counters; a difference is named."""
    network = dynamap.load(DIGITS_MODEL)
    plan = plan_on(network, (8, 8), device="arria10-gx1150")
    write_project(made(network, plan), tmp_path / "p")
    assert subprocess.run(["sha256sum", "-c", "--quiet", MANIFEST], cwd=tmp_path / "p", check=False).returncode == 0
    done = make(tmp_path / "p", "emulate", "TIME_LIMIT=60")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "aoc is not installed: Intel's emulator of Python packages compiles the kernels" in done.stdout
    assert "PASS: every layer equals its golden output" in done.stdout
    assert_counters_are_the_plans(done.stdout, tmp_path / "p" / "predicted.json")
    golden = bytearray((tmp_path / "p" / "data" / "golden.bin").read_bytes())
    golden[-1] ^= 1
    (tmp_path / "p" / "data" / "golden.bin").write_bytes(bytes(golden))
    wrong = make(tmp_path / "p", "emulate", "TIME_LIMIT=60")
    last = [layer.name for layer in plan.layers if not isinstance(layer, OnHost)][-1]
    assert wrong.returncode == 2 and "Error 1" in wrong.stderr  # make's own status, and the host's
    assert re.search(rf"MISMATCH in layer {re.escape(last)}: .* expected -?\d+, got -?\d+", wrong.stdout)
    golden[-1] ^= 1
    (tmp_path / "p" / "data" / "golden.bin").write_bytes(bytes(golden))
    python = make(tmp_path / "p", "emulate-python", "TIME_LIMIT=60")
    assert python.returncode == 0 and python.stdout.endswith("PASS\n"), python.stdout + python.stderr


@pytest.mark.full
def test_memories_with_names_and_eight_ports(tmp_path: Path) -> None:
    """What aoc sees on a card with HBM, in the emulator: locations of the buffers, and reads that are not cached."""
    network = one_conv(TensorShape(20, 6, 5), 19, Window((3, 3), pads=(1, 1, 1, 1)))
    files = made(network, plan_on(network, (8, 8), device="stratix10-mx2100"))
    banks = [word[2:].split("=") for word in settings(files)["AOC_MEMORY"].split()]
    defines = "".join(f"#define {name} {memory}\n" for name, memory in banks)
    cached = "#ifdef OVERLAY_EMULATION\n#define GLOBAL_READ"
    language = files["src/language.h"].decode()
    assert cached in language and len(banks) == 8
    language = language.replace(cached, "#ifdef NEVER\n#define GLOBAL_READ")
    files["src/language.h"] = language.encode()
    files["src/overlay.cl"] = defines.encode() + files["src/overlay.cl"]
    write_project(files, tmp_path / "p")
    done = make(tmp_path / "p", "emulate", "TIME_LIMIT=60")
    assert done.returncode == 0 and "PASS: every layer equals its golden output" in done.stdout, done.stderr[-2000:]
    assert_counters_are_the_plans(done.stdout, tmp_path / "p" / "predicted.json")


HANGING = """
#pragma OPENCL EXTENSION cl_intel_channels : enable
channel int never __attribute__((depth(1)));
channel int unread __attribute__((depth(1)));
#define KERNEL __attribute__((max_global_work_dim(0))) kernel void
KERNEL load(ulong address, int count, global ulong *counters, global uchar *a, global uchar *b, global uchar *c,
            global uchar *d) {}
KERNEL feed(int count, global ulong *counters) { counters[0] = read_channel_intel(never); }
KERNEL array(int count) {}
KERNEL accumulate(int count) {}
KERNEL post(int count) { if (count < 0) { write_channel_intel(never, 1); read_channel_intel(unread); } }
KERNEL store(int count, global ulong *counters, global uchar *a, global uchar *b, global uchar *c, global uchar *d) {
    write_channel_intel(unread, 1);
}
"""


@pytest.mark.parametrize("target", ["emulate", pytest.param("emulate-python", marks=pytest.mark.full)])
def test_kernels_that_wait_for_ever_are_given_up(files: dict[str, bytes], tmp_path: Path, target: str) -> None:
    write_project({**files, "src/overlay.cl": HANGING.encode()}, tmp_path / "p")
    done = make(tmp_path / "p", target, "TIME_LIMIT=2", seconds=120)
    assert done.returncode == 2
    assert "kernel feed is not done after 2 s: it waits for ever, or" in done.stderr


FAKE_TOOL = """#!/bin/sh
echo "$(basename $0) $*" >>calls
case "$*" in *config) python3 host/emulator.py flags;; esac
"""


def test_make_calls_aoc_with_board_clock_and_memory(files: dict[str, bytes], tmp_path: Path) -> None:
    """A script in place of aoc and aocl notes its arguments."""
    write_project(files, tmp_path / "p")
    (tmp_path / "bin").mkdir()
    for name in ("aoc", "aocl"):
        (tmp_path / "bin" / name).write_text(FAKE_TOOL)
        (tmp_path / "bin" / name).chmod(0o755)
    path = f"{tmp_path / 'bin'}{os.pathsep}{environment()['PATH']}"
    for target in ("report", "aocx", "emulated", "host"):
        done = make(tmp_path / "p", target, path=path)
        assert done.returncode == 0, done.stderr
    calls = [line for line in (tmp_path / "p" / "calls").read_text().splitlines() if line.startswith("aoc ")]
    board = "-board=p520_max_sg280l -no-interleaving=default -hyper-optimized-handshaking=auto -I src"
    assert calls == [
        f"aoc -rtl -report {board} src/overlay.cl -o build/overlay.aocr",
        f"aoc {board} -clock=300MHz -seed=1 src/overlay.cl -o build/overlay.aocx",
        "aoc -march=emulator -DOVERLAY_EMULATION -I src src/overlay.cl -o build/overlay.emulator.aocx",
    ]
    plan = make(tmp_path / "p", "-n", "emulate", path=path).stdout
    assert "build/host --binary build/overlay.emulator.aocx --emulator" in plan
    (tmp_path / "p" / "build" / "overlay.aocx").write_bytes(b"")
    assert "build/host --binary build/overlay.aocx" in make(tmp_path / "p", "-n", "run", path=path).stdout


@pytest.mark.parametrize(("target", "message"), [("report", "needs aoc"), ("aocx", "needs aoc"), ("run", "make aocx")])
def test_make_says_what_is_missing(files: dict[str, bytes], tmp_path: Path, target: str, message: str) -> None:
    write_project(files, tmp_path / "p")
    done = make(tmp_path / "p", target, path="/usr/bin:/bin")
    assert done.returncode == 2 and message in done.stderr and "22.4" in done.stderr


def test_make_emulate_says_how_to_install_the_emulator(files: dict[str, bytes], tmp_path: Path) -> None:
    """An interpreter that sees no packages."""
    write_project(files, tmp_path / "p")
    done = make(tmp_path / "p", "emulate", f"PYTHON={sys.executable} -S -E", path="/usr/bin:/bin")
    assert done.returncode == 2
    assert f"needs Khronos' header CL/cl.h and its loader: run '{emulator.INSTALL}'" in done.stderr
    words = [sys.executable, "-S", "-E", str(tmp_path / "p" / "host" / "emulator.py"), "run", "true"]
    bare = subprocess.run(words, capture_output=True, text=True, check=False)
    assert bare.returncode == 2 and f"emulator is not installed: run '{emulator.INSTALL}'" in bare.stderr


def test_packages_of_different_releases_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = emulator._package

    class Newer:
        version = "2026.1.0"

    monkeypatch.setattr(emulator, "_package", lambda name: Newer() if name == emulator.RUNTIME else real(name))
    with pytest.raises(emulator.EmulatorMissingError, match=r"intel-opencl-rt 2026\.1\.0, and both must be of"):
        emulator.emulator_library()


def test_another_vendors_device_is_refused(network: Network) -> None:
    plan = plan_on(network, (8, 8), device="u200")
    message = r"'u200' of vendor 'amd'; the backend intel-opencl is for Intel devices: use vitis-hls, or plan"
    with pytest.raises(InputError, match=message):
        made(network, plan)
    with pytest.raises(InputError, match=message):
        find_executor("intel-opencl", load_device("u200"))
    with pytest.raises(InputError, match="the backend vitis-hls is for AMD devices: use intel-opencl"):
        find_executor("vitis-hls", load_device("arria10-gx1150"))


@pytest.mark.parametrize(("board", "found"), [("", "no board"), ("my/board", "which is no name of one")])
def test_a_device_without_a_board_is_refused(network: Network, plan: Plan, board: str, found: str) -> None:
    message = rf"{found}.*table \[device\] of its TOML file write board = \"NAME\".*aoc -list-boards"
    with pytest.raises(InputError, match=message):
        made(network, on_device(plan, board=board))


@pytest.mark.parametrize("bank", ["DDR[0]", "CL_CHANNEL_9_INTELFPGA", "HBM0"])
def test_memories_that_no_buffer_can_lie_in_are_refused(network: Network, plan: Plan, bank: str) -> None:
    """A name is fine where all are names; here the others are channels."""
    banks = [*parse_device(plan.device, "plan").system.memory_banks[:3], bank]
    with pytest.raises(InputError, match=r"memory_banks in the table \[system\].*found CL_CHANNEL_1_INTELFPGA"):
        made(network, on_device(plan, memory_banks=banks))


def test_an_overlay_too_large_is_refused(network: Network, plan: Plan) -> None:
    program = compile_program(plan, quantise(network, samples=1))
    for change in ({"rows": 110, "columns": 110}, {"input_buffer": 2**30}, {"packing": 2}):
        large = replace(plan, overlay=replace(plan.overlay, **change))
        with pytest.raises(InfeasibleError, match="does not fit device 'stratix10-gx2800'"):
            backend.generate(large, program, integer_image(network, 0))


def test_nothing_is_written_where_a_plan_is_refused(tmp_path: Path) -> None:
    """The commands as a user meets them: exit status, one message, no folder."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dynamap", *words], capture_output=True, text=True, cwd=tmp_path, check=False
        )

    assert run("plan", str(DIGITS_MODEL), "--device", "zcu104", "--array", "8x8", "-o", "amd.json").returncode == 0
    boardless = (Path(dynamap.__file__).parent.parent / "cost/devices/arria10-gx1150.toml").read_text()
    (tmp_path / "mine.toml").write_text(boardless.replace('board = "pac_a10"\n', ""))
    assert run("plan", str(DIGITS_MODEL), "--device", "mine.toml", "--array", "8x8", "-o", "mine.json").returncode == 0
    for words, message in (
        (("generate", "amd.json", "--backend", "intel-opencl", "-o", "p"), "use vitis-hls"),
        (("generate", "mine.json", "--backend", "intel-opencl", "-o", "p"), 'board = "NAME"'),
        (("run", "amd.json", "--executor", "intel-opencl"), "use vitis-hls"),
    ):
        done = run(*words)
        assert done.returncode == 2 and done.stdout == "", done.stderr
        assert message in done.stderr and "Traceback" not in done.stderr and done.stderr.count("error: ") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["amd.json", "mine.json", "mine.toml"]


def test_the_manifest_lists_every_file(files: dict[str, bytes]) -> None:
    lines = with_manifest(files)[MANIFEST].decode().splitlines()
    assert [line.split("  ")[1] for line in lines] == sorted(files)
