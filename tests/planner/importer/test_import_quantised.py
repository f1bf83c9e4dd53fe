"""Quantised models as onnxruntime writes them: scales are kept, and the integers come out the same."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from dynamap.planner.importer import Fate, check_model, import_model
from dynamap.planner.network.network import ActivationKind, Conv, Network, Quantisation
from dynamap.planner.network.onnx_export import to_onnx

node = helper.make_node
SHAPE = (1, 4, 12, 12)


def float_model(model_of, values):
    """Convolutions, a residual sum, pools, a concat, a gate, and two linear layers."""
    nodes = [
        node("Conv", ["x", "w", "b"], ["c"], name="conv1", pads=[1] * 4),
        node("Relu", ["c"], ["r"], name="relu1"),
        node("Conv", ["r", "u"], ["d"], name="conv2", pads=[1] * 4),
        node("Add", ["d", "r"], ["a"], name="add"),
        node("Relu", ["a"], ["s"], name="relu2"),
        node("MaxPool", ["s"], ["p"], name="max", kernel_shape=[2, 2], strides=[2, 2]),
        node("AveragePool", ["s"], ["q"], name="average", kernel_shape=[2, 2], strides=[2, 2]),
        node("Concat", ["p", "q"], ["j"], name="join", axis=1),
        node("LeakyRelu", ["j"], ["l"], name="leaky"),
        node("Sigmoid", ["l"], ["m"], name="gate"),
        node("Mul", ["l", "m"], ["o"], name="mul"),
        node("GlobalAveragePool", ["o"], ["g"], name="global"),
        node("Flatten", ["g"], ["f"], name="flatten"),
        node("Gemm", ["f", "v", "k"], ["e"], name="gemm", transB=1),
        node("MatMul", ["e", "z"], ["y"], name="matmul"),
    ]
    constants = {
        "w": values(6, 4, 3, 3, scale=0.2),
        "b": values(6),
        "u": values(6, 6, 3, 3, scale=0.1, seed=2),
        "v": values(8, 12),
        "k": values(8),
        "z": values(8, 5),
    }
    model = model_of(nodes, constants, shape=SHAPE)
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5]))
    return model


class Reader(CalibrationDataReader):
    """A few seeded images."""

    def __init__(self, values):
        self._feeds = iter([{"x": values(*SHAPE, seed=seed)} for seed in range(4)])

    def get_next(self):
        return next(self._feeds, None)


def quantise(model, values, path, form, per_channel, activations, weights):
    quantize_static(
        model,
        path,
        Reader(values),
        quant_format=form,
        per_channel=per_channel,
        activation_type=activations,
        weight_type=weights,
    )
    return onnx.load(path)


def with_stored_integers(network: Network) -> onnx.ModelProto:
    """The folded float network with QuantizeLinear and DequantizeLinear around each quantised tensor.

    The integers of tensor t are the output "t in storage".
    """
    model = to_onnx(network)
    nodes = list(model.graph.node)
    del model.graph.node[:]

    def store(name, source, target):
        scale, zero = f"{name} scale", f"{name} zero"
        quantisation = network.quantisation[name]
        kind = np.int8 if quantisation.signed else np.uint8
        model.graph.initializer.append(numpy_helper.from_array(np.float32(quantisation.scale), scale))
        model.graph.initializer.append(numpy_helper.from_array(kind(quantisation.zero_point), zero))
        model.graph.node.append(node("QuantizeLinear", [source, scale, zero], [f"{name} in storage"]))
        model.graph.node.append(node("DequantizeLinear", [f"{name} in storage", scale, zero], [target]))

    for name in network.inputs:
        if name in network.quantisation:
            store(name, name, f"{name} stored")
    for one in nodes:
        copy = onnx.NodeProto()
        copy.CopyFrom(one)
        renamed = [f"{name} stored" if name in network.inputs else name for name in one.input]
        del copy.input[:]
        copy.input.extend(renamed)
        name = one.output[0]
        if name in network.quantisation:
            copy.output[0] = f"{name} computed"
        model.graph.node.append(copy)
        if name in network.quantisation:
            store(name, f"{name} computed", name)
    return model


CASES = [
    (form, per_channel, activations, weights)
    for form in (QuantFormat.QDQ, QuantFormat.QOperator)
    for per_channel in (True, False)
    for activations, weights in (
        (QuantType.QInt8, QuantType.QInt8),
        (QuantType.QUInt8, QuantType.QInt8),
        (QuantType.QUInt8, QuantType.QUInt8),
    )
]


@pytest.mark.parametrize(("form", "per_channel", "activations", "weights"), CASES)
def test_models_of_the_onnxruntime_quantiser(form, per_channel, activations, weights, model_of, values, run, tmp_path):
    """Every stored tensor is within one step of onnxruntime's, and almost all are equal."""
    model = quantise(
        float_model(model_of, values), values, tmp_path / "q.onnx", form, per_channel, activations, weights
    )
    report = check_model(model)
    assert report.supported, report.unsupported
    network = import_model(model, "quantised", "")

    stored = {}  # tensor of the network -> integers of the original model
    scales = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    real = {one.input[0]: one.output[0] for one in model.graph.node if one.op_type == "QuantizeLinear"}
    back = {one.output[0]: one.input[0] for one in model.graph.node if one.op_type == "DequantizeLinear"}
    for name, quantisation in network.quantisation.items():
        # The QLinear operators write integers themselves; an output has the name of its real values.
        stored[name] = real.get(name) or back.get(name) or name
        if f"{name}_scale" in scales:
            assert quantisation.scale == pytest.approx(float(scales[f"{name}_scale"]))
            assert quantisation.zero_point == int(scales[f"{name}_zero_point"])
        assert quantisation.signed is (activations is QuantType.QInt8)

    x = values(*SHAPE, seed=9)
    expected = run(model, x, list(stored.values()))
    mine = with_stored_integers(network)
    found = run(mine, x, [f"{name} in storage" for name in stored])
    differing = total = 0
    for name, integers in stored.items():
        left, right = expected[integers].ravel().astype(int), found[f"{name} in storage"].ravel().astype(int)
        gap = np.abs(left - right)
        assert gap.max() <= 1, f"{name} differs by {gap.max()} steps"
        differing += int((gap > 0).sum())
        total += gap.size
    assert differing <= total // 200


