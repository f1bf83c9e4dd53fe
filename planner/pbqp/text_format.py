"""PBQP problems as text: the format of B. Scholz's solver, which DYNAMAP's authors use.

White space separates numbers; vertices count from 0::

    number of vertices   number of edges
    per vertex:  number of choices, then its costs
    per edge:    first vertex, second vertex, rows, columns, then the matrix row by row

Rows are the choices of the first vertex. Costs are integers here, negative ones included: a problem in
fractions is to be written in a finer unit. Every refusal names the line and what was found there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import numpy as np

from dynamap.cost.errors import InputError, in_words
from dynamap.planner.pbqp.problem import WORST_CASE_LIMIT, CostArray, Edge, Problem, check_range
from dynamap.planner.results.files import write_file

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_MAX_DIGITS = 19  # of 2^62, which is the largest cost


def read_pbqp(path: Path) -> Problem:
    """Read a problem from a file.

    Raises InputError for a file that cannot be read, and as ``parse_pbqp`` does.
    """
    try:
        text = path.read_text(encoding="ascii")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a PBQP text file (it holds bytes beyond ASCII)") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {in_words(error)}") from None
    return parse_pbqp(text, name=str(path))


def parse_pbqp(text: str, *, name: str = "PBQP") -> Problem:
    """The problem that ``text`` describes; ``name`` stands before the line number in messages.

    Raises InputError for numbers that are missing, left over, not integers or out of range, for vertices
    without a choice, loops, unknown vertices, and matrices that contradict their vertices.

    >>> parse_pbqp("2 1   2 0 3   1 5   0 1  2 1  4 0").evaluate((1, 0))
    8
    """
    reader = _Reader(text, name)
    vertices = reader.count("the number of vertices")
    edges = reader.count("the number of edges")
    vectors = tuple(_vector(reader, vertex) for vertex in _range(vertices))
    matrices = tuple(_edge(reader, index, vectors) for index in _range(edges))
    reader.end()
    problem = Problem(vectors, matrices)
    try:
        check_range(problem)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    return problem


def format_pbqp(problem: Problem) -> str:
    """The problem as text; ``parse_pbqp`` reads it back unchanged, parallel edges included."""
    lines = [f"{len(problem.vectors)} {len(problem.edges)}"]
    for vector in problem.vectors:
        lines += [str(vector.size), _row(vector)]
    for edge in problem.edges:
        rows, columns = edge.costs.shape
        lines += [f"{edge.first} {edge.second}", f"{rows} {columns}", *(_row(row) for row in edge.costs)]
    return "\n".join(lines) + "\n"


def write_pbqp(problem: Problem, path: Path) -> None:
    """Write a problem to a file.

    Raises InputError where the file cannot be written.
    """
    write_file(path, format_pbqp(problem).encode("ascii"))


def _row(costs: CostArray) -> str:
    return " ".join(str(int(cost)) for cost in costs)


def _range(count: int) -> Iterable[int]:
    """0, 1, ... also for counts beyond what ``range`` can index: the text ends long before."""
    index = 0
    while index < count:
        yield index
        index += 1


def _vector(reader: _Reader, vertex: int) -> CostArray:
    line_of_size = reader.next_line()
    size = reader.count(f"the number of choices of vertex {vertex}")
    if size == 0:
        reader.refuse(line_of_size, f"vertex {vertex} has no choice; a vertex needs one at least")
    return reader.costs(size, f"a cost of vertex {vertex} ({size} expected)")


def _edge(reader: _Reader, index: int, vectors: tuple[CostArray, ...]) -> Edge:
    what = f"edge {index}"
    line = reader.next_line()
    ends = []
    for end in ("first", "second"):
        vertex_line = reader.next_line()
        vertex = reader.integer(f"{what}: its {end} vertex")
        if not 0 <= vertex < len(vectors):
            last = f"the vertices are 0 to {len(vectors) - 1}" if vectors else "there are no vertices"
            reader.refuse(vertex_line, f"{what} names vertex {vertex}, but {last}")
        ends.append(vertex)
    first, second = ends
    if first == second:
        reader.refuse(line, f"{what} joins vertex {first} to itself; add its diagonal to the vertex's costs")
    line = reader.next_line()
    rows = reader.count(f"{what}: the number of rows")
    columns = reader.count(f"{what}: the number of columns")
    expected = (vectors[first].size, vectors[second].size)
    if (rows, columns) != expected:
        swapped = " (rows are the choices of the first vertex)" if (columns, rows) == expected else ""
        reader.refuse(
            line,
            f"{what} has a {rows} x {columns} matrix, but vertex {first} has {_choices(expected[0])} and "
            f"vertex {second} {_choices(expected[1])}: {expected[0]} x {expected[1]} expected{swapped}",
        )
    costs = reader.costs(rows * columns, f"a cost of {what} ({rows} x {columns} expected)")
    return Edge(first, second, costs.reshape(rows, columns))


def _choices(count: int) -> str:
    return "1 choice" if count == 1 else f"{count} choices"


class _Reader:
    """The numbers of a text one after the other, with the line of each.

    A cost that is not an integer does not end the reading: the sizes are still worth checking, and
    a contradiction among them is reported with it.
    """

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        lines = text.split("\n")
        self._tokens = [(number, token) for number, line in enumerate(lines, start=1) for token in line.split()]
        self._last_line = max((number for number, _ in self._tokens), default=1)
        self._at = 0
        self._fractions: list[str] = []

    def next_line(self) -> int:
        """The line of the next number, or the last line."""
        return self._tokens[self._at][0] if self._at < len(self._tokens) else self._last_line

    def refuse(self, line: int, message: str) -> NoReturn:
        """Raises InputError, with any earlier complaint about a cost first."""
        here = f"{self._name}:{line}: {message}"
        raise InputError("; and ".join([*self._fractions, here]))

    def integer(self, what: str) -> int:
        line, token = self._token(what)
        if not _INTEGER.fullmatch(token):
            self.refuse(line, f"{what} must be an integer, found {_shown(token)}")
        return self._bounded(line, token, what)

    def count(self, what: str) -> int:
        line = self.next_line()
        value = self.integer(what)
        if value < 0:
            self.refuse(line, f"{what} must not be negative, found {value}")
        return value

    def costs(self, count: int, what: str) -> CostArray:
        values = []
        for _ in _range(count):
            line, token = self._token(what)
            if _INTEGER.fullmatch(token):
                values.append(self._bounded(line, token, what))
                continue
            values.append(0)
            if not self._fractions:
                self._fractions.append(
                    f"{self._name}:{line}: {what} must be an integer, found {_shown(token)}; "
                    "write fractions in a finer unit, and prohibitive costs as large integers"
                )
        return np.array(values, dtype=np.int64)

    def end(self) -> None:
        """Raises InputError when numbers are left over, or a cost was not an integer."""
        if self._at < len(self._tokens):
            line, token = self._tokens[self._at]
            left = len(self._tokens) - self._at
            self.refuse(line, f"{left} left over after the last edge, from {_shown(token)} on")
        if self._fractions:
            raise InputError(self._fractions[0])

    def _token(self, what: str) -> tuple[int, str]:
        if self._at == len(self._tokens):
            self.refuse(self._last_line, f"the text ends where {what} should stand")
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _bounded(self, line: int, token: str, what: str) -> int:
        digits = token.lstrip("+-").lstrip("0") or "0"
        if len(digits) > _MAX_DIGITS or int(digits) > WORST_CASE_LIMIT:
            self.refuse(line, f"{what}: {_shown(token)} is beyond the exact range of 2^62")
        return -int(digits) if token.startswith("-") else int(digits)


def _shown(token: str) -> str:
    return repr(token if len(token) <= 40 else f"{token[:37]}...")
