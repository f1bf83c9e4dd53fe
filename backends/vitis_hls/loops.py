"""The pipelined loops of the kernel, as its sources announce them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from dynamap.backends.hardware.loops import CycleLoop
from dynamap.backends.vitis_hls.csim import kernel_files
from dynamap.backends.vitis_hls.iterations import COUNTED_LOOPS
from dynamap.cost.overlay.machine import PASS_OVERHEAD

_ONCE = f"once per command, before its blocks start; the plan counts {PASS_OVERHEAD} cycles for all of it"
SETUP_LOOPS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("load.cpp", "load_inputs"): "the inputs of a block follow each other, and each is a pipelined loop",
        ("overlay.cpp", "fetch_bytes"): _ONCE,
        ("overlay.cpp", "fetch_sources"): _ONCE,
        ("overlay.cpp", "fetch_tables"): _ONCE,
        ("overlay.cpp", "overlay"): _ONCE,
    }
)
"""Loops that neither start in every cycle nor are unrolled: of which file and function, and why."""

_ANNOUNCED = re.compile(r"^\s*PIPELINED\((\w+)\);?\s*(?://\s*(.*))?$", re.MULTILINE)


def announced() -> list[CycleLoop]:
    """What the sources announce, file by file: ``PIPELINED(loop)  // why``."""
    return [
        CycleLoop(name, file, (reason or "").strip())
        for file, content in sorted(kernel_files().items())
        for name, reason in _ANNOUNCED.findall(content.decode())
    ]


def _checked(loop: str) -> str:
    return "ports; iterations, the plan's" if loop in COUNTED_LOOPS else "ports"


def loop_table() -> list[str]:
    """The part of a project's README about loops, as lines of Markdown."""
    return [
        "## Loops",
        "",
        "Each of these loops starts an iteration in every cycle (`II = 1`). `make csim-ports` runs the network on "
        "memories that know their banks and ports: an iteration that needs a bank's port twice, or a value before it "
        "is there, stops it with the loop, the iteration, the memory and the address. Its loops must have the "
        "iterations of `data/iterations.txt`, which are the plan's cycles; where POST waits for parameters, less than "
        "these.",
        "",
        "| loop | file | interval | why it holds | how checked |",
        "|---|---|---|---|---|",
        *(f"| `{loop.name}` | `src/{loop.file}` | 1 | {loop.reason} | {_checked(loop.name)} |" for loop in announced()),
        "",
        "Loops that are neither pipelined nor unrolled, by their functions:",
        "",
        *(f"- `{function}` (`src/{file}`): {why}" for (file, function), why in SETUP_LOOPS.items()),
        "",
        "No function divides by a number that is no constant, for which the tool would build a divider, and in these "
        "loops nothing multiplies but the elements of the array, one product each, and the lanes, two.",
        "",
        "LOAD, COMPUTE, POST and STORE work on successive blocks at the same time: a bank that one of them reads, or "
        "writes, for a block and another for the block before stops the run too, and so does one that two stages of "
        "one of them need for the same block.",
        "",
        "Not proven here: arrays that are no memories of "
        "`tb/ports.h`, which are registers: one that is added to a source is not checked; what no layer of this "
        "network does; that additions and multiplications between a loop's iterations meet the clock; the "
        "depth of streams whose reader keeps step.",
        "",
    ]
