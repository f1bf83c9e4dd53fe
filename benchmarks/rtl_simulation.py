"""How fast the array is simulated: cycles per second of both styles, and the seconds to build them.

    python benchmarks/rtl_simulation.py             results/rtl_simulation.json (four minutes)

Operands and words are random in every cycle, so that every register changes.
"""

from __future__ import annotations

import resource
import time

import numpy as np
from common import provenance, write_results

SEED = 0


def main() -> None:
    """Measures each array and writes one file."""
    sizes = [(16, 16, True), (16, 16, False), (64, 49, False), (129, 49, False)]
    cells = [cell(rows, columns, instances) for rows, columns, instances in sizes]
    found = provenance(seed=SEED, command="python benchmarks/rtl_simulation.py", packages=("verilator", "numpy"))
    print(write_results("rtl_simulation", {**found, "cells": cells}))


def cell(rows: int, columns: int, instances: bool) -> dict[str, object]:
    """One array in one style; times are of the processes that it starts, so that waiting does not count."""
    from dynamap.backends.vitis_rtl.array import ArrayShape
    from dynamap.backends.vitis_rtl.simulation import Simulations, array_bench

    bench = array_bench(ArrayShape(rows=rows, columns=columns), instances=instances, loops=not instances)
    with Simulations("-O3") as simulations:
        started = _children()
        simulations.run(bench, _random(rows, columns, 1))
        built = _children() - started
        cycles = 32_000_000 // (rows * columns)
        started = _children()
        wall = time.perf_counter()
        simulations.run(bench, _random(rows, columns, cycles))
        ran = _children() - started
    style = "instances" if instances else "loops"
    print(f"{rows} x {columns} in {style}: built in {built:.0f} s, {cycles / ran:,.0f} cycles per second", flush=True)
    return {
        "rows": rows,
        "columns": columns,
        "style": style,
        "build_seconds": round(built, 1),
        "cycles": cycles,
        "seconds": round(ran, 2),
        "wall_seconds": round(time.perf_counter() - wall, 2),
        "cycles_per_second": round(cycles / ran),
    }


def _children() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def _random(rows: int, columns: int, cycles: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(SEED)
    return {
        "rst": (np.arange(cycles) < 24).astype(np.int64),
        "load": np.ones(cycles, np.int64),
        "take": np.ones(cycles, np.int64),
        "paired": np.ones(cycles, np.int64),
        "operand": random.integers(0, 256, (cycles, rows)),
        "word": random.integers(0, 2**16, (cycles, columns)),
    }


if __name__ == "__main__":
    main()
