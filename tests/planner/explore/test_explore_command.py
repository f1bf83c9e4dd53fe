"""`dynamap explore` as its user meets it: streams, files, a kill at any moment, one message for a wrong call."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.explore.clusters import alive, children, wait_until
from support.explore.small import dynamap, refused, write_device, write_model

BUDGETS = ",".join(map(str, range(12, 28)))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("inputs")
    model = write_model(folder / "net.onnx", channels=(3, 32, 16), size=12)
    return model, write_device(folder / "tiny.toml", multipliers=33, bram36=60)


def without_seconds(path: Path) -> str:
    return re.sub(r"[0-9.]+,(\d+)$", r"\1", path.read_text(), flags=re.MULTILINE)


def test_killed_and_continued_is_as_never_interrupted(files: tuple[Path, Path], tmp_path: Path) -> None:
    model, device = files
    sweep = ["explore", str(model), "--device", str(device), "--multipliers", BUDGETS, "--workers", "2"]
    whole = dynamap(*sweep, "-o", tmp_path / "whole.csv")
    assert whole.returncode == 0, whole.stderr
    path = tmp_path / "killed.csv"
    command = [sys.executable, "-m", "dynamap", *sweep, "-o", str(path)]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") >= 3, "the second row")
    below = children(driver.pid)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    kept = path.read_bytes().count(b"\n") - 1
    assert 2 <= kept < 16
    assert below
    wait_until(lambda: not any(alive(pid) for pid in below), "the end of the killed driver's workers")
    with path.open("ab") as stream:  # what a kill in the middle of a line leaves
        stream.write(b"15,net,tiny,10")
    resumed = dynamap(*sweep, "-o", path, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert f"16 rows, {16 - kept} of them now" in resumed.stderr
    assert without_seconds(path) == without_seconds(tmp_path / "whole.csv")
    assert resumed.stdout == whole.stdout
    again = dynamap(*sweep, "-o", path, "--resume", "--json", "--plots", tmp_path / "plots")
    assert again.returncode == 0 and "16 rows, 0 of them now" in again.stderr
    document = json.loads(again.stdout)
    assert (document["rows"], document["computed"], document["failed"]) == (16, 0, [])
    assert sorted(p.name for p in (tmp_path / "plots").iterdir()) == [
        f"net-{axis}.{kind}" for axis in ("multipliers", "on-chip") for kind in ("png", "svg")
    ]
    rows = list(csv.DictReader(path.read_text().splitlines()))
    front = document["fronts"][0]["points"]
    assert [(str(p["multipliers"]), str(p["objective_cycles"])) for p in front] == expected_front(rows)
    other = refused(*sweep, "--no-packing", "-o", path, "--resume")
    assert "has the results of another sweep: its packing is None and not False" in other


def expected_front(rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Of the optimal rows, those that no other beats or equals in both."""
    points = {(int(r["multipliers"]), int(r["objective_cycles"])) for r in rows if r["status"] == "optimal"}
    kept = [p for p in points if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in points)]
    return [(str(used), str(cycles)) for used, cycles in sorted(kept)]


ASKED = [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.full)]


