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
    }
)
"""Loops that neither start in every cycle nor are unrolled: of which file and function, and why."""

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
        "No function divides by a number that is no constant, for which the tool would build a divider.",
        "",
        "Not proven here: that two processes at work at once do not need one bank's port; that additions and "
        "multiplications between a loop's iterations meet the clock; the depth of streams whose reader keeps step.",
        "",
    ]
