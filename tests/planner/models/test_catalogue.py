"""The built-in networks: their figures, their names, and that they can be planned and computed."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import onnx
import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.models import BUILT_IN, CATALOGUE, model_proto, resolve
from dynamap.planner.network.joining.siblings import apart
from dynamap.planner.network.network import Conv, Network

# Parameters that the networks' papers and public model zoos state, with batch normalisation folded:
# per convolution its weights and one bias per output channel.
PUBLISHED_PARAMETERS = {
    # Caffe's bvlc_googlenet without the auxiliary classifiers: 6,998,552.
    "googlenet": 6_998_552,
    # 42,679,816 (timm) with scale and bias per channel of 149 convolutions; folding leaves only the
    # bias, and their output channels sum to 31,584 (see test_folding_of_inception_v4).
    "inception-v4": 42_679_816 - 31_584,
    # torchvision: 25,557,032, of which 53,120 are scale and bias of 26,560 channels; folding leaves the bias.
    "resnet50": 25_557_032 - 26_560,
    # torchvision: 143,667,240.
    "vgg19": 143_667_240,
    # torchvision's squeezenet1_1: 1,235,496.
    "squeezenet": 1_235_496,
    # Caffe's bvlc_alexnet, with its grouped convolutions: 60,965,224.
    "alexnet": 60_965_224,
}

# Multiply-accumulates that are published, in 10^9, with the tolerance of what is counted and of grid sizes.
PUBLISHED_GMAC = {
    # 1.58 (Szegedy et al. 2015: 1.5); this export rounds pooled grids down (55, 27, 13, 6 for 56, 28, 14, 7).
    "googlenet": (1.58, 0.10),
    "inception-v2": (2.03, 0.02),  # torch and Caffe benchmark tables: 2.0
    "inception-v4": (12.27, 0.01),
    "resnet50": (4.09, 0.01),  # torchvision: 4.09
    "vgg19": (19.63, 0.01),  # torchvision: 19.63
    "squeezenet": (0.349, 0.01),  # torchvision's squeezenet1_1: 0.35
    "densenet121": (2.83, 0.02),  # torchvision: 2.83
    "shufflenet": (0.137, 0.10),  # Zhang et al., table 1: 137 MFLOPs for 3 groups; the stem's pads differ
    "alexnet": (0.71, 0.10),  # 0.71 at 227 x 227; this export has 224 x 224
}


@pytest.fixture(scope="module", params=BUILT_IN)
def network(request: pytest.FixtureRequest) -> Network:
    return resolve(request.param, weights=False)


def test_names() -> None:
    assert BUILT_IN == (
        "googlenet",
        "inception-v2",
        "inception-v4",
        "resnet50",
        "vgg19",
        "squeezenet",
        "densenet121",
        "shufflenet",
        "alexnet",
        "zfnet512",
    )


def test_figures_of_the_catalogue_are_those_of_the_networks(network: Network) -> None:
    entry = CATALOGUE[network.name]
    (data,) = network.inputs
    assert tuple(network.tensors[data].as_list()) == entry.input_shape
    convolutions = [layer for layer in apart(network).layers if isinstance(layer, Conv) and not layer.fully_connected]
    # DenseNet normalises in front of its convolutions: such a scale and shift is a depthwise 1 x 1 layer.
    # 58 in front of bottlenecks, 3 of transitions, 1 at the end; the other 59 follow a convolution.
    scales = [c for c in convolutions if c.window.kernel == (1, 1) and c.groups == c.weights.shape[0] > 1]
    assert len(scales) == (62 if network.name == "densenet121" else 0)
    assert len(convolutions) - len(scales) == entry.convolutions
    assert sum(network.macs(layer) for layer in network.layers) == entry.macs
    assert network.parameters == entry.parameters


@pytest.mark.parametrize("name", PUBLISHED_PARAMETERS)
def test_parameters_are_the_published_ones(name: str) -> None:
    assert CATALOGUE[name].parameters == PUBLISHED_PARAMETERS[name]


@pytest.mark.parametrize("name", PUBLISHED_GMAC)
def test_multiply_accumulates_are_the_published_ones(name: str) -> None:
    published, tolerance = PUBLISHED_GMAC[name]
    assert CATALOGUE[name].macs / 1e9 == pytest.approx(published, rel=tolerance)


def test_folding_of_inception_v4() -> None:
    """Output channels of the 149 convolutions, summed from the initializers of the model."""
    model = model_proto("inception-v4")
    shapes = {initial.name: tuple(initial.dims) for initial in model.graph.initializer}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert sum(shapes[node.input[1]][0] for node in convolutions) == 31_584
    weights = [shapes[node.input[1]] for node in convolutions]
    classifier = 1536 * 1000 + 1000
    assert sum(map(math.prod, weights)) + 31_584 + classifier == CATALOGUE["inception-v4"].parameters


def test_grids_of_inception_v4() -> None:
    """Channels and rows of figure 2 of the paper, in the imported network."""
    network = resolve("inception-v4", weights=False)
    for name, size in (("stem3", 35), ("inception_a4", 35), ("reduction_a", 17), ("inception_b7", 17)):
        shape = network.tensors[f"{name}/concat"]
        channels = 384 if size == 35 else 1024
        assert shape.as_list() == [channels, size, size], name
    assert network.tensors["inception_c3/concat"].as_list() == [1536, 8, 8]
    names = {layer.name for layer in network.layers}
    assert {"conv1_3x3_s2", "inception_a1/branch5x5_1", "inception_b1/branch7x7_1x7"} <= names


def test_seed_makes_the_weights_and_is_said() -> None:
    first, again, other = resolve("squeezenet"), resolve("squeezenet"), resolve("squeezenet", seed=1)
    pairs = [
        (a, b, c)
        for a, b, c in zip(first.layers, again.layers, other.layers, strict=True)
        if isinstance(a, Conv) and isinstance(b, Conv) and isinstance(c, Conv)
    ]
    assert len(pairs) == 26
    for a, b, c in pairs:
        assert np.array_equal(a.weights, b.weights) and np.array_equal(a.bias, b.bias)
        assert not np.array_equal(a.weights, c.weights)
        assert np.isfinite(a.weights).all() and a.weights.std() > 0
    assert first.notices[-1] == "weights are seeded random values (seed 0)"
    assert other.notices[-1] == "weights are seeded random values (seed 1)"


def test_digest_is_of_the_graph_and_the_seed() -> None:
    """As documented: the file of the onnx package, followed by the seed in words."""
    path = Path(onnx.__file__).parent / "backend/test/data/light/light_squeezenet.onnx"
    expected = hashlib.sha256(path.read_bytes() + b"random weights, seed 3").hexdigest()
    assert resolve("squeezenet", seed=3, weights=False).sha256 == expected
    assert resolve("squeezenet", seed=3).sha256 == expected
    assert resolve("squeezenet", weights=False).sha256 != expected
    assert len({resolve(name, weights=False).sha256 for name in BUILT_IN}) == len(BUILT_IN)


@pytest.mark.parametrize("name", ["squeezenet", "inception-v2"])
def test_without_weights_only_the_weights_differ(name: str) -> None:
    filled, bare = resolve(name), resolve(name, weights=False)
    assert (filled.sha256, filled.notices, filled.inputs, filled.outputs) == (
        bare.sha256,
        bare.notices,
        bare.inputs,
        bare.outputs,
    )
    assert dict(filled.tensors) == dict(bare.tensors)
    for a, b in zip(filled.layers, bare.layers, strict=True):
        assert (a.name, type(a), a.inputs, a.output) == (b.name, type(b), b.inputs, b.output)
        if isinstance(a, Conv) and isinstance(b, Conv):
            assert (a.window, a.groups, a.activation, a.weights.shape, a.bias.shape) == (
                b.window,
                b.groups,
                b.activation,
                b.weights.shape,
                b.bias.shape,
            )
            assert b.weights.strides == (0, 0, 0, 0)


def test_unknown_name_lists_the_built_in_ones() -> None:
    with pytest.raises(InputError, match=r"model 'resnet51' is not a file that exists, .*googlenet, .*zfnet512"):
        resolve("resnet51")
    with pytest.raises(InputError, match=r"no built-in network is called 'x\.onnx'; there are: googlenet"):
        model_proto("x.onnx")


def test_a_path_is_imported(tmp_path: Path) -> None:
    path = tmp_path / "googlenet"
    path.write_bytes(model_proto("squeezenet").SerializeToString())
    network = resolve(str(path))
    assert network.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len([layer for layer in network.layers if isinstance(layer, Conv)]) == 26


HEAVY = ("alexnet", "zfnet512", "inception-v4", "vgg19")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.full if name in HEAVY else ()) for name in BUILT_IN]
)
def test_onnxruntime_computes_finite_outputs_that_differ(name: str) -> None:
    """Random weights keep the activations in range through every layer: no overflow, no constant output."""
    import onnxruntime

    model = model_proto(name)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    initial = {tensor.name for tensor in model.graph.initializer}
    (data,) = [value.name for value in session.get_inputs() if value.name not in initial]
    image = np.random.default_rng(0).standard_normal((1, *CATALOGUE[name].input_shape), dtype=np.float32)
    (scores,) = session.run(None, {data: image})
    assert scores.size == 1000
    assert np.isfinite(scores).all()
    assert scores.std() > 0
    if name != "densenet121":  # it ends without softmax
        assert scores.sum() == pytest.approx(1.0, abs=1e-3)
