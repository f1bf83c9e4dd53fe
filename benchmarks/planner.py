"""Seconds and memory of planning: every built-in network on every device, each in a process of its own.

    python benchmarks/planner.py                                           all of them: results/planner.json
    python benchmarks/planner.py --models googlenet --devices u200,zcu104  only these; the others stay as they are

A cell is what ``dynamap plan`` does without weights. ``seconds`` are wall-clock: importing the planner, resolving the
network, the search (listing the arrays that fit, the layers' costs, all arrays, buffers and mappings, and all of them
for the network's siblings apart) and writing the plan. ``cpu_seconds`` are those that the search and the writing
computed, which other work on the machine does not lengthen: a planner is one thread. Of ``--repeat`` processes the one
with the median search counts. ``peak_mb`` is its largest resident memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from statistics import median_low

from common import RESULTS, provenance, write_results


def main() -> int:
    """Runs the cells that the command line asks for and writes one file."""
    from dynamap.cost.device import device_names
    from dynamap.planner.models import BUILT_IN

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default=",".join(BUILT_IN), help="of the built-in networks, by comma")
    parser.add_argument("--devices", default=",".join(device_names()), help="by comma")
    parser.add_argument("--repeat", type=int, default=3, help="processes per cell, of which the median counts")
    parser.add_argument("--name", default="planner", help="of the result file, without .json")
    parser.add_argument("--cell", nargs=2, metavar=("MODEL", "DEVICE"), help="one cell, printed as JSON")
    given = parser.parse_args()
    if given.cell:
        json.dump(_measure(*given.cell), sys.stdout)
        return 0
    path = RESULTS / f"{given.name}.json"
    kept = json.loads(path.read_text())["cells"] if path.is_file() else []
    measured = {(cell["model"], cell["device"]): cell for cell in kept}
    models, devices = given.models.split(","), given.devices.split(",")
    for model in models:
        for device in devices:
            measured[model, device] = _median(model, device, given.repeat)
            print(json.dumps(measured[model, device]), file=sys.stderr, flush=True)
        results = {
            **provenance(seed=0, command=" ".join(["python", *sys.argv]), packages=("numpy", "onnx")),
            "repeat": given.repeat,
            "cells": list(measured.values()),
        }
        write_results(given.name, results)
    print(f"wrote {path}: {len(models) * len(devices)} cells of {len(measured)}", file=sys.stderr)
    return 0


def _median(model: str, device: str, repeat: int) -> dict[str, object]:
    """One cell, in processes of its own."""
    command = [sys.executable, __file__, "--cell", model, device]
    cells = []
    for _ in range(repeat):
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        cells.append(json.loads(done.stdout))
    seconds = [cell["seconds"]["search"] for cell in cells]
    cell: dict[str, object] = cells[seconds.index(median_low(seconds))]
    return cell


def _measure(model: str, device: str) -> dict[str, object]:
    """One cell, in this process."""
    import resource
    import time

    start = time.perf_counter()
    from dynamap.cost.errors import InfeasibleError
    from dynamap.planner.models import resolve
    from dynamap.planner.planning import plan_network

    imported = time.perf_counter()
    network = resolve(model, weights=False)
    resolved, computed = time.perf_counter(), time.process_time()
    try:
        plan = plan_network(network, device)
        answer: dict[str, object] = {
            "cycles": plan.solver.objective,
            "array": [plan.overlay.rows, plan.overlay.columns],
            "proven": plan.solver.bound == plan.solver.objective,
            "arrays_considered": plan.solver.arrays_considered,
            "arrays_solved": plan.solver.arrays_solved,
            "treewidth": plan.solver.treewidth,
        }
        searched = plan.solver.seconds
    except InfeasibleError as error:
        answer = {"infeasible": str(error)}
        searched = time.perf_counter() - resolved
    whole = time.perf_counter() - resolved
    seconds = {
        "import": imported - start,
        "resolve": resolved - imported,
        "search": searched,
        "write": whole - searched,
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "model": model,
        "device": device,
        **answer,
        "seconds": {k: round(v, 4) for k, v in seconds.items()},
        "cpu_seconds": round(time.process_time() - computed, 4),
        "peak_mb": round(peak, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
