"""The kernel with ``params.svh``: three tools take it without a message, and refuse numbers that do not go together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.vitis_rtl import tools
from dynamap.backends.vitis_rtl.core.post import DrainShape, LaneShape
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.backends.vitis_rtl.feeding import FeedShape
from dynamap.backends.vitis_rtl.memory.ports import port_of_word
from dynamap.backends.vitis_rtl.program.shape import KernelShape
from dynamap.backends.vitis_rtl.project.params import params_header
from dynamap.backends.vitis_rtl.project.verilated import cpp_params
from dynamap.backends.vitis_rtl.sources import KERNEL_BENCH, KERNEL_SOURCES, TWIN_FILES, write_sources
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape
from dynamap.cost.errors import InputError

SIZES = KernelSizes(
    rows=16,
    columns=8,
    packing=2,
    ports=1,
    port_bytes=64,
    lanes=32,
    input_buffer=16384,
    weight_buffer=16384,
    output_buffer=8192,
    accumulator_rows=256,
    row_buffer=2048,
)


def shape_of(sizes: KernelSizes) -> KernelShape:
    units = sizes.word_bytes // 16
    depth = 1024 // units
    feed = FeedShape(sizes.rows, sizes.columns, units, depth, depth, sizes.accumulator_rows)
    lanes = LaneShape(sizes.columns, pairs=8)
    drain = DrainShape(lanes, sizes.accumulator_rows, units, 1024 // units * 4, 8192 // sizes.word_bytes)
    core = CoreShape(feed, drain, port_of_word(sizes.word_bytes))
    return KernelShape(core, VectorUnitShape(lanes=16, word_units=units, banks=max(4, units)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sources(tmp_path, (*KERNEL_SOURCES, *TWIN_FILES), KERNEL_BENCH)
    return tmp_path


@pytest.mark.parametrize(
    ("ports", "port_bytes"),
    [(1, 64), (2, 64), *(pytest.param(*size, marks=pytest.mark.full) for size in ((1, 32), (4, 64), (8, 64)))],
)
def test_the_kernel_is_taken_without_a_message(folder: Path, ports: int, port_bytes: int) -> None:
    """By Verilator and slang, with its bench."""
    lanes = max(16, ports * port_bytes // 2)
    sizes = replace(SIZES, rows=1536 // port_bytes, ports=ports, port_bytes=port_bytes, lanes=lanes)
    (folder / "params.svh").write_text(params_header(shape_of(sizes), sizes, "a test"))
    sources = [*KERNEL_SOURCES, *TWIN_FILES, *KERNEL_BENCH]
    arguments = ["--lint-only", "-Wall", "--quiet", "--unroll-count", "1", *sources]
    assert tools.verilator().run([*arguments, "--top-module", "kernel_bench"], folder) == ""
    printed = tools.slang().run(["-Wextra", "--top", "kernel_bench", *sources], folder)
    assert "Build succeeded: 0 errors, 0 warnings" in printed


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        (
            {"PORTS": 2, "PORT_BYTES": 32},
            "PORTS, PORT_BYTES: one port whose beat is the memory word, or several of 64 bytes",
        ),
        ({"PACKING": 1}, "PACKING: the array makes two int8 products per multiplier"),
        ({"INPUT_DEPTH": 128}, "INPUT_BANKS, INPUT_DEPTH: the banks hold the input buffer"),
        ({"WEIGHT_DEPTH": 128}, "WEIGHT_BANKS, WEIGHT_DEPTH: the banks hold the weight buffer"),
        ({"OUTPUT_DEPTH": 64}, "OUTPUT_DEPTH: its words hold the output buffer"),
        ({"PARAMETER_DEPTH": 64}, "PARAMETER_DEPTH: its words hold the parameters of all channels"),
        ({"RECORDS": 500}, "Records: a power of two"),
        ({"LANE_PAIRS": 24}, "LANE_PAIRS: no more lanes than the plan counts on"),
    ],
)
def test_numbers_that_do_not_go_together_are_elaboration_errors(
    folder: Path, numbers: dict[str, int], sentence: str
) -> None:
    lines = params_header(shape_of(SIZES), SIZES, "a test").splitlines()
    changed = list(lines)
    for number, value in numbers.items():
        (at,) = (i for i, line in enumerate(lines) if f" {number} = " in line)
        changed[at] = f"localparam int unsigned {number} = {value};"
    assert changed != lines
    (folder / "params.svh").write_text("\n".join(changed))
    with pytest.raises(InputError, match=sentence):
        tools.slang().run(["--top", "dynamap_kernel", *KERNEL_SOURCES, *TWIN_FILES], folder)


def test_the_simulation_has_the_same_numbers() -> None:
    header = params_header(shape_of(SIZES), SIZES, "a test")
    constants = cpp_params(header, [("MEMORY_WORDS", 64)])
    assert "const int ARRAY_ROWS = 16;" in constants and "const int WORD_BYTES = PORTS * PORT_BYTES;" in constants
    assert constants.count("const int ") == header.count("localparam ") + 1
