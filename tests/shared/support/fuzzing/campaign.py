"""The cases of each kind of file, by seed and number, and the campaign that makes them all."""

from __future__ import annotations

import multiprocessing
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from dynamap.cost.device import device_names
from support.fuzzing.models.seeds import seed_models
from support.fuzzing.models.structure import mutated_model
from support.fuzzing.sandbox import Case, Finding, preload, run_case
from support.fuzzing.texts import mutated_json, mutated_numbers, mutated_toml
from support.repository import ROOT

MODEL, PLAN, DEVICE, PROBLEM = "model.onnx", "plan.json", "device.toml", "problem.pbqp"
SOLVERS = ("dp", "ilp", "cpsat", "exhaustive")
ON_PLANS = (
    ("verify", PLAN),
    ("simulate", PLAN, "--json"),
    ("run", PLAN, "--output", "result.npy", "--json"),
    ("generate", PLAN, "--backend", "vitis-hls", "-o", "project"),
    ("report", PLAN, "-o", "report.html"),
    ("program", PLAN, "-o", "program.bin"),
    ("whatif", PLAN, "--json"),
)
EXPLORED = 0.1
"""The share of the devices that a sweep is asked for, which starts processes."""


@dataclass
class Tally:
    """What a campaign found, and how the calls ended."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)


def model_case(seed: int, number: int) -> Case:
    """A mutated model: checked, planned, and run where there is a plan."""
    rng = random.Random(f"model {seed} {number}")
    models = list(seed_models().values())
    data = mutated_model(rng, rng.choice(models), rng.choice(models))
    calls: tuple[tuple[str, ...], ...] = (
        ("check", MODEL),
        ("plan", MODEL, "--array", "8x8", "-o", PLAN),
        ("run", PLAN, "--json"),
    )
    return Case(f"model {seed} {number}", {MODEL: data}, calls)


def device_case(seed: int, number: int) -> Case:
    """A small model planned for a mutated device; for some of them there is a sweep instead."""
    rng = random.Random(f"device {seed} {number}")
    text = (ROOT / "cost" / "devices" / f"{rng.choice(device_names())}.toml").read_text(encoding="utf-8")
    files = {MODEL: seed_models()["branches"].SerializeToString(), DEVICE: mutated_toml(rng, text)}
    size = ("--array", "8x8") if rng.random() < 0.5 else ("--multipliers", "64")
    call = ("plan", MODEL, "--device", DEVICE, *size, "-o", PLAN)
    if rng.random() < EXPLORED:
        call = ("explore", MODEL, "--device", DEVICE, "--multipliers", "64", "--workers", "1", "-o", "sweep.csv")
    return Case(f"device {seed} {number}", files, (call,))


def plan_case(seed: int, number: int) -> Case:
    """A mutated plan given to each of seven commands."""
    rng = random.Random(f"plan {seed} {number}")
    model, text = rng.choice(seed_plans())
    return Case(f"plan {seed} {number}", {MODEL: model, PLAN: mutated_json(rng, text)}, ON_PLANS)


def problem_case(seed: int, number: int) -> Case:
    """A mutated PBQP given to a solver."""
    rng = random.Random(f"problem {seed} {number}")
    data = mutated_numbers(rng, rng.choice(seed_problems()))
    solver = rng.choice(SOLVERS)
    return Case(f"problem {seed} {number}", {PROBLEM: data}, (("solve", PROBLEM, "--solver", solver, "--json"),))


KINDS: dict[str, Callable[[int, int], Case]] = {
    "models": model_case,
    "devices": device_case,
    "plans": plan_case,
    "problems": problem_case,
}


@cache
def seed_plans() -> Sequence[tuple[bytes, str]]:
    """Some models and the text of a plan of each, as the command writes it."""
    found = []
    for name in ("classifier", "branches", "quantised"):
        data = seed_models()[name].SerializeToString()
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, MODEL).write_bytes(data)
            call = ["plan", MODEL, "--array", "8x8", "-o", PLAN]
            subprocess.run([sys.executable, "-m", "dynamap", *call], cwd=folder, check=True, capture_output=True)
            found.append((data, Path(folder, PLAN).read_text(encoding="utf-8")))
    return tuple(found)


@cache
def seed_problems() -> Sequence[str]:
    """Random problems of up to six vertices in the text format."""
    rng = random.Random(0)
    return tuple(_problem(rng) for _ in range(6))


def _problem(rng: random.Random) -> str:
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(1, 6))]
    pairs = [(u, v) for v in range(len(sizes)) for u in range(v) if rng.random() < 0.6]

    def costs(count: int) -> str:
        return " ".join(str(rng.randint(0, 99)) for _ in range(count))

    lines = [f"{len(sizes)} {len(pairs)}"]
    for size in sizes:
        lines += [str(size), costs(size)]
    for u, v in pairs:
        lines += [f"{u} {v}", f"{sizes[u]} {sizes[v]}", *(costs(sizes[v]) for _ in range(sizes[u]))]
    return "\n".join(lines) + "\n"


def campaign(kind: str, count: int, seed: int = 0, jobs: int = 1, first: int = 0) -> Tally:
    """Make the cases ``first`` to ``first + count`` of a kind."""
    preload()
    if kind == "plans":
        seed_plans()  # before the forks
    tally = Tally()
    for findings, statuses in _outcomes([(kind, seed, number) for number in range(first, first + count)], jobs):
        tally.cases += 1
        tally.statuses.update(statuses)
        tally.findings += findings
    return tally


def _outcomes(keys: Sequence[tuple[str, int, int]], jobs: int) -> Iterator[tuple[list[Finding], list[int]]]:
    if jobs == 1:
        yield from map(_run, keys)
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap_unordered(_run, keys, chunksize=4)


def _run(key: tuple[str, int, int]) -> tuple[list[Finding], list[int]]:
    kind, seed, number = key
    return run_case(KINDS[kind](seed, number))
