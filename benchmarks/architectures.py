"""What the tool does with each architecture that people have: check, plan, run, generate, as a user calls them.

    PYTHONPATH=tests/shared python benchmarks/architectures.py    full images, results/architectures.json
    ... --small                     small images, results/architectures_small.json
    ... --models unet,yolo-c2f      only these
    ... --small --csim              and `make csim` of each project

The models are written by tests/shared/support/architectures with seeded random weights. ``seconds`` are of the
clock, ``cpu_seconds`` of the processor, of the whole command; where they differ, others used the machine.
``search_seconds`` are what the plan says of its search. ``cosine`` is the least of the model's outputs against the
original in onnxruntime, ``kept`` whether every difference that has a bound is within what 8 bits explain.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from common import provenance, write_results

SEED = 0
LIMIT_SECONDS = 1800
SOURCES = ("cost", "planner", "backends", "dynamap", "benchmarks/*.py", "tests/shared/support/architectures")
COLUMNS = {
    "layers": "layers",
    "host_nodes": "host",
    "crossing_bytes": "crossing",
    "latency_ms": "ms",
    "proven": "proven",
    "search_seconds": "search s",
    "plan_seconds": "plan s",
    "plan_cpu_seconds": "plan cpu s",
    "run_seconds": "run s",
    "cosine": "cosine",
    "kept": "kept",
    "generate_seconds": "generate s",
    "csim": "csim",
    "refused": "refused",
}


def main() -> int:
    """Measures the models that the command line asks for, prints the table, and writes one file."""
    from support.architectures import CATALOGUE

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default=",".join(CATALOGUE), help="by comma")
    parser.add_argument("--small", action="store_true", help="small images")
    parser.add_argument("--device", default="zcu104")
    parser.add_argument("--csim", action="store_true", help="compile and run each project's kernel")
    parser.add_argument("--name", help="of the result file, without .json")
    given = parser.parse_args()
    rows: list[Mapping[str, Any]] = []
    results = provenance(seed=SEED, command=" ".join(["PYTHONPATH=tests/shared python", *sys.argv]), sources=SOURCES)
    results |= {"device": given.device, "small": given.small, "models": rows}
    for name in given.models.split(","):
        with TemporaryDirectory() as folder:
            row = measure(name, Path(folder), small=given.small, device=given.device, csim=given.csim)
        rows.append(row)
        print(json.dumps(row), file=sys.stderr, flush=True)
        path = write_results(given.name or ("architectures_small" if given.small else "architectures"), results)
    print(table(rows))
    print(f"wrote {path}: {len(rows)} models", file=sys.stderr)
    return 1 if any("refused" in row for row in rows) else 0


def measure(name: str, folder: Path, *, small: bool, device: str, csim: bool) -> dict[str, Any]:
    """One model through all commands; the first that fails ends the row, with its message as ``refused``."""
    import onnx

    from support.architectures import CATALOGUE, model

    path, plan = folder / f"{name}.onnx", folder / "plan.json"
    onnx.save(model(name, small=small, seed=SEED), path)
    row: dict[str, Any] = {"model": name, "side": CATALOGUE[name].small if small else CATALOGUE[name].side}
    steps = (
        ("check", [str(path), "--json"], _checked),
        ("plan", [str(path), "--device", device, "-o", str(plan)], lambda _: _planned(plan)),
        ("run", [str(plan), "--json"], _ran),
        ("generate", [str(plan), "--backend", "vitis-hls", "-o", str(folder / "project")], lambda _: {}),
    )
    for command, arguments, read in steps:
        found = call([sys.executable, "-m", "dynamap", command, *arguments])
        row |= {f"{command}_seconds": found.seconds, f"{command}_cpu_seconds": found.cpu_seconds}
        wrong = found.status != 0 and not (command == "run" and found.status == 1)
        if wrong:
            return row | {"refused": f"{command}: {found.errors}"}
        row |= read(found.output)
    if csim:
        found = call(["make", "-C", str(folder / "project"), "csim"])
        row |= {"csim_seconds": found.seconds, "csim": found.status == 0}
    return row


class call:
    """A command that was run: status, output, errors, seconds of the clock and of the processor."""

    def __init__(self, command: Sequence[str]) -> None:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, env=environment)
        self.seconds = round(time.perf_counter() - start, 2)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu_seconds = round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2)
        self.status, self.output, self.errors = done.returncode, done.stdout, " ".join(done.stderr.split())


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The columns that any row has, in Markdown."""
    shown = [key for key in COLUMNS if any(key in row for row in rows)]
    lines = ["| model | " + " | ".join(COLUMNS[key] for key in shown) + " |", "|---" * (len(shown) + 1) + "|"]
    for row in rows:
        lines.append(f"| {row['model']} | " + " | ".join(_cell(row.get(key)) for key in shown) + " |")
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _checked(output: str) -> dict[str, Any]:
    nodes = json.loads(output)["nodes"]
    on_host = Counter(node["op"] for node in nodes if node["fate"] == "host")
    return {"host_nodes": sum(on_host.values()), "host_operators": dict(on_host.most_common())}


def _planned(path: Path) -> dict[str, Any]:
    plan = json.loads(path.read_text())
    segments = plan.get("segments", [])
    return {
        "layers": sum(not layer["host"] for layer in plan["layers"]),
        "segments": len(segments),
        "crossing_bytes": sum(part["bytes_to_overlay"] + part["bytes_to_host"] for part in segments),
        "latency_ms": plan["latency_ms"],
        "proven": plan["solver"]["status"] == "optimal",
        "search_seconds": plan["solver"]["seconds"],
        "macs": plan["model"]["macs"],
    }


def _ran(output: str) -> dict[str, Any]:
    run = json.loads(output)
    if run["final"] is None:
        return {"kept": False, "not_compared": run["final_missing"]}
    compared = (*run["final"].values(), *run.get("crossing", {}).values(), run["import"])
    cosines = [found["cosine"] for found in run["final"].values() if found.get("cosine") is not None]
    return {"cosine": min(cosines, default=None), "kept": all(found["kept"] is not False for found in compared)}


if __name__ == "__main__":
    sys.exit(main())
