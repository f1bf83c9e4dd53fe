"""Seconds and memory of the executors of a plan: the NumPy emulator, the event simulator, the Vitis kernel under g++.

    python benchmarks/emulation.py                     googlenet and inception-v4 on u200: results/emulation.json
    python benchmarks/emulation.py --models squeezenet --device zcu104

Each network runs in its own process. ``prepare`` is quantising and compiling, ``emulate`` the program on one seeded
random image, ``simulate`` its event simulation from the plan on, ``kernel`` building and running the C simulation.
``peak_mb`` is the largest resident memory of the process before the kernel runs.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

from common import provenance, write_results


def cell(model: str, device: str) -> dict[str, object]:
    """One network: its times in seconds, and whether the kernel agreed with the emulator."""
    import dynamap
    from dynamap.backends.executors import NumpyExecutor
    from dynamap.backends.program.host import integer_inputs, prepare, random_inputs
    from dynamap.backends.simulator import differing_layers, simulate_plan
    from dynamap.backends.vitis_hls.csim import CSimulationExecutor

    seconds: dict[str, float] = {}

    def timed(name: str, started: float) -> None:
        seconds[name] = round(time.perf_counter() - started, 3)

    network = dynamap.load(model)
    plan = dynamap.plan(network, device=device)
    started = time.perf_counter()
    prepared = prepare(plan)
    timed("prepare", started)
    inputs = integer_inputs(prepared.quantised, random_inputs(network, 0))
    started = time.perf_counter()
    expected = [run.values for run in NumpyExecutor().run(prepared.program, inputs)]
    timed("emulate", started)
    started = time.perf_counter()
    simulation = simulate_plan(plan, network)
    timed("simulate", started)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.perf_counter()
    found = [run.values for run in CSimulationExecutor().run(prepared.program, inputs)]
    timed("kernel", started)
    return {
        "model": model,
        "device": device,
        "layers": len(expected),
        "kernel_equals_emulator": all((a == b).all() for a, b in zip(expected, found, strict=True)),
        "simulation_equals_plan": not differing_layers(plan, simulation),
        "seconds": seconds,
        "peak_mb": round(peak_mb, 1),
    }


def main() -> None:
    """Runs the cells that the command line asks for and writes one file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="googlenet,inception-v4", help="of the built-in networks, by comma")
    parser.add_argument("--device", default="u200")
    parser.add_argument("--cell", help="one network, printed as JSON")
    arguments = parser.parse_args()
    if arguments.cell:
        print(json.dumps(cell(arguments.cell, arguments.device)))
        return
    cells = []
    for model in arguments.models.split(","):
        command = [sys.executable, __file__, "--cell", model, "--device", arguments.device]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        cells.append(json.loads(done.stdout))
        print(done.stdout.strip(), flush=True)
    where = provenance(seed=0, command="python benchmarks/emulation.py")
    path = write_results("emulation", {**where, "cells": cells})
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
