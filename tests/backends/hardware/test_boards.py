"""The way from a project to each device: every step's files and targets are there, block designs join what they have,
and the host of boards without XRT runs a network against a model of a board."""

from __future__ import annotations

import re
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from dynamap.backends.conformance.networks import random_network
from dynamap.backends.discovery import load_backend
from dynamap.backends.emulator import Emulator, execute
from dynamap.backends.hardware.target import VENDORS
from dynamap.backends.program.encoding import Program
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.program.specification import Role
from dynamap.backends.quantise import quantise
from dynamap.backends.vitis_hls.boards.ways import Way, way_to
from dynamap.cost.device import device_names, load_device
from support.programs import integer_image, plan_on
from support.repository import ROOT

BUILT = re.compile(r"build/|overlay\.(bit|hwh|hw\.xclbin)$|sd_card\.img$")
STUBS = Path(__file__).parent / "vivado_stubs.tcl"

WAYS = {
    **dict.fromkeys(("u200", "u250", "u280", "u50", "u55c"), Way.CARD),
    **dict.fromkeys(("zcu102", "zcu104"), Way.EMBEDDED),
    "kv260": Way.ZYNQ_ULTRASCALE,
    "pynq-z2": Way.ZYNQ_7000,
    **dict.fromkeys(("vcu118", "vc709"), Way.PCIE),
}


def project(device: str) -> dict[str, bytes]:
    network = random_network(5)
    plan = plan_on(network, (4, 4), device=device)
    program = compile_program(plan, quantise(network, samples=1))
    backend = load_backend(VENDORS[load_device(device).vendor][1])
    return dict(backend.generate(plan, program, integer_image(network, 4)))


@pytest.mark.parametrize("device", device_names())
def test_every_device_has_a_way_that_ends(device: str) -> None:
    """All that the steps name is a file of the project, or what a target makes; the last step runs a picture."""
    if load_device(device).vendor == "amd":
        assert way_to(load_device(device)) is WAYS[device]
    files = project(device)
    readme, makefile = files["README.md"].decode(), files["Makefile"].decode()
    way = readme[readme.index("## To the board") : readme.index("## The project")]
    targets = {name for line in re.findall(r"^([\w$() .-]+):(?!=)", makefile, re.MULTILINE) for name in line.split()}
    asked = set(re.findall(r"^make ([\w-]+)", way, re.MULTILINE))
    assert asked and asked <= targets, asked - targets
    folders = {path.split("/")[0] for path in files}
    named = set(re.findall(r"(?<![\w/])((?:host|vivado|data|src|tb)/[\w./]+|[\w]+\.(?:mk|md|cfg|tcl))\b", way))
    named |= {word for word in re.findall(r"(?<=scp -r ).*(?= xilinx@)", way) for word in word.split()}
    optional = {"data/labels.txt"}  # where there are labels
    missing = {
        path for path in named - optional if path not in files and path not in folders and not BUILT.search(path)
    }
    assert not missing
    assert "PASS" in way and ("photo.jpg" in way or "photo.bmp" in way)
    assert "**Not tried when this was written:**" in way
    steps = [int(number) for number in re.findall(r"^\*\*(\d+)\.", way, re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1)) and way.count("Expect:") == len(steps) > 4


def test_nobody_is_told_to_use_what_no_target_makes() -> None:
    """Some readers were told to integrate "the exported IP": no target exported one."""
    for path in [*(ROOT / "cost/devices").glob("*.toml"), *(ROOT / "docs").glob("*.md")]:
        assert "the exported IP" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("device", [name for name, way in WAYS.items() if way.system is not None])
