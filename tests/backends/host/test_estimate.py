"""What a plan says of the time of the host's parts: measured here, marked as an estimate, in no latency or digest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

import dynamap
from dynamap.backends import children
from dynamap.backends.hardware.target import plan_digest
from dynamap.backends.host.estimate import host_seconds, measured
from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model
from dynamap.planner.network.whole import HostSegment, OverlayPart, Whole
from dynamap.planner.plan.segments import host_time
from support.end_to_end import model_of, values

NODES = [
    helper.make_node("Conv", ["x", "w"], ["c"], name="c"),
    helper.make_node("Softmax", ["c"], ["s"], name="s", axis=2),
    helper.make_node("Conv", ["s", "w"], ["d"], name="d"),
    helper.make_node("ArgMax", ["d"], ["y"], name="y", axis=1),
]
MODEL = model_of(NODES, {"w": values(4, 4, 3, 3)}, kinds=(1, 7))


def whole_of(model: onnx.ModelProto) -> Whole:
    """The steps of a model that is cut."""
    whole = import_model(model, "case", "", host=True).whole
    assert whole is not None
    return whole


def test_each_part_of_the_host_is_measured(tmp_path: Path) -> None:
    plan = dynamap.plan(MODEL, "zcu104", array=(16, 16))
    parts = {part.name: part for part in plan.segments}
    assert list(parts) == ["overlay 1", "host 1", "overlay 2", "host 2"]
    assert all((part.seconds is None) == (part.runs_on == "overlay") for part in plan.segments)
    assert all(0 < (parts[name].seconds or 0) < 1 for name in ("host 1", "host 2"))
    plan.save(tmp_path / "plan.json")
    assert dynamap.load_plan(tmp_path / "plan.json").segments == plan.segments
    assert host_time(plan.segments).count("estimate") == 1
    other = replace(plan, segments=tuple(replace(part, seconds=7.0) for part in plan.segments))
    assert plan_digest(other) == plan_digest(plan)


def test_networks_that_are_planned_together_are_measured_too() -> None:
    plans = dynamap.plan_together([MODEL, MODEL], "zcu104", array=(16, 16))
    assert all(part.seconds for plan in plans for part in plan.segments if part.runs_on == "host")


def test_a_plan_that_is_not_cut_says_nothing() -> None:
    plan = dynamap.plan(model_of(NODES[:1], {"w": values(4, 4, 3, 3)}, outputs=("c",)), "zcu104", array=(16, 16))
    assert plan.segments == () and host_time(plan.segments) == ""


def test_what_the_overlay_makes_stands_in_with_its_type_and_shape() -> None:
    found = measured(whole_of(MODEL))
    assert set(found) == {"host 1", "host 2"} and min(found.values()) > 0


class TestNotMeasured:
    """The plan is made all the same, and says that it does not know."""

    def test_where_onnxruntime_refuses_a_part(self) -> None:
        whole = whole_of(MODEL)
        steps = [replace(step, model=b"no model") if isinstance(step, HostSegment) else step for step in whole.steps]
        assert host_seconds(replace(whole, steps=tuple(steps))) == {}

    def test_where_it_takes_too_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def late(who: str, command: object, **options: object) -> object:
            raise InputError(f"{who} did not end within 30 s")

        monkeypatch.setattr(children, "run", late)
        plan = dynamap.plan(MODEL, "zcu104", array=(16, 16))
        assert {part.seconds for part in plan.segments} == {None}
        assert "not measured" in host_time(plan.segments)

    def test_where_it_asks_for_more_memory_than_there_is(self) -> None:
        """A segment whose result would have 2^40 elements fails, and nothing else does."""
        whole = whole_of(MODEL)
        graph = helper.make_graph(
            [helper.make_node("Expand", ["c", "n"], ["s"])],
            "big",
            [helper.make_tensor_value_info("c", 1, [1, 4, 4, 5])],
            [helper.make_tensor_value_info("s", 1, None)],
            [onnx.numpy_helper.from_array(np.array([2**36, 4, 4, 5]), "n")],
        )
        big = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        steps = list(whole.steps)
        assert isinstance(steps[0], OverlayPart) and isinstance(steps[1], HostSegment)
        steps[1] = replace(steps[1], reads=("c",), writes=("s",), model=big.SerializeToString())
        assert host_seconds(replace(whole, steps=tuple(steps))) == {}