def test_int8_weights_and_scales_are_kept(model_of, values, tmp_path):
    model = quantise(
        float_model(model_of, values),
        values,
        tmp_path / "q.onnx",
        QuantFormat.QDQ,
        True,
        QuantType.QInt8,
        QuantType.QInt8,
    )
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    network = import_model(model, "quantised", "")
    kept = {layer.name: layer.weight_quantisation for layer in network.layers if isinstance(layer, Conv)}
    np.testing.assert_array_equal(kept["conv1"].values_oihw, stored["w_quantized"])
    np.testing.assert_allclose(kept["conv1"].scales, stored["w_scale"])
    np.testing.assert_array_equal(kept["gemm"].values_oihw[:, :, 0, 0], stored["v_quantized"])
    np.testing.assert_array_equal(kept["matmul"].values_oihw[:, :, 0, 0], stored["z_quantized"].T)
    for layer in network.layers:
        if isinstance(layer, Conv):
            scales = np.asarray(layer.weight_quantisation.scales, np.float32).reshape(-1, 1, 1, 1)
            np.testing.assert_allclose(layer.weights, layer.weight_quantisation.values_oihw * scales, rtol=1e-6)


def q(source, output, scale="s", zero="z"):
    return [
        node("QuantizeLinear", [source, scale, zero], [f"{output}.q"]),
        node("DequantizeLinear", [f"{output}.q", scale, zero], [output]),
    ]


NUMBERS = {
    "s": np.float32(0.05),
    "z": np.int8(3),
    "s2": np.float32(0.1),
    "z2": np.int8(-128),
    "zu": np.uint8(0),
}


