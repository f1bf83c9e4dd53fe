"""Inputs whose first axis is no batch, and views that the host has to lay out, against the original."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from dynamap.cost.errors import InputError
from dynamap.planner.models import resolve
from dynamap.planner.network.network import Network
from support.end_to_end import model_of, run_file, values

SIDE = 12
ADDED = helper.make_node("Unsqueeze", ["i", "first"], ["u"], name="u")
LAST = helper.make_node("Transpose", ["i"], ["t"], name="t", perm=[2, 0, 1])
CONV = helper.make_node("Conv", ["u", "w"], ["y"], name="y", pads=[1, 1, 1, 1])
FORMS = {
    "C x H x W": ((3, SIDE, SIDE), [ADDED, CONV]),
    "H x W x C": ((SIDE, SIDE, 3), [LAST, helper.make_node("Unsqueeze", ["t", "first"], ["u"], name="u"), CONV]),
    "H x W": ((SIDE, SIDE), [helper.make_node("Unsqueeze", ["i", "both"], ["u"], name="u"), CONV]),
}


def saved(folder: Path, form: str, kind: int = TensorProto.FLOAT) -> Path:
    shape, nodes = FORMS[form]
    cast = helper.make_node("Cast", ["x"], ["i"], name="i", to=TensorProto.FLOAT)
    channels = 1 if form == "H x W" else 3
    constants = {
        "w": values(8, channels, 3, 3),
        "first": np.array([0], np.int64),
        "both": np.array([0, 1], np.int64),
    }
    model = model_of([cast, *nodes], constants, shape, kinds=(kind, TensorProto.FLOAT))
    onnx.save(model, folder / "model.onnx")
    return folder / "model.onnx"


def sides(network: Network) -> list[str]:
    assert network.whole is not None
    return [step.name for step in network.whole.steps]


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.UINT8])
@pytest.mark.parametrize("form", FORMS)
def test_the_host_adds_the_batch(tmp_path: Path, form: str, kind: int) -> None:
    path = saved(tmp_path, form, kind)
    network = resolve(str(path))
    assert sides(network) == ["host 1", "overlay 1"]
    assert network.whole is not None and network.whole.inputs[0].shape == FORMS[form][0]
    found = run_file(path)
    assert found.status == 0 and found.final["y"]["kept"] and found.final["y"]["cosine"] > 0.999


@pytest.mark.parametrize("form", ["C x H x W", "H x W x C"])
def test_a_picture_for_such_an_input(tmp_path: Path, form: str) -> None:
    """The bytes as they are, in the order of the input's axes: as the same values given as an array."""
    pixels = np.random.default_rng(2).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    path = saved(tmp_path, form, TensorProto.UINT8)
    from dynamap.backends.program.parts import model_inputs
    from dynamap.backends.quantise import quantise

    given = model_inputs(quantise(resolve(str(path))), tmp_path / "photo.png", 0)
    np.testing.assert_array_equal(given["x"], pixels.transpose(2, 0, 1) if form == "C x H x W" else pixels)


def test_arrays_to_calibrate_on_have_an_axis_more(tmp_path: Path) -> None:
    from dynamap.backends.quantise import quantise

    network = resolve(str(saved(tmp_path, "C x H x W")))
    data = {"x": np.random.default_rng(0).uniform(-3, 3, (5, 3, SIDE, SIDE)).astype(np.float32)}
    quantised = quantise(network, calibration=data, method="minmax")
    scheme = quantised.tensors[network.inputs[0]]
    assert scheme.scale == pytest.approx(6 / 255, rel=0.05) and "5 given inputs" in quantised.source


def test_a_batch_is_still_refused_where_the_model_is_cut(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="c"),
        helper.make_node("Hardmax", ["c"], ["y"], name="y", axis=1),
    ]
    onnx.save(model_of(nodes, {"w": values(8, 3, 3, 3)}, (4, 3, SIDE, SIDE)), tmp_path / "model.onnx")
    with pytest.raises(InputError, match="fixes for its input 'x'; export the model with batch size 1"):
        resolve(str(tmp_path / "model.onnx"))


OPEN = {"C x H x W": ((3, "h", "w"), "3x320x320"), "H x W x C": (("h", "w", 3), "320x320x3")}


@pytest.mark.parametrize("form", OPEN)
def test_open_axes_are_given_without_a_batch(tmp_path: Path, form: str) -> None:
    """What the message suggests is what the model can take; the sizes that are given are those of the original."""
    sizes, nodes = FORMS[form]
    shape, suggested = OPEN[form]
    cast = helper.make_node("Identity", ["x"], ["i"], name="i")
    constants = {"w": values(8, 3, 3, 3), "first": np.array([0], np.int64)}
    onnx.save(model_of([cast, *nodes], constants, shape), tmp_path / "model.onnx")
    with pytest.raises(InputError, match=f"x={suggested}'?$"):
        resolve(str(tmp_path / "model.onnx"))
    network = resolve(str(tmp_path / "model.onnx"), shapes={"x": sizes})
    assert sides(network) == ["host 1", "overlay 1"] and network.tensors[network.outputs[0]].as_list() == [8, 12, 12]


def test_a_batch_is_still_refused_where_the_first_axis_is_open(tmp_path: Path) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], name="y")]
    onnx.save(model_of(nodes, {"w": values(8, 3, 3)}, ("n", 3, "length")), tmp_path / "model.onnx")
    with pytest.raises(InputError, match=r"asks for a batch of 4.*x=1x3x50"):
        resolve(str(tmp_path / "model.onnx"), shapes={"x": (4, 3, 50)})


VIEWS = {
    "an image of a vector": [
        helper.make_node("Gemm", ["x", "m"], ["g"], name="g", transB=1),
        helper.make_node("Reshape", ["g", "image"], ["r"], name="r"),
        helper.make_node("Conv", ["r", "v"], ["y"], name="y"),
    ],
    "an image of a flat input": [
        helper.make_node("Reshape", ["x", "small"], ["r"], name="r"),
        helper.make_node("Conv", ["r", "u"], ["y"], name="y"),
    ],
    "a row of an image": [
        helper.make_node("Reshape", ["x", "small"], ["a"], name="a"),
        helper.make_node("Conv", ["a", "u"], ["c"], name="c"),
        helper.make_node("Reshape", ["c", "row"], ["r"], name="r"),
        helper.make_node("Conv", ["r", "t"], ["y"], name="y"),
    ],
}


@pytest.mark.parametrize("name", VIEWS)
def test_only_the_view_is_left_to_the_host(tmp_path: Path, name: str) -> None:
    constants = {
        "m": values(128, 36),
        "image": np.array([1, 8, 4, 4], np.int64),
        "small": np.array([1, 1, 6, 6], np.int64),
        "row": np.array([1, 4, 16], np.int64),
        "v": values(5, 8, 3, 3),
        "u": values(4, 1, 3, 3),
        "t": values(6, 4, 3),
    }
    path = tmp_path / "model.onnx"
    onnx.save(model_of(VIEWS[name], constants, (1, 36)), path)
    whole = resolve(str(path)).whole
    assert whole is not None
    host = {node for segment in whole.segments for node in segment.nodes}
    assert host == ({"a", "r"} if name == "a row of an image" else {"r"})
    found = run_file(path)
    assert found.status == 0 and found.final["y"]["kept"] and found.final["y"]["cosine"] > 0.999
