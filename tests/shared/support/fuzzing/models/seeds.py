"""Small models that have every kind of thing that the importer reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from support.onnx_models import make_model, seeded
from support.operator_nodes import batch_norm, conv, ints, node, statistics


def seed_models() -> dict[str, onnx.ModelProto]:
    """The models by name; each is accepted."""
    return {
        "classifier": _classifier(),
        "branches": _branches(),
        "quantised": _quantised(),
        "integers": _integers(),
        "control": _control(),
        "views": _views(),
        "row": _row(),
    }


def _classifier() -> onnx.ModelProto:
    nodes = [
        conv("x", "c", "w", "first", pads=[1, 1, 1, 1], strides=[2, 2]),
        batch_norm("c", "n", 6),
        node("Relu", ["n"], ["r"]),
        node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], ceil_mode=1),
        node("LRN", ["p"], ["l"], size=3),
        node("GlobalAveragePool", ["l"], ["g"]),
        node("Flatten", ["g"], ["f"]),
        node("Gemm", ["f", "k", "b2"], ["e"], transB=1),
        node("Softmax", ["e"], ["y"], axis=-1),
    ]
    constants = {"w": seeded(6, 4, 3, 3), "k": seeded(5, 6), "b2": seeded(5), **statistics(seeded, 6)}
    return make_model(nodes, constants)


def _branches() -> onnx.ModelProto:
    nodes = [
        conv("x", "c", "w", pads=[1, 1, 1, 1]),
        conv("c", "d", "v", group=2, dilations=[1, 2], pads=[0, 2, 0, 2]),
        node("PRelu", ["d", "s"], ["e"]),
        node("Add", ["c", "e"], ["a"]),
        node("Sigmoid", ["a"], ["g"]),
        node("Mul", ["a", "g"], ["q"]),
        node("Concat", ["q", "c"], ["j"], axis=1),
        node("Resize", ["j", "", "scales"], ["y"], mode="nearest", coordinate_transformation_mode="asymmetric",
             nearest_mode="floor"),
        node("AveragePool", ["j"], ["z"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
    ]  # fmt: skip
    constants = {"w": seeded(4, 4, 3, 3), "v": seeded(4, 2, 1, 3), "s": seeded(4, 1, 1)}
    constants["scales"] = np.asarray([1, 1, 2, 2], np.float32)
    return make_model(nodes, constants, outputs=("y", "z"))


def _scales(**values: float) -> dict[str, np.ndarray]:
    return {name: np.asarray(value, np.float32) for name, value in values.items()}


def _quantised() -> onnx.ModelProto:
    nodes = [
        node("QuantizeLinear", ["x", "sx", "z"], ["xq"]),
        node("DequantizeLinear", ["xq", "sx", "z"], ["xd"]),
        node("DequantizeLinear", ["w", "sw", "zw"], ["wd"], axis=0),
        conv("xd", "c", "wd"),
        node("Relu", ["c"], ["r"]),
        node("QuantizeLinear", ["r", "sy", "z"], ["rq"]),
        node("DequantizeLinear", ["rq", "sy", "z"], ["y"]),
    ]
    weights = np.random.default_rng(1).integers(-127, 128, (5, 4, 3, 3)).astype(np.int8)
    constants: dict[str, np.ndarray] = {
        "z": np.asarray(0, np.int8),
        "w": weights,
        "sw": np.full(5, 0.01, np.float32),
        "zw": np.zeros(5, np.int8),
        **_scales(sx=0.02, sy=0.05),
    }
    return make_model(nodes, constants)


def _integers() -> onnx.ModelProto:
    nodes = [
        node("QLinearConv", ["x", "sx", "z", "w", "sw", "zw", "sy", "z", "b"], ["c"], pads=[1, 1, 1, 1]),
        node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        node("QLinearAdd", ["p", "sy", "z", "p", "sy", "z", "sa", "z"], ["y"], domain="com.microsoft"),
    ]
    weights = np.random.default_rng(2).integers(-127, 128, (3, 4, 3, 3)).astype(np.int8)
    constants: dict[str, np.ndarray] = {
        "z": np.asarray(128, np.uint8),
        "w": weights,
        "zw": np.asarray(0, np.int8),
        "b": np.asarray([1, -2, 300], np.int32),
        **_scales(sx=0.02, sw=0.01, sy=0.05, sa=0.1),
    }
    return make_model(nodes, constants, kind=TensorProto.UINT8, output_kind=TensorProto.UINT8)


def _graph(nodes: Sequence[NodeProto], output: str) -> onnx.GraphProto:
    return helper.make_graph(nodes, output, [], [helper.make_empty_tensor_value_info(output)])


def _control() -> onnx.ModelProto:
    """A branch, a loop over constants and a function."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [node("Identity", ["on"], ["on2"]), node("Add", ["k", "one"], ["k2"])],
        "body",
        [info("i", TensorProto.INT64, []), info("on", TensorProto.BOOL, []), info("k", TensorProto.FLOAT, [])],
        [info("on2", TensorProto.BOOL, []), info("k2", TensorProto.FLOAT, [])],
    )
    nodes = [
        conv("x", "c", "w"),
        node("If", ["yes"], ["i"], then_branch=_graph([node("Relu", ["c"], ["t"])], "t"),
             else_branch=_graph([node("Neg", ["c"], ["e"])], "e")),
        node("Loop", ["trips", "yes", "one"], ["k3"], body=body),
        node("Mul", ["i", "k3"], ["m"]),
        node("F", ["m"], ["y"], domain="local", alpha=0.2),
    ]  # fmt: skip
    constants = {
        "w": seeded(4, 4, 1, 1),
        "yes": np.asarray(True),
        "trips": np.asarray(3, np.int64),
        "one": np.asarray(1, np.float32),
    }
    model = make_model(nodes, constants, opset=15)
    leaky = node("LeakyRelu", ["a"], ["b"])
    alpha = leaky.attribute.add(name="alpha", type=onnx.AttributeProto.FLOAT)
    alpha.ref_attr_name = "alpha"
    opsets = [helper.make_opsetid("", 15)]
    model.functions.append(helper.make_function("local", "F", ["a"], ["b"], [leaky], opsets, ["alpha"]))
    model.opset_import.append(helper.make_opsetid("local", 1))
    return model


