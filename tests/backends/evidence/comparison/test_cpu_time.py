"""This machine's own time for a model: how it is counted, told and shown. No test waits for the machine's clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

import dynamap
from dynamap.backends.evidence.comparison.cpu_time import MOST, SECONDS, measure_cpu, processor_name
from dynamap.backends.evidence.report.run_result import read_run
from dynamap.cost.errors import InputError
from support.command_line import Call
from support.repository import DIGITS_MODEL

IMAGE = {"image": np.zeros((1, 1, 8, 8), np.float32)}


def ticking(step: float) -> Iterator[float]:
    """A clock that goes on by ``step`` seconds whenever it is read."""
    return (step * tick for tick in count())


@pytest.mark.parametrize(
    ("step", "runs"),
    [
        (0.001, MOST),  # three readings a run: 200 runs are over before two seconds are
        (0.1, 8),  # readings 0, two in each of five runs, then three a run: the ninth would begin at reading 20, 2.0 s
        (1.0, 5),  # at least five
    ],
)
def test_runs_are_counted_by_the_clock(step: float, runs: int) -> None:
    network = dynamap.load(DIGITS_MODEL)
    clock = ticking(step)
    found = measure_cpu(network, dict.fromkeys(network.inputs, IMAGE["image"][0]), clock=lambda: next(clock))
    assert found.runs == runs and SECONDS == 2.0
    assert found.median_ms == found.least_ms == pytest.approx(1000 * step)
    assert found.threads >= 1 and found.processor and found.onnxruntime[0].isdigit()
    assert f"median of {runs} runs" in found.sentence()


def test_a_processor_has_a_name_everywhere(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: A  Processor @ 2 GHz\n")
    assert processor_name(tmp_path / "cpuinfo") == "A Processor @ 2 GHz"
    assert processor_name(tmp_path / "nowhere")


def test_run_and_report_show_it(tmp_path: Path, call: Call) -> None:
    """Only where it is asked for; the plan and its latency are as they were."""
    plan = dynamap.plan(DIGITS_MODEL, "pynq-z2", array=(8, 8))
    plan.save(tmp_path / "plan.json")
    alone = json.loads(call("run", tmp_path / "plan.json", "--json").out)
    assert "cpu" not in alone
    done = call("run", tmp_path / "plan.json", "--measure-cpu", "--json")
    measured = json.loads(done.out)
    assert done.status == 0 and measured["cpu"]["median_ms"] >= measured["cpu"]["least_ms"] > 0
    (tmp_path / "run.json").write_text(done.out)
    shown = read_run(tmp_path / "run.json", plan).cpu
    assert shown is not None and shown.document() == measured["cpu"]
    page = tmp_path / "page.html"
    assert call("report", tmp_path / "plan.json", "--run", tmp_path / "run.json", "-o", page).status == 0
    assert "measured: one image on" in page.read_text(encoding="utf-8")
    measured["cpu"]["runs"] = "many"
    (tmp_path / "run.json").write_text(json.dumps(measured))
    with pytest.raises(InputError, match=r"cpu\.runs"):
        read_run(tmp_path / "run.json", plan)
