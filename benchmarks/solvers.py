"""How long each solver takes against the number of vertices, of choices, and the width; and whether all agree.

    python benchmarks/solvers.py                 results/solvers.json and docs/solvers.svg, some minutes
    python benchmarks/solvers.py --agreement     results/solvers_agreement.json: 10,000 random instances

A cell that reaches the time limit is recorded as cut, and larger cells of that solver are left out.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import DOCS, provenance, write_results

from dynamap.cost.errors import InfeasibleError
from dynamap.planner.pbqp.certificates import check
from dynamap.planner.pbqp.instances import (
    FAMILIES,
    googlenet_shape,
    instance,
    k_tree,
    random_problem,
    series_parallel,
)
from dynamap.planner.pbqp.problem import Problem, Status
from dynamap.planner.solvers import ILP_ENGINES, solve

SEED = 20210228
TIME_LIMIT_SECONDS = 8.0

VERTICES = (10, 30, 100, 300, 1000, 3000, 10_000)
CHOICES = (2, 4, 6, 8, 12, 16)
WIDTHS = (1, 2, 3, 4, 5, 6, 7, 8)


@dataclass(frozen=True)
class Contender:
    label: str
    solver: str
    engine: str = "cbc"


SOURCES = (
    "planner/solvers",
    "planner/pbqp/problem.py",
    "planner/pbqp/elimination.py",
    "planner/pbqp/obstruction.py",
    "planner/pbqp/instances.py",
    "planner/pbqp/certificates.py",
    "benchmarks/solvers.py",
    "benchmarks/common.py",
)

CONTENDERS = (
    Contender("dp", "dp"),
    Contender("ilp (cbc)", "ilp", "cbc"),
    Contender("ilp (highs)", "ilp", "highs"),
    Contender("ilp (scip)", "ilp", "scip"),
    Contender("cpsat", "cpsat"),
    Contender("exhaustive", "exhaustive"),
)

Cell = dict[str, object]


def measure(problem: Problem, contender: Contender, limit: float) -> Cell:
    """The median time of twenty fast runs, of five runs, or one slow run; and what came out."""
    times: list[float] = []
    while not times or len(times) < (20 if times[0] < 0.02 else 5 if times[0] < 0.3 else 1):
        started = time.perf_counter()
        try:
            solution = solve(problem, contender.solver, ilp_engine=contender.engine, time_limit=limit)
        except InfeasibleError as error:
            return {"solver": contender.label, "status": "refused", "reason": str(error)}
        times.append(time.perf_counter() - started)
    return {
        "solver": contender.label,
        "status": "optimal" if solution.status is Status.OPTIMAL else "cut",
        "seconds": round(statistics.median(times), 6),
        "runs": len(times),
        "objective": solution.objective,
        "bound": solution.bound,
        "treewidth": solution.treewidth,
    }


def series(name: str, values: Iterable[int], make: Callable[[int], Problem], limit: float) -> list[dict[str, object]]:
    """One problem per value; a solver that was cut or that refused does not get the larger ones."""
    out: list[dict[str, object]] = []
    running = list(CONTENDERS)
    for value in values:
        problem = make(value)
        cells = [measure(problem, contender, limit) for contender in running]
        optima = {cell["objective"] for cell in cells if cell["status"] == "optimal"}
        if len(optima) > 1:
            raise AssertionError(f"{name} {value}: the solvers disagree: {cells}")
        running = [c for c, cell in zip(running, cells, strict=True) if cell["status"] == "optimal"]
        out.append({name: value, "vertices": len(problem.vectors), "edges": len(problem.edges), "cells": cells})
        shown = ", ".join(f"{c['solver']} {c.get('seconds', '-')} {c['status']}" for c in cells)
        print(f"{name} {value}: {shown}", flush=True)
    return out


def by_vertices(vertices: int) -> Problem:
    rng = np.random.default_rng(SEED)
    return random_problem(vertices, series_parallel(vertices, rng), rng, choices=(1, 4), costs=(0, 10**6))


def by_choices(choices: int) -> Problem:
    vertices, pairs = googlenet_shape()
    rng = np.random.default_rng(SEED)
    return random_problem(vertices, pairs, rng, choices=(choices, choices), costs=(0, 10**6))


def by_width(width: int) -> Problem:
    rng = np.random.default_rng(SEED)
    return random_problem(60, k_tree(60, width, rng), rng, choices=(4, 4), costs=(0, 10**6))


def googlenet_size() -> Problem:
    """100 vertices in GoogleNet's shape with 4 to 12 choices each."""
    vertices, pairs = googlenet_shape()
    rng = np.random.default_rng(SEED)
    return random_problem(vertices, pairs, rng, choices=(4, 12), costs=(0, 10**6))


def headlines() -> dict[str, object]:
    """The project's own targets, each with what was measured."""
    problem = googlenet_size()
    cells = {c.label: measure(problem, c, 60.0) for c in CONTENDERS if c.solver != "exhaustive"}
    dp, cbc = cells["dp"]["seconds"], cells["ilp (cbc)"]["seconds"]
    assert isinstance(dp, float) and isinstance(cbc, float)
    long = measure(by_vertices(10_000), CONTENDERS[0], 60.0)
    wide = measure(by_width(5), CONTENDERS[0], 60.0)
    return {
        "googlenet_size": {
            "vertices": len(problem.vectors),
            "edges": len(problem.edges),
            "choices": "4 to 12",
            "cells": list(cells.values()),
            "cbc_over_dp": round(cbc / dp, 1),
        },
        "targets": [
            {"what": "dp at GoogleNet's size", "seconds": dp, "at_most": 0.002},
            {"what": "dp on 10,000 series-parallel vertices", "seconds": long["seconds"], "at_most": 0.5},
            {"what": "dp on 60 vertices of width 5, 4 choices", "seconds": wide["seconds"], "at_most": 5.0},
            {"what": "cpsat at GoogleNet's size", "seconds": cells["cpsat"]["seconds"], "at_most": 60.0},
        ],
    }


