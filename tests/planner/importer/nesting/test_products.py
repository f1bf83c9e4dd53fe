"""Linear layers on the last axis, as convolutions: each model against onnxruntime on the original file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from dynamap.planner.importer import import_model
from dynamap.planner.network.network import Conv
from support.end_to_end import model_of, run_file, values
from support.operator_nodes import conv, node

LAST, FIRST = [0, 2, 3, 1], [0, 3, 1, 2]
GELU = [
    node("Div", ["h", "root"], ["d"]),
    node("Erf", ["d"], ["e"]),
    node("Add", ["e", "one"], ["f"]),
    node("Mul", ["h", "f"], ["g"]),
    node("Mul", ["g", "half"], ["k"]),
]
MIXER = [
    node("MatMul", ["t", "u"], ["m"]),
    node("Add", ["m", "b"], ["h"]),
    *GELU,
    node("MatMul", ["k", "v"], ["n"]),
    node("Mul", ["n", "s"], ["o"]),
]
CONSTANTS = {
    "w": values(16, 4, 3, 3),
    "u": values(16, 32),
    "b": values(32),
    "v": values(32, 16),
    "s": values(16),
    "root": np.float32(np.sqrt(2)),
    "one": np.float32(1),
    "half": np.float32(0.5),
}


def ran(model: onnx.ModelProto, folder: Path) -> None:
    """The model runs as onnxruntime runs it."""
    path = folder / "m.onnx"
    onnx.save(model, path)
    found = run_file(path)
    assert found.status == 0 and found.imported["kept"], found.errors
    assert all(one["kept"] for one in found.final.values())


@pytest.mark.parametrize("opset", [11, 13, 17])
def test_a_block_with_channels_last_is_convolutions(opset: int, tmp_path: Path) -> None:
    nodes = [
        conv("x", "c", pads=[1, 1, 1, 1]),
        node("Transpose", ["c"], ["t"], perm=LAST),
        *MIXER,
        node("Transpose", ["o"], ["r"], perm=FIRST),
        node("Add", ["c", "r"], ["y"]),
    ]
    model = model_of(nodes, CONSTANTS, opset=opset)
    network = import_model(model, "case", "")
    assert [layer.weights.shape for layer in network.layers if isinstance(layer, Conv)] == [
        (16, 4, 3, 3), (32, 16, 1, 1), (16, 32, 1, 1)
    ]  # fmt: skip
    assert len(network.layers) == 4
    ran(model, tmp_path)


def test_behind_a_normalisation_on_the_host(tmp_path: Path) -> None:
    """As in ConvNeXt: the host normalises, all products stay on the overlay, and tensors cross once each way."""
    nodes = [
        conv("x", "c", pads=[1, 1, 1, 1]),
        node("Transpose", ["c"], ["l"], perm=LAST),
        node("LayerNormalization", ["l", "s", "s"], ["t"]),
        *MIXER,
        node("Transpose", ["o"], ["r"], perm=FIRST),
        node("Add", ["c", "r"], ["y"]),
    ]
    model = model_of(nodes, CONSTANTS, opset=17)
    network = import_model(model, "case", "", host=True)
    assert network.whole is not None and [step.name for step in network.whole.steps] == [
        "overlay 1", "host 1", "overlay 2"
    ]  # fmt: skip
    assert sum(isinstance(layer, Conv) for layer in network.layers) == 3
    ran(model, tmp_path)


def test_rows_of_features(tmp_path: Path) -> None:
    """N x length x features behind a convolution over one axis; what follows the product stays on the host."""
    nodes = [
        conv("x", "c", weights="r", pads=[1, 1]),
        node("Transpose", ["c"], ["t"], perm=[0, 2, 1]),
        node("MatMul", ["t", "u"], ["m"]),
        node("Softmax", ["m"], ["y"], axis=2),
    ]
    model = model_of(nodes, CONSTANTS | {"r": values(16, 4, 3)}, (1, 4, 30))
    network = import_model(model, "case", "", host=True)
    assert sum(isinstance(layer, Conv) for layer in network.layers) == 2
    ran(model, tmp_path)


@pytest.mark.parametrize("axis", [1, None])
def test_weights_that_are_integers_stay_so(axis: int | None, tmp_path: Path) -> None:
    integers = np.random.default_rng(3).integers(-127, 128, (16, 32), np.int8)
    scales = np.linspace(0.002, 0.006, 32, dtype=np.float32) if axis else np.float32(0.004)
    constants = CONSTANTS | {"i": integers, "z": np.zeros_like(scales, np.int8), "step": scales}
    nodes = [
        conv("x", "c", pads=[1, 1, 1, 1]),
        node("Transpose", ["c"], ["t"], perm=LAST),
        node("DequantizeLinear", ["i", "step", "z"], ["u2"], **({"axis": axis} if axis else {})),
        node("MatMul", ["t", "u2"], ["m"]),
        node("Transpose", ["m"], ["y"], perm=FIRST),
    ]
    model = model_of(nodes, constants)
    last = import_model(model, "case", "").layers[-1]
    assert isinstance(last, Conv) and last.weight_quantisation is not None
    np.testing.assert_array_equal(last.weight_quantisation.values_oihw[:, :, 0, 0], integers.T)
    ran(model, tmp_path)
