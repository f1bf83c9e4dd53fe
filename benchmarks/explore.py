"""Seconds of `dynamap explore`: five networks on five devices within four budgets of multipliers, on two processes.

    python benchmarks/explore.py                    results/explore.json
    python benchmarks/explore.py --workers 1        the same on one process

The command runs as its user runs it: ``seconds`` is its wall-clock from start to end, with the start of the workers and
the import of the networks; ``cpu_seconds`` is the processor time of all its processes. ``load`` is the machine's load
average (1 minute) before the run: where other work runs too, ``seconds`` are not the best possible ones.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import provenance, write_results

MODELS = "googlenet,inception-v4,resnet50,vgg19,squeezenet"
DEVICES = "u200,u50,zcu102,zcu104,arria10-gx1150"
BUDGETS = "all,50%,25%,12.5%"
TARGET_SECONDS = 300


def main() -> int:
    """Runs the sweep once and writes one file; 1 where it took longer than the target or something is not proven."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default=MODELS, help="by comma")
    parser.add_argument("--devices", default=DEVICES, help="by comma")
    parser.add_argument("--multipliers", default=BUDGETS, help="budgets of the array, by comma")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--name", default="explore", help="of the result file, without .json")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.csv"
        command = [sys.executable, "-m", "dynamap", "explore", *given.models.split(",")]
        command += ["--device", given.devices, "--multipliers", given.multipliers]
        command += ["--workers", str(given.workers), "-o", str(path), "--json"]
        started = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        seconds = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            return done.returncode
        rows = list(csv.DictReader(path.read_text().splitlines()))
    document = json.loads(done.stdout)
    slowest = sorted(rows, key=lambda row: -float(row["seconds"]))[:5]
    results = {
        **provenance(
            seed=0,
            command=" ".join(["python", *sys.argv]),
            packages=("numpy", "onnx", "dask", "distributed", "pyarrow"),
        ),
        "load": round(load, 2),
        "workers": given.workers,
        "combinations": len(rows),
        "status": document["status"],
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "target_seconds": TARGET_SECONDS,
        "slowest": [{key: row[key] for key in ("model", "device", "multipliers_budget", "seconds")} for row in slowest],
        "fronts": [
            {
                "model": front["model"],
                "device": front["device"],
                "points": [[point["multipliers"], point["latency_ms"]] for point in front["points"]],
            }
            for front in document["fronts"]
            if front["against"] == "multipliers"
        ],
    }
    print(f"wrote {write_results(given.name, results)}: {len(rows)} combinations in {seconds:.0f} s", file=sys.stderr)
    return 0 if seconds <= TARGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