def timings(limit: float) -> dict[str, object]:
    return {
        "provenance": provenance(seed=SEED, command="python benchmarks/solvers.py", sources=SOURCES),
        "time_limit_seconds": limit,
        "headlines": headlines(),
        "by_vertices": series("vertices", VERTICES, by_vertices, limit),
        "by_choices": series("choices", CHOICES, by_choices, limit),
        "by_width": series("width", WIDTHS, by_width, limit),
    }


def agreement(count: int) -> dict[str, object]:
    """Random problems of every family: dp = ilp = cpsat = exhaustive, and every certificate replayed.

    The exhaustive search joins where there are 20,000 assignments or fewer; the three ILP engines take turns.
    """
    families = sorted(FAMILIES)
    ranges = [(0, 1), (0, 30), (-50, 50), (0, 10**7), (0, 10**12), (-(10**12), 10**12)]
    compared: Counter[str] = Counter()
    per_family: Counter[str] = Counter()
    widths: Counter[int] = Counter()
    disagreements: list[dict[str, object]] = []
    rng = np.random.default_rng(SEED)
    started = time.perf_counter()
    for index in range(count):
        family = families[index % len(families)]
        engine = ILP_ENGINES[int(rng.integers(len(ILP_ENGINES)))]
        costs = ranges[int(rng.integers(len(ranges)))]
        vertices, largest = int(rng.integers(1, 11)), int(rng.integers(1, 7))
        problem = instance(family, vertices, SEED + index, choices=(1, largest), costs=costs)
        exact = solve(problem, "dp")
        check(problem, exact)
        per_family[family] += 1
        widths[exact.treewidth or 0] += 1
        others = [("ilp", engine), ("cpsat", engine)]
        if math.prod(vector.size for vector in problem.vectors) <= 20_000:
            others.append(("exhaustive", engine))
        for solver, used in others:
            solution = solve(problem, solver, ilp_engine=used)
            compared[f"ilp ({used})" if solver == "ilp" else solver] += 1
            if (solution.status, solution.objective) != (Status.OPTIMAL, exact.objective):
                disagreements.append(
                    {"index": index, "family": family, "solver": solver, "found": solution.objective,
                     "status": solution.status.value, "dp": exact.objective}
                )  # fmt: skip
        if index % 1000 == 999:
            print(f"{index + 1} instances, {len(disagreements)} disagreements", flush=True)
    return {
        "provenance": provenance(
            seed=SEED, command=f"python benchmarks/solvers.py --agreement --count {count}", sources=SOURCES
        ),
        "instances": count,
        "certificates_replayed": count,
        "compared_with_dp": dict(sorted(compared.items())),
        "per_family": dict(sorted(per_family.items())),
        "widths": {str(width): widths[width] for width in sorted(widths)},
        "disagreements": disagreements,
        "seconds": round(time.perf_counter() - started, 1),
    }


def plot(results: dict[str, object], path: Path) -> None:
    """Three panels on logarithmic time axes; a cross marks a run that the time limit ended."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "dynamap"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13, 4), sharey=True)
    panels = (
        ("by_vertices", "vertices", "vertices (series-parallel, 1 to 4 choices)", True),
        ("by_choices", "choices", "choices per vertex (GoogleNet's shape)", False),
        ("by_width", "width", "width (60 vertices, 4 choices)", False),
    )
    for axis, (key, name, label, logarithmic) in zip(axes, panels, strict=True):
        rows = results[key]
        assert isinstance(rows, list)
        for number, contender in enumerate(CONTENDERS):
            cells = [(row[name], c) for row in rows for c in row["cells"] if c["solver"] == contender.label]
            done = [(x, c["seconds"]) for x, c in cells if c["status"] == "optimal"]
            cut = [(x, c["seconds"]) for x, c in cells if c["status"] == "cut"]
            colour = f"C{number}"
            if done:
                axis.plot(*zip(*done, strict=True), "o-", color=colour, label=contender.label)
            if cut:
                axis.plot(*zip(*cut, strict=True), "x", color=colour)
        axis.set_xlabel(label)
        axis.set_yscale("log")
        if logarithmic:
            axis.set_xscale("log")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("seconds to the proven optimum")
    axes[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agreement", action="store_true", help="compare the solvers instead of timing them")
    parser.add_argument("--count", type=int, default=10_000, help="instances to compare (default 10000)")
    parser.add_argument("--time-limit", type=float, default=TIME_LIMIT_SECONDS, help="seconds per cell")
    arguments = parser.parse_args()
    if arguments.agreement:
        results = agreement(arguments.count)
        print(write_results("solvers_agreement", results))
        return 1 if results["disagreements"] else 0
    results = timings(arguments.time_limit)
    print(write_results("solvers", results))
    plot(results, DOCS / "solvers.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