@pytest.mark.parametrize("number", ASKED)
def test_asked_to_end(number: signal.Signals, files: tuple[Path, Path], tmp_path: Path) -> None:
    """Ctrl-C goes to all processes of the terminal, another's SIGTERM to the command alone."""
    model, device = files
    path = tmp_path / "r.jsonl"
    command = [sys.executable, "-m", "dynamap", "explore", str(model), "--device", str(device), "-o", str(path)]
    driver = subprocess.Popen(
        [*command, "--multipliers", BUDGETS, "--workers", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") >= 2, "the second row")
    os.kill(-driver.pid if number == signal.SIGINT else driver.pid, number)
    out, err = driver.communicate(timeout=120)
    assert driver.returncode == 128 + number and out == ""
    *progress, last = err.splitlines()
    assert last == f"interrupted: the rows so far are in {path}, continue with --resume"
    assert all("combinations, about" in line for line in progress)  # of a machine that has other work
    assert path.read_bytes().endswith(b"\n")


def test_combinations_without_a_plan_are_rows(files: tuple[Path, Path], tmp_path: Path) -> None:
    """A multiplier that cannot pack, memory that does not suffice, an algorithm that no layer has: rows, status 0."""
    model, device = files
    path = tmp_path / "r.parquet"
    done = dynamap(
        *("explore", model, "--device", f"{device},arria10-gx1150", "--packing", "--on-chip", "all,60KiB"),
        *("--multipliers", "9", "--algorithms", "im2col", "--algorithms", "winograd", "-o", path, "--workers", "1"),
    )
    assert done.returncode == 0, done.stderr
    import pyarrow.parquet

    rows = pyarrow.parquet.read_table(path).to_pylist()
    assert [row["device"] for row in rows] == ["tiny"] * 4 + ["arria10-gx1150"] * 4
    assert [row["algorithms"] for row in rows] == ["im2col", "im2col", "winograd", "winograd"] * 2
    assert [row["status"] for row in rows] == ["optimal", "infeasible", "optimal", "infeasible", *["infeasible"] * 4]
    assert "larger --on-chip budget" in rows[1]["reason"]
    assert all("cannot pack" in row["reason"] for row in rows[4:])
    assert "8 combinations: 2 optimal, 6 infeasible" in done.stdout and "nothing fits" in done.stdout
    assert "algorithms winograd" in done.stdout


def test_what_a_time_limit_ends_is_not_proven(files: tuple[Path, Path], tmp_path: Path) -> None:
    model, device = files
    done = dynamap("explore", model, "--device", device, "--time-limit", "1e-9", "-o", tmp_path / "r.csv")
    assert done.returncode == 1, done.stderr
    (row,) = csv.DictReader((tmp_path / "r.csv").read_text().splitlines())
    assert row["status"] == "unknown" and "raise --time-limit" in row["reason"]
    assert "nothing proven fits" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nosuch", "-o", "r.csv"), "model 'nosuch' is not a file that exists"),
        (("NET", "--device", "nosuch", "-o", "r.csv"), "device 'nosuch' is neither"),
        (("NET", "NET", "-o", "r.csv"), "two models of the sweep are called 'net'"),
        (("NET", "--device", "u200,u200", "-o", "r.csv"), "two devices of the sweep are called 'u200'"),
        (("NET", "--multipliers", "", "-o", "r.csv"), "--multipliers needs at least one budget"),
        (("NET", "--multipliers", "4MiB", "-o", "r.csv"), "--multipliers must be a list of budgets"),
        (("NET", "--clock", ",", "-o", "r.csv"), "--clock needs at least one number"),
        (("NET", "--bandwidth", "fast", "-o", "r.csv"), "--bandwidth must be numbers, separated by commas"),
        (("NET", "--fill", "80%,101%", "-o", "r.csv"), "--fill must be a whole share from 1% to 100%"),
        (("NET", "--fill", ",", "-o", "r.csv"), "--fill needs at least one share"),
        (("NET", "--algorithms", "fft", "-o", "r.csv"), "--algorithms does not know 'fft'"),
        (("NET", "--time-limit", "-1", "-o", "r.csv"), "--time-limit must be positive"),
        (("NET", "-o", "r.xlsx"), "must end with .csv, .jsonl, .parquet"),
        (("NET", "-o", "nowhere/r.csv"), "there is no folder"),
        (("NET", "--scheduler", "here", "-o", "r.csv"), "--scheduler must be an address"),
        (("NET", "--device", "", "-o", "r.csv"), "a sweep needs at least one device"),
    ],
)
def test_wrong_calls(
    files: tuple[Path, Path],
    tmp_path: Path,
    arguments: tuple[str, ...],
    words: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In this process, where a refusal takes no second: nothing is started and nothing is written."""
    from dynamap.cli import main

    call = [str(files[0]) if word == "NET" else word for word in arguments]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["dynamap", "explore", *call])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capfd.readouterr()
    assert ended.value.code == 2 and out == ""
    assert err.startswith("error: ") and words in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.full), signal.SIGTERM])
def test_asked_to_end_while_the_workers_start(number: signal.Signals, files: tuple[Path, Path], tmp_path: Path) -> None:
    """It was lost then; now it is answered when there are workers to end, and nothing is left of them."""
    model, device = files
    driver = (
        "import os, sys, distributed\n"
        "class Cluster(distributed.LocalCluster):\n"
        "    def __init__(self, **named):\n"
        "        super().__init__(**named)\n"
        f"        os.kill(os.getpid(), {int(number)})\n"
        "distributed.LocalCluster = Cluster\n"
        "from dynamap.cli import main\n"
        "main()\n"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    words = ("explore", str(model), "--device", str(device), "-o", str(tmp_path / "r.csv"), "--workers", "1")
    done = subprocess.run(
        [sys.executable, "-c", driver, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    assert done.returncode == 128 + number and done.stdout == ""
    assert done.stderr.splitlines() == ["interrupted: no result is half-written"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scratch"] and not list(scratch.iterdir())
