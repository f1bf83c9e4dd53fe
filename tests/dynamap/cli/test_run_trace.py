"""``dynamap run --trace``: what is written, by executors that stand in for the RTL, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from onnx import helper

from dynamap.backends.contract import CycleCount, Int8Array, LayerRun, TimedStep
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.guarding import GuardedExecutor
from dynamap.backends.program import Program
from dynamap.cost.errors import InputError
from support.command_line import Call, Refused
from support.end_to_end import model_of, values


class Clocked(NumpyExecutor):
    """Every layer is a pass of 100 cycles, of which it waited 7; a waveform is the number of layers."""

    traces = (".json", ".vcd")

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        for done in super().run(program, inputs):
            step = TimedStep("CORE", "pass 0", 100, 7, 64, 128)
            yield replace(done, cycles=CycleCount(100, 100, waited=7), steps=(step,))

    def run_recorded(self, program: Program, inputs: Mapping[str, Int8Array], waveform: Path) -> Iterator[LayerRun]:
        runs = list(self.run(program, inputs))
        assert not list(waveform.parent.glob("w*.vcd")), "nothing is seen before all is there"
        waveform.write_text(str(len(runs)))
        yield from runs


@pytest.fixture
def clocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever executor is asked for, behind the guard that all have."""
    guarded = GuardedExecutor(Clocked(), "the backend 'clocked'")
    monkeypatch.setattr("dynamap.backends.executors.find_executor", lambda name, device=None: guarded)


@pytest.fixture
def plan(models: Path, call: Call) -> Path:
    """Of three layers."""
    path = models / "p.json"
    assert call("plan", models / "first.onnx", "--device", "zcu104", "--array", "16x8", "-o", path).status == 0
    return path


@pytest.fixture
def cut(tmp_path: Path, call: Call) -> Path:
    """Of a model that the host interrupts."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="c"),
        helper.make_node("Softmax", ["c"], ["s"], name="s", axis=2),
        helper.make_node("Conv", ["s", "w"], ["y"], name="y"),
    ]
    onnx.save(model_of(nodes, {"w": values(4, 4, 3, 3)}), tmp_path / "cut.onnx")
    path = tmp_path / "cut.json"
    assert call("plan", tmp_path / "cut.onnx", "--device", "zcu104", "--array", "16x8", "-o", path).status == 0
    return path


def layers_in(trace: Path) -> list[tuple[str, int, int]]:
    events = json.loads(trace.read_text())["traceEvents"]
    found = [event for event in events if event.get("cat") == "layer"]
    return [(event["name"], event["args"]["start_cycle"], event["args"]["end_cycle"]) for event in found]


def test_a_timeline_of_the_steps(clocked: None, plan: Path, call: Call) -> None:
    trace = plan.with_name("t.json")
    done = call("run", plan, "--trace", trace, "--json")
    assert done.status == 0 and f"wrote {trace}" in done.err
    names = [layer["name"] for layer in json.loads(done.out)["layers"]]
    assert layers_in(trace) == [(name, 100 * at, 100 * at + 100) for at, name in enumerate(names)]
    (title,) = (e["args"]["name"] for e in json.loads(trace.read_text())["traceEvents"] if e["name"] == "process_name")
    assert title.startswith("first, 16 x 8 array: NumPy")


def test_parts_of_a_model_follow_each_other(clocked: None, cut: Path, call: Call) -> None:
    trace, wave = cut.with_name("t.json"), cut.with_name("w.vcd")
    assert call("run", cut, "--trace", trace).status == 0
    assert layers_in(trace) == [("c", 0, 100), ("y", 100, 200)]
    done = call("run", cut, "--trace", wave)
    assert done.status == 0 and f"wrote {wave}" in done.err and "w-2.vcd" in done.err
    assert sorted(path.name for path in cut.parent.glob("*.vcd")) == ["w-2.vcd", "w.vcd"]
    assert wave.read_text() == "1"


def test_a_waveform_is_there_when_it_is_whole(
    clocked: None, plan: Path, refusal: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: object, program: Program, inputs: object, waveform: Path) -> Iterator[LayerRun]:
        waveform.write_text("half")
        raise InputError("the simulated kernel failed")

    before = sorted(plan.parent.iterdir())
    monkeypatch.setattr(Clocked, "run_recorded", fails)
    assert "the simulated kernel failed" in refusal(2, "run", plan, "--trace", plan.with_name("w.vcd"))
    assert sorted(plan.parent.iterdir()) == before


@pytest.mark.parametrize("name", ["t.txt", "trace", "w.VCD", "w.fst"])
def test_other_endings_are_refused(clocked: None, plan: Path, refusal: Refused, name: str) -> None:
    message = refusal(2, "run", plan, "--executor", "clocked", "--trace", plan.with_name(name))
    assert f"{name}': the name must end in .json or .vcd with the executor 'clocked'" in message


def test_an_executor_without_a_clock_has_no_trace(plan: Path, refusal: Refused) -> None:
    for executor in ("numpy", "vitis-hls"):
        message = refusal(2, "run", plan, "--executor", executor, "--trace", plan.with_name("t.json"))
        assert f"the executor {executor!r} has no clock to trace, vitis-rtl has one; `dynamap simulate" in message
    assert not plan.with_name("t.json").exists()


def test_endings_of_the_rtl(plan: Path, refusal: Refused) -> None:
    message = refusal(2, "run", plan, "--executor", "vitis-rtl", "--trace", plan.with_name("t.png"))
    assert "must end in .json or .fst or .vcd" in message


def test_a_trace_is_no_place_of_something_else(plan: Path, refusal: Refused) -> None:
    assert "--trace" in refusal(2, "run", plan, "--executor", "vitis-rtl", "--trace", plan)
    both = ("--trace", plan.with_name("y.json"), "--output", plan.with_name("y.json"))
    assert "are one file" in refusal(2, "run", plan, "--executor", "vitis-rtl", *both)
