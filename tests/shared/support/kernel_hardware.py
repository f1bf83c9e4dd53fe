"""The kernels' sources as hardware: which multiplications stand in loops that start an iteration in every cycle, how
many multipliers each becomes, and which are set-up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from support.kernel_parser import AOC_UNROLLED, CASTS, LOOPS, constant, name_of, own_text, parsed, text_of, walk

OUTER = frozenset({"commands", "blocks", "planes", "inputs", "sources"})
"""Loops of the OpenCL kernels around others; all but these and unrolled ones have an iteration in each cycle."""


@dataclass(frozen=True)
class Product:
    """A multiplication: where it is, and how many of it are built."""

    file: str
    function: str
    line: int
    text: str
    times: int

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line}: {self.function}: {self.text}"


@dataclass(frozen=True)
class Function:
    """A function: its file, and what of its parser's tree it is."""

    file: str
    node: Node

    @property
    def body(self) -> Node:
        body = self.node.child_by_field_name("body")
        assert body is not None
        return body


class Hardware:
    """Sources as hardware: an unrolled loop is built as often as it turns, a function as often as it is called.

    ``sources``: with params.h, which has the constants; ``aoc``: an unrolled loop is announced in front of it, as
    Intel's compiler reads it, instead of inside.
    """

    def __init__(self, sources: Mapping[str, str], *, aoc: bool = False) -> None:
        self.aoc = aoc
        self.numbers: dict[str, int] = {}
        self.functions: dict[str, Function] = {}
        named = re.compile(r"(?:#define (?=\w+ )|\b(?=\w+ =))([A-Z][A-Z0-9_]*)(?: =)? ([^,{};]+?)(?=,| }|;|  //)")
        constants = [pair for source in sources.values() for pair in named.findall(source)]
        for name, value in constants * 3:  # one may be made of those of another file
            self._define(name, value)
        for file, source in sources.items():
            for node in walk(parsed(source)):
                if node.type == "function_definition":
                    self.functions[name_of(node)] = Function(file, node)

    def _define(self, name: str, value: str) -> None:
        known = set(re.findall(r"[A-Za-z_]\w*", value)) <= self.numbers.keys()
        if name not in self.numbers and known and re.fullmatch(r"[\w\s+*/()-]+", value):
            self.numbers[name] = self._value(value)

    def _value(self, text: str) -> int:
        return int(eval(CASTS.sub("", text).replace("/", "//"), {}, self.numbers))

    def in_cycles(self) -> list[Product]:
        """The products of all loops that start an iteration in every cycle, but for where these begin."""
        parts = ("condition", "update", "body")
        return [
            product
            for function in self.functions
            for loop in self.cycle_loops(function)
            for part in parts
            if (node := loop.child_by_field_name(part)) is not None
            for product in self._of(node, function)
        ]

    def in_set_up(self) -> list[Product]:
        """The other products, each once."""
        found: dict[tuple[str, int, str], Product] = {}
        cycled = {(p.file, p.line, p.text) for p in self.in_cycles()}
        for name, function in self.functions.items():
            for p in self._of(function.body, name, follow=False):
                if (p.file, p.line, p.text) not in cycled:
                    found[p.file, p.line, p.text] = p
        return list(found.values())

    def cycle_loops(self, function: str) -> Iterator[Node]:
        """The loops of a function that start an iteration in every cycle."""
        for node in walk(self.functions[function].node):
            if node.type in LOOPS and not self._unrolled(node) and self._pipelined(node):
                yield node

    def unrolled_loops(self, function: str) -> Iterator[Node]:
        """The loops of a function of which every iteration is hardware of its own."""
        yield from (n for n in walk(self.functions[function].node) if n.type in LOOPS and self._unrolled(n))

    def loops_in_cycles(self) -> Iterator[str]:
        """File and function of loops that are left in the iterations of others: not unrolled."""
        for name in self.functions:
            for loop in self.cycle_loops(name):
                body = loop.child_by_field_name("body")
                assert body is not None
                yield from self._left(name, body, set())

    def _left(self, function: str, body: Node, seen: set[str]) -> Iterator[str]:
        for node in walk(body):
            if node.type in LOOPS and not self._unrolled(node):
                yield f"{self.functions[function].file}: {function}"
            called = text_of(node.child_by_field_name("function")) if node.type == "call_expression" else ""
            if called in self.functions and called not in seen:
                seen.add(called)
                yield from self._left(called, self.functions[called].body, seen)

    def _pipelined(self, loop: Node) -> bool:
        if not self.aoc:
            return "PIPELINED(" in own_text(loop)
        parent = loop.parent
        label = parent.child_by_field_name("label") if parent and parent.type == "labeled_statement" else None
        return text_of(label) not in OUTER

    def _unrolled(self, loop: Node) -> bool:
        if self.aoc:
            return AOC_UNROLLED in text_of(loop).split("{")[0] or "< PACKING" in text_of(loop).split("{")[0]
        return "UNROLL_THIS" in own_text(loop) or "#pragma HLS unroll" in own_text(loop)

    def multiplications(self, function: str) -> int:
        """The products of a function."""
        return sum(p.times for p in self._of(self.functions[function].body, function))

    def _of(
        self, node: Node, function: str, fixed: frozenset[str] = frozenset(), times: int = 1, *, follow: bool = True
    ) -> Iterator[Product]:
        """Products of two numbers of which neither is known when the hardware is built, nor a power of two; ``fixed``
        names are known; ``times``: how often the node is built; ``follow``: into the functions that are called."""
        if node.type == "for_statement" and self._unrolled(node):
            name, turns = self._turns(node)
            body = node.child_by_field_name("body")
            assert body is not None
            yield from self._of(body, function, fixed | {name}, turns * times, follow=follow)
            return
        if node.type == "call_expression" and follow:
            yield from self._of_call(node, fixed, times)
        if self._multiplies(node, fixed):
            line = node.start_point[0] + 1
            yield Product(self.functions[function].file, function, line, " ".join(text_of(node).split()), times)
        for child in node.children:
            yield from self._of(child, function, fixed, times, follow=follow)

    def _turns(self, loop: Node) -> tuple[str, int]:
        """The counter of an unrolled loop, and how often it turns."""
        start = re.fullmatch(r"int (\w+) = (.+);", text_of(loop.child_by_field_name("initializer")))
        end = re.fullmatch(r"\w+ (<|<=|>=|>) (.+)", text_of(loop.child_by_field_name("condition")))
        assert start and end, text_of(loop)
        return start[1], abs(self._value(end[2]) - self._value(start[2])) + ("=" in end[1])

    def _multiplies(self, node: Node, fixed: frozenset[str]) -> bool:
        operator = text_of(node.child_by_field_name("operator"))
        multiplies = (node.type, operator) in (("binary_expression", "*"), ("assignment_expression", "*="))
        if not multiplies:
            return False
        sides = [text_of(node.child_by_field_name(side)) for side in ("left", "right")]
        known = [constant(side, fixed) for side in sides]
        return not (all(known) or any(self._shifts(side) for side in sides))

    def _shifts(self, side: str) -> bool:
        """Whether a side of a product is a power of two."""
        if not constant(side):
            return False
        value = self._value(re.sub(r"(?<=\d)[uUlL]+\b", "", side))
        return value & (value - 1) == 0

    def _of_call(self, node: Node, fixed: frozenset[str], times: int) -> Iterator[Product]:
        name = text_of(node.child_by_field_name("function"))
        arguments = node.child_by_field_name("arguments")
        if name not in self.functions or arguments is None:
            return
        declarator = next(n for n in walk(self.functions[name].node) if n.type == "function_declarator")
        parameters = declarator.child_by_field_name("parameters")
        assert parameters is not None
        names = [re.findall(r"\w+", text_of(p).split("[")[0])[-1] for p in parameters.named_children]
        known = [constant(text_of(argument), fixed) for argument in arguments.named_children]
        given = frozenset(n for n, k in zip(names, known, strict=False) if k)
        yield from self._of(self.functions[name].body, name, given, times)
