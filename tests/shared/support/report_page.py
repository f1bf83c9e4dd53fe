"""A page read by the standard library's parser, which shares nothing with what made it."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from dynamap.cli import main
from support.command_line import message_of

HOSTILE = (
    "<script>alert(1)</script>",
    "\"quotes\" & 'apostrophes' </title></svg>",
    "two\nlines\ttabbed",
    "\u202eright to left\u05d0",
    "</script><!-- --><![CDATA[",
)
"""Names of layers that a careless page would take for more than names."""

VOID = ("meta", "br", "wbr", "input", "link", "img", "hr")


@dataclass
class Node:
    """An element: its tag, attributes, and children, which are elements and texts."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    def all(self, tag: str | None = None, css: str | None = None) -> list[Node]:
        """Every element below, in order, of a tag and a class."""
        return [
            node
            for node in self.walk()
            if (tag is None or node.tag == tag) and (css is None or css in node.attributes.get("class", "").split())
        ]

    def walk(self) -> Iterator[Node]:
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.walk()

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def by_id(self, identity: str) -> Node:
        (found,) = [node for node in self.walk() if node.attributes.get("id") == identity]
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {self.get_starttag_text()}"
        node = Node(tag, {key: value or "" for key, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_page(text: str) -> Node:
    """The tree of a page in which every element that is opened is closed."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert [node.tag for node in reader.open] == [""]
    return reader.root


def data_of(page: Node) -> list[dict[str, Any]]:
    """The JSON that the page's script reads."""
    data: list[dict[str, Any]] = json.loads(page.by_id("data").text)
    return data


def table_rows(table: Node) -> list[list[Node]]:
    """The cells of a table's body, row by row."""
    (body,) = table.all("tbody")
    return [[cell for cell in row.children if isinstance(cell, Node)] for row in body.all("tr")]


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def dynamap(*arguments: str | Path, cwd: Path | None = None) -> Done:
    """The command line, in this process: its entry point with these arguments, in this folder."""
    out, err = io.StringIO(), io.StringIO()
    before, here = sys.argv, Path.cwd()
    sys.argv = ["dynamap", *map(str, arguments)]
    status: object = 0
    try:
        os.chdir(cwd or here)
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        status = end.code or 0
    finally:
        sys.argv = before
        os.chdir(here)
    assert isinstance(status, int)
    return Done(status, out.getvalue(), err.getvalue())


def refused(status: int, *arguments: str | Path) -> str:
    """The message of a call that must fail without a traceback and without output."""
    done = dynamap(*arguments)
    assert done.returncode == status, done.stderr
    return message_of(done.stdout, done.stderr)
