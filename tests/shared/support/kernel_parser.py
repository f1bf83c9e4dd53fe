"""The kernels' sources as a C++ parser sees them, and how many multiplications a function becomes as hardware."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import tree_sitter_cpp
from tree_sitter import Language, Node, Parser

STATEMENTS = re.compile(r"\b(PIPELINED|TRIPS|HLS_PRAGMA|TOKENS|IN_STEP|MEMORY_TYPE)(\([^()]*(?:\([^()]*\))*[^()]*\))")
WORDS = re.compile(r"\b(?:INLINED|UNROLLED|INLINE|INNERMOST)\b")
CASTS = re.compile(r"\bsizeof\b|\((?:int|long|\w+_t)\)")


def parsed(source: str) -> Node:
    """The tree of a source, whose macros stand as statements or not at all."""
    text = WORDS.sub("", source)
    text = re.sub(r"\bUNROLL_THIS\b", "UNROLL_THIS();", STATEMENTS.sub(r"\1\2;", text))
    return Parser(Language(tree_sitter_cpp.language())).parse(text.encode()).root_node


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def text_of(node: Node | None) -> str:
    return "" if node is None or node.text is None else node.text.decode()


def name_of(definition: Node) -> str:
    return re.split(r"[\s*&]", text_of(definition.child_by_field_name("declarator")).split("(")[0])[-1]


def function_of(node: Node) -> str:
    at: Node | None = node
    while at is not None and at.type != "function_definition":
        at = at.parent
    return "" if at is None else name_of(at)


def constant(text: str, fixed: frozenset[str] = frozenset()) -> bool:
    """Whether an expression is made of numbers, of constants of params.h (in capitals), and of ``fixed`` names."""
    return not set(re.findall(r"\b[a-z_]\w*", CASTS.sub("", text))) - fixed


class Hardware:
    """Sources as hardware: an unrolled loop is built as often as it turns, a function as often as it is called.

    ``numbers``: the constants of params.h that bounds of unrolled loops are made of.
    """

    def __init__(self, sources: Mapping[str, str], numbers: Mapping[str, int]) -> None:
        self.numbers = dict(numbers)
        self.functions: dict[str, Node] = {}
        for source in sources.values():
            for name, value in re.findall(r"\b([A-Z][A-Z0-9_]*) = ([^,{}]+?)(?=,| })", source):
                self._define(name, value)
            self.functions |= {name_of(n): n for n in walk(parsed(source)) if n.type == "function_definition"}

    def _define(self, name: str, value: str) -> None:
        known = set(re.findall(r"[A-Za-z_]\w*", value)) <= self.numbers.keys()
        if name not in self.numbers and known and re.fullmatch(r"[\w\s+*/()-]+", value):
            self.numbers[name] = self._value(value)

    def _value(self, text: str) -> int:
        return int(eval(text.replace("/", "//"), {}, self.numbers))

    def multiplications(self, function: str, fixed: frozenset[str] = frozenset()) -> int:
        """Products of two numbers of which neither is known when the hardware is built; ``fixed`` arguments are."""
        body = self.functions[function].child_by_field_name("body")
        assert body is not None
        return self._count(body, fixed)

    def _count(self, node: Node, fixed: frozenset[str]) -> int:
        if node.type == "for_statement":
            return self._of_loop(node, fixed)
        found = self._own(node, fixed)
        return found + sum(self._count(child, fixed) for child in node.children)

    def _of_loop(self, node: Node, fixed: frozenset[str]) -> int:
        body = node.child_by_field_name("body")
        assert body is not None
        own = text_of(body)
        for inner in (n for n in walk(body) if n.type == "for_statement"):
            own = own.replace(text_of(inner), "")
        if "UNROLL_THIS" not in own and "#pragma HLS unroll" not in own:
            return sum(self._count(child, fixed) for child in node.children)
        start = re.fullmatch(r"int (\w+) = (.+);", text_of(node.child_by_field_name("initializer")))
        end = re.fullmatch(r"\w+ (<|>=|>) (.+)", text_of(node.child_by_field_name("condition")))
        assert start and end, text_of(node)
        turns = abs(self._value(end[2]) - self._value(start[2])) + (end[1] == ">=")
        return turns * self._count(body, fixed | {start[1]})

    def _own(self, node: Node, fixed: frozenset[str]) -> int:
        if node.type == "call_expression":
            return self._of_call(node, fixed)
        operator = text_of(node.child_by_field_name("operator"))
        if node.type == "assignment_expression" and operator == "*=":
            return int(not constant(text_of(node.child_by_field_name("right")), fixed))
        if node.type != "binary_expression" or operator != "*":
            return 0
        sides = (text_of(node.child_by_field_name(side)) for side in ("left", "right"))
        return int(not any(constant(side, fixed) for side in sides))

    def _of_call(self, node: Node, fixed: frozenset[str]) -> int:
        name = text_of(node.child_by_field_name("function"))
        arguments = node.child_by_field_name("arguments")
        if name not in self.functions or arguments is None:
            return 0
        declarator = next(n for n in walk(self.functions[name]) if n.type == "function_declarator")
        parameters = declarator.child_by_field_name("parameters")
        assert parameters is not None
        names = [re.findall(r"\w+", text_of(p).split("[")[0])[-1] for p in parameters.named_children]
        known = [constant(text_of(argument), fixed) for argument in arguments.named_children]
        return self.multiplications(name, frozenset(n for n, k in zip(names, known, strict=False) if k))