def test_block_designs_join_pins_of_their_cells(device: str, tmp_path: Path) -> None:
    """Read by Tcl, with Vivado's commands replaced by ones that keep account of cells, pins and what drives them."""
    files = project(device)
    for path, content in files.items():
        if path.startswith("vivado/"):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_bytes(content)
    done = subprocess.run(
        ["tclsh", str(STUBS), str(tmp_path / "vivado" / "build.tcl"), "ip", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    system = load_device(device).system
    joined = {line.split()[2]: line.split()[1] for line in said if line.startswith("interface ")}
    memories = [f"kernel/m_axi_gmem{port}" for port in range(system.memory_ports)]
    assert set(memories) <= set(joined.values()) and "kernel/s_axi_control" in joined
    ends = {follow(joined, memory) for memory in memories}
    assert len(ends) == system.memory_ports, "each port of the kernel has a memory of its own"
    driven = {line.split()[2] for line in said if line.startswith("net ")}
    assert {"kernel/ap_clk", "kernel/ap_rst_n"} <= driven
    switches = {line.split()[1] for line in said if line.startswith("cell ") and line.endswith("smartconnect")}
    for switch in switches:
        assert {f"{switch}/aclk", f"{switch}/aresetn"} <= driven, switch
    assert said[-1] == f"built {tmp_path}/overlay.bit"


def follow(joined: dict[str, str], master: str) -> str:
    """The slave at the end of a master's way through the switch that it enters."""
    (entry,) = [slave for slave, by in joined.items() if by == master]
    (end,) = [slave for slave, by in joined.items() if by == f"{entry.split('/')[0]}/M00_AXI"]
    return end


class Model:
    """A board in software: memories at addresses, the kernel's registers, and the emulator as the kernel."""

    def __init__(self, program: Program, ports: int) -> None:
        self.program, self.ports = program, ports
        self.registers: dict[int, int] = {}
        self.memory: dict[int, np.ndarray] = {}

    def write(self, offset: int, value: int) -> None:
        self.registers[offset] = value
        if offset == 0 and value & 1:
            self.work()
            self.registers[0] = 2

    def read(self, offset: int) -> int:
        return self.registers.get(offset, 0)

    def argument(self, place: int) -> int:
        """Arguments of 64 bits follow each other every 12 bytes from 0x10 on, lower half first (AMD's UG1399)."""
        at = 0x10 + 12 * place
        return self.registers[at] | self.registers.get(at + 4, 0) << 32

    def work(self) -> None:
        header = self.program.header
        reads = [self.argument(port) for port in range(self.ports)]
        assert reads == [self.argument(self.ports + port) for port in range(self.ports)]
        assert self.argument(2 * self.ports + 1) == header.commands_address
        assert self.registers[0x10 + 12 * (2 * self.ports + 2)] == header.command_count
        banks = [self.memory[address] for address in reads]
        width = header.memory_word_bytes // self.ports
        emulator = Emulator(self.program)
        beats = len(emulator.memory.data) // width
        for beat in range(beats):
            at = beat // self.ports * width
            emulator.memory.data[beat * width : (beat + 1) * width] = banks[beat % self.ports][at : at + width]
        for _ in emulator.run():
            pass
        for beat in range(beats):
            at = beat // self.ports * width
            banks[beat % self.ports][at : at + width] = emulator.memory.data[beat * width : (beat + 1) * width]


@pytest.fixture
def host(
    tmp_path: Path, overlay_data: Callable[[Path], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> tuple[ModuleType, ModuleType, Path]:
    """The modules of a project's host, and the project."""
    for path, content in project("pynq-z2").items():
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_bytes(content)
    data_module = overlay_data(tmp_path / "host")
    monkeypatch.setitem(sys.modules, "overlay_data", data_module)
    spec = importlib_spec("overlay_board", tmp_path / "host" / "overlay_board.py")
    return spec, data_module, tmp_path


def importlib_spec(name: str, path: Path) -> ModuleType:
    import importlib.util

    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compiled() -> Program:
    network = random_network(5)
    return compile_program(plan_on(network, (4, 4), device="pynq-z2"), quantise(network, samples=1))


def expected_outputs(program: Program) -> list[np.ndarray]:
    found = execute(program, integer_image(random_network(5), 4))
    entries = program.tensors_of(Role.OUTPUT)
    scales = {name: np.array(entry.scale_bits, "<u4").view("<f4") for name, entry in entries.items()}
    return [
        (found[name].astype(np.float64) - entry.zero_point).ravel() * float(scales[name])
        for name, entry in entries.items()
    ]


def test_the_host_runs_a_network_under_pynq(
    host: tuple[ModuleType, ModuleType, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`run` gives what the emulator gives, twice, by buffers at addresses beyond 32 bits."""
    module, data_module, folder = host
    program = compiled()
    model = Model(program, 4)

    class Buffer(np.ndarray):
        device_address = 0

        def flush(self) -> None:
            pass

        invalidate = flush

    def allocate(shape: tuple[int, ...], dtype: str) -> Buffer:
        made = np.zeros(shape, dtype).view(Buffer)
        made.device_address = (len(model.memory) << 28) + (7 << 32)
        model.memory[made.device_address] = made.view(np.ndarray)
        return made

    loaded = []
    fake = types.ModuleType("pynq")
    fake.Overlay = lambda name: loaded.append(name) or types.SimpleNamespace(kernel=model)  # type: ignore[attr-defined]
    fake.allocate = allocate  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pynq", fake)
    data = data_module.OverlayData(folder / "data", 4, 8)
    network = module.OverlayNetwork(module.PynqBoard(Path("overlay.bit"), data), data)
    for _ in range(2):
        for got, wanted in zip(network.run(), expected_outputs(program), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-12)
    assert loaded == ["overlay.bit"] and network.seconds > 0


def test_the_host_runs_a_network_over_pcie(
    host: tuple[ModuleType, ModuleType, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver's files: memory i at i x 2^32, registers of 32 bits; transfers may be cut anywhere."""
    module, data_module, folder = host
    program = compiled()
    model = Model(program, 4)
    data = data_module.OverlayData(folder / "data", 4, 8)
    model.memory = {port << 32: np.zeros(data.bytes_per_port, np.uint8) for port in range(4)}
    files = {"/dev/xdma0_h2c_0": 3, "/dev/xdma0_c2h_0": 4, "/dev/xdma0_user": 5}

    def pwrite(file: int, content: bytes, at: int) -> int:
        if file == 5:
            model.write(at, int.from_bytes(content, "little"))
            return 4
        bank, offset = model.memory[at >> 32 << 32], at & 0xFFFFFFFF
        part = bytes(content)[:1000]
        bank[offset : offset + len(part)] = np.frombuffer(part, np.uint8)
        return len(part)

    def pread(file: int, count: int, at: int) -> bytes:
        if file == 5:
            return model.read(at).to_bytes(4, "little")
        return bytes(model.memory[at >> 32 << 32][at & 0xFFFFFFFF :][: min(count, 777)])

    fake = types.SimpleNamespace(
        open=lambda name, flags: files[name], pwrite=pwrite, pread=pread, O_WRONLY=1, O_RDONLY=0, O_RDWR=2
    )
    monkeypatch.setattr(module, "os", fake)
    network = module.OverlayNetwork(module.XdmaBoard("/dev/xdma0", data), data)
    for got, wanted in zip(network.run(), expected_outputs(program), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_registers_are_compared_with_the_tools_header(host: tuple[ModuleType, ModuleType, Path]) -> None:
    """Vitis HLS writes xoverlay_hw.h beside the packaged kernel; a line per register."""
    module, _, folder = host
    names = ["READ0", "WRITE0", "COUNTERS", "COMMANDS_ADDRESS", "COMMAND_COUNT"]
    places = [0x10, 0x1C, 0x28, 0x34, 0x40]
    header = "".join(
        f"#define XOVERLAY_CONTROL_ADDR_{name}_DATA {place:#x}\n" for name, place in zip(names, places, strict=True)
    )
    assert module.differing_registers(header, 1) == []
    moved = header.replace("COUNTERS_DATA 0x28", "COUNTERS_DATA 0x2c")
    assert module.differing_registers(moved, 1) == ["counters is at 0x2c and this program expects 0x28"]
    assert module.differing_registers("", 1)[0] == "the header has no register of read0"
    (folder / "xoverlay_hw.h").write_text(header)
    command = [sys.executable, "host/board.py", "registers", "xoverlay_hw.h"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1 and "the header has no register of read1" in done.stdout  # the project has four ports
