"""Mutated models, devices, plans and problems through the commands, each call in a process with limits.

`make fuzz` runs the whole campaign by another way; here are its first cases, and the rest with the heavy proofs.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from support.fuzzing import sandbox
from support.fuzzing.campaign import KINDS, ON_PLANS, campaign, seed_plans, seed_problems
from support.fuzzing.models.seeds import seed_models
from support.fuzzing.sandbox import Case, run_case

SHORT = {"models": 20, "devices": 20, "plans": 8, "problems": 20}
WHOLE = {"models": 2000, "devices": 500, "plans": 500, "problems": 500}


def no_findings(kind: str, count: int, first: int = 0) -> None:
    """Forked from a process of its own: threads that other tests have started do not live in a fork, their locks do."""
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        tally = alone.submit(campaign, kind, count, first=first).result()
    assert tally.cases == count
    found = [f"{one.case.name}: {one.call}: {one.complaint}\n{one.err}" for one in tally.findings]
    assert not found, "\n".join(found)
    assert tally.statuses.keys() <= {0, 1, 2} and tally.statuses[0] and tally.statuses[2], "it has to reach both"


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_mutations_of_each_kind(kind: str) -> None:
    no_findings(kind, SHORT[kind])


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_all_mutations_of_each_kind(kind: str) -> None:
    no_findings(kind, WHOLE[kind] - SHORT[kind], SHORT[kind])


@pytest.mark.parametrize("name", seed_models())
def test_the_models_that_are_mutated_are_sound(name: str) -> None:
    calls = (("check", "m.onnx"), ("plan", "m.onnx", "--array", "8x8", "-o", "p.json"), ("run", "p.json", "--json"))
    findings, statuses = run_case(Case(name, {"m.onnx": seed_models()[name].SerializeToString()}, calls))
    assert (findings, statuses) == ([], [0, 0, 0])


def test_the_plans_and_problems_that_are_mutated_are_sound() -> None:
    for model, plan in seed_plans():
        findings, statuses = run_case(Case("plan", {"model.onnx": model, "plan.json": plan.encode()}, ON_PLANS))
        assert (findings, statuses) == ([], [0] * len(ON_PLANS))
    for text in seed_problems():
        findings, statuses = run_case(Case("problem", {"p.pbqp": text.encode()}, (("solve", "p.pbqp", "--json"),)))
        assert (findings, statuses) == ([], [0])


@pytest.mark.parametrize("key", ["rows", "channels", "planes"])
def test_a_blocking_of_nothing_is_refused(key: str) -> None:
    """Found by the campaign: blocks of 0 rows, by which something was divided."""
    model, text = seed_plans()[0]
    document = json.loads(text)
    next(layer for layer in document["layers"] if layer["blocking"])["blocking"][key] = 0
    case = Case("plan", {"model.onnx": model, "plan.json": json.dumps(document).encode()}, ON_PLANS)
    findings, statuses = run_case(case)
    assert (findings, statuses) == ([], [2] * len(ON_PLANS))


def _traceback() -> int:
    raise ValueError("somewhere")


def _two_messages() -> int:
    print("error: one\nerror: two", file=sys.stderr)
    return 2


def _prints_and_refuses() -> int:
    print("a result")
    print("error: no", file=sys.stderr)
    return 2


def _writes_and_refuses() -> int:
    with open("half", "w") as file:
        file.write("a")
    print("error: no", file=sys.stderr)
    return 2


def _takes_memory() -> int:
    try:
        bytearray(2 * sandbox.MOST_BYTES)
    except MemoryError:
        print("error: there is not enough memory for this", file=sys.stderr)
    return 2


def _leaves_a_file() -> int:
    with open(os.path.join(os.environ["TMPDIR"], "left"), "w") as file:
        file.write("a")
    return 0


def _dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _internal() -> int:
    print("internal error: ValueError", file=sys.stderr)
    return 2


@pytest.mark.parametrize(
    ("ends", "complaint"),
    [
        (_traceback, "exit status 70"),
        (_two_messages, "2 messages"),
        (_prints_and_refuses, "writes something"),
        (_writes_and_refuses, "writes something"),
        (_takes_memory, "more than 1024 MiB"),
        (_leaves_a_file, "temporary files"),
        (_dies, "exit status -9"),
        (_internal, "an internal error"),
    ],
)
def test_what_no_call_may_do_is_found(ends, complaint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox itself: a campaign that sees nothing would find nothing."""
    monkeypatch.setattr(sandbox, "_main", ends)
    findings, _ = run_case(Case("bad", {"m": b""}, (("check", "m"),)))
    assert any(complaint in finding.complaint for finding in findings), findings


def test_a_call_that_takes_long_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is of the processor's time, here a second."""

    def busy() -> int:
        while True:
            pass

    monkeypatch.setattr(sandbox, "_main", busy)
    monkeypatch.setattr(sandbox, "MOST_SECONDS", 0)
    findings, _ = run_case(Case("bad", {"m": b""}, (("check", "m"),)))
    assert [finding.complaint for finding in findings] == ["it takes more than 0 s"]