def test_storing_as_unsigned_from_zero_is_a_relu(model_of, values):
    """Nothing below zero can be stored, so that the float network needs the ReLU that the model left out."""
    nodes = [node("Conv", ["x", "w"], ["c"]), *q("c", "y", "s", "zu")]
    (layer,) = import_model(model_of(nodes, {"w": values(4, 4, 3, 3), **NUMBERS}), "case", "").layers
    assert layer.activation.kind is ActivationKind.RELU


def test_an_activation_after_storing_is_not_folded_before_it(model_of, values):
    nodes = [node("Conv", ["x", "w"], ["c"]), *q("c", "d"), node("Relu", ["d"], ["r"]), *q("r", "y", "s2")]
    network = import_model(model_of(nodes, {"w": values(4, 4, 3, 3), **NUMBERS}), "case", "")
    assert [layer.output for layer in network.layers] == ["c", "y"]
    assert network.quantisation == {
        "c": Quantisation(float(np.float32(0.05)), 3),
        "y": Quantisation(float(np.float32(0.1)), 3),
    }


def test_storing_anew_is_a_layer(model_of, values):
    """Dequantised and quantised by another scale: a 1 x 1 depthwise convolution of ones."""
    nodes = [node("Conv", ["x", "w"], ["c"]), *q("c", "d"), *q("d", "y", "s2", "z2")]
    network = import_model(model_of(nodes, {"w": values(4, 4, 3, 3), **NUMBERS}), "case", "")
    assert [layer.groups for layer in network.layers] == [1, 4]
    assert (network.layers[1].weights == 1).all()


def test_two_scales_for_one_tensor_are_two_copies(model_of, values):
    """The tensor itself keeps its real values, since neither scale may saturate what the other stores."""
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        *q("c", "d"),
        *q("c", "e", "s2"),
        node("Add", ["d", "e"], ["y"]),
    ]
    network = import_model(model_of(nodes, {"w": values(4, 4, 3, 3), **NUMBERS}), "case", "")
    assert [layer.inputs for layer in network.layers] == [("x",), ("c",), ("c",), ("d.q", "e.q")]
    assert set(network.quantisation) == {"d.q", "e.q"}


@pytest.mark.parametrize(("low", "high", "layers"), [(-128, 127, 1), (-8, 7, 2), (0, 15, 2), (-2, 1, 2)])
def test_clips_of_the_whole_range_are_removed_and_narrow_ones_clip(low, high, layers, model_of, values, original):
    """QCDQ: QuantizeLinear, Clip, DequantizeLinear; an input has no layer before it that could clip."""
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("Clip", ["q", "low", "high"], ["k"]),
        node("DequantizeLinear", ["k", "s", "z"], ["d"]),
        node("Conv", ["d", "w"], ["y"]),
    ]
    constants = {"w": values(4, 4, 3, 3), **NUMBERS, "low": np.int8(low), "high": np.int8(high)}
    quantised = original(model_of(nodes, constants), 1 / 64)
    assert len(quantised.network.layers) == layers


@pytest.mark.parametrize("shared", [False, True])
def test_a_narrow_clip_is_an_activation_of_the_layer_before(shared, model_of, values, original):
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("QuantizeLinear", ["c", "s", "z"], ["q"]),
        node("Clip", ["q", "low", "high"], ["k"]),
        node("DequantizeLinear", ["k", "s", "z"], ["y"]),
        node("DequantizeLinear", ["q", "s", "z"], ["whole"]),
    ]
    constants = {"w": values(4, 4, 3, 3), **NUMBERS, "low": np.int8(-8), "high": np.int8(7)}
    outputs = ("y", "whole") if shared else ("y",)
    quantised = original(model_of(nodes, constants, outputs=outputs), 1 / 8)  # two of the 16 steps
    assert len(quantised.network.layers) == 1 + shared


