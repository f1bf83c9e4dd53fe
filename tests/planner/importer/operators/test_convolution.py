"""Conv, and the scales and shifts that fold into it, each against onnxruntime on original and folded model."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.planner.network.network import Activate, ActivationKind, Add, Concat, Conv
from support.operator_nodes import OPSETS, batch_norm, conv, ints, node, statistics


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize(
    ("weights", "attributes"),
    [
        ((5, 4, 3, 3), {}),  # every optional attribute missing
        ((5, 4, 1, 1), {"kernel_shape": [1, 1]}),
        ((8, 1, 3, 3), {"group": 4, "pads": [1, 1, 1, 1]}),  # depthwise, two outputs per channel
        ((6, 2, 3, 2), {"group": 2, "strides": [2, 1]}),
        ((5, 4, 2, 3), {"pads": [0, 1, 2, 3], "dilations": [2, 2], "strides": [1, 2]}),
        ((5, 4, 1, 7), {"pads": [0, 3, 0, 3]}),
        ((5, 4, 3, 4), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ((5, 4, 3, 4), {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
        ((5, 4, 2, 2), {"auto_pad": "SAME_UPPER"}),
        ((5, 4, 1, 1), {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),  # the stride leaves a column over
        ((5, 4, 3, 3), {"auto_pad": "VALID", "strides": [2, 2]}),
        ((5, 4, 3, 3), {"auto_pad": "NOTSET", "pads": [2, 0, 0, 1]}),
    ],
)
def test_conv(opset, weights, attributes, same, model_of, values):
    model = model_of([conv(output="y", **attributes)], {"w": values(*weights)}, opset=opset)
    network = same(model)
    (layer,) = network.layers
    assert isinstance(layer, Conv) and layer.groups == attributes.get("group", 1)


def test_conv_with_bias_and_shared_weights(same, model_of, values):
    constants = {"w": values(4, 4, 3, 3), "b": values(4)}
    nodes = [
        node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        node("Conv", ["c", "w"], ["y"], pads=[1, 1, 1, 1]),
    ]
    network = same(model_of(nodes, constants))
    assert [layer.name for layer in network.layers] == ["c", "y"]


def test_an_empty_optional_bias_is_no_bias(same, model_of, values):
    model = model_of([node("Conv", ["x", "w", ""], ["y"])], {"w": values(4, 4, 3, 3)})
    assert not same(model).layers[0].bias.any()


@pytest.mark.parametrize("opset", OPSETS)
def test_batch_norm_folds_with_default_and_given_epsilon(opset, same, model_of, values):
    for attributes in ({}, {"epsilon": 0.01, "momentum": 0.8}):
        nodes = [conv(), batch_norm("c", "n", **attributes), node("Relu", ["n"], ["y"])]
        network = same(model_of(nodes, {"w": values(4, 4, 3, 3), **statistics(values)}, opset=opset))
        (layer,) = network.layers
        assert layer.activation.kind is ActivationKind.RELU
        assert layer.output == "y"


@pytest.mark.parametrize("opset", [7, 9, 13])
def test_batch_norm_then_mul_and_add_of_unsqueezed_constants(opset, same, model_of, values):
    """The pattern of the inception_v2 graph."""

    def unsqueeze(source, output):
        if opset < 13:
            return node("Unsqueeze", [source], [output], axes=[1, 2])
        return node("Unsqueeze", [source, "axes"], [output])

    nodes = [
        conv(),
        batch_norm("c", "n"),
        unsqueeze("k", "k3"),
        node("Mul", ["n", "k3"], ["p"]),
        unsqueeze("l", "l3"),
        node("Add", ["l3", "p"], ["a"]),
        node("Relu", ["a"], ["y"]),
    ]
    constants = {
        "w": values(4, 4, 3, 3),
        **statistics(values),
        "k": values(4, seed=7),
        "l": values(4, seed=8),
        "axes": ints(1, 2),
    }
    if opset < 13:
        del constants["axes"]
    (layer,) = same(model_of(nodes, constants, opset=opset)).layers
    assert layer.output == "y"


def test_batch_norm_in_front_becomes_a_depthwise_convolution(same, model_of, values):
    """DenseNet: a concat comes before, so that nothing can take the scale."""
    nodes = [
        node("Concat", ["x", "x"], ["j"], axis=1),
        batch_norm("j", "n"),
        node("Relu", ["n"], ["r"]),
        conv("r", "y"),
    ]
    constants = {"w": values(5, 8, 1, 1), **statistics(values, 8)}
    join, scale, last = same(model_of(nodes, constants)).layers
    assert isinstance(join, Concat) and isinstance(last, Conv)
    assert scale.groups == 8 and scale.weights.shape == (8, 1, 1, 1)
    assert scale.activation.kind is ActivationKind.RELU and scale.output == "r"


def test_nothing_folds_across_a_tensor_with_two_readers(same, model_of, values):
    nodes = [conv(), batch_norm("c", "n"), node("Add", ["c", "n"], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3), **statistics(values)}))
    assert [type(layer) for layer in network.layers] == [Conv, Conv, Add]


def test_nothing_folds_across_an_output(same, model_of, values):
    nodes = [conv(), node("Relu", ["c"], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}, outputs=("c", "y")))
    assert [type(layer) for layer in network.layers] == [Conv, Activate]
    assert network.outputs == ("c", "y")


def test_nothing_folds_across_an_identity_with_two_readers(same, model_of, values):
    nodes = [
        conv(),
        node("Identity", ["c"], ["i"]),
        node("Relu", ["i"], ["r"]),
        node("Add", ["r", "c"], ["y"]),
    ]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert [type(layer) for layer in network.layers] == [Conv, Activate, Add]


def test_scale_after_the_activation_is_not_folded(same, model_of, values):
    nodes = [conv(), node("Relu", ["c"], ["r"]), node("Mul", ["r", "k"], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3), "k": -np.abs(values(4, 1, 1))}))
    assert [type(layer) for layer in network.layers] == [Conv, Conv]


@pytest.mark.parametrize("form", [(), (1,), (1, 1), (4, 1, 1), (1, 4, 1, 1), (1, 1, 1, 1)])
@pytest.mark.parametrize("op", ["c Add k", "k Add c", "c Mul k", "k Mul c", "c Sub k", "k Sub c", "c Div k"])
def test_constant_operands(form, op, same, model_of, values):
    left, op, right = op.split()
    operands = [left, right]
    constants = {"w": values(4, 4, 3, 3), "k": values(*form) + np.float32(3)}
    (layer,) = same(model_of([conv(), node(op, operands, ["y"])], constants)).layers
    assert isinstance(layer, Conv)


NORMALISED = [node("Sub", ["x", "mean"], ["a"]), node("Div", ["a", "deviation"], ["d"])]


def means_and_deviations(values):
    return {"mean": values(4, 1, 1), "deviation": np.abs(values(4, 1, 1, seed=3)) + 1}


@pytest.mark.parametrize(("weights", "groups"), [((6, 4, 3, 3), 1), ((6, 2, 3, 3), 2), ((8, 1, 2, 2), 4)])
def test_preprocessing_of_the_input_is_part_of_the_convolution(weights, groups, same, model_of, values):
    """Whatever the groups: each weight has the scale of its channel, each bias the shifts of those that it reads."""
    nodes = [*NORMALISED, conv("d", "c", group=groups), node("Relu", ["c"], ["y"])]
    (layer,) = same(model_of(nodes, {**means_and_deviations(values), "w": values(*weights)})).layers
    assert layer.groups == groups


@pytest.mark.parametrize("shifted", [False, True])
def test_pads_hold_zeros_of_the_normalised_input(shifted, same, model_of, values):
    """What is only scaled is zero where the input is: then, and only then, a convolution with pads takes it, too."""
    nodes = NORMALISED if shifted else [node("Div", ["x", "deviation"], ["d"])]
    nodes = [*nodes, conv("d", "y", pads=[1, 1, 1, 1])]
    network = same(model_of(nodes, {**means_and_deviations(values), "w": values(4, 4, 3, 3)}))
    assert len(network.layers) == 1 + shifted


def test_preprocessing_that_two_read_is_a_depthwise_convolution(same, model_of, values):
    nodes = [*NORMALISED, conv("d", "c"), conv("d", "e", "u"), node("Add", ["c", "e"], ["y"])]
    constants = {**means_and_deviations(values), "w": values(4, 4, 3, 3), "u": values(4, 4, 3, 3, seed=5)}
    first, *others = same(model_of(nodes, constants)).layers
    assert first.groups == 4 and first.output == "d" and len(others) == 3


def test_neg_and_chains_of_scales(same, model_of, values):
    nodes = [
        conv(),
        node("Neg", ["c"], ["n"]),
        node("Mul", ["k", "n"], ["p"]),
        node("Sub", ["one", "p"], ["y"]),
    ]
    constants = {"w": values(4, 4, 3, 3), "k": values(4, 1, 1), "one": np.ones((), np.float32)}
    assert len(same(model_of(nodes, constants)).layers) == 1
