"""The results file: appended row by row, continued from any torn end, refused where it is of another sweep."""

from __future__ import annotations

import csv
import errno
import json
import os
import pickle
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.explore.budgets import Budget
from dynamap.planner.explore.journal import Journal, ResultFiles
from dynamap.planner.explore.row import COLUMNS, Row, csv_line, row_from_csv, row_from_data
from dynamap.planner.explore.sweep import Sweep, Swept
from support.explore.rows import made_up, small_sweep
from support.explore.small import answers, tiny_network

LINE_FORMATS = ("csv", "jsonl")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return small_sweep(tmp_path_factory.mktemp("sweep"))


@pytest.fixture(scope="module")
def rows(sweep: Sweep) -> list[Row]:
    return [made_up(sweep, number) for number in range(5)]


def written(path: Path, sweep: Sweep, rows: list[Row], *, finish: bool = False) -> bytes:
    with Journal(path, sweep, resume=False) as journal:
        for row in rows:
            journal.append(row)
        if finish:
            journal.finish()
    return path.read_bytes() if path.exists() else b""


def read_again(path: Path, sweep: Sweep) -> list[Row]:
    with Journal(path, sweep, resume=True) as journal:
        return list(journal.rows)


def test_rows_in_csv_and_json_are_the_same_rows(tmp_path: Path) -> None:
    """Plans and refusals alike; what a spreadsheet or another program reads is one record per row."""
    sweep = small_sweep(tmp_path, 3)
    network = tiny_network(tmp_path)
    rows = answers(sweep, network)
    rows[0] = made_up(sweep, 0)
    assert "\n" not in rows[0].reason and rows[0].reason == 'a "layer", too = large; does not fit'
    for row in rows:
        assert row_from_csv(next(csv.reader([csv_line(row).decode()]))) == row
        assert row_from_data(json.loads(json.dumps(asdict(row)))) == row
    content = written(tmp_path / "r.csv", sweep, rows)
    records = list(csv.DictReader(content.decode().splitlines()))
    assert [record["combination"] for record in records] == ["0", "1", "2"]
    assert records[0]["status"] == "infeasible" and records[0]["latency_ms"] == ""
    assert records[2]["multipliers_budget"] == "3" and float(records[2]["latency_ms"]) == rows[2].latency_ms
    lines = written(tmp_path / "r.jsonl", sweep, rows).decode().splitlines()
    assert [json.loads(line)["objective_cycles"] for line in lines] == [row.objective_cycles for row in rows]


@pytest.mark.parametrize("extension", LINE_FORMATS)
def test_continued_from_every_torn_end(tmp_path: Path, sweep: Sweep, rows: list[Row], extension: str) -> None:
    """Cut anywhere, the complete rows are kept, the torn one is done again, and the end is the same."""
    path = tmp_path / f"r.{extension}"
    content = written(path, sweep, rows[:3])
    ends = [i + 1 for i, byte in enumerate(content) if byte == ord("\n")]
    complete = ends[1:] if extension == "csv" else ends
    for cut in range(0, len(content) + 1, 29):
        path.write_bytes(content[:cut])
        with Journal(path, sweep, resume=True) as journal:
            kept = sum(end <= cut for end in complete)
            assert journal.rows == rows[:kept]
            assert journal.missing == list(range(kept, 5))
            for number in journal.missing:
                journal.append(rows[number])
        assert read_again(path, sweep) == rows
        assert path.read_bytes().startswith(content)


def test_finished_files_are_in_the_order_of_the_sweep(tmp_path: Path, sweep: Sweep, rows: list[Row]) -> None:
    for extension in LINE_FORMATS:
        shuffled = written(tmp_path / f"a.{extension}", sweep, [rows[i] for i in (3, 0, 4, 1, 2)], finish=True)
        assert shuffled == written(tmp_path / f"b.{extension}", sweep, rows, finish=True)
        assert read_again(tmp_path / f"a.{extension}", sweep) == rows


def test_parquet_is_written_from_its_journal(tmp_path: Path, sweep: Sweep, rows: list[Row]) -> None:
    import pyarrow.parquet as pq

    path = tmp_path / "r.parquet"
    assert written(path, sweep, rows[:2]) == b""
    with Journal(path, sweep, resume=True) as journal:
        assert journal.rows == rows[:2]
        for row in reversed(rows[2:]):
            journal.append(row)
        journal.finish()
    table = pq.read_table(path)
    assert table.column_names == list(COLUMNS)
    assert table.to_pylist() == [asdict(row) for row in rows]
    assert str(table.schema.field("objective_cycles").type) == "int64"
    assert read_again(path, sweep) == rows
    with pytest.raises(InputError, match=r"r\.parquet' exists: continue its sweep with --resume"):
        Journal(path, sweep, resume=False)
    (tmp_path / "r.parquet.jsonl").unlink()
    with pytest.raises(InputError, match=r"without the journal 'r\.parquet\.jsonl'"):
        Journal(path, sweep, resume=True)


