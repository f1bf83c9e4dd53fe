"""Kernels that a reader can follow: how deep their loops and branches lie in each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

MOST_LEVELS = 5

IGNORED = re.compile(
    r"//[^\n]*|/\*.*?\*/"  # comments
    r'|"(?:\\.|[^"\\\n])*"'  # strings
    r"|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",  # directives with the lines that continue them
    re.DOTALL | re.MULTILINE,
)
TOKEN = re.compile(r"\w+|\S")
CONTROLS = ("for", "while", "if", "switch", "do")
ENDS = (";", "{", "}", "")


class Nesting:
    """Reads C statement by statement; ``deepest`` is the largest number of loops and branches around one."""

    def __init__(self, text: str) -> None:
        self._tokens = TOKEN.findall(IGNORED.sub(" ", text))
        self._at = 0
        self.deepest = 0
        while self._at < len(self._tokens):
            self._statement(0)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1] if self._at <= len(self._tokens) else ""

    def _statement(self, level: int) -> None:
        """One statement with the labels and macros in front of it; an ``else if`` is no deeper than its ``if``."""
        self.deepest = max(self.deepest, level)
        while self._peek() not in (*ENDS, *CONTROLS):
            if self._peek() == "(":
                self._parentheses()
            else:
                self._take()
        word = self._take()
        if word == "{":
            while self._peek() != "}":
                self._statement(level)
            self._take()
        elif word == "}":
            self._at -= 1  # of the block around
        elif word == "do":
            self._statement(level + 1)
        elif word in CONTROLS:
            self._parentheses()
            self._statement(level + 1)
            if word == "if" and self._peek() == "else":
                self._take()
                self._statement(level if self._peek() == "if" else level + 1)

    def _parentheses(self) -> None:
        opened = 0
        while True:
            word = self._take()
            opened += (word == "(") - (word == ")")
            if opened == 0:
                return


def code_of_kernels(sources: dict[str, Path]) -> dict[str, Path]:
    return {
        name: path
        for name, path in sources.items()
        if name.startswith("backends/") and path.suffix in (".h", ".cpp", ".cl")
    }


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("int f(int a) { return a; }", 0),
        ("void f() { for (int i = 0; i < 3; ++i) if (i) g(i); }", 2),
        ("void f() {\nrows:\n    UNROLLED\n    for (;;) {\n        while (x) { y(); }\n    }\n}", 2),
        ("void f() { if (a) b(); else if (c) d(); else { for (;;) e(); } }", 2),
        ("void f() { do { if (x) y(); } while (z); if (u) v(); }", 2),
        ("// for (;;) if (x)\n#define X(a) \\\n    if (a) \\\n        if (a) b();\nint t[2] = {1, 2};\n", 0),
        (
            "void f() {\n for (;;)\n UNROLLED\n for (;;) if (a) b(); else if (c) d(); else while (e) f();\n}",
            4,
        ),
        ("namespace {\nstruct s { int f() { switch (x) { case 1: if (y) z(); } } };\n}", 2),
    ],
)
def test_levels_are_counted(text: str, levels: int) -> None:
    """By hand: loops and branches around the innermost statement, with and without braces."""
    assert Nesting(text).deepest == levels


def test_kernels_are_flat(sources: dict[str, Path]) -> None:
    kernels = code_of_kernels(sources)
    assert {Path(name).suffix for name in kernels} == {".h", ".cpp", ".cl"}
    found = {name: Nesting(path.read_text(encoding="utf-8")).deepest for name, path in kernels.items()}
    deep = {name: levels for name, levels in found.items() if levels > MOST_LEVELS}
    assert not deep, f"loops and branches deeper than {MOST_LEVELS}: {deep}"
