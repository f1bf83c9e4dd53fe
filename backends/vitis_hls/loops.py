"""The pipelined loops of the kernel, as its sources announce them, and which `make csim-ports` does not check."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dynamap.backends.vitis_hls.csim import kernel_files

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
        "is there, stops it with the loop, the iteration, the memory and the address.",
        "",
        "| loop | file | why an interval of 1 holds |",
        "|---|---|---|",
        *(f"| `{p.name}` | `src/{p.file}` | {p.reason} |" for p in parts if p.checked and p.file not in _WITHIN_PARTS),
        "",
        "**Not checked yet**, and as written not at an interval of 1, so that the tool will report more cycles "
        "than the plan has:",
        "",
        *(f"- `{p.name}` (`src/{p.file}`): {p.reason}" for p in parts if not p.checked),
        "",
    ]


_WITHIN_PARTS = frozenset({"vector.h", "pooling_unit.h"})
"""Files whose loops all run within a part that is not checked yet."""
