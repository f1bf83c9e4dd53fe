"""The pipelined loops of the kernel, as its sources announce them, and which `make csim-ports` does not check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dynamap.backends.vitis_hls.csim import kernel_files

_ONCE = "once per command, before its blocks start; the plan counts 32 cycles for all of it"
SETUP_LOOPS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("load.cpp", "load_inputs"): "the inputs of a block follow each other, and each is a pipelined loop",
        ("overlay.cpp", "fetch_bytes"): _ONCE,
        ("overlay.cpp", "fetch_sources"): _ONCE,
        ("overlay.cpp", "fetch_tables"): _ONCE,
        ("overlay.cpp", "overlay"): _ONCE,
        ("pooling_unit.h", "pool_block"): "the rows of a tile follow each other, each through three processes that are "
        "pipelined loops",
    }
)
"""Loops that neither start in every cycle nor are unrolled: of which file and function, and why."""

DIVIDING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "pooling.h": ("pool_of", "reading_of", "tile_columns_of"),
        "pooling_columns.h": ("cycles_by_pixel",),
    }
)
"""Functions of the vector unit that divide by what is no constant, by file: the tool builds a divider for each."""

_ANNOUNCED = re.compile(r"^\s*(PIPELINED|NOT_YET)\((\w+)\);?\s*(?://\s*(.*))?$", re.MULTILINE)


@dataclass(frozen=True)
class Announced:
    """A loop of interval 1, or a part that is not checked yet: its name, its file, and the reason beside it."""

    name: str
    file: str
    reason: str
    checked: bool


def announced() -> list[Announced]:
    """What the sources announce, file by file: ``PIPELINED(loop)  // why`` and ``NOT_YET(part)  // why``."""
    return [
        Announced(name, file, (reason or "").strip(), kind == "PIPELINED")
        for file, content in sorted(kernel_files().items())
        for kind, name, reason in _ANNOUNCED.findall(content.decode())
    ]


def loop_table() -> list[str]:
    """The part of a project's README about loops, as lines of Markdown."""
    parts = announced()
    return [
        "## Loops",
        "",
        "Each of these loops starts an iteration in every cycle (`II = 1`). `make csim-ports` runs the network on "
        "memories that know their banks and ports: an iteration that needs a bank's port twice, or a value before it "
        "is there, stops it with the loop, the iteration, the memory and the address. Its loops must have the "
        "iterations of `data/iterations.txt`, which are the plan's cycles.",
        "",
        "| loop | file | why an interval of 1 holds |",
        "|---|---|---|",
        *(f"| `{p.name}` | `src/{p.file}` | {p.reason} |" for p in parts if p.checked),
        "",
        "**Not checked yet**, and as written not at an interval of 1, so that the tool will report more cycles "
        "than the plan has:",
        "",
        *(f"- `{p.name}` (`src/{p.file}`): {p.reason}" for p in parts if not p.checked),
        "",
        "Loops that are neither pipelined nor unrolled, by their functions:",
        "",
        *(f"- `{function}` (`src/{file}`): {why}" for (file, function), why in SETUP_LOOPS.items()),
        "",
        "Functions of the vector unit that divide by a number that is no constant, so that the tool builds dividers "
        "(not yet without; no other function divides so): "
        + ", ".join(f"`{name}` (`src/{file}`)" for file, names in DIVIDING.items() for name in names)
        + ".",
        "",
        "Not proven here: that two processes at work at once do not need one bank's port; that additions and "
        "multiplications between a loop's iterations meet the clock; the depth of streams whose reader keeps step.",
        "",
    ]
