"""Seconds and memory of planning: every built-in network on every device, each in a process of its own.

    python benchmarks/planner.py                                           results/planner.json
    python benchmarks/planner.py --models googlenet --devices u200,zcu102  only these cells, the same file

A cell is one joint search (all arrays, buffers and mappings) without weights. ``seconds`` are wall-clock: importing
the planner, resolving the network, listing the arrays that fit the device (``candidates``), preparing the layers' costs
and storages (``prepare``), and the search itself, the median of ``--repeat`` searches from nothing. ``cpu_seconds`` are
those that the search's process computed, which other work on the machine does not lengthen: a planner is one thread.
``peak_mb`` is the process's largest resident memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from statistics import median

from common import provenance, write_results


def main() -> int:
    """Runs the cells that the command line asks for and writes one file."""
    from dynamap.cost.device import device_names
    from dynamap.planner.models import BUILT_IN

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default=",".join(BUILT_IN), help="of the built-in networks, by comma")
    parser.add_argument("--devices", default=",".join(device_names()), help="by comma")
    parser.add_argument("--repeat", type=int, default=3, help="searches per cell, of which the median counts")
    parser.add_argument("--name", default="planner", help="of the result file, without .json")
    parser.add_argument("--cell", nargs=2, metavar=("MODEL", "DEVICE"), help="one cell, printed as JSON")
    given = parser.parse_args()
    if given.cell:
        json.dump(_measure(*given.cell, given.repeat), sys.stdout)
        return 0
    cells: list[dict[str, object]] = []
    results = {
        **provenance(seed=0, command=" ".join(["python", *sys.argv]), packages=("numpy", "onnx")),
        "repeat": given.repeat,
        "cells": cells,
    }
    for model in given.models.split(","):
        for device in given.devices.split(","):
            command = [sys.executable, __file__, "--cell", model, device, "--repeat", str(given.repeat)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            cells.append(json.loads(done.stdout))
            print(json.dumps(cells[-1]), file=sys.stderr, flush=True)
        path = write_results(given.name, results)
    print(f"wrote {path}: {len(cells)} cells", file=sys.stderr)
    return 0


def _measure(model: str, device: str, repeat: int) -> dict[str, object]:
    """One cell, in this process."""
    import resource
    import time

    start = time.perf_counter()
    from dynamap.cost.errors import InfeasibleError
    from dynamap.planner.mapping.overlay_costs import LayerCosts
    from dynamap.planner.mapping.storage import find_storages
    from dynamap.planner.models import resolve
    from dynamap.planner.request.request import Request
    from dynamap.planner.request.space import target
    from dynamap.planner.search.joint import joint_search

    imported = time.perf_counter()
    network = resolve(model, weights=False)
    resolved = time.perf_counter()
    preparing, searching, listing, computing = [], [], [], []
    cell: dict[str, object] = {"model": model, "device": device}
    for _ in range(repeat):
        begin = time.perf_counter()
        _, machine, candidates = target(device, Request(), network)
        listed = time.perf_counter()
        storages = find_storages(network)
        costs = LayerCosts(network, storages, machine, {}, room=candidates.room)
        prepared, computed = time.perf_counter(), time.process_time()
        try:
            found = joint_search(costs, storages, candidates)
            answer: dict[str, object] = {
                "cycles": found.objective_cycles,
                "array": [found.rows, found.columns],
                "proven": found.bound_cycles == found.objective_cycles,
                "arrays_considered": found.arrays_considered,
                "arrays_solved": found.arrays_solved,
                "treewidth": found.solution.treewidth,
            }
        except InfeasibleError as error:
            answer = {"infeasible": str(error)}
        searching.append(time.perf_counter() - prepared)
        computing.append(time.process_time() - computed)
        preparing.append(prepared - listed)
        listing.append(listed - begin)
    seconds = {
        "import": imported - start,
        "resolve": resolved - imported,
        "candidates": median(listing),
        "prepare": median(preparing),
        "search": median(searching),
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        **cell,
        **answer,
        "seconds": {k: round(v, 4) for k, v in seconds.items()},
        "cpu_seconds": round(median(computing), 4),
        "peak_mb": round(peak, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
