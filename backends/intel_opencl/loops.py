"""The loops of the kernels that start an iteration in every cycle, as their sources announce them."""

from __future__ import annotations

import re

from dynamap.backends.hardware.loops import CycleLoop
from dynamap.backends.hardware.sources import kernel_headers
from dynamap.backends.intel_opencl.kernel_sources import KERNEL_SOURCES, kernel_files

LABELLED = re.compile(r"^\s*(\w+):  // (.+)$", re.MULTILINE)
ANNOUNCED = re.compile(r"^\s*PIPELINED\((\w+)\)\s*// (.+)$", re.MULTILINE)


def cycle_loops() -> list[CycleLoop]:
    """What the sources announce: ``label:  // why`` in a kernel, ``PIPELINED(loop)  // why`` in a header."""
    found = []
    for file, content in kernel_files().items():
        announced = LABELLED if file in KERNEL_SOURCES else ANNOUNCED
        if file in KERNEL_SOURCES or file in kernel_headers():
            found += [CycleLoop(name, file, reason) for name, reason in announced.findall(content.decode())]
    return found


def loop_table() -> list[str]:
    """The part of a project's README about loops, as lines of Markdown."""
    return [
        "## Loops",
        "",
        "Six single work-item kernels, joined by channels: each has one loop at a time that starts an iteration in "
        "every cycle. The loops around them (`commands`, `blocks`, `planes`, `inputs`, `sources`) count out what a "
        "block begins with; all others are unrolled.",
        "",
        "| loop | file | why an interval of 1 holds |",
        "|---|---|---|",
        *(f"| `{loop.name}` | `src/{loop.file}` | {loop.reason} |" for loop in cycle_loops()),
        "",
        "The counters of `make emulate` are iterations of `cycles` in `feed.cl` and of the slots of the vector unit, "
        "and equal the plan's. DYNAMAP's tests parse the sources: in these loops nothing divides by what is no "
        "constant, no loop is left that is not unrolled, and nothing multiplies but the elements of the array, one "
        "product each, and the lanes of POST, two.",
        "",
        "Not proven here: the interval itself, which aoc's report says; that a memory has the ports that its "
        "attributes ask for; that additions and multiplications between a loop's iterations meet the clock.",
        "",
    ]
