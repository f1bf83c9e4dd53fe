"""The generated project: its files, its C simulation by its own Makefile, and what is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dynamap.backends.conformance.checking import check
from dynamap.backends.conformance.networks import random_network
from dynamap.backends.conformance.plans import ONE_PRODUCT
from dynamap.backends.contract import Backend
from dynamap.backends.emulator import execute
from dynamap.backends.hardware.sizes import check_program, sizes_of
from dynamap.backends.program.encoding import read_program
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.program.specification import Role
from dynamap.backends.project import MANIFEST, with_manifest, write_project
from dynamap.backends.quantise import quantise
from dynamap.backends.vitis_hls import backend
from dynamap.backends.vitis_hls.csim import CSimulationExecutor
from dynamap.backends.vitis_hls.params import storage_of
from dynamap.cost.device import Device, parse_device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request
from support.programs import integer_image, one_conv, plan_on


def made(network: Network, plan: Plan) -> dict[str, bytes]:
    quantised = quantise(network, samples=1)
    return dict(backend.generate(plan, compile_program(plan, quantised), integer_image(network, 4)))


@pytest.fixture(scope="module")
def network() -> Network:
    built: Network = random_network(5)
    return built


@pytest.fixture(scope="module")
def files(network: Network) -> dict[str, bytes]:
    return made(network, plan_on(network, (8, 8), device="u200"))


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_the_backend_keeps_its_contract() -> None:
    assert isinstance(backend, Backend)


def test_same_plan_same_bytes(network: Network, files: dict[str, bytes]) -> None:
    again = made(network, plan_on(network, (8, 8), device="u200"))
    assert again == files
    for path, content in files.items():
        assert str(Path.home()).encode() not in content and os.getcwd().encode() not in content, path


def test_ports_lie_on_the_banks_of_the_device(files: dict[str, bytes]) -> None:
    """u200 has a port of 64 bytes on each of its four DDR banks."""
    text = files["link.cfg"].decode()
    found = dict(re.findall(r"sp=overlay_1.m_axi_gmem(\d):(\S+)", text))
    assert found == {str(i): f"DDR[{i}]" for i in range(4)}
    assert "const int PORTS = 4;" in files["src/params.h"].decode()


@pytest.mark.parametrize(("device", "kinds"), [("zcu104", {"uram", "bram"}), ("vc709", {"bram"})])
def test_buffers_are_made_of_the_memory_that_the_plan_counts(network: Network, device: str, kinds: set[str]) -> None:
    """zcu104 has both kinds, and a full machine spreads over them; vc709 has no URAM."""
    plan = plan_on(network, (8, 8), device=device)
    made_of = storage_of(plan, parse_device(plan.device, "plan"))
    names = {
        "input buffer": "INPUT",
        "output buffer": "OUTPUT",
        "weight buffer": "WEIGHT",
        "accumulators": "ACCUMULATOR",
    }
    assert set(made_of) == set(names) and set(made_of.values()) == kinds
    o, blocks = plan.overlay, {"uram": (72, 4096), "bram": (72, 512)}  # width in bits, depth
    shapes = {
        "input buffer": (1, 8 * o.word_bytes, o.input_buffer // o.word_bytes),
        "output buffer": (1, 8 * o.word_bytes, o.output_buffer // o.word_bytes),
        "weight buffer": (1, 8 * o.word_bytes, o.weight_buffer // o.word_bytes),
        "accumulators": (o.columns, 72, 2 * o.accumulator_rows),
    }
    used = dict.fromkeys(blocks, 0)
    for buffer, (copies, bits, depth) in shapes.items():
        width, deep = blocks[made_of[buffer]]
        used[made_of[buffer]] += copies * -(-bits // width) * -(-depth // deep)
    planned = {use.name: use.used for use in plan.resources}
    # What is left are the row buffers and the lanes' tables, which are in no more than one kind of memory each.
    rest = {"uram": planned.get("uram", 0) - used["uram"], "bram": planned["bram36"] - used["bram"]}
    if device == "vc709":  # of zcu104 the plan counts the RTL's memories
        assert min(rest.values()) >= 0 and rest["bram"] >= -(-o.lanes // 2)
    header = made(network, plan)["src/params.h"].decode()
    macros = dict(re.findall(r"#define (\w+)_STORAGE (\w+)", header))
    assert macros == {names[buffer]: made for buffer, made in made_of.items()}


def check_own_values(network: Network, folder: Path) -> None:
    """The same image as real values in a file gives the same outputs, as real values."""
    program = read_program(b"".join((folder / "data" / f"{name}.bin").read_bytes() for name in ("program", "weights")))
    image = integer_image(network, 4)

    def real(values: dict[str, np.ndarray], role: Role) -> bytes:
        entries = program.tensors_of(role)
        scales = {name: np.array(entry.scale_bits, "<u4").view("<f4") for name, entry in entries.items()}
        return b"".join(
            ((values[name].astype(np.float32) - entry.zero_point) * scales[name]).astype("<f4").tobytes()
            for name, entry in entries.items()
        )

    (folder / "values").write_bytes(real(image, Role.INPUT))
    command = ["build/csim/testbench", "data", "--input", "values", "--output", "outputs"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    assert (folder / "outputs").read_bytes() == real(execute(program, image), Role.OUTPUT)


def test_the_readme_lists_every_loop_that_is_announced(files: dict[str, bytes]) -> None:
    """None is left out."""
    readme = files["README.md"].decode()
    for path, content in files.items():
        if path.startswith("src/") and path != "src/language.h":
            for name in re.findall(r"\bPIPELINED\(\s*(\w+)\)", content.decode()):
                assert f"| `{name}` | `{path}` | " in readme, (path, name)


def test_make_csim_passes_and_names_a_difference(network: Network, files: dict[str, bytes], tmp_path: Path) -> None:
    folder = tmp_path / "project"
    write_project(files, folder)
    assert subprocess.run(["sha256sum", "-c", "--quiet", MANIFEST], cwd=folder, check=False).returncode == 0
    done = subprocess.run(
        ["make", "csim"], cwd=folder, capture_output=True, text=True, env=environment(), check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "PASS: every layer equals its golden output" in done.stdout
    predicted = json.loads((folder / "predicted.json").read_text())["layers"]
    for layer in predicted:  # the printed counters are the plan's
        line = re.search(rf"^{re.escape(layer['name'])} +(\d+) +(\d+) +(\d+)$", done.stdout, re.MULTILINE)
        assert line is not None, layer["name"]
        wanted = [layer["compute_cycles"], layer["bytes_read"], layer["bytes_written"]]
        assert [int(number) for number in line.groups()] == wanted, layer["name"]
    check_own_values(network, folder)
    golden = bytearray((folder / "data" / "golden.bin").read_bytes())
    golden[-1] ^= 1
    (folder / "data" / "golden.bin").write_bytes(bytes(golden))
    wrong = subprocess.run([str(folder / "build/csim/testbench"), "data"], cwd=folder, capture_output=True, text=True)
    assert wrong.returncode == 1
    assert re.search(
        rf"MISMATCH in layer {re.escape(predicted[-1]['name'])}: .* expected -?\d+, got -?\d+", wrong.stdout
    )


XRT = """
#pragma once
#include <cstddef>
#include <string>
enum xclBOSyncDirection { XCL_BO_SYNC_BO_TO_DEVICE, XCL_BO_SYNC_BO_FROM_DEVICE };
namespace xrt {
struct uuid {};
struct device {
    explicit device(unsigned index);
    uuid load_xclbin(const std::string &file);
};
struct kernel {
    kernel(const device &device, const uuid &uuid, const std::string &name);
    int group_id(int argument) const;
};
struct bo {
    bo();
    bo(const device &device, std::size_t bytes, int group);
    template <typename T> T map();
    void sync(xclBOSyncDirection direction);
};
struct run {
    explicit run(const kernel &kernel);
    template <typename T> void set_arg(int index, T &&value);
    void start();
    int wait();
};
}
"""
"""The declarations of XRT's native interface that the host uses."""


