"""Ctrl-C and SIGTERM in the middle of every command: one line, the status of the table, nothing half-written.

The signals come at the worst time: where a result is written but not yet in its place, or while others compute.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from dynamap.backends import children, project
from dynamap.backends.quantise.calibrating import float_executor
from dynamap.cli import interrupts
from dynamap.cost.errors import InputError
from dynamap.planner.pbqp.problem import Edge, Problem
from dynamap.planner.solvers import cpsat
from dynamap.planner.solvers.contract import SolveOptions
from dynamap.planner.solvers.integer import cbc
from dynamap.planner.solvers.integer.linear_model import LinearModel
from dynamap.planner.solvers.interruptible import interruptible
from support.fuzzing.campaign import MODEL, PLAN, seed_plans
from support.fuzzing.sandbox import ended_call

STAGED = (os, "fsync")
COMPUTED = (float_executor, "value_before_activation")
SOLVED = (Problem, "evaluate")
COMMANDS: Mapping[tuple[str, ...], tuple[Any, str]] = {
    ("plan", MODEL, "--array", "8x8", "-o", "new.json"): STAGED,
    ("plan", MODEL, "--array", "8x8", "--json"): SOLVED,
    ("export-qdq", MODEL, "-o", "new.onnx"): STAGED,
    ("simulate", PLAN, "--trace", "new.json"): STAGED,
    ("program", PLAN, "-o", "new.bin"): STAGED,
    ("report", PLAN, "-o", "new.html", "--baselines", "none"): STAGED,
    ("run", PLAN, "--output", "new.npy"): STAGED,
    ("generate", PLAN, "--backend", "vitis-hls", "-o", "new"): (project, "_write_all"),
    ("evaluate", PLAN, "--data", "data.npz"): COMPUTED,
    ("verify", PLAN): SOLVED,
    ("whatif", PLAN): SOLVED,
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_that_is_asked_to_end(
    command: tuple[str, ...], number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, name = COMMANDS[command]
    original = getattr(place, name)

    def asked_to_end(*arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        signal.pthread_kill(threading.main_thread().ident or 0, number)  # at once, whatever threads there are
        return result

    monkeypatch.setattr(place, name, asked_to_end)
    folder, scratch = tmp_path / "folder", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    model, plan = seed_plans()[0]
    (folder / MODEL).write_bytes(model)
    (folder / PLAN).write_text(plan, encoding="utf-8")
    np.savez(folder / "data.npz", x=np.zeros((2, 4, 6, 7), np.float32))
    before = sorted(folder.iterdir())
    ended = ended_call(folder, scratch, command)
    messages = [line for line in ended.err.splitlines() if not line.startswith(("note: ", "warning: "))]
    assert messages == ["interrupted: no result is half-written"]
    assert (ended.status, ended.out) == (128 + number, "")
    assert sorted(folder.iterdir()) == before
    assert not list(scratch.iterdir())


def test_another_answer_to_sigterm_stays() -> None:
    """Such as nohup's, or a program's that uses the package."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    interrupts.answer_signals()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


def test_a_solver_is_stopped() -> None:
    """One of compiled code is in another thread, which the main one has end; here it waits for that."""
    asked_to_stop = threading.Event()

    def solve() -> bool:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return asked_to_stop.wait(60)

    with pytest.raises(KeyboardInterrupt):
        interruptible(solve, asked_to_stop.set)
    assert asked_to_stop.is_set()
    assert interruptible(lambda: 3, asked_to_stop.clear) == 3


def test_ctrl_c_still_works_behind_a_solver() -> None:
    """CP-SAT takes the signal for itself where it may, and gives back another answer than it found."""
    costs = np.array([[3, 1], [2, 5]])
    cpsat.solve(Problem((np.array([1, 2]), np.array([2, 1])), (Edge(0, 1, costs),)), SolveOptions())
    with pytest.raises(KeyboardInterrupt):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has asked how it ended is still listed."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_cbc_ends_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that never ends by itself, in the place of CBC; PuLP would leave it, and its files."""
    import pulp

    engine = tmp_path / "cbc"
    engine.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nkill -INT $PPID\nwhile :; do sleep 0.01; done\n")
    engine.chmod(0o700)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setattr(cbc, "_solver", lambda *_, **__: pulp.COIN_CMD(path=str(engine), msg=False))
    model = LinearModel()
    model.add_columns([1.0, 2.0], integer=True)
    with pytest.raises(KeyboardInterrupt):
        cbc.run(model, relaxed=False, time_limit=None)
    assert gone(int((tmp_path / "pid").read_text()))
    assert not list(scratch.iterdir())


DRIVER = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open("pids", "w").write(f"{os.getpid()} {child.pid}")
if sys.argv[1:]:
    os.kill(os.getppid(), int(sys.argv[1]))
time.sleep(600)
"""


def test_a_compiler_ends_with_what_it_started(tmp_path: Path) -> None:
    """A driver that starts the real compiler: the second one was left before."""
    command = [sys.executable, "-c", DRIVER, str(int(signal.SIGINT))]
    with pytest.raises(KeyboardInterrupt):
        children.run("the compiler", command, folder=tmp_path, seconds=600)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    until = time.monotonic() + 10  # the system takes a moment to end what nobody waits for
    while not all(map(gone, pids)) and time.monotonic() < until:
        time.sleep(0.01)
    assert all(map(gone, pids))


def test_a_program_that_does_not_end(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^the compiler did not end within 0.01 s$"):
        children.run("the compiler", [sys.executable, "-c", DRIVER], folder=tmp_path, seconds=0.01)


def test_a_program_that_ends() -> None:
    told = "import sys; print(sys.stdin.read()); print('b', file=sys.stderr); sys.exit(3)"
    done = children.run("it", [sys.executable, "-c", told], seconds=600, given=b"a")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"a\n", b"b\n")
