"""One request: the command line, Python and documents follow from the fields of ``Options``."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

import dynamap
from dynamap.backends.range_calibration import RangeCalibration
from dynamap.cli.app import explore as explore_command
from dynamap.cli.app import plan as plan_command
from dynamap.cli.execution import export_qdq as export_qdq_command
from dynamap.cli.execution import generate as generate_command
from dynamap.cli.execution import run as run_command
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.errors import InputError
from dynamap.planner.request.options import OPTIONS
from dynamap.planner.request.preprocessing import Preprocessing, Size
from dynamap.planner.request.request import Request, request_of

GIVEN = {
    "solver": ("ilp", "ilp"),
    "ilp_engine": ("scip", "scip"),
    "cost_model": ("paper", "paper"),
    "array": ("92x66", (92, 66)),
    "clock_mhz": (250.0, 250.0),
    "bandwidth_gbs": (12.5, 12.5),
    "multipliers": (512, 512),
    "fill_percent": ("90%", 90),
    "on_chip_bytes": ("4MiB", 4 << 20),
    "packing": (False, False),
    "algorithms": ("winograd,im2col", (Algorithm.IM2COL, Algorithm.WINOGRAD)),
    "dataflows": ("is", (Dataflow.IS,)),
    "pins": (["a=b=kn2row/ws", "c=im2col"], {"a=b": (Algorithm.KN2ROW, Dataflow.WS), "c": (Algorithm.IM2COL, None)}),
    "shapes": (["x=1x16x8x8"], {"x": (1, 16, 8, 8)}),
    "preprocess": (
        "imagenet,resize=342,crop=299",
        Preprocessing(Size(342), Size(299), 255.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ),
    "batch": (8, 8),
    "time_limit": (3.5, 3.5),
    "memory_limit_mb": (64, 64),
}
"""Every option: words of the command line, and the value that they mean."""


def test_every_option_is_tried_here() -> None:
    assert list(GIVEN) == [option.name for option in OPTIONS]


@pytest.mark.parametrize("name", GIVEN)
def test_words_and_values_mean_the_same(name: str) -> None:
    words, value = GIVEN[name]
    assert getattr(Request().asking({name: words}), name) == value
    assert getattr(Request().asking({name: value}), name) == value


def test_the_document_is_read_back() -> None:
    request = Request().asking({name: words for name, (words, _) in GIVEN.items()})
    document = json.loads(json.dumps(request.document()))
    again = request_of(document, request.cost_model)
    assert again.document() == request.document()
    for option in OPTIONS:
        if option.stored:
            assert getattr(again, option.name) == GIVEN[option.name][1]


def test_documents_without_a_budget_of_memory_have_no_such_key() -> None:
    assert "on_chip_bytes" not in Request().document()
    assert request_of(Request().document(), "overlay") == Request()


def test_an_unknown_key_of_a_document_is_named() -> None:
    with pytest.raises(ValueError, match="unknown key 'clock'"):
        request_of({**Request().document(), "clock": 3}, "overlay")


def test_the_command_line_has_every_option() -> None:
    parameters = inspect.signature(plan_command).parameters
    assert [name for name in parameters if name in GIVEN] == list(GIVEN)


def test_sweeps_have_every_option_but_those_of_one_plan() -> None:
    parameters = list(inspect.signature(explore_command).parameters)
    alone = ["cost_model", "array", "pins", "preprocess", "batch"]
    assert sorted(name for name in parameters if name in GIVEN) == sorted(set(GIVEN) - set(alone))
    assert [option.name for option in OPTIONS if option.alone] == alone


@pytest.mark.parametrize("command", [run_command, generate_command, export_qdq_command])
def test_commands_that_quantise_have_every_option_of_a_calibration(command: Callable[..., None]) -> None:
    parameters = list(inspect.signature(command).parameters)
    names = [field.name for field in fields(RangeCalibration)]
    assert [name for name in parameters if name in names] == names


def test_python_takes_every_option_of_the_command(tmp_path: Path) -> None:
    """Each is read, and what it asks for is in the plan."""
    model = small_model()
    options = {name: words for name, (words, _) in GIVEN.items() if name not in ("cost_model", "pins", "array")}
    plan = dynamap.plan(model, device="zcu104", array="8x6", pins={"conv": "im2col/is"}, **options)
    asked = plan.request
    assert (plan.overlay.rows, plan.overlay.columns, asked["on_chip_bytes"]) == (8, 6, 4 << 20)
    assert asked["pins"] == {"conv": ["im2col", "is"]} and asked["solver"] == plan.solver.name == "ilp"
    assert plan.overlay.clock_mhz == 250 and plan.overlay.packing == 1


def test_a_model_is_given_in_any_form(tmp_path: Path) -> None:
    model = small_model()
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    plans = [dynamap.plan(given, "pynq-z2") for given in (model, path, str(path), dynamap.load(path))]
    assert len({plan.latency_ms for plan in plans}) == 1
    with pytest.raises(InputError, match=r"a model is a path, a built-in name, an onnx\.ModelProto or a network"):
        dynamap.plan(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("array", "12", "array must be ROWSxCOLUMNS"),
        ("array", (0, 4), "array must be ROWSxCOLUMNS"),
        ("clock_mhz", "fast", "clock_mhz must be a number, found 'fast'"),
        ("multipliers", 2.5, "multipliers must be a whole number"),
        ("packing", 1, "packing must be true or false"),
        ("solver", "magic", "solver does not know 'magic'"),
        ("on_chip_bytes", "4 apples", "on_chip_bytes must be a number of bytes"),
        ("memory_limit_mb", 0, "memory_limit_mb must be at least 1 MiB"),
        ("batch", 0, "batch must be from 1 to 1,000,000 images, found 0"),
        ("batch", 1.5, "batch must be a whole number"),
        ("time_limit", 0, "time_limit must be positive"),
        ("colour", "red", "a plan has no option 'colour'"),
    ],
)
def test_what_cannot_be_asked(name: str, given: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Request().asking({name: given})


def small_model() -> onnx.ModelProto:
    """One convolution of 16 to 16 channels."""
    weights = helper.make_tensor("w", TensorProto.FLOAT, [16, 16, 3, 3], [0.01] * (16 * 16 * 9))
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv", pads=[1, 1, 1, 1])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 16, 8, 8]) for name in ("x", "y")]
    graph = helper.make_graph([node], "small", ends[:1], ends[1:], [weights])
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 13)])
