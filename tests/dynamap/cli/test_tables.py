"""Tables fit the width at hand, and nothing in them is cut to nothing or mistaken for something else."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
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
from support.report_samples import CSYNTH, make_project
from support.reports import detector
from support.repository import DIGITS_MODEL

WIDTHS = (60, 80, 120)


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


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the commands below are given, by the words in capitals that stand for it."""
    folder = tmp_path_factory.mktemp("plans")
    dynamap.plan(DIGITS_MODEL, "zcu104", array=(16, 16)).save(folder / "digits.json")
    onnx.save(detector(), folder / "detector.onnx")
    dynamap.plan(folder / "detector.onnx", "zcu104", array=(16, 16)).save(folder / "detector.json")
    images = np.random.default_rng(3).integers(0, 17, (2, 1, 8, 8)).astype(np.float32)
    np.savez(folder / "data.npz", image=images, labels=np.array([3, 5]))
    project = make_project(folder / "project")("zcu104", CSYNTH)
    return {
        "DIGITS": str(DIGITS_MODEL),
        "PLAN": str(folder / "digits.json"),
        "HOSTED": str(folder / "detector.json"),
        "DETECTOR": str(folder / "detector.onnx"),
        "DATA": str(folder / "data.npz"),
        "PROJECT": str(project),
    }


def printed(words: Sequence[str], places: Mapping[str, str], folder: Path, width: int) -> str:
    """``NEW`` in a word is a path where nothing is."""
    filled = [places.get(word, word).replace("NEW", str(folder / "new")) for word in words]
    result = CliRunner().invoke(app, filled, env={"COLUMNS": str(width)})
    assert result.exit_code in (0, 1), result.output
    return result.stdout


TABLES = (
    "plan DIGITS --device zcu104 --array 16x16",
    "plan DETECTOR --device zcu104 --array 16x16",
    "plan DIGITS squeezenet --device zcu104 --array 16x16",
    "plan DIGITS --device zcu104 --array 16x16 --cost-model paper --no-packing",
    "plan DIGITS --device zcu104 --array 16x16 --batch 4",
    "check shufflenet --all",
    "check DETECTOR",
    "devices",
    "models",
    "backends",
    "simulate PLAN",
    "verify --quick PLAN",
    "run PLAN",
    "run HOSTED --compare onnxruntime",
    "evaluate PLAN --data DATA",
    "whatif HOSTED",
    "report import PROJECT",
    "explore DETECTOR --device zcu104,pynq-z2 --fill 50%,60% --on-chip 512KiB,all --workers 1 --resume -o NEW.csv",
)
WITHOUT_TABLE = {
    "solve": "solve PBQP",
    "program": "program PLAN",  # a listing, a line for each fact, for tools that compare lines
    "export-qdq": "export-qdq DIGITS -o NEW.onnx",
    "generate": "generate PLAN --backend vitis-hls -o NEW",
    "report html": "report html PLAN -o NEW.html",
}


def test_every_command_is_here() -> None:
    """The oracle is what ``--help`` lists."""
    named = {name for name in _commands() if any(f"{command} ".startswith(f"{name} ") for command in TABLES)}
    assert named | set(WITHOUT_TABLE) == set(_commands()) and not named & set(WITHOUT_TABLE)


def _commands() -> list[str]:
    listed = {name: CliRunner().invoke(app, [*name.split(), "--help"]).output for name in ("", "report")}
    names = {
        group: re.findall(r"^  ([a-z][a-z-]*) ", text.partition("Commands:")[2].partition("\n\n")[0], re.M)
        for group, text in listed.items()
    }
    return [name for name in names[""] if name != "report"] + [f"report {name}" for name in names["report"]]


LONG = ("whatif", "explore")
"""Commands that search many times, for each of the widths."""


@pytest.mark.parametrize(
    "command", [pytest.param(one, marks=pytest.mark.full if one.startswith(LONG) else ()) for one in TABLES]
)
def test_every_table_fits(places: dict[str, str], tmp_path: Path, command: str) -> None:
    """At each width every row of every table has a cell for every heading, and rows are told apart as they are whole.

    Headings are whole, on one line; the columns before the last of rank 0 are those that name a row.
    """
    words = command.split()
    whole = _tables(printed([*words, "--wide"], places, tmp_path, 60))
    assert whole and all(len(table) >= 2 for table in whole)
    for width in WIDTHS:
        output = printed(words, places, tmp_path, width)
        assert max(map(cell_len, output.splitlines())) <= width
        found = _tables(output)
        assert len(found) == len(whole)
        for fitted, full in zip(found, whole, strict=True):
            assert [heading for heading in fitted[0] if heading not in full[0]] == []
            assert len(fitted) == len(full)
            assert len({row[0] for row in fitted}) == len({row[0] for row in full})
            assert all(cell and cell != "…" for row in fitted for cell in row)


@pytest.mark.parametrize("command", WITHOUT_TABLE.values(), ids=WITHOUT_TABLE)
def test_lines_of_the_other_commands_fit(places: dict[str, str], tmp_path: Path, command: str) -> None:
    pbqp = tmp_path / "problem.pbqp"
    assert printed(["plan", "DIGITS", "--array", "16x16", "--export-pbqp", str(pbqp)], places, tmp_path, 80)
    output = printed(command.replace("PBQP", str(pbqp)).split(), places, tmp_path, 60)
    if command != WITHOUT_TABLE["program"]:
        assert max(map(cell_len, ["", *output.splitlines()])) <= 60


def _tables(output: str) -> list[list[list[str]]]:
    """The headings and the cells of each row of each table; what is wrapped below a row begins with a blank."""
    lines = output.splitlines()
    tables = []
    for at, line in enumerate(lines):
        if not line.startswith("───"):
            continue
        headings = re.split(r" {2,}", lines[at - 1].strip())
        rows = [headings]
        for below in lines[at + 1 :]:
            if not below.strip() or below.startswith("left out"):
                break
            cells = re.split(r" {2,}", below.rstrip())
            if cells[0]:
                if len(cells) != len(headings):
                    break  # a caption or a sum below the table
                rows.append(cells)
        tables.append(rows)
    return tables
