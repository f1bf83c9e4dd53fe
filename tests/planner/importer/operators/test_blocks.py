"""DepthToSpace, SpaceToDepth and ConvTranspose, against onnxruntime on the original file."""

from __future__ import annotations

import itertools

import numpy as np
import onnx
import pytest
from onnx import helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer import check_model, import_model
from dynamap.planner.network.network import Conv, Resize
from support.end_to_end import model_of as file_of
from support.end_to_end import run_file
from support.end_to_end import values as weights_of
from support.operator_nodes import batch_norm, conv, ints, node, statistics


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize(("channels", "block"), [(4, 2), (12, 2), (72, 2), (9, 3), (18, 3)])
def test_depth_to_space_of_a_convolution(mode, channels, block, same, model_of, values):
    nodes = [conv("x", "c"), node("Relu", ["c"], ["r"]), node("DepthToSpace", ["r"], ["y"], blocksize=block, mode=mode)]
    network = same(model_of(nodes, {"w": values(channels, 4, 3, 3)}))
    assert [type(layer) for layer in network.layers] == [Conv, Resize]


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_to_space_of_an_input_and_of_a_shared_tensor(mode, same, model_of, values):
    same(model_of([node("DepthToSpace", ["x"], ["y"], blocksize=2, mode=mode)], {}, shape=(1, 8, 3, 5)))
    nodes = [conv(), node("DepthToSpace", ["c"], ["y"], blocksize=2, mode=mode)]
    same(model_of(nodes, {"w": values(8, 4, 3, 3)}, outputs=("y", "c")))


def test_what_follows_an_interleaving_folds_into_the_convolution(same, model_of, values):
    """Normalisation and activation of 4 channels act on the 16 of each phase."""
    nodes = [
        conv("x", "c"), node("DepthToSpace", ["c"], ["d"], blocksize=2, mode="CRD"), batch_norm("d", "n"),
        node("Sigmoid", ["n"], ["g"]), node("Mul", ["n", "g"], ["p"]), conv("p", "y", "u"),
    ]  # fmt: skip
    network = same(model_of(nodes, {"w": values(16, 4, 3, 3), "u": values(3, 4, 3, 3), **statistics(values)}))
    assert [type(layer) for layer in network.layers] == [Conv, Resize, Conv]


@pytest.mark.parametrize("block", [2, 3])
def test_space_to_depth(block, same, model_of, values):
    nodes = [node("SpaceToDepth", ["x"], ["s"], blocksize=block), conv("s", "y")]
    same(model_of(nodes, {"w": values(3, 4 * block**2, 2, 1)}, shape=(1, 4, 6, 9 if block == 3 else 8)))


@pytest.mark.parametrize("perm", [[0, 1, 3, 5, 2, 4], [0, 3, 5, 1, 2, 4]])
def test_pixels_moved_into_channels_by_a_transpose(perm, same, model_of, values):
    nodes = [node("Reshape", ["x", "a"], ["r"]), node("Transpose", ["r"], ["t"], perm=perm)]
    nodes += [node("Reshape", ["t", "b"], ["s"]), conv("s", "y")]
    constants = {"a": ints(1, 4, 3, 2, 4, 2), "b": ints(1, 16, 3, 4), "w": values(3, 16, 1, 1)}
    network = same(model_of(nodes, constants, shape=(1, 4, 6, 8)))
    assert [type(layer) for layer in network.layers] == [Conv, Conv]


@pytest.mark.parametrize("odd", ["Transpose", "Reshape"])
def test_nodes_of_a_shuffle_are_checked_as_any_others(odd, model_of, values):
    """An attribute that the operator does not have is never overlooked."""
    nodes = [node("Reshape", ["x", "a"], ["r"]), node("Transpose", ["r"], ["t"], perm=[0, 1, 3, 5, 2, 4])]
    nodes += [node("Reshape", ["t", "b"], ["s"]), conv("s", "y")]
    wrong = nodes[1 if odd == "Transpose" else 2]
    wrong.attribute.append(helper.make_attribute("made_up", 1))
    constants = {"a": ints(1, 4, 3, 2, 4, 2), "b": ints(1, 16, 3, 4), "w": values(3, 16, 1, 1)}
    with pytest.raises(InputError, match=rf"'made_up' is not one of {odd}"):
        import_model(model_of(nodes, constants, shape=(1, 4, 6, 8)), "case", "")


@pytest.mark.parametrize(("split", "perm"), [((4, 2, 2), [0, 1, 4, 2, 5, 3]), ((2, 2, 4), [0, 3, 4, 1, 5, 2])])
def test_channels_moved_into_pixels_by_a_transpose(split, perm, same, model_of, values):
    nodes = [conv("x", "c"), node("Reshape", ["c", "a"], ["r"]), node("Transpose", ["r"], ["t"], perm=perm)]
    nodes += [node("Reshape", ["t", "b"], ["y"])]
    constants = {"a": ints(1, *split, 4, 5), "b": ints(1, 4, 8, 10), "w": values(16, 4, 3, 3)}
    network = same(model_of(nodes, constants))
    assert [type(layer) for layer in network.layers] == [Conv, Resize]
    assert check_model(model_of(nodes, constants)).supported


