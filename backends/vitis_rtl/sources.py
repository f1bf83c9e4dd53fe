"""The hand-written SystemVerilog and the benches, read from the installed package."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

ARRAY = (
    "array_pkg.sv",
    "delay_line.sv",
    "dsp_slice.sv",
    "pe.sv",
    "pe_group.sv",
    "group_split.sv",
    "sum_tree.sv",
    "array_column.sv",
    "left_edge.sv",
    "top_edge.sv",
    "array_core.sv",
    "accumulator_memory.sv",
    "accumulator.sv",
    "systolic_array.sv",
)
"""The systolic array. In each list, a package stands before what uses it."""

MEMORY_PORTS = (
    "axi_pkg.sv",
    "axi_fifo.sv",
    "axi_bursts.sv",
    "axi_read.sv",
    "axi_write.sv",
)
"""The masters of a memory port."""

SYNTHESISED = (*ARRAY, *MEMORY_PORTS)
"""What becomes hardware."""

SIMULATED = (*SYNTHESISED, "dsp_slice_model.sv", "systolic_array_loops.sv")
"""What a simulation needs beside it: the twin of the multiplier slice, and the array in loops."""

BENCHES = ("core_bench.sv", "array_bench.sv", "memory_bench.sv", "memory_model.sv", "axi_checks.sv", "axi_stable.sv")
"""The benches, and the memory and its checks, which a tool finds by their names."""

PRIMITIVE = "DSP48E2.sv"
"""Stands for the vendor's slice where the sources of the synthesis are simulated."""

REPLAY = "replay.cpp"


def write_sources(folder: Path, rtl: Iterable[str], bench: Iterable[str] = ()) -> None:
    """Write the files of these names, all beside each other, into ``folder``."""
    root = resources.files("dynamap.backends.vitis_rtl")
    for room, names in (("rtl", rtl), ("bench", bench)):
        for name in names:
            (folder / name).write_bytes((root / room / name).read_bytes())
