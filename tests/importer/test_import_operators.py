"""Hand-made cases per operator, at old and new opsets, each against onnxruntime on original and folded model."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from dynamap.planner.network.network import (
    Activate,
    ActivationKind,
    Add,
    Concat,
    Conv,
    HostLayer,
    Lrn,
    Mul,
    Pool,
    PoolKind,
    Resize,
)

OPSETS = (7, 9, 11, 13, 17, 22)
node = helper.make_node


def conv(source="x", output="c", weights="w", name="", **attributes):
    return node("Conv", [source, weights], [output], name=name, **attributes)


def ints(*numbers):
    return np.asarray(numbers, np.int64)


# ---- convolution ----


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


# ---- folding of scale and shift ----


def batch_norm(source, output, count=4, **attributes):
    return node("BatchNormalization", [source, "s", "b", "m", "v"], [output], **attributes)


def statistics(values, count=4):
    return {
        "s": values(count, seed=1),
        "b": values(count, seed=2),
        "m": values(count, seed=3),
        "v": np.abs(values(count, seed=4)) + np.float32(0.1),
    }


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


def test_preprocessing_of_the_input_becomes_a_depthwise_convolution(same, model_of, values):
    constants = {"mean": values(4, 1, 1), "deviation": np.abs(values(4, 1, 1)) + 1, "w": values(4, 4, 3, 3)}
    nodes = [node("Sub", ["x", "mean"], ["a"]), node("Div", ["a", "deviation"], ["d"]), conv("d", "y")]
    first, _ = same(model_of(nodes, constants)).layers
    assert first.groups == 4 and first.output == "d"


def test_neg_and_chains_of_scales(same, model_of, values):
    nodes = [
        conv(),
        node("Neg", ["c"], ["n"]),
        node("Mul", ["k", "n"], ["p"]),
        node("Sub", ["one", "p"], ["y"]),
    ]
    constants = {"w": values(4, 4, 3, 3), "k": values(4, 1, 1), "one": np.ones((), np.float32)}
    assert len(same(model_of(nodes, constants)).layers) == 1


# ---- fully connected ----


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("transposed", [0, 1])
def test_gemm_on_a_flattened_tensor(opset, transposed, same, model_of, values):
    constants = {"w": values(5, 168) if transposed else values(168, 5), "b": values(5)}
    attributes = {"transB": 1, "alpha": 0.5, "beta": 2.0} if transposed else {}
    nodes = [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "w", "b"], ["y"], **attributes)]
    (layer,) = same(model_of(nodes, constants, opset=opset)).layers
    assert layer.fully_connected and layer.weights.shape == (5, 4, 6, 7)
    assert layer.window.kernel == (6, 7)


@pytest.mark.parametrize("form", [(5,), (1, 5), (1,), ()])
def test_the_bias_of_a_gemm_broadcasts(form, same, model_of, values):
    nodes = [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "w", "b"], ["y"])]
    same(model_of(nodes, {"w": values(168, 5), "b": values(*form)}))


def test_gemm_without_bias_and_matmul_with_add(same, model_of, values):
    nodes = [
        node("Reshape", ["x", "shape"], ["f"]),
        node("MatMul", ["f", "w"], ["p"]),
        node("Add", ["p", "b"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("Gemm", ["r", "u"], ["y"]),
    ]
    constants = {"shape": ints(0, -1), "w": values(168, 8), "b": values(8), "u": values(8, 3)}
    first, second = same(model_of(nodes, constants)).layers
    assert first.activation.kind is ActivationKind.RELU and second.weights.shape == (3, 8, 1, 1)


def test_multilayer_perceptron_on_a_vector_input(same, model_of, values):
    nodes = [
        node("Gemm", ["x", "w"], ["h"], transB=1),
        batch_norm("h", "n"),
        node("LeakyRelu", ["n"], ["r"]),
        node("Gemm", ["r", "u"], ["y"]),
    ]
    constants = {"w": values(4, 10), "u": values(4, 3), **statistics(values)}
    network = same(model_of(nodes, constants, shape=(1, 10)))
    assert len(network.layers) == 2
    assert network.tensors["x"].as_list() == [10, 1, 1]


# ---- pooling ----


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_pool_defaults_and_automatic_padding(opset, op, same, model_of):
    for attributes in (
        {},
        {"strides": [2, 2], "pads": [1, 0, 1, 2]},
        {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
        {"auto_pad": "SAME_LOWER", "strides": [2, 3]},
        {"auto_pad": "VALID", "strides": [2, 2]},
    ):
        same(model_of([node(op, ["x"], ["y"], kernel_shape=[2, 3], **attributes)], opset=opset))


def test_average_with_and_without_pads(same, model_of):
    for include in (0, 1):
        nodes = [
            node(
                "AveragePool",
                ["x"],
                ["y"],
                kernel_shape=[3, 3],
                pads=[1, 1, 1, 1],
                count_include_pad=include,
            )
        ]
        (layer,) = same(model_of(nodes)).layers
        assert layer.count_include_pad is bool(include)


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pools(op, same, model_of):
    (layer,) = same(model_of([node(op, ["x"], ["y"])])).layers
    assert isinstance(layer, Pool) and layer.window.kernel == (6, 7)


@pytest.mark.parametrize("opset", [7, 11, 13, 18, 22])
@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("axes", [(2, 3), (-1, -2)])
def test_reduce_mean_over_rows_and_columns(opset, keep, axes, same, model_of):
    if min(axes) < 0 and opset < 11:
        axes = (3, 2)  # negative axes came with opset 11
    if opset < 18:
        nodes = [node("ReduceMean", ["x"], ["y"], axes=axes, keepdims=keep)]
        model = model_of(nodes, opset=opset)
    else:
        model = model_of([node("ReduceMean", ["x", "a"], ["y"], keepdims=keep)], {"a": ints(*axes)}, opset=opset)
    (layer,) = same(model).layers
    assert layer.kind is PoolKind.AVERAGE and layer.window.kernel == (6, 7)


def test_reduce_max_of_flattened_rows(same, model_of):
    nodes = [
        node("Reshape", ["x", "shape"], ["f"]),
        node("ReduceMax", ["f"], ["y"], axes=[2], keepdims=0),
    ]
    (layer,) = same(model_of(nodes, {"shape": ints(0, 0, -1)}, opset=13)).layers
    assert layer.kind is PoolKind.MAX


# ---- element-wise ----


def test_residual_sums(same, model_of, values):
    nodes = [
        conv("x", "a", pads=[1, 1, 1, 1]),
        conv("x", "b", "u", pads=[1, 1, 1, 1]),
        node("Sum", ["a", "b", "x"], ["s"]),
        node("Relu", ["s"], ["r"]),
        node("Add", ["r", "r"], ["y"]),
    ]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3), "u": values(4, 4, 3, 3, seed=5)}))
    assert [len(layer.inputs) for layer in network.layers] == [1, 1, 3, 2]
    assert network.layers[2].activation.kind is ActivationKind.RELU


@pytest.mark.parametrize("swapped", [False, True])
def test_squeeze_and_excite(swapped, same, model_of, values):
    nodes = [
        conv("x", "a", pads=[1, 1, 1, 1]),
        node("GlobalAveragePool", ["a"], ["g"]),
        conv("g", "e", "u"),
        node("Sigmoid", ["e"], ["s"]),
        node("Mul", ["s", "a"] if swapped else ["a", "s"], ["y"]),
    ]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3), "u": values(4, 4, 1, 1)}))
    product = network.layers[-1]
    assert isinstance(product, Mul) and product.inputs == ("a", "s")


def test_sum_of_one_is_nothing(same, model_of, values):
    nodes = [conv(), node("Sum", ["c"], ["s"]), node("Relu", ["s"], ["y"])]
    assert len(same(model_of(nodes, {"w": values(4, 4, 3, 3)})).layers) == 1


@pytest.mark.parametrize("axis", [1, -3])
def test_concat_along_channels(axis, same, model_of, values):
    nodes = [conv("x", "a", "w"), conv("x", "b", "u"), node("Concat", ["a", "b", "a"], ["y"], axis=axis)]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3), "u": values(3, 4, 3, 3)}))
    assert network.tensors["y"].channels == 11


def test_concat_of_one_is_nothing(same, model_of, values):
    nodes = [conv(), node("Concat", ["c"], ["s"], axis=1), node("Relu", ["s"], ["y"])]
    assert len(same(model_of(nodes, {"w": values(4, 4, 3, 3)})).layers) == 1


# ---- activations ----


def activations(opset):
    yield "relu", [node("Relu", ["c"], ["y"])], {}
    yield "leaky_relu", [node("LeakyRelu", ["c"], ["y"])], {}
    yield "leaky_relu", [node("LeakyRelu", ["c"], ["y"], alpha=0.3)], {}
    yield "prelu", [node("PRelu", ["c", "k"], ["y"])], {"k": np.arange(4, dtype=np.float32).reshape(4, 1, 1)}
    yield "leaky_relu", [node("PRelu", ["c", "k"], ["y"])], {"k": np.full(1, 0.2, np.float32)}
    yield "sigmoid", [node("Sigmoid", ["c"], ["y"])], {}
    yield "tanh", [node("Tanh", ["c"], ["y"])], {}
    yield "hard_sigmoid", [node("HardSigmoid", ["c"], ["y"])], {}
    yield "hard_sigmoid", [node("HardSigmoid", ["c"], ["y"], alpha=0.25, beta=0.4)], {}
    yield "swish", [node("Sigmoid", ["c"], ["g"]), node("Mul", ["c", "g"], ["y"])], {}
    yield "swish", [node("Sigmoid", ["c"], ["g"]), node("Mul", ["g", "c"], ["y"])], {}
    sixth = 1 / 6
    gate = node("HardSigmoid", ["c"], ["g"], alpha=sixth, beta=0.5)
    yield "hard_swish", [gate, node("Mul", ["g", "c"], ["y"])], {}
    if opset >= 14:
        yield "hard_swish", [node("HardSwish", ["c"], ["y"])], {}
    if opset < 11:
        clip6 = node("Clip", ["s"], ["t"], min=0.0, max=6.0)
        numbers = {}
        yield "clip", [node("Clip", ["c"], ["y"], min=-0.5, max=0.5)], {}
        yield "relu", [node("Clip", ["c"], ["y"], min=0.0)], {}
        yield "clip", [node("Clip", ["c"], ["y"], max=0.5)], {}
    else:
        clip6 = node("Clip", ["s", "zero", "six"], ["t"])
        numbers = {"zero": np.float32(0), "six": np.float32(6)}
        yield "clip", [node("Clip", ["c", "zero", "six"], ["y"])], numbers
        yield "relu", [node("Clip", ["c", "zero"], ["y"])], {"zero": np.float32(0)}
        yield "clip", [node("Clip", ["c", "", "six"], ["y"])], {"six": np.float32(0.25)}
    shift = node("Add", ["c", "three"], ["s"])
    numbers = {**numbers, "three": np.float32(3)}
    divide = {"sixth": np.float32(6)}
    before = [shift, clip6, node("Div", ["t", "sixth"], ["d"]), node("Mul", ["d", "c"], ["y"])]
    yield "hard_swish", before, {**numbers, **divide}
    after = [shift, clip6, node("Mul", ["c", "t"], ["d"]), node("Div", ["d", "sixth"], ["y"])]
    yield "hard_swish", after, {**numbers, **divide}
    times = [shift, clip6, node("Mul", ["c", "t"], ["d"]), node("Mul", ["d", "sixth"], ["y"])]
    yield "hard_swish", times, {**numbers, "sixth": np.float32(sixth)}
    if opset >= 8:
        yield "relu", [node("Max", ["c", "zero"], ["y"])], {"zero": np.float32(0)}
        yield "clip", [node("Min", ["six", "c"], ["y"])], {"six": np.float32(0.3)}


@pytest.mark.parametrize("opset", OPSETS)
def test_activations_fold_into_the_convolution(opset, same, model_of, values):
    for kind, nodes, constants in activations(opset):
        model = model_of([conv(), *nodes], {"w": values(4, 4, 3, 3), **constants}, opset=opset)
        layers = same(model).layers
        assert len(layers) == 1, kind
        assert layers[0].activation.kind is ActivationKind(kind)


def test_activations_of_their_own(same, model_of):
    """After a concat or on the input there is no layer to fold into."""
    for _, nodes, constants in activations(17):
        model = model_of([node("Concat", ["x", "x"], ["c"], axis=1), *nodes], constants, opset=17)
        if "k" in constants and constants["k"].size > 1:
            constants["k"] = np.arange(8, dtype=np.float32).reshape(8, 1, 1)
            model = model_of([node("Concat", ["x", "x"], ["c"], axis=1), *nodes], constants, opset=17)
        layers = same(model).layers
        assert [type(layer) for layer in layers] == [Concat, Activate]


def test_activations_fold_into_pools_and_sums(same, model_of):
    nodes = [
        node("MaxPool", ["x"], ["p"], kernel_shape=[2, 2]),
        node("Tanh", ["p"], ["t"]),
        node("Mul", ["t", "t"], ["m"]),
        node("Relu", ["m"], ["y"]),
    ]
    pool, product = same(model_of(nodes)).layers
    assert pool.activation.kind is ActivationKind.TANH
    assert product.activation.kind is ActivationKind.RELU


def test_clips_in_sequence_are_one(same, model_of, values):
    constants = {
        "w": values(4, 4, 3, 3),
        "low": np.float32(-0.2),
        "high": np.float32(0.7),
        "top": np.float32(0.4),
    }
    nodes = [
        conv(),
        node("Clip", ["c", "low", "high"], ["a"]),
        node("Relu", ["a"], ["b"]),
        node("Min", ["b", "top"], ["y"]),
    ]
    (layer,) = same(model_of(nodes, constants)).layers
    assert layer.activation.alpha == 0.0
    assert layer.activation.beta == np.float32(0.4)


def test_a_swish_whose_gate_is_read_elsewhere_stays_in_parts(same, model_of, values):
    nodes = [
        conv(),
        node("Sigmoid", ["c"], ["g"]),
        node("Mul", ["c", "g"], ["m"]),
        node("Add", ["m", "g"], ["y"]),
    ]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert [type(layer) for layer in network.layers] == [Conv, Activate, Mul, Add]


def test_a_hard_sigmoid_of_another_slope_is_no_hard_swish(same, model_of, values):
    nodes = [conv(), node("HardSigmoid", ["c"], ["g"]), node("Mul", ["c", "g"], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert [type(layer) for layer in network.layers] == [Conv, Activate, Mul]


# ---- LRN, softmax, resize ----


@pytest.mark.parametrize("attributes", [{"size": 5}, {"size": 3, "alpha": 0.5, "beta": 0.5, "bias": 2.0}])
@pytest.mark.parametrize("opset", [7, 13])
def test_lrn(attributes, opset, same, model_of):
    (layer,) = same(model_of([node("LRN", ["x"], ["y"], **attributes)], opset=opset)).layers
    assert isinstance(layer, Lrn)


@pytest.mark.parametrize("opset", [9, 11, 13, 22])
@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
def test_softmax_on_the_host(opset, op, same, model_of, values):
    constants = {"w": values(168, 5), "b": values(5)}
    vector = [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "w", "b"], ["g"]), node(op, ["g"], ["y"])]
    network = same(model_of(vector, constants, opset=opset))
    assert isinstance(network.layers[-1], HostLayer) and network.layers[-1].attributes == {"axes": (0,)}
    maps = [conv(), node(op, ["c"], ["y"], axis=1)]
    same(model_of(maps, {"w": values(4, 4, 3, 3)}, opset=opset))
    default = [conv(), node(op, ["c"], ["y"])]
    same(model_of(default, {"w": values(4, 4, 3, 3)}, opset=opset))


def test_softmax_of_a_flattened_map_is_over_everything(same, model_of, values):
    nodes = [conv(), node("Flatten", ["c"], ["f"]), node("Softmax", ["f"], ["y"], axis=1)]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert network.layers[1].attributes == {"axes": (0, 1, 2)}
    assert network.layers[2].op == "flatten" and network.outputs == ("y",)


@pytest.mark.parametrize("opset", [7, 9, 10, 11, 13, 18, 22])
def test_nearest_resize(opset, same, model_of):
    scales = np.asarray([1, 1, 2, 3], np.float32)
    if opset < 9:
        model = model_of([node("Upsample", ["x"], ["y"], scales=scales.tolist())], opset=opset)
    elif opset == 9:
        model = model_of([node("Upsample", ["x", "s"], ["y"])], {"s": scales}, opset=opset)
    elif opset == 10:
        model = model_of([node("Resize", ["x", "s"], ["y"], mode="nearest")], {"s": scales}, opset=opset)
    else:
        constants = {"s": scales, "roi": np.zeros(0, np.float32)}
        roi = "roi" if opset < 13 else ""
        attributes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        model = model_of([node("Resize", ["x", roi, "s"], ["y"], **attributes)], constants, opset=opset)
    (layer,) = same(model).layers
    assert isinstance(layer, Resize) and (layer.rows, layer.columns) == (2, 3)


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
@pytest.mark.parametrize("rounding", ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])
@pytest.mark.parametrize("mode", ["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"])
def test_resize_modes_are_right_or_refused(factor, rounding, mode, same, model_of, run):
    """The import decides by its own arithmetic; onnxruntime says whether it was right to refuse."""
    from dynamap.planner.importer import check_model

    attributes = {"coordinate_transformation_mode": mode, "nearest_mode": rounding}
    sizes = ints(1, 4, 6 * factor, 7 * factor)
    model = model_of([node("Resize", ["x", "", "", "n"], ["r"], **attributes)], {"n": sizes}, outputs=("r",))
    x = np.arange(168, dtype=np.float32).reshape(1, 4, 6, 7)
    repeated = x.repeat(factor, 2).repeat(factor, 3)
    right = np.array_equal(run(model, x)["r"], repeated)
    with_layer = model_of(
        [node("Relu", ["x"], ["c"]), node("Resize", ["c", "", "", "n"], ["y"], **attributes)], {"n": sizes}
    )
    assert check_model(with_layer).supported == right
    if right:
        same(with_layer)


def test_resize_along_named_axes(same, model_of):
    nodes = [
        node(
            "Resize",
            ["x", "", "s"],
            ["y"],
            axes=[2, 3],
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
    ]
    same(model_of(nodes, {"s": np.asarray([2, 2], np.float32)}, opset=18))


# ---- pads ----


@pytest.mark.parametrize("opset", [7, 11, 13, 18])
def test_pad_folds_into_a_convolution(opset, same, model_of, values):
    pads = [0, 0, 1, 2, 0, 0, 3, 0]
    constants = {"w": values(4, 4, 3, 3)}
    if opset < 11:
        pad = node("Pad", ["x"], ["p"], pads=pads)
    else:
        pad = node("Pad", ["x", "pads"], ["p"])
        constants["pads"] = ints(*pads)
    (layer,) = same(model_of([pad, conv("p", "y", pads=[1, 1, 1, 1], strides=[2, 2])], constants, opset=opset)).layers
    assert layer.window.pads == (2, 3, 4, 1)


def test_pad_and_automatic_padding_add_up(same, model_of, values):
    nodes = [node("Pad", ["x", "pads"], ["p"]), conv("p", "y", auto_pad="SAME_UPPER", strides=[2, 2])]
    constants = {"pads": ints(0, 0, 0, 1, 0, 0, 1, 1), "w": values(4, 4, 3, 3)}
    assert len(same(model_of(nodes, constants)).layers) == 1


def test_pad_by_named_axes(same, model_of, values):
    nodes = [node("Pad", ["x", "pads", "", "axes"], ["p"]), conv("p", "y")]
    constants = {"pads": ints(1, 2, 3, 0), "axes": ints(-1, 2), "w": values(4, 4, 3, 3)}
    (layer,) = same(model_of(nodes, constants, opset=18)).layers
    assert layer.window.pads == (2, 1, 0, 3)


def test_pad_before_pools(same, model_of):
    """Zeros count in an average; in a maximum they are harmless only where nothing is negative."""
    constants = {"pads": ints(0, 0, 1, 1, 0, 0, 1, 1), "low": np.float32(-np.inf)}
    pool = {"kernel_shape": [3, 3], "strides": [2, 2]}
    average = [node("Pad", ["x", "pads"], ["p"]), node("AveragePool", ["p"], ["y"], **pool)]
    (layer,) = same(model_of(average, constants)).layers
    assert layer.count_include_pad
    positive = [
        node("Relu", ["x"], ["r"]),
        node("Pad", ["r", "pads"], ["p"]),
        node("MaxPool", ["p"], ["y"], **pool),
    ]
    assert [type(layer) for layer in same(model_of(positive, constants)).layers] == [Activate, Pool]
    lowest = [node("Pad", ["x", "pads", "low"], ["p"]), node("MaxPool", ["p"], ["y"], **pool)]
    assert len(same(model_of(lowest, constants)).layers) == 1
    signed = [node("Pad", ["x", "pads"], ["p"]), node("MaxPool", ["p"], ["y"], **pool)]
    assert [type(layer) for layer in same(model_of(signed, constants)).layers] == [Conv, Pool]
    own = [node("Pad", ["x", "pads"], ["p"]), node("AveragePool", ["p"], ["y"], pads=[1, 1, 1, 1], **pool)]
    assert [type(layer) for layer in same(model_of(own, constants)).layers] == [Conv, Pool]
    both = [
        node("Pad", ["x", "pads"], ["p"]),
        node("AveragePool", ["p"], ["y"], pads=[1, 1, 1, 1], count_include_pad=1, **pool),
    ]
    assert [type(layer) for layer in same(model_of(both, constants)).layers] == [Pool]


def test_pad_with_two_readers_folds_into_both(same, model_of, values):
    nodes = [
        node("Pad", ["x", "pads"], ["p"]),
        conv("p", "a"),
        conv("p", "b", "u"),
        node("Concat", ["a", "b"], ["y"], axis=1),
    ]
    constants = {
        "pads": ints(0, 0, 1, 1, 0, 0, 1, 1),
        "w": values(4, 4, 3, 3),
        "u": values(4, 4, 3, 3, seed=2),
    }
    assert [type(layer) for layer in same(model_of(nodes, constants)).layers] == [Conv, Conv, Concat]


def test_pad_that_nothing_absorbs_is_a_layer(same, model_of, values):
    nodes = [conv(), node("Pad", ["c", "pads"], ["p"]), node("Sigmoid", ["p"], ["y"])]
    constants = {"pads": ints(0, 0, 1, 0, 0, 0, 0, 2), "w": values(4, 4, 3, 3)}
    layers = same(model_of(nodes, constants)).layers
    assert [layer.groups for layer in layers] == [1, 4]
    assert layers[1].window.pads == (1, 0, 0, 2)


# ---- shape-only operators ----


def test_removed_operators(same, model_of, values):
    nodes = [
        node("Identity", ["x"], ["i"]),
        conv("i", "c"),
        node("Dropout", ["c"], ["d", "mask"]),
        node("Cast", ["d"], ["h"], to=11),
        node("Cast", ["h"], ["f"], to=1),
        node("Relu", ["f"], ["y"]),
    ]
    (layer,) = same(model_of(nodes, {"w": values(4, 4, 3, 3)}, opset=11)).layers
    assert layer.inputs == ("x",) and layer.output == "y"


@pytest.mark.parametrize("opset", [9, 13])
def test_squeeze_of_a_pooled_tensor(opset, same, model_of, values):
    constants = {"w": values(4, 3)}
    if opset < 13:
        squeeze = node("Squeeze", ["g"], ["s"], axes=[2, 3])
    else:
        squeeze = node("Squeeze", ["g", "axes"], ["s"])
        constants["axes"] = ints(2, 3)
    nodes = [node("GlobalAveragePool", ["x"], ["g"]), squeeze, node("MatMul", ["s", "w"], ["y"])]
    network = same(model_of(nodes, constants, opset=opset))
    assert [type(layer) for layer in network.layers] == [Pool, Conv]


def test_a_vector_is_seen_as_a_map_again(same, model_of, values):
    """Squeeze-and-excite written with linear layers: N x C back to N x C x 1 x 1."""
    nodes = [
        node("GlobalAveragePool", ["x"], ["g"]),
        node("Flatten", ["g"], ["f"]),
        node("Gemm", ["f", "w"], ["h"]),
        node("Sigmoid", ["h"], ["s"]),
        node("Reshape", ["s", "shape"], ["e"]),
        node("Mul", ["x", "e"], ["y"]),
    ]
    network = same(model_of(nodes, {"w": values(4, 4), "shape": ints(-1, 4, 1, 1)}))
    assert [type(layer) for layer in network.layers] == [Pool, Conv, Mul]


def test_activation_of_a_flattened_map(same, model_of, values):
    nodes = [
        conv(),
        node("Flatten", ["c"], ["f"]),
        node("Relu", ["f"], ["r"]),
        node("Mul", ["r", "k"], ["m"]),
        node("Gemm", ["m", "u"], ["y"]),
    ]
    constants = {"w": values(4, 4, 3, 3), "u": values(80, 3), "k": np.float32(0.5)}
    network = same(model_of(nodes, constants))
    assert [type(layer) for layer in network.layers] == [Conv, Conv, Conv]


def test_a_flattened_output_is_flattened_on_the_host(same, model_of, values):
    nodes = [conv(), node("Flatten", ["c"], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert isinstance(network.layers[1], HostLayer) and network.layers[1].op == "flatten"
    assert network.tensors["y"].as_list() == [80, 1, 1]


def test_an_output_that_is_another_name_of_a_tensor(same, model_of, values):
    nodes = [conv(), node("Relu", ["c"], ["r"]), node("Identity", ["r"], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert [layer.output for layer in network.layers] == ["y"]
    both = same(model_of(nodes, {"w": values(4, 4, 3, 3)}, outputs=("r", "y")))
    assert [type(layer) for layer in both.layers] == [Conv, HostLayer]


def shuffle(source, output, groups, channels, rows=6, columns=7):
    forms = {
        f"{output}.split": ints(1, groups, channels // groups, rows, columns),
        f"{output}.join": ints(1, channels, rows, columns),
    }
    nodes = [
        node("Reshape", [source, f"{output}.split"], [f"{output}.5d"]),
        node("Transpose", [f"{output}.5d"], [f"{output}.t"], perm=[0, 2, 1, 3, 4]),
        node("Reshape", [f"{output}.t", f"{output}.join"], [output]),
    ]
    return nodes, forms


def test_channel_shuffle_folds_into_a_convolution(same, model_of, values):
    nodes, forms = shuffle("r", "y", 2, 6)
    head = [conv("x", "c", "w", group=2), node("Relu", ["c"], ["r"])]
    network = same(model_of([*head, *nodes], {"w": values(6, 2, 1, 1), **forms}))
    (layer,) = network.layers
    assert layer.output_order == (0, 3, 1, 4, 2, 5)  # channel 2 i + g is channel 3 g + i


def test_what_follows_a_shuffle_still_folds(same, model_of, values):
    """Scale, shift and slopes are given per shuffled channel and must reach the right channel."""
    nodes, forms = shuffle("c", "s", 2, 6)
    tail = [node("Mul", ["s", "k"], ["m"]), node("Add", ["m", "l"], ["a"]), node("PRelu", ["a", "p"], ["y"])]
    constants = {
        "w": values(6, 2, 1, 1),
        "k": values(6, 1, 1),
        "l": values(6, 1, 1, seed=3),
        "p": values(6, 1, 1, seed=4),
        **forms,
    }
    network = same(model_of([conv("x", "c", "w", group=2), *nodes, *tail], constants))
    assert len(network.layers) == 1


def test_two_shuffles_in_sequence(same, model_of, values):
    first, forms = shuffle("c", "s", 2, 6)
    second, more = shuffle("s", "y", 3, 6)
    constants = {"w": values(6, 2, 1, 1), **forms, **more}
    (layer,) = same(model_of([conv("x", "c", "w", group=2), *first, *second], constants)).layers
    assert sorted(layer.output_order) == list(range(6))


def test_a_shuffle_behind_a_concat_is_a_convolution_of_its_own(same, model_of, values):
    nodes, forms = shuffle("j", "y", 2, 8)
    network = same(model_of([node("Concat", ["x", "x"], ["j"], axis=1), *nodes], forms))
    join, layer = network.layers
    assert isinstance(join, Concat) and layer.groups == 8
    assert layer.output_order == (0, 4, 1, 5, 2, 6, 3, 7)


def test_a_shuffle_with_rows_and_columns_merged(same, model_of, values):
    nodes = [
        conv("x", "c", "w"),
        node("Reshape", ["c", "split"], ["a"]),
        node("Transpose", ["a"], ["b"], perm=[0, 2, 1, 3]),
        node("Reshape", ["b", "join"], ["y"]),
    ]
    constants = {"w": values(6, 4, 1, 1), "split": ints(1, 3, 2, 42), "join": ints(0, 6, 6, 7)}
    constants["join"] = ints(1, 6, 6, 7)
    (layer,) = same(model_of(nodes, constants)).layers
    assert layer.output_order == (0, 2, 4, 1, 3, 5)


# ---- constants, names, types, batch ----


def test_constants_are_computed_at_import(same, model_of, values):
    """Weights that the graph itself computes, with operators that have no handler."""
    nodes = [
        node("Constant", [], ["half"], value_float=0.5),
        node("Sqrt", ["w2"], ["root"]),
        node("Mul", ["root", "half"], ["w"]),
        node("Split", ["bb"], ["b", "unused"], axis=0, num_outputs=2),
        node("Conv", ["x", "w", "b"], ["y"]),
    ]
    same(model_of(nodes, {"w2": np.abs(values(4, 4, 3, 3)), "bb": values(8)}, opset=18))


@pytest.mark.parametrize("batch", ["N", None, -1, 8])
def test_a_dynamic_or_other_batch_becomes_one_with_a_notice(batch, same, model_of, values):
    """As torch exports x.view(x.size(0), -1): the shape is read, cut, joined and used."""
    nodes = [
        conv(),
        node("Shape", ["c"], ["s"]),
        node("Gather", ["s", "zero"], ["n"], axis=0),
        node("Unsqueeze", ["n", "axis"], ["n1"]),
        node("Concat", ["n1", "rest"], ["form"], axis=0),
        node("Reshape", ["c", "form"], ["f"]),
        node("Gemm", ["f", "u"], ["y"]),
    ]
    constants = {
        "w": values(4, 4, 3, 3),
        "u": values(80, 3),
        "zero": np.asarray(0, np.int64),
        "axis": ints(0),
        "rest": ints(-1),
    }
    if batch == 8:
        nodes[4:6] = [node("Flatten", ["c"], ["f"])]
        nodes[1:4] = []
    model = model_of(nodes, constants, shape=(batch if batch != -1 else None, 4, 6, 7))
    if batch == -1:
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1
    if batch in (8, -1):
        from dynamap.planner.importer import import_model

        network = import_model(model, "case", "")
    else:
        network = same(model)
    assert [layer.name for layer in network.layers] == ["c", "y"]
    assert any("becomes 1" in notice for notice in network.notices)


@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_other_float_types_are_converted_with_a_notice(kind, model_of, values, run):
    from onnx import TensorProto, helper

    from dynamap.planner.importer import import_model
    from dynamap.planner.network.onnx_export import to_onnx

    code = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    constants = {"w": values(4, 4, 3, 3).astype(kind)}
    model = model_of([conv(output="y")], constants, kind=code, output_kind=code)
    network = import_model(model, "case", "")
    assert network.layers[0].weights.dtype == np.float32
    assert any(np.dtype(kind).name in notice for notice in network.notices)
    x = values(1, 4, 6, 7)
    found = run(to_onnx(network), x)["y"]
    as_float = model_of([conv(output="y")], {"w": constants["w"].astype(np.float32)}, kind=TensorProto.FLOAT)
    np.testing.assert_allclose(found, run(as_float, x)["y"], rtol=1e-5, atol=1e-6)


def test_duplicate_node_names_become_unique(same, model_of, values):
    nodes = [
        conv("x", "a", name="conv", pads=[1, 1, 1, 1]),
        conv("a", "b", name="conv (2)", pads=[1, 1, 1, 1]),
        conv("b", "y", name="conv", pads=[1, 1, 1, 1]),
    ]
    from dynamap.planner.importer import import_model

    network = import_model(model_of(nodes, {"w": values(4, 4, 3, 3)}), "case", "")
    assert [layer.name for layer in network.layers] == ["conv", "conv (2)", "conv (3)"]


def test_names_may_contain_anything(same, model_of, values):
    odd = 'a "b"/{c}\n[d] \u00e9 %s'
    nodes = [conv("x", odd, name=odd), node("Relu", [odd], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert network.layers[0].name == odd


def test_nodes_out_of_order_and_dead_ends(same, model_of, values):
    nodes = [
        node("Relu", ["c"], ["y"]),
        conv(),
        node("Softplus", ["c"], ["dead"]),
    ]
    model = model_of(nodes, {"w": values(4, 4, 3, 3)})
    from dynamap.planner.importer import check_model, import_model

    (layer,) = import_model(model, "case", "").layers
    assert layer.activation.kind is ActivationKind.RELU  # the dead reader does not count
    report = check_model(model)
    assert report.nodes[2].reason == "its result is not used"
