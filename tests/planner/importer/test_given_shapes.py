"""Dimensions that a model leaves open and a user gives, against onnxruntime on the original file."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper

from dynamap.backends.range_calibration import RangeCalibration
from dynamap.cli.check import report_on
from dynamap.cost.errors import InputError
from dynamap.planner.importer import check_model, load_model
from dynamap.planner.models import resolve
from dynamap.planner.network.given_shapes import loaded_shapes, read_shapes, written_shapes
from dynamap.planner.plan.plan import load_plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.replanning import stored_request
from dynamap.planner.request.request import Request
from support.end_to_end import model_of, run_plan, values
from support.operator_nodes import conv, node

OPEN = [("N", 3, "H", "W"), (1, 3, "?", "?"), (1, 3, "d", "d"), (1, 3, None, None), (1, "C", "H", 8), None]


def _saved(tmp_path, shape):
    nodes = [conv("x", "c", pads=[1, 1, 1, 1]), node("Relu", ["c"], ["y"])]
    model = model_of(nodes, {"w": values(5, 3, 3, 3)}, (1, 3, 1, 1))
    declared = model.graph.input[0].type.tensor_type
    declared.ClearField("shape")
    if shape is not None:
        declared.shape.CopyFrom(helper.make_tensor_value_info("x", 1, list(shape)).type.tensor_type.shape)
    path = tmp_path / "open.onnx"
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("shape", OPEN)
def test_a_given_shape_is_kept_by_the_plan_and_run_against_the_original(shape, tmp_path):
    path = _saved(tmp_path, shape)
    given = {"x": (1, 3, 6, 8)}
    plan = tmp_path / "plan.json"
    plan_network(resolve(str(path), shapes=given), "zcu104", Request(shapes=given, array=(5, 7))).save(plan)
    assert stored_request(load_plan(plan)).shapes == given
    run = run_plan(plan, how=RangeCalibration())
    assert run.status == 0 and run.final["y"]["cosine"] > 0.999


@pytest.mark.parametrize(
    ("shape", "suggested"),
    [
        (("N", 3, "H", "W"), "x=1x3x320x320"),
        ((1, "c", 96, "W"), "x=1x3x96x320"),
        (("N", "h", "w", 3), "x=1x320x320x3"),
        (None, "x=1x3x320x320"),
    ],
)
def test_the_refusal_says_what_to_give(shape, suggested, tmp_path):
    path = _saved(tmp_path, shape)
    with pytest.raises(InputError, match=f"--shape '{suggested}'"):
        load_model(path)
    with pytest.raises(InputError, match="--shape"):
        check_model(path)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"z": (1, 3, 6, 8)}, "names 'z', and the inputs are 'x'"),
        ({"x": (2, 3, 6, 8)}, "asks for a batch of 2.*x=1x3x6x8"),
        ({"x": (1, 4, 6, 8)}, r"contradicts the model, which declares 'x' as \? x 3 x \? x \?"),
        ({"x": (1, 3, 6)}, "contradicts the model"),
        ({"x": (1, 3, 70000, 8)}, "too large"),
    ],
)
def test_a_shape_that_contradicts_the_model_is_refused(given, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load_model(_saved(tmp_path, ("N", 3, "H", "W")), given)


def test_a_first_axis_that_is_a_number_is_no_open_batch(tmp_path):
    """Of 8 x 9 x 3 nothing is left open, so that no batch of 1 is to be given."""
    with pytest.raises(InputError, match="contradicts the model, which declares 'x' as 8 x 9 x 3"):
        load_model(_saved(tmp_path, (8, 9, 3)), {"x": (9, 9, 3)})


def test_check_takes_a_shape(tmp_path):
    report = report_on(str(_saved(tmp_path, OPEN[0])), {"x": (1, 3, 6, 8)})
    assert report.supported


def test_a_built_in_network_has_its_shape():
    with pytest.raises(InputError, match="fixed dimensions"):
        resolve("squeezenet", weights=False, shapes={"data": (1, 3, 64, 64)})


@pytest.mark.parametrize("text", ["x", "=1x3", "x=", "x=1x-3x4", "x=1x0x3", "x=axb", "x=1x2x3x4x5x6x7x8x9"])
def test_a_text_that_is_no_shape_is_refused(text):
    with pytest.raises(InputError, match="--shape"):
        read_shapes("--shape", [text])


def test_shapes_in_words_as_values_and_in_a_document():
    shapes = read_shapes("--shape", ["images:0=1x3x320x416", "a=b=1X8"])
    assert shapes == {"images:0": (1, 3, 320, 416), "a=b": (1, 8)}
    assert read_shapes("shapes", {"x": [1, 2]}) == {"x": (1, 2)}
    assert loaded_shapes(written_shapes(shapes)) == shapes
    with pytest.raises(InputError, match="twice"):
        read_shapes("--shape", ["x=1x2", "x=1x3"])
    with pytest.raises(ValueError, match="shapes"):
        loaded_shapes({"x": "abc"})


@pytest.mark.parametrize("opset", [23, 24])
def test_models_of_newer_opsets_are_read(opset, same):
    """onnxruntime reads them as well, so that the values are compared."""
    nodes = [conv("x", "c"), node("Relu", ["c"], ["r"]), node("GlobalAveragePool", ["r"], ["y"])]
    same(model_of(nodes, {"w": values(5, 4, 3, 3)}, opset=opset))


def test_the_newest_opset_of_onnx_is_read():
    model = model_of([conv("x", "y")], {"w": values(5, 4, 3, 3)}, opset=onnx.defs.onnx_opset_version())
    assert check_model(model).supported
    with pytest.raises(InputError, match="opset 99 is not supported"):
        check_model(model_of([conv("x", "y")], {"w": np.ones((5, 4, 3, 3), np.float32)}, opset=99))
