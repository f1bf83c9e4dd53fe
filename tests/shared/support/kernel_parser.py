"""The kernels' sources as a C++ parser sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter_cpp
from tree_sitter import Language, Node, Parser

STATEMENTS = re.compile(r"\b(PIPELINED|TRIPS|HLS_PRAGMA|TOKENS|IN_STEP|MEMORY_TYPE)(\([^()]*(?:\([^()]*\))*[^()]*\))")
WORDS = re.compile(r"\b(?:INLINED|INLINE|INNERMOST)\b")
AOC_UNROLLED = "/* UNROLLED */"
LOOPS = ("for_statement", "while_statement", "do_statement", "for_range_loop")
CASTS = re.compile(r"\bsizeof\b|\((?:int|long|\w+_t)\)")


def parsed(source: str) -> Node:
    """The tree of a source, whose macros stand as statements or not at all."""
    source = re.sub(r"#pragma ivdep[^\n]*", "", source)  # between a label and its loop
    text = re.sub(r"\bUNROLLED(\s+)for \(", rf"\1for ({AOC_UNROLLED} ", WORDS.sub("", source))
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


def own_text(loop: Node) -> str:
    """The body of a loop without the loops inside of it."""
    body = loop.child_by_field_name("body")
    own = text_of(body)
    for inner in walk(body) if body else ():
        if inner.type in LOOPS:
            own = own.replace(text_of(inner), "")
    return own


def constant(text: str, fixed: frozenset[str] = frozenset()) -> bool:
    """Whether an expression is made of numbers, of constants of params.h (in capitals), and of ``fixed`` names."""
    return not set(re.findall(r"\b[a-z_]\w*", CASTS.sub("", text))) - fixed