def test_without_pyarrow(tmp_path: Path, sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'dynamap\[explore\]'"):
        Journal(tmp_path / "r.parquet", sweep, resume=False)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_not_touched(tmp_path: Path, sweep: Sweep, rows: list[Row]) -> None:
    path = tmp_path / "r.csv"
    path.write_text("my,own,table\n1,2,3\n")
    with pytest.raises(InputError, match=r"r\.csv' exists: continue its sweep with --resume, or choose another name"):
        Journal(path, sweep, resume=False)
    with pytest.raises(InputError, match=r"'r\.csv\.sweep\.json' beside it.* cannot be read \(No such file"):
        Journal(path, sweep, resume=True)
    assert path.read_text() == "my,own,table\n1,2,3\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.csv"]


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "[" * 100_000])
def test_a_damaged_identity(tmp_path: Path, sweep: Sweep, rows: list[Row], text: str) -> None:
    path = tmp_path / "r.csv"
    content = written(path, sweep, rows[:1])
    (tmp_path / "r.csv.sweep.json").write_text(text)
    with pytest.raises(InputError, match="cannot be continued"):
        Journal(path, sweep, resume=True)
    assert path.read_bytes() == content


def test_another_sweep_is_refused(tmp_path: Path, sweep: Sweep, rows: list[Row]) -> None:
    path = tmp_path / "r.jsonl"
    content = written(path, sweep, rows[:2])
    network = tiny_network(tmp_path)
    other = Sweep.of([network], sweep.devices, Swept(multipliers=(Budget(amount=2),)))
    message = r"r\.jsonl' has the results of another sweep: its multipliers is 1, 2, 3, 4, 5 and not 2\. Ask"
    with pytest.raises(InputError, match=message):
        Journal(path, other, resume=True)
    assert path.read_bytes() == content


def _damage(content: bytes, line: int, change: bytes) -> bytes:
    lines = content.split(b"\n")
    lines[line - 1] = change
    return b"\n".join(lines)


@pytest.mark.parametrize("extension", LINE_FORMATS)
@pytest.mark.parametrize("change", [b"", b"x", b"\x00\xff", b'{"combination": 1}', b"{}", b'"', b"[1]", b"NaN"])
def test_a_damaged_line_is_named(tmp_path: Path, sweep: Sweep, rows: list[Row], extension: str, change: bytes) -> None:
    path = tmp_path / f"r.{extension}"
    content = _damage(written(path, sweep, rows[:3]), 2, change)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r", line 2: not a row of this sweep \(.*restore the file or remove the line"):
        Journal(path, sweep, resume=True)
    assert path.read_bytes() == content


def test_rows_that_the_sweep_does_not_have(tmp_path: Path, sweep: Sweep, rows: list[Row]) -> None:
    path = tmp_path / "r.csv"
    content = written(path, sweep, rows[:3])
    path.write_bytes(content.replace(b"\n1,net,", b"\n9,net,"))
    with pytest.raises(InputError, match=r"line 3: not a row of this sweep \(the sweep has no such combination\)"):
        Journal(path, sweep, resume=True)
    path.write_bytes(content.replace(b"\n1,net,tiny,100.0", b"\n1,net,tiny,99.0"))
    with pytest.raises(InputError, match=r"line 3: .*the sweep has no such combination"):
        Journal(path, sweep, resume=True)
    path.write_bytes(content + csv_line(rows[1]))
    with pytest.raises(InputError, match=r"line 5: .*combination 1 is there twice"):
        Journal(path, sweep, resume=True)
    path.write_bytes(_damage(content, 1, b"combination,model"))
    with pytest.raises(InputError, match=r"line 1: .*not the heading"):
        Journal(path, sweep, resume=True)


def test_two_writers(tmp_path: Path, sweep: Sweep, rows: list[Row]) -> None:
    path = tmp_path / "r.csv"
    with Journal(path, sweep, resume=False) as first:
        first.append(rows[0])
        with pytest.raises(InputError, match=r"r\.csv' is being written by another dynamap explore"):
            Journal(path, sweep, resume=True)
        first.append(rows[1])
    assert read_again(path, sweep) == rows[:2]


