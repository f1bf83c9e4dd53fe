"""The generated project: its own Makefile checks and simulates it, and what it names where something differs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from onnx import helper

import dynamap
from dynamap.backends.contract import Backend
from dynamap.backends.program.host import integer_inputs, prepare, random_inputs
from dynamap.backends.project import MANIFEST, write_project
from dynamap.backends.vitis_rtl.backend import backend
from dynamap.cost.device import load_device
from dynamap.cost.errors import InputError
from support.rtl_programs import Case, Convolution, case_of, chain

LAYERS = (Convolution(32, kernel=3), Convolution(16, activation="Sigmoid"))

XRT = """
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
enum xclBOSyncDirection { XCL_BO_SYNC_BO_TO_DEVICE, XCL_BO_SYNC_BO_FROM_DEVICE };
namespace xrt {
struct uuid {};
struct device {
    explicit device(unsigned index);
    uuid load_xclbin(const std::string &file);
};
struct bo;
struct run {
    int wait();
};
struct kernel {
    enum class cu_access_mode { exclusive, shared, none };
    kernel(const device &device, const uuid &uuid, const std::string &name, cu_access_mode mode);
    int group_id(int argument) const;
    std::uint32_t read_register(std::uint32_t offset) const;
    template <typename... Arguments> run operator()(Arguments &&...arguments);
};
struct bo {
    bo(const device &device, std::size_t bytes, int group);
    template <typename T> T map();
    std::uint64_t address() const;
    void sync(xclBOSyncDirection direction);
};
}
"""
"""The declarations of XRT's native interface that the host uses."""


@pytest.fixture(scope="module")
def case() -> Case:
    return case_of(chain((16, 6, 7), LAYERS))


@pytest.fixture(scope="module")
def files(case: Case) -> dict[str, bytes]:
    return backend.generate(case.plan, case.program, case.image)


def make(folder: Path, *words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    own = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path or own}
    return subprocess.run(
        ["make", *words], cwd=folder, capture_output=True, text=True, env=environment, check=False, timeout=900
    )


def test_the_backend_keeps_its_contract(case: Case, files: dict[str, bytes]) -> None:
    """Same plan, same bytes; no path of this machine."""
    assert isinstance(backend, Backend)
    assert backend.generate(case.plan, case.program, case.image) == files
    for path, content in files.items():
        assert f"{Path.home()}/".encode() not in content and os.getcwd().encode() not in content, path


def test_make_sim_passes_and_names_what_differs(files: dict[str, bytes], tmp_path: Path) -> None:
    """A value, then the cycles of a layer."""
    folder = tmp_path / "project"
    write_project(files, folder)
    assert subprocess.run(["sha256sum", "-c", "--quiet", MANIFEST], cwd=folder, check=False).returncode == 0
    done = make(folder, "sim", "OPTIMISE=-O0")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "PASS: every layer equals its golden output" in done.stdout
    assert "PASS: every layer has the cycles of the closed form" in done.stdout
    counted = re.findall(r"^(c\d) +(\d+) +(\d+) +\d+ +\d+ +\d+$", done.stdout, re.MULTILINE)
    assert [name for name, _, _ in counted] == ["c0", "c1"]
    assert all(measured == expected for _, measured, expected in counted)
    program = [str(folder / "build/sim/made/kernel_sim"), "data"]

    lines = (folder / "data/cycles.txt").read_text().splitlines()
    command, cycles, waited, table = map(int, lines[-1].split())
    (folder / "data/cycles.txt").write_text("\n".join([*lines[:-1], f"{command} {cycles + 1} {waited} {table}", ""]))
    slow = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
    assert slow.returncode == 1
    assert re.search(
        r"MISMATCH in layer c1: \d+ cycles, \d+ of them waiting; the closed form has \d+ and \d+", slow.stdout
    )
    stalled = subprocess.run([*program, "--stalls", "7"], cwd=folder, capture_output=True, text=True, check=False)
    assert stalled.returncode == 0, "no cycles are expected of a memory that stalls"

    golden = bytearray((folder / "data/golden.bin").read_bytes())
    golden[-1] ^= 1
    (folder / "data/golden.bin").write_bytes(bytes(golden))
    wrong = subprocess.run([*program, "--stalls", "7"], cwd=folder, capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert re.search(r"MISMATCH in layer c1: tensor .* expected -?\d+, got -?\d+", wrong.stdout)


def test_make_lint_has_nothing_to_say(files: dict[str, bytes], tmp_path: Path) -> None:
    write_project(files, tmp_path / "project")
    done = make(tmp_path / "project", "lint")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "PASS: Verilator, slang and Verible have nothing to say" in done.stdout


def mapped_as_planned(files: dict[str, bytes], folder: Path) -> dict[str, int]:
    """What `make synth` writes: exactly the plan's multipliers and memory blocks, about its logic, in few levels."""
    write_project(files, folder)
    done = make(folder, "synth")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, int] = json.loads((folder / "synthesis.json").read_text())
    assert set(found) == {"multipliers", "lut", "ff", "bram36", "uram", "levels"}
    planned = {use["name"]: use["used"] for use in json.loads(files["predicted.json"])["resources"]}
    assert all(found[name] == planned.get(name, 0) for name in ("multipliers", "bram36", "uram"))
    assert all(abs(found[name] - planned[name]) <= 0.15 * planned[name] for name in ("lut", "ff"))
    assert found["levels"] <= 7
    return found


