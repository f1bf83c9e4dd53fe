"""Planned latency of every built-in network on every device: the joint optimum against fixed strategies and limits.

    python benchmarks/latency.py                                           results/latency.json
    python benchmarks/latency.py --models googlenet --devices u200,zcu104  only these cells, the same file

Every strategy is planned by the overlay's cost model, with the best array and formats for itself
(planner/studies/baselines.py says what each means); the latency is the plan's, at batch 1, at the device's clock,
without host time. Nothing is resumed: a run writes what it planned (after every network) and nothing else. Where
nothing fits, the cell says why.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from common import provenance, write_results

from dynamap.cost.device import device_names
from dynamap.cost.errors import InfeasibleError
from dynamap.planner.models import BUILT_IN, resolve
from dynamap.planner.network.network import Network
from dynamap.planner.request.request import Request
from dynamap.planner.studies.baselines import STRATEGIES, physical_limits, plan_baseline


def main() -> int:
    """Plans the cells that the command line asks for and writes one file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=_names(BUILT_IN), default=BUILT_IN, help="of the built-in networks, by comma")
    parser.add_argument("--devices", type=_names(device_names()), default=device_names(), help="by comma")
    parser.add_argument("--strategies", type=_names(tuple(STRATEGIES)), default=tuple(STRATEGIES), help="by comma")
    parser.add_argument("--time-limit", type=float, help="seconds per plan; cells that it cuts say proven: false")
    parser.add_argument("--name", default="latency", help="of the result file, without .json")
    given = parser.parse_args()
    cells: list[dict[str, object]] = []
    results = {
        **provenance(seed=0, command=" ".join(["python", *sys.argv])),
        "unit": "ms, planned, batch 1, without host time",
        "strategies": {name: STRATEGIES[name] for name in given.strategies},
        "time_limit_seconds": given.time_limit,
        "cells": cells,
    }
    for model in given.models:
        network = resolve(model, weights=False)
        for device in given.devices:
            cells.append(_cell(network, device, given.strategies, Request(time_limit=given.time_limit)))
        path = write_results(given.name, results)
        print(f"wrote {path}: {len(cells)} cells", file=sys.stderr, flush=True)
    return 0


def _names(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"unknown name {unknown[0]!r}: choose from {', '.join(known)}")
        return names

    return parse


def _cell(network: Network, device: str, strategies: tuple[str, ...], request: Request) -> dict[str, object]:
    """One network on one device, with every strategy."""
    limits = physical_limits(network, device, request)
    planned: dict[str, object] = {}
    for strategy in strategies:
        started = time.perf_counter()
        try:
            found = plan_baseline(network, device, strategy, request)
        except InfeasibleError as error:
            limit = request.time_limit
            reason = "infeasible" if limit is None or time.perf_counter() - started < limit else "stopped"
            planned[strategy] = {reason: str(error)}
            outcome = f"{reason}: {error}"
        else:
            planned[strategy] = {
                "latency_ms": found.latency_ms,
                "cycles": found.cycles,
                "rows": found.rows,
                "columns": found.columns,
                "proven": found.proven,
                "seconds": round(found.seconds, 3),
            }
            outcome = f"{found.latency_ms:.4f} ms on {found.rows} x {found.columns}"
        elapsed = time.perf_counter() - started
        print(f"{network.name} {device} {strategy}: {outcome}, {elapsed:.1f} s", file=sys.stderr, flush=True)
    return {
        "model": network.name,
        "device": device,
        "limits_ms": {"compute": limits.compute_ms, "bandwidth": limits.bandwidth_ms},
        "strategies": planned,
    }


if __name__ == "__main__":
    sys.exit(main())