def _views() -> onnx.ModelProto:
    """A channel shuffle, pads, Transposes that cancel, and constants computed from shapes."""
    nodes = [
        conv("x", "c", "w"),
        node("Reshape", ["c", "split"], ["r5"]),
        node("Transpose", ["r5"], ["t5"], perm=[0, 2, 1, 3, 4]),
        node("Reshape", ["t5", "join"], ["s"]),
        node("Pad", ["s", "pads"], ["p"]),
        node("Transpose", ["p"], ["t"], perm=[0, 2, 3, 1]),
        node("Clip", ["t", "low", "high"], ["k"]),
        node("Transpose", ["k"], ["u"], perm=[0, 3, 1, 2]),
        node("Shape", ["u"], ["shape"]),
        node("Slice", ["shape", "zero", "two"], ["head"]),
        node("Concat", ["head", "rest"], ["target"], axis=0),
        node("Reshape", ["u", "target"], ["v"]),
        node("ReduceMean", ["v"], ["m"], axes=[2], keepdims=0),
        node("MatMul", ["m", "k2"], ["y"]),
    ]
    constants: Mapping[str, np.ndarray] = {
        "w": seeded(4, 4, 1, 1),
        "split": ints(1, 2, 2, 6, 7),
        "join": ints(1, 4, 6, 7),
        "pads": ints(0, 0, 1, 0, 0, 0, 1, 2),
        "zero": ints(0),
        "two": ints(2),
        "rest": ints(-1),
        "k2": seeded(4, 3),
        **_scales(low=-1.0, high=2.0),
    }
    return make_model(nodes, constants)


def _row() -> onnx.ModelProto:
    nodes = [
        conv("x", "c", "w", pads=[1, 1]),
        node("MaxPool", ["c"], ["p"], kernel_shape=[2], strides=[2]),
        node("HardSwish", ["p"], ["h"]),
        node("ReduceMax", ["h"], ["y"], axes=[2]),
    ]
    model = make_model(nodes, {"w": seeded(4, 4, 3)}, (1, 4, 19), opset=14)
    model.graph.value_info.append(helper.make_tensor_value_info("c", TensorProto.FLOAT, [1, 4, 19]))
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(2, np.float16), "unused"))
    return model
