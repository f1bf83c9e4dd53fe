"""``generate --backend vitis-rtl`` and ``run --executor vitis-rtl``: refusals, and cycles in the document of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from dynamap.backends.contract import CycleCount, Int8Array, LayerRun
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.program import Program
from support.command_line import Call, Refused
from support.rtl_programs import Convolution, chain, nested

RTL = ("--executor", "vitis-rtl")


@pytest.fixture
def plan(models: Path, call: Call) -> Path:
    """By Winograd's F(5,4), on a device whose word the RTL has."""
    path, model = models / "p.json", models / "long.onnx"
    onnx.save(chain((3, 17, 13), [Convolution(8, 3), Convolution(16)], tail=nested(16)), model)
    how = "--device zcu104 --array 16x8 --pin long=winograd"
    assert call("plan", model, *how.split(), "-o", path).status == 0
    return path


def test_an_overlay_that_the_rtl_cannot_be_is_refused(models: Path, call: Call, refusal: Refused) -> None:
    for device, how, what in (
        ("zcu104", "--array 16x12", "12 columns; the RTL's are a multiple of 8: plan with --array 16x8"),
        ("zcu104", "--array 5x16", "5 rows; the RTL's array has at least 8: plan with --array 8x16"),
        (
            "pynq-z2",
            "--no-packing",
            "one int8 product per multiplier; the RTL's array makes two: plan without --no-packing",
        ),
    ):
        path = models / f"{device}.json"
        assert call("plan", models / "first.onnx", "--device", device, *how.split(), "-o", path).status == 0
        for words in (("generate", path, "--backend", "vitis-rtl", "-o", models / "project"), ("run", path, *RTL)):
            assert what in refusal(2, *words)
    assert not (models / "project").exists()


@pytest.mark.parametrize("late", [0, 1])
def test_cycles_are_beside_those_of_the_closed_form(
    plan: Path, call: Call, monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    """``counters_equal``, and with it the status, asks for both to be equal."""

    class Measuring(NumpyExecutor):
        def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
            for done in super().run(program, inputs):
                yield replace(done, cycles=CycleCount(100 + late, 100, waited=7))

    monkeypatch.setattr("dynamap.backends.executors.find_executor", lambda name, device=None: Measuring())
    done = call("run", plan, "--json")
    document = json.loads(done.out)
    assert [(layer["cycles"], layer["expected_cycles"]) for layer in document["layers"]] == [(100 + late, 100)] * 3
    assert [layer["waited_cycles"] for layer in document["layers"]] == [7] * 3
    planned = json.loads(plan.read_text())["layers"]
    assert [layer["planned_cycles"] for layer in document["layers"]] == [layer["cycles"] for layer in planned]
    assert document["counters_equal"] is (late == 0)
    assert done.status == late
    slowest = min(planned, key=lambda layer: layer["cycles"])
    line = f"0 of 3 layers took the cycles of the plan; {slowest['name']} took {100 + late}"
    assert line in call("run", plan).out.replace("\n", " ")