@pytest.mark.full
def test_make_synth_of_dsp48e1(tmp_path: Path) -> None:
    """SqueezeNet as planned for a PYNQ-Z2, whose last pooling is done in several passes."""
    plan = dynamap.plan(dynamap.load("squeezenet"), device="pynq-z2")
    prepared = prepare(plan)
    inputs = integer_inputs(prepared.quantised, random_inputs(prepared.network, 1))
    found = mapped_as_planned(backend.generate(plan, prepared.program, inputs), tmp_path / "project")
    assert found["multipliers"] == 16 * 8 + 3 * 16


@pytest.mark.full
def test_make_synth_and_trace(files: dict[str, bytes], tmp_path: Path) -> None:
    """128 PEs, and three multipliers for each of 32 lanes; a waveform."""
    found = mapped_as_planned(files, tmp_path / "project")
    assert found["multipliers"] == 16 * 8 + 3 * 32
    assert f"The kernel takes {found['bram36']} of the 312 BRAM36 and {found['uram']} of" in files["README.md"].decode()
    done = make(tmp_path / "project", "trace", "OPTIMISE=-O0")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (wave,) = (tmp_path / "project" / "build").glob("kernel.*")
    assert wave.stat().st_size > 10_000


@pytest.mark.parametrize("target", ["xo", "xclbin", "run"])
def test_make_says_which_tool_is_missing(files: dict[str, bytes], tmp_path: Path, target: str) -> None:
    write_project(files, tmp_path / "project")
    done = make(tmp_path / "project", target, path="/usr/bin:/bin")
    assert done.returncode == 2
    assert re.search(r"needs (v\+\+|vivado|XRT)", done.stderr), done.stderr


def test_the_steps_need_no_package_of_ours(files: dict[str, bytes], tmp_path: Path) -> None:
    """Without any installed package, Python reads all that it carries."""
    write_project(files, tmp_path / "project")
    command = [sys.executable, "-S", "rtl.py", "--help"]
    done = subprocess.run(command, cwd=tmp_path / "project", capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_kernel_is_described_as_it_is(files: dict[str, bytes]) -> None:
    """Registers are those of overlay.sv, and the counters' half of the addresses is in the range."""
    kernel = ElementTree.fromstring(files["vivado/kernel.xml"])[0]
    offsets = {argument.attrib["name"]: int(argument.attrib["offset"], 16) for argument in kernel.iter("arg")}
    assert offsets == {"buffer": 0x10, "records": 0x18, "count": 0x20}
    ports = {port.attrib["name"]: port.attrib for port in kernel.iter("port")}
    assert int(ports["s_axi_control"]["range"], 16) == 2 * 16 * 512
    assert ports["m_axi_gmem"]["dataWidth"] == "512"
    declared = files["src/dynamap_kernel.sv"].decode() + files["src/port_names.svh"].decode()
    assert all(name in declared for name in ports)


def test_several_ports_are_described_and_linked_to_their_banks(tmp_path: Path) -> None:
    """Each with its part of the buffer, and the host that fills them."""
    board = load_device("u200")
    case = case_of(chain((16, 6, 7), LAYERS), device=board)
    files = backend.generate(case.plan, case.program, case.image)
    kernel = ElementTree.fromstring(files["vivado/kernel.xml"])[0]
    offsets = {argument.attrib["name"]: int(argument.attrib["offset"], 16) for argument in kernel.iter("arg")}
    parts = {"buffer0": 0x10, "buffer1": 0x40, "buffer2": 0x48, "buffer3": 0x50}
    assert offsets == {**parts, "records": 0x18, "count": 0x20}
    names = [port.attrib["name"] for port in kernel.iter("port")][1:]
    assert names == [argument.attrib["port"] for argument in kernel.iter("arg")][:4]
    for number, name in enumerate(names):
        assert f"sp=dynamap_kernel_1.{name}:{board.system.memory_banks[number]}" in files["link.cfg"].decode()
    assert f"set masters {{{' '.join(names)}}}" in files["vivado/settings.tcl"].decode()
    check_host(files, tmp_path)


def test_the_board_host_is_valid_against_the_interface_of_xrt(files: dict[str, bytes], tmp_path: Path) -> None:
    check_host(files, tmp_path)


def check_host(files: dict[str, bytes], tmp_path: Path) -> None:
    """The compiler takes it."""
    folder = tmp_path / "p"
    write_project(files, folder)
    (tmp_path / "xrt").mkdir()
    for name in ("xrt_bo.h", "xrt_device.h", "xrt_kernel.h"):
        (tmp_path / "xrt" / name).write_text('#include "all.h"\n')
    (tmp_path / "xrt" / "all.h").write_text(XRT)
    assert make(folder, "build/params.h").returncode == 0
    command = ["g++", "-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Wshadow", "-Werror"]
    command += ["-Ibuild", "-Isim", f"-I{tmp_path}", "host/host.cpp"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_the_rtl_cannot_do_is_refused_before_a_file_is_made() -> None:
    """An average has no multiplier left for the slope of what follows it."""
    mean = helper.make_node("AveragePool", ["a"], ["m"], "mean", kernel_shape=[2, 2])
    leaky = helper.make_node("LeakyRelu", ["m"], ["y"], "leaky")
    case = case_of(chain((16, 6, 6), [Convolution(16)], tail=[mean, leaky]))
    with pytest.raises(InputError, match=r"layer 'mean' \(average_pool\)"):
        backend.generate(case.plan, case.program, case.image)
