"""Tables fit the width at hand, and nothing in them is cut to nothing or mistaken for something else."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

import dynamap
from dynamap.cli.app import app
from dynamap.cli.tables import Column, Content, FittedTable
from dynamap.planner.results.shortening import shortened
from support.repository import DIGITS_MODEL

WIDTHS = (60, 80, 100, 120, 160)


def lines_of(table: FittedTable, width: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, markup=False, emoji=False).print(table)
    return stream.getvalue().splitlines()


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=30), st.integers(12, 40))
def test_short_names_fit_and_stay_apart(names: list[str], width: int) -> None:
    short = shortened(names, width)
    assert all(cell_len(name) <= width and name for name in short)
    assert len(set(short)) == len(set(names))
    assert all(after == before for before, after in zip(names, short, strict=True) if cell_len(before) <= width)


COLUMNS = (
    Column("name", content=Content.NAMES),
    Column("kept", right=True),
    Column("first to go", rank=2),
    Column("second", rank=1),
    Column("why", content=Content.PROSE, rank=1),
)
ROWS = [(f"/model/block{i}/conv/Conv", f"{i}", "x" * 30, "y" * 10, "words " * 8) for i in range(12)]


@pytest.mark.parametrize(
    ("width", "left_out"),
    [
        # Gaps of two. Widths: name 23 to 24 or 12 at least, kept 4, first to go 30, second 10, why 24 at least.
        (88, ""),  # 12 + 4 + 30 + 10 + 24 + 4 gaps
        (87, "first to go"),
        (56, "first to go"),  # 12 + 4 + 10 + 24 + 3 gaps
        (55, "first to go, why"),  # of equal rank the right one goes
        (30, "first to go, why"),  # 12 + 4 + 10 + 2 gaps
        (29, "first to go, second, why"),
    ],
)
def test_columns_go_by_rank(width: int, left_out: str) -> None:
    lines = lines_of(FittedTable(COLUMNS, ROWS), width)
    assert max(map(cell_len, lines)) <= width
    said = re.findall(r"left out for width: (.*) \(--wide", " ".join(" ".join(lines).split()))
    assert said == ([left_out] if left_out else [])


def test_a_low_column_that_fits_is_kept_when_a_wider_one_above_it_is_not() -> None:
    columns = (Column("a"), Column("wide", rank=1), Column("narrow", rank=2))
    lines = lines_of(FittedTable(columns, [("1", "w" * 50, "3")]), 20)
    assert lines[0].split() == ["a", "narrow"]


def test_an_empty_cell_is_a_dash() -> None:
    assert lines_of(FittedTable((Column("a"), Column("b")), [("1", "")]), 20)[2].split() == ["1", "-"]


Run = Callable[..., str]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("plans") / "digits.json"
    dynamap.plan(DIGITS_MODEL, "zcu104", array=(16, 16)).save(path)
    return str(path)


def printed(*words: str, width: int) -> str:
    result = CliRunner().invoke(app, words, env={"COLUMNS": str(width)})
    assert result.exit_code in (0, 1), result.output
    return result.stdout


COMMANDS = (
    ("plan", str(DIGITS_MODEL), "--device", "zcu104", "--array", "16x16"),
    ("check", "shufflenet", "--all"),
    ("devices",),
    ("models",),
    ("backends",),
    ("simulate", "PLAN"),
    ("verify", "--quick", "PLAN"),
    ("run", "PLAN"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_fits(plan: str, command: tuple[str, ...]) -> None:
    """At each width every row has a cell for every heading, and the rows have as many names as without a limit."""
    words = [plan if word == "PLAN" else word for word in command]
    names = [cells[0] for cells in _rows(printed(*words, "--wide", width=60))]
    assert len(names) >= 2
    for width in WIDTHS:
        output = printed(*words, width=width)
        assert max(map(cell_len, output.splitlines())) <= width
        found = [cells[0] for cells in _rows(output)]
        assert len(found) == len(names)
        assert len(set(found)) == len(set(names))


def _rows(output: str) -> list[list[str]]:
    """The cells of each row of the first table; what is wrapped below a row begins with a blank."""
    lines = output.splitlines()
    rule = next(at for at, line in enumerate(lines) if line.startswith("───"))
    headings = re.split(r" {2,}", lines[rule - 1].strip())
    rows = []
    for line in lines[rule + 1 :]:
        if not line.strip() or line.startswith("left out"):
            break
        cells = re.split(r" {2,}", line.rstrip())
        if cells[0]:
            if len(cells) != len(headings):
                break  # a caption or a sum below the table
            rows.append(cells)
    return rows
