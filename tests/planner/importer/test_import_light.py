"""The nine graphs of the onnx package: every tensor of the folded network equals onnxruntime's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest

from dynamap.planner.importer import Fate, check_model, import_model, load_model
from dynamap.planner.models.random_weights import with_random_weights
from dynamap.planner.network.joining.siblings import apart
from dynamap.planner.network.network import Conv
from dynamap.planner.network.onnx_export import to_onnx

FOLDER = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

# Layers by kind, counted by hand from the operators of each graph: a Conv or Gemm is one Conv layer;
# BatchNormalization, Mul, Add by constants and Relu are none, but where a Concat or a pool comes
# before (62 times in DenseNet: 58 after its concats and pools into a dense layer, 3 transitions, 1 at
# the end); the Relu after each of ShuffleNet's 3 concats is an Activate layer.
EXPECTED = {
    "inception_v1": {"Conv": 57 + 1, "Pool": 14, "Concat": 9, "Lrn": 2, "HostLayer": 1},
    "inception_v2": {"Conv": 69 + 1, "Pool": 13, "Concat": 10, "HostLayer": 1},
    "resnet50": {"Conv": 53 + 1, "Pool": 2, "Add": 16, "HostLayer": 1},
    "densenet121": {"Conv": 121 + 62, "Pool": 5, "Concat": 58},
    "shufflenet": {"Conv": 49 + 1, "Pool": 5, "Concat": 3, "Add": 13, "Activate": 3, "HostLayer": 1},
    "squeezenet": {"Conv": 26, "Pool": 4, "Concat": 8, "HostLayer": 1},
    "bvlc_alexnet": {"Conv": 5 + 3, "Pool": 3, "Lrn": 2, "HostLayer": 1},
    "zfnet512": {"Conv": 5 + 3, "Pool": 3, "Lrn": 2, "HostLayer": 1},
    "vgg19": {"Conv": 16 + 3, "Pool": 5, "HostLayer": 1},
}


def light(name: str) -> onnx.ModelProto:
    return onnx.load(FOLDER / f"light_{name}.onnx")


HEAVY = ("zfnet512", "vgg19")
"""Of operators that AlexNet has too."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.full if name in HEAVY else ()) for name in EXPECTED]
)
def test_every_tensor_equals_onnxruntime(name, same):
    model = with_random_weights(light(name), seed=5)
    network = apart(same(model))
    assert Counter(type(layer).__name__ for layer in network.layers) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_files_import_and_every_node_has_a_fate(name):
    path = FOLDER / f"light_{name}.onnx"
    network = load_model(path)
    report = check_model(path)
    assert len(report.nodes) == len(light(name).graph.node)
    assert report.supported
    layers = {layer.name for layer in apart(network).layers}
    assert {node.into for node in report.nodes if node.into} == layers
    assert report.count(Fate.OVERLAY) + report.count(Fate.HOST) == len(layers)
    for node in report.nodes:
        assert node.into or node.reason, f"{node.node} has neither a layer nor a reason"


def test_shuffles_are_folded_into_the_grouped_convolutions():
    network = load_model(FOLDER / "light_shufflenet.onnx")
    orders = [layer.output_order for layer in network.layers if isinstance(layer, Conv) and layer.output_order]
    assert len(orders) == 16
    # 112 channels in 4 groups of 28: output channel 4 i + g is channel 28 g + i.
    assert orders[0][:6] == (0, 28, 56, 84, 1, 29)


def test_the_digest_is_that_of_the_file():
    import hashlib

    path = FOLDER / "light_squeezenet.onnx"
    assert load_model(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_weights_are_not_copied_per_layer():
    """Unfolded weights are views of the model's bytes, or of one broadcast constant."""
    network = import_model(with_random_weights(light("squeezenet"), 0), "squeezenet", "")
    first = next(layer for layer in network.layers if isinstance(layer, Conv))
    assert not first.weights.flags.owndata
    assert not first.weights.flags.writeable


def test_random_weights_are_deterministic_and_keep_activations_alive(run):
    model = with_random_weights(light("resnet50"), 3)
    again = with_random_weights(light("resnet50"), 3)
    other = with_random_weights(light("resnet50"), 4)
    assert model.SerializeToString(deterministic=True) == again.SerializeToString(deterministic=True)
    assert model.SerializeToString(deterministic=True) != other.SerializeToString(deterministic=True)


@pytest.mark.parametrize("name", ["resnet50", "densenet121", "inception_v1", "shufflenet"])
def test_random_weights_neither_explode_nor_vanish(name, run):
    model = with_random_weights(light(name), 11)
    network = import_model(model, name, "")
    x = np.random.default_rng(0).standard_normal((1, 3, 224, 224), dtype=np.float32)
    names = [layer.output for layer in network.layers if isinstance(layer, Conv)]
    found = run(to_onnx(network), x, names)
    sizes = [float(np.sqrt(np.mean(found[name].astype(np.float64) ** 2))) for name in names]
    assert min(sizes) > 0.1 and max(sizes) < 20.0


def test_models_with_weights_keep_them():
    model = with_random_weights(light("squeezenet"), 0)
    again = with_random_weights(model, 1)
    assert again.SerializeToString(deterministic=True) == model.SerializeToString(deterministic=True)
