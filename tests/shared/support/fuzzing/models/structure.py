"""Mutations of what a model says: attributes, tensors, edges, types, shapes, opsets, graphs within graphs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import onnx
from onnx import AttributeProto, NodeProto, TensorProto, helper, numpy_helper

from support.fuzzing.values import FLOATS, TEXTS, few, mutated_bytes, near, some_integer

Mutation = Callable[[random.Random, onnx.ModelProto], None]

_OPERATORS = (
    *("Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Conv", "ConvTranspose"),
    *("DequantizeLinear", "Div", "Dropout", "Einsum", "Expand", "Flatten", "Gather", "Gemm"),
    *("GlobalAveragePool", "HardSigmoid", "Identity", "If", "LRN", "LayerNormalization"),
    *("LeakyRelu", "Loop", "MatMul", "Max", "MaxPool", "Min", "Mul", "Neg", "PRelu", "Pad"),
    *("QLinearConv", "QuantizeLinear", "ReduceMax", "ReduceMean", "Relu", "Reshape", "Resize"),
    *("Scan", "Shape", "Sigmoid", "Size", "Slice", "Softmax", "Split", "Squeeze", "Sub"),
    *(
        "Sum",
        "Tanh",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Upsample",
        "Where",
        "Xyz",
    ),
)
_MAKERS = (
    ("ConstantOfShape", 1),
    ("Range", 3),
    ("Expand", 2),
    ("Tile", 2),
    ("OneHot", 3),
    ("Pad", 2),
    ("CumSum", 2),
    ("Trilu", 1),
    ("EyeLike", 1),
    ("RandomNormal", 0),
    ("NonZero", 1),
    ("Resize", 3),
    ("StringNormalizer", 1),
    ("SequenceConstruct", 1),
)


def mutated_model(rng: random.Random, seed: onnx.ModelProto, other: onnx.ModelProto) -> bytes:
    """The bytes of a model with one to three mutations of its structure, or damaged as bytes."""
    if rng.random() < 0.3:
        return mutated_bytes(rng, seed.SerializeToString(), other.SerializeToString())
    model = onnx.ModelProto()
    model.CopyFrom(seed)
    for _ in range(few(rng)):
        rng.choice(MUTATIONS)(rng, model)
    return model.SerializeToString()


def text(rng: random.Random, model: onnx.ModelProto) -> str:
    """A name that the model has, or an odd one that protobuf takes."""
    if rng.random() < 0.6:
        return rng.choice([name for node in model.graph.node for name in (*node.input, *node.output)] or ["x"])
    return rng.choice(TEXTS)


def _node(rng: random.Random, model: onnx.ModelProto) -> NodeProto:
    nodes = list(model.graph.node)
    for function in model.functions:
        nodes += function.node
    for node in list(nodes):
        nodes += [inner for attribute in node.attribute for inner in attribute.g.node]
    return rng.choice(nodes or [model.graph.node.add(op_type="Relu", input=["x"], output=["q"])])


def _attribute(rng: random.Random, model: onnx.ModelProto) -> None:
    node = _node(rng, model)
    if not node.attribute:
        node.attribute.add(name=rng.choice(("axis", "pads", "perm", "strides")), type=AttributeProto.INTS, ints=[1, 1])
    attribute = rng.choice(node.attribute)
    what = rng.randrange(10)
    if what == 0:
        node.attribute.remove(attribute)
    elif what == 1:
        node.attribute.append(attribute)
    elif what == 2:
        attribute.name = rng.choice(("axis", "axes", "kernel_shape", "group", "alpha", rng.choice(TEXTS)))
    elif what == 3:
        attribute.type = rng.randrange(16) % 15
    elif attribute.type == AttributeProto.INT:
        attribute.i = rng.choice((some_integer(rng), 1, 2))
    elif attribute.type == AttributeProto.FLOAT:
        number = rng.choice(FLOATS)
        attribute.f = math.copysign(math.inf, number) if abs(number) > 1e38 else number
    elif attribute.type == AttributeProto.STRING:
        attribute.s = rng.choice((b"\xff\xfe", rng.choice(TEXTS).encode(), b"SAME_UPPER", b"VALID", b"linear"))
    elif attribute.type == AttributeProto.INTS:
        _integers(rng, attribute)
    else:
        attribute.CopyFrom(helper.make_attribute(attribute.name, rng.choice((1, 0.5, [1, 2], "x"))))


def _integers(rng: random.Random, attribute: AttributeProto) -> None:
    values = list(attribute.ints)
    what = rng.randrange(5)
    if what == 0 and values:
        del values[rng.randrange(len(values))]
    elif what == 1:
        values.append(some_integer(rng))
    elif what == 2:
        values = values * rng.choice((0, 2, 2000))
    elif values:
        at = rng.randrange(len(values))
        values[at] = int(rng.choice((some_integer(rng), rng.randint(0, 4), near(rng, values[at]))))
    values = [min(max(value, -(2**63)), 2**63 - 1) for value in values]
    del attribute.ints[:]
    attribute.ints.extend(values)


def _tensor(rng: random.Random, model: onnx.ModelProto) -> None:
    if not model.graph.initializer:
        return
    tensor = rng.choice(model.graph.initializer)
    what = rng.randrange(10)
    if what == 0 and tensor.dims:
        tensor.dims[rng.randrange(len(tensor.dims))] = some_integer(rng)
    elif what == 1:
        tensor.dims.append(some_integer(rng))
    elif what == 2:
        del tensor.dims[:]
    elif what == 3:
        tensor.data_type = rng.randrange(30)
    elif what == 4:
        tensor.raw_data = tensor.raw_data[: rng.randrange(len(tensor.raw_data) + 1)] * rng.choice((1, 1, 2))
    elif what == 5:
        tensor.data_location = TensorProto.EXTERNAL
        for key in rng.sample(("location", "offset", "length", "checksum"), rng.randint(0, 4)):
            tensor.external_data.add(key=key, value=rng.choice((*TEXTS, "model.onnx", "-1", "9" * 30)))
    elif what == 6:
        tensor.name = text(rng, model)
    elif what == 7:
        model.graph.initializer.append(tensor)
    elif what == 8:
        tensor.float_data.extend([1.0, 2.0])
    else:
        tensor.raw_data = bytes(rng.choice((0, 255, 127, 128)) for _ in tensor.raw_data)


def _constant(rng: random.Random, model: onnx.ModelProto) -> None:
    """Another value or type of a small constant: sizes, axes, scales, zero points, conditions."""
    small = [tensor for tensor in model.graph.initializer if len(tensor.raw_data) <= 64]
    if not small:
        return
    tensor = rng.choice(small)
    shape = rng.choice((tuple(tensor.dims), tuple(tensor.dims), (), (1,), (3,), (0,), (2, 2)))
    if min(shape, default=1) < 0 or max(shape, default=1) > 100:
        return
    kind = rng.choice((np.int64, np.int32, np.float32, np.float32, np.int8, np.uint8, np.float16, np.bool_, np.float64))
    with np.errstate(all="ignore"):
        if np.issubdtype(kind, np.floating):
            array = np.full(shape, rng.choice(FLOATS)).astype(kind)
        else:
            array = np.asarray([some_integer(rng) for _ in range(int(np.prod(shape)))], np.int64)
            array = array.reshape(shape).astype(kind)
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _edge(rng: random.Random, model: onnx.ModelProto) -> None:
    node = _node(rng, model)
    names = node.input if rng.random() < 0.7 else node.output
    what = rng.randrange(4)
    if what == 0 or not names:
        names.append(text(rng, model))
    elif what == 1:
        del names[rng.randrange(len(names))]
    else:
        names[rng.randrange(len(names))] = rng.choice(("", text(rng, model)))


def _nodes(rng: random.Random, model: onnx.ModelProto) -> None:
    node, nodes = _node(rng, model), model.graph.node
    what = rng.randrange(7)
    if what == 0 and node in nodes:
        nodes.remove(node)
    elif what == 1:
        nodes.append(node)
    elif what == 2:
        node.op_type = rng.choice((*_OPERATORS, rng.choice(TEXTS)))
    elif what == 3:
        node.domain = rng.choice(("", "ai.onnx", "com.microsoft", "local", "ai.onnx.ml", rng.choice(TEXTS)))
    elif what == 4:
        node.name = rng.choice(TEXTS)
    elif what == 5:
        shuffled = list(nodes)
        rng.shuffle(shuffled)
        del nodes[:]
        nodes.extend(shuffled)
    else:
        _insert(rng, model)


def _insert(rng: random.Random, model: onnx.ModelProto) -> None:
    """Another operator behind something, which everything that read that reads now."""
    source = text(rng, model)
    for node in model.graph.node:
        for position, name in enumerate(node.input):
            if name == source:
                node.input[position] = "inserted"
    model.graph.node.append(NodeProto(op_type=rng.choice(_OPERATORS), input=[source], output=["inserted"]))


def _interface(rng: random.Random, model: onnx.ModelProto) -> None:
    values = rng.choice((model.graph.input, model.graph.input, model.graph.output, model.graph.value_info))
    if not values:
        values.append(helper.make_tensor_value_info(text(rng, model), rng.randrange(25), [1, some_integer(rng)]))
        return
    value = rng.choice(values)
    kind = value.type.tensor_type
    what = rng.randrange(8)
    if what == 0:
        values.remove(value)
    elif what == 1:
        values.append(value)
    elif what == 2:
        value.name = text(rng, model)
    elif what == 3:
        kind.elem_type = rng.randrange(30)
    elif what == 4:
        kind.ClearField("shape")
    elif what == 5:
        kind.shape.dim.add().dim_value = some_integer(rng)
    elif kind.shape.dim:
        dimension = rng.choice(kind.shape.dim)
        if what == 6:
            dimension.dim_param = rng.choice(TEXTS)
        else:
            dimension.dim_value = some_integer(rng)


def _versions(rng: random.Random, model: onnx.ModelProto) -> None:
    what = rng.randrange(5)
    if what == 0:
        model.ir_version = some_integer(rng)
    elif what == 1:
        model.opset_import.add(
            domain=rng.choice(("", "ai.onnx", "local", rng.choice(TEXTS))), version=rng.randint(-1, 30)
        )
    elif what == 2:
        model.opset_import[0].version = some_integer(rng)
    elif what == 3:
        model.opset_import[0].version = rng.randint(5, 25)
    else:
        del model.opset_import[rng.randrange(len(model.opset_import))]


def _computed(rng: random.Random, model: onnx.ModelProto) -> None:
    """A constant that is computed, possibly a huge one, in the place of one that is stored."""
    op, count = rng.choice(_MAKERS)
    names = []
    for position in range(count):
        kind = rng.choice((np.int64, np.float32)) if op != "ConstantOfShape" else np.int64
        array = np.asarray(
            [rng.choice((0, 1, 2, 1000, 2**20, 2**31, 2**40)) for _ in range(rng.choice((0, 1, 4)))], kind
        )
        names.append(f"part {position}")
        model.graph.initializer.append(numpy_helper.from_array(array, names[-1]))
    target = rng.choice([tensor.name for tensor in model.graph.initializer] or ["w"])
    for node in model.graph.node:
        for position, name in enumerate(node.input):
            if name == target:
                node.input[position] = "computed"
    model.graph.node.insert(0, NodeProto(op_type=op, input=names, output=["computed"]))


def _nested(rng: random.Random, model: onnx.ModelProto) -> None:
    """Graphs in graphs, and functions that call functions, deeper or in a circle."""
    what = rng.randrange(3)
    if what == 0:
        graph = helper.make_graph([NodeProto(op_type="Relu", input=["x"], output=["z"])], "g", [], [])
        graph.output.add(name="z")
        for _ in range(rng.choice((1, 5, 20, 40))):
            inner = helper.make_node("If", [text(rng, model)], ["z"], then_branch=graph, else_branch=graph)
            if inner.ByteSize() > 2**20:
                break
            graph = helper.make_graph([inner], "g", [], [])
            graph.output.add(name="z")
        model.graph.node.extend(graph.node)
        model.graph.output.add(name="z")
    elif model.functions:
        function = rng.choice(model.functions)
        function.node.append(NodeProto(op_type=function.name, domain=function.domain, input=["a"], output=["b2"]))
        if what == 2:
            function.node[0].output[0] = "b2"
            function.node[-1].output[0] = "b"
    else:
        call = NodeProto(op_type="G", domain="local", input=["a"], output=["b"])
        model.functions.append(helper.make_function("local", "G", ["a"], ["b"], [call], list(model.opset_import)))
        rng.choice(model.graph.node).op_type = "G"


def _pieces(rng: random.Random, model: onnx.ModelProto) -> None:
    what = rng.randrange(4)
    if what == 0:
        model.graph.ClearField(rng.choice(("node", "initializer", "input", "output", "name")))
    elif what == 1:
        model.ClearField(rng.choice(("graph", "opset_import", "functions", "ir_version")))
    elif what == 2:
        model.graph.sparse_initializer.add().values.name = text(rng, model)
    else:
        model.metadata_props.add(key=rng.choice(TEXTS), value=rng.choice(TEXTS))
        model.graph.name = rng.choice(TEXTS)


MUTATIONS: tuple[Mutation, ...] = (
    *(_attribute,) * 4,
    *(_tensor,) * 2,
    *(_constant,) * 3,
    *(_edge,) * 2,
    *(_nodes,) * 2,
    *(_interface,) * 2,
    _versions,
    _computed,
    _nested,
    _pieces,
)
"""Attributes, constants and edges more often than the rest, since most of a model is these."""