def test_the_board_host_is_valid_against_the_interface_of_xrt(files: dict[str, bytes], tmp_path: Path) -> None:
    write_project(files, tmp_path / "p")
    (tmp_path / "xrt").mkdir()
    for name in ("xrt_bo.h", "xrt_device.h", "xrt_kernel.h"):
        (tmp_path / "xrt" / name).write_text('#include "all.h"\n')
    (tmp_path / "xrt" / "all.h").write_text(XRT)
    command = ["g++", "-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]
    command += ["-Isrc", "-Itb", f"-I{tmp_path}", "host/host.cpp"]
    done = subprocess.run(command, cwd=tmp_path / "p", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("target", ["hls", "cosim", "xo", "xclbin", "hw_emu", "run"])
def test_make_says_which_tool_is_missing(files: dict[str, bytes], tmp_path: Path, target: str) -> None:
    write_project(files, tmp_path / "project")
    bare = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["make", target], cwd=tmp_path / "project", capture_output=True, text=True, env=bare, check=False
    )
    assert done.returncode == 2
    assert re.search(r"needs (v\+\+|vitis-run|emconfigutil|XRT)", done.stderr), done.stderr


def test_another_vendors_device_is_refused(network: Network) -> None:
    plan = plan_on(network, (8, 8), device="arria10-gx1150")
    with pytest.raises(InputError, match=r"vendor 'intel'.*use intel-opencl"):
        made(network, plan)


def test_an_overlay_too_large_is_refused(network: Network) -> None:
    plan = plan_on(network, (8, 8), device="zcu104")
    for change in ({"rows": 80, "columns": 80}, {"input_buffer": 2**30}):
        large = replace(plan, overlay=replace(plan.overlay, **change))
        quantised = quantise(network, samples=1)
        program = compile_program(plan, quantised)
        with pytest.raises(InfeasibleError, match="does not fit device 'zcu104'"):
            backend.generate(large, program, integer_image(network, 0))


def test_tables_too_small_for_a_layer_are_named() -> None:
    network = one_conv(TensorShape(3, 4, 4), 100, Window((1, 1)))
    program = compile_program(plan_on(network, (5, 7)), quantise(network, samples=1))
    sizes = sizes_of(program.header, 1, program.header.memory_word_bytes)
    small = replace(sizes, weight_buffer=1024)  # 1024 / 16 channels, a quarter of them per streamed block
    with pytest.raises(
        InputError, match=r"layer 'conv': the kernel holds (16|64) parameters of output channels per block"
    ):
        check_program(program, small)


def test_ports_must_match_the_program() -> None:
    network = one_conv(TensorShape(3, 4, 4), 10, Window((1, 1)))
    header = compile_program(plan_on(network, (5, 7)), quantise(network, samples=1)).header
    with pytest.raises(InputError, match="plan again for this device"):
        sizes_of(header, 4, 64)
    with pytest.raises(InputError, match="1 to 8 memory ports"):
        sizes_of(replace(header, memory_word_bytes=12 * 64), 12, 64)


SMALL_FILES = {"a.txt": b"one", "folder/b.txt": b"two"}


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    write_project(SMALL_FILES, tmp_path / "p")
    before = (tmp_path / "p" / "a.txt").stat().st_mtime_ns
    write_project(SMALL_FILES, tmp_path / "p")
    assert (tmp_path / "p" / "a.txt").stat().st_mtime_ns == before


def test_other_contents_are_refused_and_force_replaces_only_generated_files(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    write_project(SMALL_FILES, folder)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"has other contents.*--force"):
        write_project({"a.txt": b"new"}, folder)
    assert (folder / "a.txt").read_bytes() == b"one"
    write_project({"a.txt": b"new"}, folder, force=True)
    assert (folder / "a.txt").read_bytes() == b"new"
    assert not (folder / "folder" / "b.txt").exists()
    assert (folder / "notes.txt").read_text() == "mine"
    with pytest.raises(InputError, match=r"notes\.txt.* is in the way"):
        write_project({"notes.txt": b"generated"}, folder, force=True)
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_foreign_manifest_cannot_reach_outside(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    outside = tmp_path / "outside.txt"
    outside.write_text("keep")
    (folder / MANIFEST).write_text(f"{'0' * 64}  ../outside.txt\n")
    write_project(SMALL_FILES, folder, force=True)
    assert outside.read_text() == "keep"


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []
    real = Path.write_bytes

    def fill(self: Path, data: bytes) -> int:
        if written:
            raise OSError(28, "No space left on device")
        written.append(self)
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.raises(InputError, match="No space left on device"):
        write_project(SMALL_FILES, tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_lists_every_file() -> None:
    lines = with_manifest(SMALL_FILES)[MANIFEST].decode().splitlines()
    # printf one | sha256sum
    assert lines[0] == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed  a.txt"
    assert [line.split("  ")[1] for line in lines] == ["a.txt", "folder/b.txt"]


@pytest.mark.full
@pytest.mark.parametrize("device", ["zcu104", ONE_PRODUCT], ids=["DSP48E2", "DSP48E1"])
@pytest.mark.parametrize("seed", [0, 1, 3])
def test_exact_widths_of_vector_layers(seed: int, device: str | Device) -> None:
    """Networks with additions, concatenations, resizes, poolings and a normalisation."""
    exact = ("-O0", "-DOVERLAY_EXACT_WIDTHS", "-Wno-uninitialized", "-Wno-maybe-uninitialized")
    network = random_network(seed)
    plan = plan_on(network, (8, 8), device=device, request=Request())
    quantised = quantise(network, samples=1, seed=seed)
    assert plan.overlay.packing == 2
    assert check(CSimulationExecutor(exact), plan, quantised, integer_image(network, seed))


@pytest.mark.full
def test_exact_widths_give_the_same_results(tmp_path: Path) -> None:
    """Registers of ap_int instead of the standard types: every bit that the types leave out is really not needed."""
    network = one_conv(TensorShape(20, 6, 5), 19, Window((3, 3), pads=(1, 1, 1, 1)))
    write_project(made(network, plan_on(network, (5, 4), device="zcu104")), tmp_path / "p")
    done = subprocess.run(
        ["make", "csim-exact"], cwd=tmp_path / "p", capture_output=True, text=True, env=environment(), check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert np.frombuffer((tmp_path / "p/data/golden.bin").read_bytes(), np.int8).size == 19 * 6 * 5