@pytest.mark.parametrize("extension", LINE_FORMATS)
def test_a_disk_that_fills(
    tmp_path: Path, sweep: Sweep, rows: list[Row], extension: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes half a row and then no more: the row is not there, those before it are, and it goes on later."""
    path = tmp_path / f"r.{extension}"
    room = 0
    real = os.write

    def limited(handle: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        data = data[:room]
        room -= len(data)
        return real(handle, data)

    with Journal(path, sweep, resume=False) as journal:
        journal.append(rows[0])
        before = path.read_bytes()
        room = 20
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", limited)
            with pytest.raises(InputError, match=r"cannot write .*: No space left on device; its 1 rows are kept"):
                journal.append(rows[1])
        assert path.read_bytes() == before
        journal.append(rows[1])
    assert read_again(path, sweep) == rows[:2]


def test_a_file_that_may_not_grow(tmp_path: Path, sweep: Sweep, rows: list[Row]) -> None:
    """By the kernel's own limit, in a process of its own: the message, exit 2, and a file that can be continued."""
    path = tmp_path / "r.csv"
    written(path, sweep, rows[:1])
    size = path.stat().st_size + 100
    code = (
        "import pickle, resource, sys\n"
        "from dynamap.planner.explore.journal import Journal\n"
        "from dynamap.cost.errors import DynamapError\n"
        "path, sweep, rows = pickle.load(sys.stdin.buffer)\n"
        "try:\n"
        "    with Journal(path, sweep, resume=True) as journal:\n"
        f"        resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        "        for number in journal.missing:\n"
        "            journal.append(rows[number])\n"
        "except DynamapError as error:\n"
        "    print(error, file=sys.stderr)\n"
        "    sys.exit(error.exit_status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps((path, sweep, rows)), capture_output=True)
    assert done.returncode == 2, done.stderr
    assert b"File too large; its 1 rows are kept, continue with --resume" in done.stderr
    assert read_again(path, sweep) == rows[:1]


def test_where_it_cannot_be_written(tmp_path: Path, sweep: Sweep) -> None:
    with pytest.raises(InputError, match=r"must end with \.csv, \.jsonl, \.parquet"):
        ResultFiles.of(tmp_path / "results.xlsx")
    with pytest.raises(InputError, match="there is no folder"):
        ResultFiles.of(tmp_path / "nowhere" / "r.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="it is a folder"):
        ResultFiles.of(tmp_path / "folder.csv")
    with pytest.raises(InputError, match="cannot write"):
        Journal(Path("/proc/r.csv"), sweep, resume=False)


@pytest.mark.parametrize("name", ["r.csv", "r.csv.sweep.json", "p.parquet.jsonl"])
@pytest.mark.parametrize("special", ["pipe", "/dev/null", "/dev/full"])
def test_what_could_not_be_read_again_is_refused_before_anything_is_done(
    tmp_path: Path, sweep: Sweep, name: str, special: str
) -> None:
    """A pipe without a reader would wait for ever, a device keep no row and fail with "Invalid argument"."""
    if special == "pipe":
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).symlink_to(special)
    results = tmp_path / (name.partition(".")[0] + (".parquet" if "parquet" in name else ".csv"))
    with pytest.raises(InputError, match=rf"{name}': it leads to a pipe or a device.*choose a regular file"):
        Journal(results, sweep, resume=False)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("content", ["mine\n", '{"schema": "dynamap.plan/1"}', "[1]", "["])
def test_a_foreign_file_beside_the_results_is_kept(tmp_path: Path, sweep: Sweep, content: str) -> None:
    beside = tmp_path / "r.csv.sweep.json"
    beside.write_text(content)
    with pytest.raises(InputError, match=r"'.*r\.csv\.sweep\.json' exists and is of no sweep"):
        Journal(tmp_path / "r.csv", sweep, resume=False)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(beside.name, content)]


def test_what_an_older_sweep_left_beside_is_replaced(tmp_path: Path, sweep: Sweep) -> None:
    (tmp_path / "r.csv.sweep.json").write_text('{"schema": "dynamap.sweep/0"}')
    Journal(tmp_path / "r.csv", sweep, resume=False).__exit__(None, None, None)
    assert json.loads((tmp_path / "r.csv.sweep.json").read_text()) == sweep.document()
