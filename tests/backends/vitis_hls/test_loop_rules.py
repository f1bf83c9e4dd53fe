"""Rules of the tool's guide on the kernel's sources, as a C++ parser sees them: loops, and divisions at run time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tree_sitter import Node

from dynamap.backends.intel_opencl.kernel_sources import kernel_files as opencl_files
from dynamap.backends.vitis_hls.csim import kernel_files
from dynamap.backends.vitis_hls.loops import SETUP_LOOPS
from support.kernel_parser import LOOPS, constant, function_of, own_text, parsed, text_of, walk


@dataclass(frozen=True)
class Loop:
    """A loop: where it is, what stands in its body but not in loops inside of it, and whether its bounds are known."""

    file: str
    function: str
    label: str
    own: str
    bounds: bool
    inside: bool  # it holds loops that are not unrolled

    @property
    def name(self) -> str:
        return f"{self.file}: {self.function}: {self.label}"

    @property
    def unrolled(self) -> bool:
        return "UNROLL_THIS" in self.own or "#pragma HLS unroll" in self.own

    @property
    def pipelined(self) -> bool:
        return "PIPELINED(" in self.own or "pipeline II = 1" in self.own

    @property
    def counted(self) -> bool:
        return self.bounds or "TRIPS(" in self.own or "loop_tripcount" in self.own


def loop_of(file: str, node: Node) -> Loop:
    own = own_text(node)
    inner = [n for n in walk(node) if n.type in LOOPS and n.id != node.id]
    start, condition = (text_of(node.child_by_field_name(field)) for field in ("initializer", "condition"))
    ends = re.split(r"[<>]=?", condition)
    begins = start.rstrip(";").split("=")
    known = len(ends) == 2 and len(begins) == 2 and constant(ends[1]) and constant(begins[1])
    label = (
        text_of(node.parent.child_by_field_name("label"))
        if node.parent and node.parent.type == "labeled_statement"
        else ""
    )
    inside = any(not loop_of(file, n).unrolled for n in inner)
    return Loop(file, function_of(node), label or "(no label)", own, known, inside)


def loops(file: str, source: str = "") -> list[tuple[Loop, list[Loop]]]:
    """Each loop of a file, or of a changed source of it, with those that it is in, the nearest first."""
    found = []
    for node in walk(parsed(source or kernel_files()[file].decode())):
        if node.type in LOOPS:
            around, at = [], node.parent
            while at is not None:
                if at.type in LOOPS:
                    around.append(loop_of(file, at))
                at = at.parent
            found.append((loop_of(file, node), around))
    return found


FILES = sorted(kernel_files())


@pytest.mark.parametrize("file", sorted(kernel_files()))
def test_the_parser_understands_every_loop(file: str) -> None:
    """No loop is lost in a part that it does not understand: it finds as many as there are keywords."""
    text = re.sub(r"//.*|/\*.*?\*/|#define[^\n]*(?:\\\n[^\n]*)*", "", kernel_files()[file].decode())
    assert len(loops(file)) == len(re.findall(r"\b(?:for|while) \(", text))


def broken_rule(loop: Loop, around: list[Loop]) -> str:
    """A loop starts an iteration in every cycle and says how many there are; or is hardware of constant size; or holds
    such loops; or is a loop of set-up with a reason. Else: what not."""
    listed = (loop.file, loop.function) in SETUP_LOOPS
    if loop.unrolled:
        return "" if loop.bounds else "is unrolled and its bounds are not constant"
    if any(outer.pipelined for outer in around):
        return "is in a pipelined loop, not unrolled"
    if not (loop.pipelined or loop.inside or listed or "HLS dataflow" in loop.own):
        return "is neither pipelined nor unrolled"
    return "" if loop.counted or listed else "has no trip count"


@pytest.mark.parametrize("file", FILES)
def test_every_loop_is_pipelined_or_unrolled_or_listed(file: str) -> None:
    assert [f"{loop.name} {rule}" for loop, around in loops(file) if (rule := broken_rule(loop, around))] == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (r"PIPELINED\(weight_words\)", "", "load_weights: words is neither pipelined nor unrolled"),
        (r"loop_tripcount min = 1 max = 12544", "", "place_tensor: slices has no trip count"),
        (r"k < WORD_UNITS", "k < at.count", "place_tensor: units is unrolled and its bounds are not constant"),
        (
            r"(channels:[^#]*)#pragma HLS unroll",
            r"\1",
            "place_tensor: channels is in a pipelined loop, not unrolled",
        ),
    ],
)
def test_a_loop_that_breaks_a_rule_is_named(old: str, new: str, found: str) -> None:
    changed, count = re.subn(old, new, kernel_files()["load.cpp"].decode(), count=1)
    assert count == 1
    broken = [
        f"{loop.name} {rule}" for loop, around in loops("load.cpp", changed) if (rule := broken_rule(loop, around))
    ]
    assert f"load.cpp: {found}" in broken


def test_no_setup_loop_is_listed_that_there_is_not() -> None:
    there = {(loop.file, loop.function) for file in FILES for loop, _ in loops(file)}
    assert set(SETUP_LOOPS) <= there


def divisions(source: str) -> Iterator[str]:
    """Functions with a division by what is no constant; a call of ``ceil_div`` is one."""
    for node in walk(parsed(source)):
        function = function_of(node)
        divides = node.type == "binary_expression" and text_of(node.child_by_field_name("operator")) in ("/", "%")
        if divides and function != "ceil_div" and not constant(text_of(node.child_by_field_name("right"))):
            yield function
        if node.type == "call_expression" and text_of(node.child_by_field_name("function")) == "ceil_div":
            arguments = node.child_by_field_name("arguments")
            assert arguments is not None
            if not constant(text_of(arguments.named_children[-1])):
                yield function


def test_no_function_divides_at_run_time() -> None:
    sources = [*kernel_files().items(), *opencl_files().items()]
    assert [(file, function) for file, source in sources for function in divisions(source.decode())] == []
