"""The tables of latencies from small result files, cell by cell; what pages show; what published figures must state."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from copy import deepcopy
from types import ModuleType
from typing import Any

import pytest

from support.repository import ROOT

BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(scope="module")
def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_tables", BENCHMARKS / "tables.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _plan(latency_ms: float, proven: bool = True) -> dict[str, Any]:
    return {"latency_ms": latency_ms, "cycles": 1, "rows": 7, "columns": 9, "proven": proven, "seconds": 0.1}


RESULTS = {
    "strategies": {"joint": "", "ns": "", "ws": ""},
    "cells": [
        {
            "model": "googlenet",
            "device": "u200",
            "limits_ms": {"compute": 0.25, "bandwidth": 0.0625},
            "strategies": {"joint": _plan(0.5), "ns": _plan(0.75), "ws": _plan(12.5, proven=False)},
        },
        {
            "model": "vgg19",
            "device": "pynq-z2",
            "limits_ms": {"compute": 100.0, "bandwidth": 30.0},
            "strategies": {
                "joint": {"infeasible": "no array fits"},
                "ns": {"infeasible": "no array fits"},
                "ws": {"stopped": "nothing was found in the time limit"},
            },
        },
    ],
}


def test_strategies_are_compared_with_the_joint_optimum(tables: ModuleType) -> None:
    """0.75 / 0.5 = 1.5 and 12.5 / 0.5 = 25; a star where the optimum of the strategy is not proven."""
    assert tables.strategy_table(RESULTS, "u200").splitlines() == [
        "| u200, ms | joint array | joint | ns | ws | compute limit | bandwidth limit |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| googlenet | 7 x 9 | 0.500 | 0.750 (1.50x) | 12.50 (25.00x) * | 0.250 | 0.062 |",
    ]
    assert tables.strategy_table(RESULTS, "pynq-z2").splitlines()[2] == (
        "| vgg19 |  | does not fit | does not fit | none found * | 100.00 | 30.00 |"
    )


def test_published_figures_stand_beside_plans(tables: ModuleType) -> None:
    published = {"engines": [{"engine": "E", "board": "B", "latency_ms": {"googlenet": 1.2, "vgg16": None}}]}
    lines = tables.published_table(RESULTS, published, ["u200", "pynq-z2"]).splitlines()
    assert lines[2:] == [
        "| E | B | published | 1.2 |  |  |  |  |",
        "| this project | u200 | planned | 0.500 |  |  |  |  |",
    ]


def test_published_figures_cite_their_sources() -> None:
    """Every entry says whose engine it is, on what board, what was timed, and where the figure stands."""
    engines = json.loads((BENCHMARKS / "published.json").read_text())["engines"]
    assert len({engine["engine"] for engine in engines}) == len(engines) == 6
    for engine in engines:
        assert all(engine[key] for key in ("engine", "board", "scope", "source"))
        assert any(value is not None and value > 0 for value in engine["latency_ms"].values())
    # The source gives frames per second of one element: 802.95, 121.73, 287.04 and 101.73.
    xdnn = next(engine for engine in engines if engine["engine"].startswith("xDNN"))["latency_ms"]
    rates = {"googlenet": 802.95, "inception-v4": 121.73, "resnet50": 287.04, "vgg16": 101.73}
    for name, per_second in rates.items():
        assert xdnn[name] == pytest.approx(1000 / per_second, abs=0.005)


def _printed(*options: str) -> list[str]:
    command = [sys.executable, str(BENCHMARKS / "tables.py"), *options]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return text.strip().split("\n\n")


@pytest.mark.parametrize(
    ("page", "options", "count"),
    [("docs/benchmarks.md", ("--devices", "u200,zcu104"), 4), ("README.md", ("--summary",), 1)],
)
def test_pages_show_what_the_command_prints(page: str, options: tuple[str, ...], count: int) -> None:
    text = (BENCHMARKS.parent / page).read_text(encoding="utf-8")
    tables = _printed(*options)
    assert len(tables) == count
    assert not [table.splitlines()[0] for table in tables if table not in text]


def test_summary_of_a_device(tables: ModuleType) -> None:
    """0.6 / 0.5 = 1.2 for im2col; of the dataflows 0.75 and 12.5 the better one, 1.5 times the optimum."""
    results = deepcopy(RESULTS)
    results["cells"][0]["strategies"]["im2col"] = _plan(0.6)  # type: ignore[index]
    results["cells"][0]["strategies"]["is"] = {"stopped": "nothing was found in the time limit"}  # type: ignore[index]
    planner = {"cells": [{"model": "googlenet", "device": "u200", "seconds": {"import": 1.0, "search": 0.125}}]}
    assert tables.summary_table(results, planner, "u200").splitlines() == [
        "| u200, ms | array | planned | im2col alone | best one dataflow | compute limit | proof took |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| googlenet | 7 x 9 | 0.500 | 0.600 (1.20x) | 0.750 (1.50x) | 0.250 | 0.12 s |",
    ]


def test_searches_of_a_device(tables: ModuleType) -> None:
    """Whole: 0.5 + 0.25 + 1.25 = 2 seconds."""
    seconds = {"import": 0.5, "prepare": 0.25, "search": 1.25}
    cell = {"model": "m", "device": "d", "arrays_considered": 12345, "arrays_solved": 3, "treewidth": 2}
    planner = {"cells": [{**cell, "seconds": seconds, "peak_mb": 99.6}, {"model": "m", "device": "other"}]}
    assert tables.search_table(planner, "d").splitlines()[2] == "| m | 12,345 | 3 | 2 | 1.25 s | 2.00 s | 100 MB |"
