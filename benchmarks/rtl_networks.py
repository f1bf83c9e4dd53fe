"""Whole networks on the RTL, register by register: values, cycles, and what the simulation takes.

    python benchmarks/rtl_networks.py                     all of them: results/rtl_networks.json (half an hour)
    python benchmarks/rtl_networks.py --models squeezenet these; the others stay as they are
    python benchmarks/rtl_networks.py --table             the table of docs/rtl/resources.md, from that file

Each is planned for zcu104 at 40 x 32 and runs on one seeded random image in its own process. ``seconds`` and
``cpu_seconds`` are of building the kernel and running it, ``peak_mb`` is the largest resident memory of that process
and of what it starts.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from common import RESULTS, provenance, write_results

NAME = "rtl_networks"
MODELS = "squeezenet,googlenet,resnet50,densenet121,shufflenet,alexnet,zfnet512,inception-v2,inception-v4,vgg19"


def cell(model: str) -> dict[str, object]:
    """One network."""
    import dynamap
    from dynamap.backends.executors import NumpyExecutor
    from dynamap.backends.program.host import integer_inputs, prepare, random_inputs
    from dynamap.backends.vitis_rtl.executor import RtlExecutor

    network = dynamap.load(model)
    plan = dynamap.plan(network, device="zcu104", array="40x32")
    prepared = prepare(plan)
    inputs = integer_inputs(prepared.quantised, random_inputs(prepared.network, 0))
    expected = [run.values for run in NumpyExecutor().run(prepared.program, inputs)]
    started, before = time.perf_counter(), _cpu_seconds()
    runs = list(RtlExecutor().run(prepared.program, inputs))
    seconds, cpu_seconds = time.perf_counter() - started, _cpu_seconds() - before
    planned = {layer.name: layer for layer in plan.layers}
    counted = [run.cycles for run in runs if run.cycles is not None]
    return {
        "model": model,
        "layers": len(runs),
        "values_equal": all((want == run.values).all() for want, run in zip(expected, runs, strict=True)),
        "layers_in_time": sum(each.measured == each.expected for each in counted),
        "layers_as_planned": sum(
            run.cycles is not None and run.cycles.measured == planned[run.name].cycles for run in runs
        ),
        "cycles": sum(each.measured for each in counted),
        "closed_form": sum(each.expected for each in counted),
        "waited": sum(each.waited for each in counted),
        "plan_cycles": sum(layer.cycles for layer in plan.layers),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "peak_mb": round(max(_peak(resource.RUSAGE_SELF), _peak(resource.RUSAGE_CHILDREN))),
    }


def _cpu_seconds() -> float:
    return sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _peak(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def table(cells: Sequence[Mapping[str, Any]]) -> str:
    """Networks in Markdown."""
    heads = ("network", "layers, all equal", "as planned", "cycles", "waited", "the plan's")
    heads += ("CPU seconds", "memory, MB")
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for each in cells:
        equal = each["values_equal"] and each["layers_in_time"] == each["layers"]
        values = (
            each["model"],
            f"{each['layers']}{'' if equal else ', NOT EQUAL'}",
            f"{each['layers_as_planned']}",
            f"{each['cycles']:,}",
            f"{each['waited']:,}",
            f"{each['plan_cycles']:,}",
            f"{each['cpu_seconds']:.0f}",
            f"{each['peak_mb']:,}",
        )
        lines.append("| " + " | ".join(values) + " |")
    return "\n".join(lines)


def main() -> None:
    """Runs the networks that the command line asks for and writes one file, or prints its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default=MODELS, help="of the built-in networks, by comma")
    parser.add_argument("--table", action="store_true", help="print what the file of results has")
    parser.add_argument("--cell", help="one network, printed as JSON")
    given = parser.parse_args()
    if given.cell:
        print(json.dumps(cell(given.cell)))
        return
    path = RESULTS / f"{NAME}.json"
    cells = json.loads(path.read_text())["cells"] if path.exists() else []
    known = {each["model"]: each for each in cells}
    if given.table:
        print(table(list(known.values())))
        return
    for model in given.models.split(","):
        command = [sys.executable, __file__, "--cell", model]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        known[model] = json.loads(done.stdout)
        print(done.stdout.strip(), flush=True)
        cells = [known[name] for name in MODELS.split(",") if name in known]
        found = provenance(seed=0, command=f"python benchmarks/{NAME}.py", packages=("verilator", "numpy"))
        write_results(NAME, {**found, "cells": cells})
    print(path)


if __name__ == "__main__":
    main()