def test_fake_quantised_weights_are_constants(model_of, values):
    """Weights that the graph itself quantises keep their integers."""
    nodes = [*q("w", "wd"), *q("x", "xd", "s2"), node("Conv", ["xd", "wd"], ["y"])]
    constants = {"w": values(4, 4, 3, 3, scale=0.5), **NUMBERS, "z": np.int8(0)}
    (layer,) = import_model(model_of(nodes, constants), "case", "").layers
    rounded = np.clip(np.rint(constants["w"] / np.float32(0.05)), -128, 127)
    np.testing.assert_array_equal(layer.weight_quantisation.values_oihw, rounded)


def test_transposed_integer_weights_are_kept(model_of, values):
    """As torch exports a linear layer: DequantizeLinear, Transpose, MatMul."""
    integers = np.arange(-6, 6, dtype=np.int8).reshape(3, 4)
    nodes = [
        node("DequantizeLinear", ["i", "t", "o"], ["wd"], axis=0),
        node("Transpose", ["wd"], ["wt"], perm=[1, 0]),
        node("MatMul", ["x", "wt"], ["y"]),
    ]
    scales = np.float32([0.5, 0.25, 2.0])
    constants = {"i": integers, "t": scales, "o": np.zeros(3, np.int8)}
    (layer,) = import_model(model_of(nodes, constants, shape=(1, 4)), "case", "").layers
    np.testing.assert_array_equal(layer.weight_quantisation.values_oihw[:, :, 0, 0], integers)
    assert layer.weight_quantisation.scales == (0.5, 0.25, 2.0)
    np.testing.assert_array_equal(layer.weights[:, :, 0, 0], integers * scales[:, None])


def test_asymmetric_weights_are_quantised_anew_with_a_notice(model_of, values):
    nodes = [*q("w", "wd"), node("Conv", ["x", "wd"], ["y"])]
    network = import_model(model_of(nodes, {"w": values(4, 4, 3, 3), **NUMBERS}), "case", "")
    assert network.layers[0].weight_quantisation is None
    assert any("not symmetric" in notice for notice in network.notices)


def test_bytes_as_input(model_of, values):
    """A uint8 image that is cast, and one that is dequantised."""
    cast = [node("Cast", ["x"], ["f"], to=1), node("Conv", ["f", "w"], ["y"])]
    model = model_of(cast, {"w": values(4, 4, 3, 3)}, kind=TensorProto.UINT8)
    assert import_model(model, "case", "").quantisation["x"] == Quantisation(1.0, 0, False)
    read = [node("DequantizeLinear", ["x", "s", "zu"], ["f"]), node("Conv", ["f", "w"], ["y"])]
    model = model_of(read, {"w": values(4, 4, 3, 3), **NUMBERS}, kind=TensorProto.UINT8)
    assert import_model(model, "case", "").quantisation["x"] == Quantisation(float(np.float32(0.05)), 0, False)


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([node("QuantizeLinear", ["x", "vector", "z4"], ["y"])], "one positive number"),
        ([node("QuantizeLinear", ["x", "negative", "z"], ["y"])], "one positive number"),
        ([node("QuantizeLinear", ["x", "s", "z32"], ["y"])], "zero point"),
        ([node("QuantizeLinear", ["x", "s"], ["y"], output_dtype=5)], "type INT16"),
        ([node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("Relu", ["q"], ["y"])], "quantised integers"),
        ([node("DequantizeLinear", ["x", "s", "z"], ["y"])], "was not quantised"),
    ],
)
def test_what_is_refused(nodes, reason, model_of):
    constants = {
        **NUMBERS,
        "vector": np.ones(4, np.float32),
        "z4": np.zeros(4, np.int8),
        "negative": np.float32(-1),
        "z32": np.int32(0),
    }
    report = check_model(model_of(nodes, constants, opset=21 if "INT16" in reason else 13))
    (bad, *_) = report.unsupported
    assert reason in bad.reason and bad.remedy
    assert bad.fate is Fate.UNSUPPORTED
