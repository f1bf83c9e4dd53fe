"""The tables of docs/benchmarks.md and of the README, in Markdown, from the files in results/ and published.json.

    python benchmarks/tables.py                     every device of results/latency.json
    python benchmarks/tables.py --devices u200      only these
    python benchmarks/tables.py --summary           the README's table, of one device

The first table has one row per network: what each strategy is planned to take, and the physical limit. The second puts
the planned latencies beside what others have published; each row says which it is. The third says how long planning
takes, from results/planner.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results" / "latency.json"
PUBLISHED = FOLDER / "published.json"
PLANNER = FOLDER / "results" / "planner.json"
COMPARED = ("googlenet", "inception-v4", "resnet50", "vgg16", "vgg19")
"""Networks of the second table; others publish VGG-16, the built-in one is VGG-19."""


def main() -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS, help="a file that benchmarks/latency.py wrote")
    parser.add_argument("--devices", help="by comma; all that the file has, if left out")
    parser.add_argument("--summary", action="store_true", help="the README's table, for the first of the devices")
    given = parser.parse_args()
    if not given.results.is_file():
        print(f"there is no {given.results}: run benchmarks/latency.py first", file=sys.stderr)
        return 2
    results = json.loads(given.results.read_text())
    published = json.loads(PUBLISHED.read_text())
    known = list(dict.fromkeys(cell["device"] for cell in results["cells"]))
    devices = given.devices.split(",") if given.devices else known
    missing = [device for device in devices if device not in known]
    if missing:
        print(f"{given.results} has no device {missing[0]!r}, only {', '.join(known)}", file=sys.stderr)
        return 2
    planner = json.loads(PLANNER.read_text())
    if given.summary:
        print(summary_table(results, planner, devices[0]))
        return 0
    for device in devices:
        print(f"{strategy_table(results, device)}\n")
    print(f"{published_table(results, published, devices)}\n")
    print(search_table(planner, devices[0]))
    return 0


def summary_table(results: Mapping[str, Any], planner: Mapping[str, Any], device: str) -> str:
    """One device in a few columns: the joint optimum, im2col alone, the best single dataflow, and the search."""
    searches = {cell["model"]: cell for cell in planner["cells"] if cell["device"] == device}
    rows = []
    for cell in results["cells"]:
        if cell["device"] != device or "latency_ms" not in cell["strategies"]["joint"]:
            continue
        planned, search = cell["strategies"], searches[cell["model"]]
        flows = [planned[name] for name in ("ns", "ws", "is") if "latency_ms" in planned[name]]
        joint = planned["joint"]
        figures = [
            f"{joint['rows']} x {joint['columns']}",
            _planned(joint, None),
            _planned(planned["im2col"], joint["latency_ms"]),
            _planned(min(flows, key=lambda flow: float(flow["latency_ms"])), joint["latency_ms"]),
            _ms(cell["limits_ms"]["compute"]),
            f"{search['seconds']['search']:.2f} s",
        ]
        rows.append([cell["model"], *figures])
    heading = [f"{device}, ms", "array", "planned", "im2col alone", "best one dataflow", "compute limit", "proof took"]
    return _markdown(heading, rows)


def search_table(planner: Mapping[str, Any], device: str) -> str:
    """How long planning takes on one device: the search alone, and from import to plan."""
    rows = [
        [
            cell["model"],
            f"{cell['arrays_considered']:,}",
            str(cell["arrays_solved"]),
            str(cell["treewidth"]),
            f"{cell['seconds']['search']:.2f} s",
            f"{sum(cell['seconds'].values()):.2f} s",
            f"{cell['peak_mb']:.0f} MB",
        ]
        for cell in planner["cells"]
        if cell["device"] == device
    ]
    return _markdown([device, "arrays considered", "solved", "treewidth", "search", "whole", "peak memory"], rows)


def strategy_table(results: Mapping[str, Any], device: str) -> str:
    """Planned latencies on one device: a row per network, a column per strategy, then the limits.

    ``x`` after a figure is its factor over the joint optimum; ``*`` marks what a time limit left unproven.
    """
    strategies = list(results["strategies"])
    rows = []
    for cell in results["cells"]:
        if cell["device"] != device:
            continue
        planned = cell["strategies"]
        joint = planned.get("joint", {}).get("latency_ms")
        figures = [_planned(planned[name], None if name == "joint" else joint) for name in strategies]
        array = f"{planned['joint']['rows']} x {planned['joint']['columns']}" if joint else ""
        limits = cell["limits_ms"]
        rows.append([cell["model"], array, *figures, _ms(limits["compute"]), _ms(limits["bandwidth"])])
    heading = [f"{device}, ms", "joint array", *strategies, "compute limit", "bandwidth limit"]
    return _markdown(heading, rows)


def published_table(results: Mapping[str, Any], published: Mapping[str, Any], devices: Sequence[str]) -> str:
    """Latencies that others have published, and the joint optima that are planned here."""
    rows = [
        [engine["engine"], engine["board"], "published", *(_as_published(engine, name) for name in COMPARED)]
        for engine in published["engines"]
    ]
    for device in devices:
        cells = {cell["model"]: cell["strategies"] for cell in results["cells"] if cell["device"] == device}
        figures = [_ms(cells.get(name, {}).get("joint", {}).get("latency_ms")) for name in COMPARED]
        if any(figures):
            rows.append(["this project", device, "planned", *figures])
    return _markdown(["engine", "board", "", *(f"{name}, ms" for name in COMPARED)], rows)


def _planned(cell: Mapping[str, Any], joint: float | None) -> str:
    if "latency_ms" not in cell:
        return "does not fit" if "infeasible" in cell else "none found *"
    factor = f" ({cell['latency_ms'] / joint:.2f}x)" if joint else ""
    return _ms(cell["latency_ms"]) + factor + ("" if cell["proven"] else " *")


def _as_published(engine: Mapping[str, Any], model: str) -> str:
    """With the digits of the source, and no more."""
    value = engine["latency_ms"].get(model)
    return "" if value is None else f"{value:g}"


def _ms(value: float | None) -> str:
    """To the microsecond below 10 ms, to 10 us above; empty where there is none."""
    if value is None:
        return ""
    return f"{value:.3f}" if value < 10 else f"{value:.2f}"


def _markdown(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(heading) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, rule, *rows))


if __name__ == "__main__":
    sys.exit(main())