GEOMETRIES = [
    {"kernel": (2, 2), "strides": [2, 2]},
    {"kernel": (4, 4), "strides": [2, 2], "pads": [1, 1, 1, 1]},
    {"kernel": (3, 3), "strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]},
    {"kernel": (3, 3), "strides": [2, 2], "pads": [1, 1, 1, 1]},
    {"kernel": (5, 3), "strides": [2, 1], "pads": [2, 0, 1, 1]},
    {"kernel": (3, 3)},
    {"kernel": (3, 2), "pads": [2, 1, 2, 0]},
    {"kernel": (2, 3), "strides": [3, 2]},
    {"kernel": (1, 1), "strides": [2, 2]},
    {"kernel": (4, 4), "strides": [4, 4]},
    {"kernel": (8, 8), "strides": [4, 4], "pads": [2, 2, 2, 2]},
    {"kernel": (3, 3), "strides": [2, 2], "dilations": [2, 2], "pads": [2, 2, 2, 2]},
    {"kernel": (3, 3), "dilations": [2, 3]},
    {"kernel": (3, 3), "strides": [2, 2], "auto_pad": "SAME_UPPER"},
    {"kernel": (3, 3), "strides": [2, 2], "auto_pad": "SAME_LOWER"},
    {"kernel": (4, 3), "strides": [2, 2], "output_shape": [12, 15]},
    {"kernel": (2, 2), "strides": [2, 2], "auto_pad": "VALID"},
    {"kernel": (3, 3), "strides": [2, 2], "pads": [0, 0, 2, 2]},
]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
@pytest.mark.parametrize("groups", [1, 2])
def test_transposed_convolutions(geometry, groups, same, model_of, values):
    attributes = {key: given for key, given in geometry.items() if key != "kernel"}
    nodes = [node("ConvTranspose", ["x", "w", "b"], ["y"], group=groups, **attributes)]
    constants = {"w": values(4, 3, *geometry["kernel"]), "b": values(3 * groups)}
    same(model_of(nodes, constants))


@pytest.mark.full
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_transposed_convolutions_of_every_pad(kernel, stride, same, model_of, values):
    for before, after, extra in itertools.product(range(kernel), range(kernel), range(stride)):
        attributes = {"strides": [stride, 1], "pads": [before, 0, after, 0], "output_padding": [extra, 0]}
        nodes = [node("ConvTranspose", ["x", "w"], ["y"], **attributes)]
        same(model_of(nodes, {"w": values(4, 2, kernel, 1)}))


def test_a_transposed_convolution_takes_over_what_follows(same, model_of, values):
    nodes = [
        node("ConvTranspose", ["x", "w"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]), batch_norm("c", "n"),
        node("Relu", ["n"], ["y"]),
    ]  # fmt: skip
    network = same(model_of(nodes, {"w": values(4, 4, 4, 4), **statistics(values)}))
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["Conv"] * 4 + ["Concat", "Resize"]
    assert network.macs(network.layers[0]) == 16 * 4 * 2 * 2 * 6 * 7  # the taps of one phase, no zeros between them


@pytest.mark.parametrize(
    ("attributes", "shape", "message"),
    [
        ({"group": 3}, (4, 2, 2, 2), "do not fit"),
        ({"strides": [0, 1]}, (4, 2, 2, 2), "do not fit"),
        ({"pads": [9, 9, 9, 9]}, (4, 2, 2, 2), "would have"),
        ({"kernel_shape": [3, 3]}, (4, 2, 2, 2), "do not fit"),
    ],
)
def test_transposed_convolutions_that_cannot_be(attributes, shape, message, model_of, values):
    (refused,) = check_model(
        model_of([node("ConvTranspose", ["x", "w"], ["y"], **attributes)], {"w": values(*shape)})
    ).unsupported
    assert message in refused.reason and refused.remedy


@pytest.mark.parametrize(
    "nodes",
    [
        [conv("x", "c", "v"), node("ConvTranspose", ["c", "w"], ["t"], strides=[2, 2], pads=[1, 1, 1, 1]),
         node("Relu", ["t"], ["y"])],
        [conv("x", "c", "v"), node("DepthToSpace", ["c"], ["d"], blocksize=2), node("Tanh", ["d"], ["y"])],
        [node("SpaceToDepth", ["x"], ["s"], blocksize=2), conv("s", "y", "u")],
    ],
    ids=["transposed convolution", "depth to space", "space to depth"],
)  # fmt: skip
def test_blocks_end_to_end(nodes, tmp_path):
    path = tmp_path / "blocks.onnx"
    constants = {"v": weights_of(8, 4, 3, 3), "w": weights_of(8, 5, 4, 4), "u": weights_of(5, 16, 1, 1)}
    onnx.save(file_of(nodes, constants, (1, 4, 6, 8)), path)
    run = run_file(path, compare="numpy")
    assert run.status == 0 and run.final["y"]["cosine"] > 0.999


def test_interleaved_integers_are_those_that_were_stored(original, model_of, values):
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("DepthToSpace", ["d"], ["p"], blocksize=2), node("QuantizeLinear", ["p", "s", "z"], ["y"]),
    ]  # fmt: skip
    constants = {"s": np.float32(0.03), "z": np.int8(5)}
    original(model_of(nodes, constants, shape=(1, 8, 3, 5), output_kind=onnx.TensorProto.INT8), 0)
