"""A plan in Python and in a notebook: the commands as methods."""

from __future__ import annotations

import html.parser
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import dynamap
from dynamap.planner.request.options import OPTIONS
from dynamap.plans import Plan
from support.repository import DIGITS_MODEL


@pytest.fixture(scope="module")
def plan() -> Plan:
    return dynamap.plan(DIGITS_MODEL, "pynq-z2")


def test_one_line(plan: Plan) -> None:
    array = f"{plan.overlay.rows} x {plan.overlay.columns}"
    assert repr(plan) == f"<Plan: digits on a {array} array of pynq-z2, {plan.latency_ms:g} ms, optimal>"


def test_what_is_shown_in_a_notebook_is_one_line(plan: Plan) -> None:
    network = dynamap.load(DIGITS_MODEL)
    assert repr(network) == "<Network: digits, 18 layers, image 1 x 8 x 8 to probabilities 10 x 1 x 1>"
    assert repr(plan.simulate()) == (
        f"<Simulation: {plan.solver.objective:,} cycles, {plan.latency_ms:g} ms, 18 layers in 17 passes>"
    )
    verification = plan.verify(full=False)
    assert (
        repr(verification) == f"<Verification: {len(verification.checks) - 1} checks passed>"
    )  # one was not asked for
    assert repr(dynamap.what_if(plan)).startswith("<WhatIf: digits on pynq-z2, ")


def test_types_have_names() -> None:
    """For annotations, ``isinstance`` and editors; every option of a plan is an argument with a type."""
    assert {name for name in dynamap.__all__ if isinstance(getattr(dynamap, name), type)} >= {"Plan", "Network"}
    assert isinstance(dynamap.load(DIGITS_MODEL), dynamap.Network)
    assert {"solver", *dynamap.PlanOptions.__annotations__} == {option.name for option in OPTIONS}


class Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.rows += tag == "tr"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_in_a_notebook(plan: Plan) -> None:
    """Well-formed; a row per layer that takes time, and one of headings; small, and nothing that runs."""
    text = plan._repr_html_()
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert tags.rows == 1 + sum(layer.cycles > 0 for layer in plan.layers)
    assert len(text) < 12_000
    assert "script" not in text and "http" not in text


def test_names_of_layers_are_no_markup(tmp_path: Path) -> None:
    x = onnx.helper.make_tensor_value_info("x", 1, (1, 16, 8, 8))
    y = onnx.helper.make_tensor_value_info("y", 1, (1, 16, 8, 8))
    w = onnx.numpy_helper.from_array(np.ones((16, 16, 1, 1), np.float32), "w")
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], name="<img src=x onerror=alert(1)>")
    graph = onnx.helper.make_graph([node], "g", [x], [y], [w])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    hostile = dynamap.plan(model, "pynq-z2", array=(4, 4))
    assert "<img" not in hostile._repr_html_()
    assert "<img" not in dynamap.compare([hostile])._repr_html_()
    assert hostile.simulate().cycles == hostile.solver.objective  # a model in memory needs no file
    assert "The model could not be used" not in hostile.report(tmp_path / "r.html").read_text()


def test_a_row_per_layer(plan: Plan) -> None:
    frame = plan.to_dataframe()
    assert list(frame.index) == [layer.name for layer in plan.layers]
    assert int(frame["cycles"].sum()) == plan.solver.objective
    assert "options" not in frame.columns


def test_the_commands(plan: Plan, tmp_path: Path) -> None:
    assert plan.verify(full=False).verified
    assert plan.simulate().cycles == plan.solver.objective
    assert plan.report(tmp_path / "r.html").read_text().startswith("<!doctype html>")
    assert (plan.generate(tmp_path / "project") / "README.md").is_file()


def test_run_gives_the_models_outputs(plan: Plan, tmp_path: Path) -> None:
    """Against onnxruntime on the model itself: the same class; a saved plan finds its model and gives the same."""
    session = onnxruntime.InferenceSession(str(DIGITS_MODEL), providers=["CPUExecutionProvider"])
    (name,) = [found.name for found in session.get_inputs()]
    image = np.random.default_rng(0).normal(size=(1, 1, 8, 8)).astype(np.float32)
    expected = session.run(None, {name: image})[0]
    outputs = plan.run(image)
    (values,) = outputs.values()
    assert values.shape == expected.shape and values.dtype == expected.dtype
    assert values.argmax() == expected.argmax()
    plan.save(tmp_path / "plan.json")
    again = dynamap.load_plan(tmp_path / "plan.json")
    assert again == plan
    np.testing.assert_array_equal(next(iter(again.run({name: image}).values())), values)


def test_side_by_side(plan: Plan) -> None:
    other = dynamap.plan(DIGITS_MODEL, "zcu104", array=(16, 16))
    both = dynamap.compare([plan, other])
    assert len(both) == 2 and both[1] is other
    assert repr(both) == f"{plan!r}\n{other!r}"
    frame = both.to_dataframe()
    assert list(frame["latency_ms"]) == [plan.latency_ms, other.latency_ms]
    tags = Tags()
    tags.feed(both._repr_html_())
    assert tags.rows == 3
    with pytest.raises(dynamap.InputError, match="no plan to compare"):
        dynamap.compare([])


def test_what_the_host_would_run_is_refused_where_it_may_not() -> None:
    x = onnx.helper.make_tensor_value_info("x", 1, (1, 16, 8, 8))
    y = onnx.helper.make_tensor_value_info("y", 7, (1, 1, 8, 8))
    w = onnx.numpy_helper.from_array(np.ones((16, 16, 1, 1), np.float32), "w")
    nodes = [onnx.helper.make_node("Conv", ["x", "w"], ["a"]), onnx.helper.make_node("ArgMax", ["a"], ["y"], axis=1)]
    graph = onnx.helper.make_graph(nodes, "g", [x], [y], [w])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    assert [segment.runs_on for segment in dynamap.plan(model, "pynq-z2", array=(4, 4)).segments] == ["overlay", "host"]
    with pytest.raises(dynamap.InputError, match="ArgMax"):
        dynamap.plan(model, "pynq-z2", array=(4, 4), host=False)
