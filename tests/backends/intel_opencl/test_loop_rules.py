"""Rules of the OpenCL kernels' sources, as a parser sees them: loops with an iteration in every cycle."""

from __future__ import annotations

import re

import pytest
from tree_sitter import Node

from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.intel_opencl.kernel_sources import kernel_files
from dynamap.backends.intel_opencl.loops import cycle_loops, loop_table
from dynamap.backends.intel_opencl.params import params_header
from support.kernel_hardware import Hardware
from support.kernel_parser import LOOPS, constant, own_text, text_of, walk

SIZES = KernelSizes(5, 7, 1, 3, 64, 96, 65536, 65536, 32768, 1024, 2048)


def hardware(file: str = "", old: str = "", new: str = "") -> Hardware:
    sources = {name: content.decode() for name, content in kernel_files().items()}
    if file:
        assert sources[file].count(old) == 1
        sources[file] = sources[file].replace(old, new)
    return Hardware(sources | {"params.h": params_header(SIZES, "test")}, aoc=True)


def named(built: Hardware) -> list[tuple[str, str]]:
    """File and name of every loop that starts an iteration in each cycle: its label, or what a header announces."""
    found = []
    for name, function in built.functions.items():
        for loop in built.cycle_loops(name):
            announced = re.search(r"PIPELINED\((\w+)\)", own_text(loop))
            labelled = loop.parent is not None and loop.parent.type == "labeled_statement"
            label = text_of(loop.parent.child_by_field_name("label")) if loop.parent and labelled else ""
            found.append((function.file, announced[1] if announced else label))
    return found


def test_every_loop_of_a_cycle_says_why() -> None:
    """The README's table has each of them once, and nothing else."""
    announced = cycle_loops()
    assert sorted(named(hardware())) == sorted((loop.file, loop.name) for loop in announced)
    assert all(f"| `{loop.name}` | `src/{loop.file}` | {loop.reason} |" in loop_table() for loop in announced)


def test_a_loop_that_says_nothing_is_found() -> None:
    built = hardware("store.cl", cycles := "        cycles:  // ", cycles.replace("cycles:", ""))
    assert ("store.cl", "") in named(built)


def unknown_bounds(built: Hardware) -> list[str]:
    """Unrolled loops of which the hardware would have to know how often they turn."""
    return [
        f"{function.file}: {name}: {text_of(loop.child_by_field_name('condition'))}"
        for name, function in built.functions.items()
        for loop in built.unrolled_loops(name)
        if not all(map(constant, bounds_of(loop)))
    ]


def bounds_of(loop: Node) -> list[str]:
    start, end = (text_of(loop.child_by_field_name(field)) for field in ("initializer", "condition"))
    return [start.rstrip(";").split("=")[-1], re.split(r"[<>]=?", end)[-1]]


def test_unrolled_loops_have_constant_bounds() -> None:
    built = hardware()
    assert sum(1 for name in built.functions for _ in built.unrolled_loops(name)) > 100
    assert unknown_bounds(built) == []


def test_an_unrolled_loop_of_unknown_length_is_named() -> None:
    built = hardware("accumulate.cl", "lane < LANES", "lane < count")
    assert unknown_bounds(built) == ["accumulate.cl: send_sums: lane < count"]


def test_no_loop_is_left_in_a_cycle() -> None:
    assert list(hardware().loops_in_cycles()) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "found"),
    [
        ("array.cl", "++now;", "for (int k = 0; k < t; ++k) ++now;", "array.cl: array"),
        ("pe.h", "weights:\n    UNROLLED\n", "weights:\n", "pe.h: move_weights_down"),
        ("feed.cl", "in->turn = 0;", "in->turn = 0;\n        while (in->waits) ++in->turn;", "feed.cl: take_in"),
    ],
)
def test_a_loop_in_a_cycle_is_named(file: str, old: str, new: str, found: str) -> None:
    assert set(hardware(file, old, new).loops_in_cycles()) == {found}


def test_the_array_is_alone() -> None:
    """Its loop reads a message, steps the array and writes one: it touches no memory."""
    built = hardware()
    (loop,) = built.cycle_loops("array")
    calls = [text_of(n.child_by_field_name("function")) for n in walk(loop) if n.type == "call_expression"]
    assert calls == ["RECEIVE", "array_cycle", "SEND"]
    assert not re.search(r"\b__attribute__\(\(memory", text_of(built.functions["array"].node))
    assert not [n for n in walk(loop) if n.type in LOOPS and n.id != loop.id]
