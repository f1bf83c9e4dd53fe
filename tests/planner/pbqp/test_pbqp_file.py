"""The text format: what is read back, and what is refused with line and reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.pbqp.instances import FAMILIES, instance
from dynamap.planner.pbqp.problem import Problem
from dynamap.planner.pbqp.text_format import format_pbqp, parse_pbqp, read_pbqp, write_pbqp
from dynamap.planner.solvers import solve

# Two vertices with 2 and 3 choices, one edge; line 1 header, 2-5 vertices, 6-9 edge.
GOOD = """2 1
2
0 7
3
4 5 6
0 1
2 3
1 2 3
4 5 6
"""


def same(one: Problem, two: Problem) -> bool:
    return (
        len(one.vectors) == len(two.vectors)
        and len(one.edges) == len(two.edges)
        and all(np.array_equal(a, b) for a, b in zip(one.vectors, two.vectors, strict=True))
        and all(
            (a.first, a.second) == (b.first, b.second) and np.array_equal(a.costs, b.costs)
            for a, b in zip(one.edges, two.edges, strict=True)
        )
    )


def test_a_file_written_by_hand() -> None:
    problem = parse_pbqp(GOOD)
    assert [vector.tolist() for vector in problem.vectors] == [[0, 7], [4, 5, 6]]
    (edge,) = problem.edges
    assert (edge.first, edge.second, edge.costs.tolist()) == (0, 1, [[1, 2, 3], [4, 5, 6]])
    assert solve(problem).objective == 0 + 4 + 1


@pytest.mark.parametrize(
    "text", [GOOD.replace("\n", " "), GOOD.replace("\n", "\r\n"), "\n\t" + GOOD + "\n\n", GOOD.replace("7", "+007")]
)
def test_white_space_and_leading_zeros_do_not_matter(text: str) -> None:
    assert same(parse_pbqp(text), parse_pbqp(GOOD))


def test_negative_costs_and_no_vertices() -> None:
    assert parse_pbqp("1 0 2 -5 3").vectors[0].tolist() == [-5, 3]
    assert parse_pbqp("0 0").vectors == ()


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_written_problems_are_read_back(family: str, tmp_path: Path) -> None:
    for seed in range(5):
        problem = instance(family, 12, seed, choices=(1, 5), costs=(-(10**12), 10**12))
        path = tmp_path / f"{seed}.pbqp"
        write_pbqp(problem, path)
        again = read_pbqp(path)
        assert same(problem, again)
        assert format_pbqp(again) == path.read_text()


MALFORMED = [
    ("", "t:1: the text ends where the number of vertices should stand"),
    ("2", "t:1: the text ends where the number of edges should stand"),
    ("-1 0", "t:1: the number of vertices must not be negative, found -1"),
    ("1 -1 1 0", "t:1: the number of edges must not be negative, found -1"),
    ("x 0", "t:1: the number of vertices must be an integer, found 'x'"),
    ("1.0 0 1 0", "t:1: the number of vertices must be an integer, found '1.0'"),
    ("3 0\n1 0\n1 0\n", "t:3: the text ends where the number of choices of vertex 2 should stand"),
    ("1 0\n3\n1 2\n", "t:3: the text ends where a cost of vertex 0 \\(3 expected\\) should stand"),
    ("1 0\n0\n", "t:2: vertex 0 has no choice; a vertex needs one at least"),
    ("1 0\n-2\n", "t:2: the number of choices of vertex 0 must not be negative, found -2"),
    ("1 0\n2\n1 1.5\n", "t:3: a cost of vertex 0 .* must be an integer, found '1.5'; write fractions in a finer unit"),
    ("1 0\n2\n1 inf\n", "t:3: a cost of vertex 0 .* found 'inf'"),
    ("1 0\n2\n1 -Infinity\n", "t:3: .* found '-Infinity'"),
    ("1 0\n2\n1 nan\n", "t:3: .* found 'nan'"),
    ("1 0\n2\n1 1e3\n", "t:3: .* found '1e3'"),
    ("1 0\n2\n1 1_000\n", "t:3: .* found '1_000'"),
    ("1 0\n2\n1 0x10\n", "t:3: .* found '0x10'"),
    ("1 0\n2\n1 4611686018427387905\n", r"t:3: .* '4611686018427387905' is beyond the exact range of 2\^62"),
    ("1 0\n2\n1 -" + "9" * 5000 + "\n", r"t:3: .* '-9{36}\.\.\.' is beyond the exact range"),
    ("2 0\n1 4611686018427387904\n1 1\n", r"t: the costs could add up to 4611686018427387905, beyond"),
    (GOOD.replace("0 1\n2 3", "0 2\n2 3"), "t:6: edge 0 names vertex 2, but the vertices are 0 to 1"),
    (GOOD.replace("0 1\n2 3", "-1 1\n2 3"), "t:6: edge 0 names vertex -1, but the vertices are 0 to 1"),
    ("0 1\n0 1\n1 1\n0", "t:2: edge 0 names vertex 0, but there are no vertices"),
    (GOOD.replace("0 1\n2 3", "1 1\n3 3"), "t:6: edge 0 joins vertex 1 to itself"),
    (GOOD.replace("0 1\n2 3", "0 1\n2 -3"), "t:7: edge 0: the number of columns must not be negative, found -3"),
    (
        GOOD.replace("0 1\n2 3", "0 1\n2 2"),
        "t:7: edge 0 has a 2 x 2 matrix, but vertex 0 has 2 choices and vertex 1 3 choices: 2 x 3 expected",
    ),
    (GOOD.replace("0 1\n2 3", "0 1\n3 2"), "t:7: .* 2 x 3 expected .rows are the choices of the first vertex.$"),
    (GOOD[:-4], "t:9: the text ends where a cost of edge 0 \\(2 x 3 expected\\) should stand"),
    (GOOD + "0 0", "t:10: 2 left over after the last edge, from '0' on"),
    (GOOD.replace("2 1\n", "2 2\n", 1), "t:9: the text ends where edge 1: its first vertex should stand"),
    (GOOD.replace("2 1\n", "2 0\n", 1), "t:6: 10 left over after the last edge, from '0' on"),
    ("4000000000000000000 0\n1 1", "t:2: the text ends where the number of choices of vertex 1 should stand"),
    ("1 0\n4000000000000000000\n1 1", "t:3: the text ends where a cost of vertex 0"),
]


@pytest.mark.parametrize(("text", "message"), MALFORMED)
def test_malformed_texts_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        parse_pbqp(text, name="t")


def test_a_fraction_does_not_hide_a_contradiction() -> None:
    """As in the authors' own example: costs are fractions, and a matrix contradicts its vertices."""
    text = "2 1\n1\n0.0\n1\n0\n0 1\n1 3\n0.003136\n"
    message = (
        r"^t:3: .*must be an integer, found '0\.0'; .*; and t:7: edge 0 has a 1 x 3 matrix, "
        r"but vertex 0 has 1 choice and vertex 1 1 choice: 1 x 1 expected$"
    )
    with pytest.raises(InputError, match=message):
        parse_pbqp(text, name="t")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.pbqp: cannot be read: No such file"):
        read_pbqp(tmp_path / "absent.pbqp")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_pbqp(tmp_path)
    binary = tmp_path / "binary.pbqp"
    binary.write_bytes(b"\x00\xff\xfe")
    with pytest.raises(InputError, match="not a PBQP text file"):
        read_pbqp(binary)


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        write_pbqp(parse_pbqp(GOOD), tmp_path / "no" / "such" / "folder.pbqp")
