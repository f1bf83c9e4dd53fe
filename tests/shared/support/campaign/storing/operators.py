"""Every tensor as integers, and the QLinear operators between them; other operators between a pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from onnx import NodeProto, helper

from support.campaign.sketch import Sketch
from support.campaign.storing.edges import SELECTING
from support.campaign.storing.schemes import (
    Range,
    Scheme,
    attributes_of,
    channel_axis,
    copy_of,
    integer_weights,
    scheme_of,
)

MICROSOFT = "com.microsoft"


class OperatorQuantiser:
    """Rewrites the nodes of a sketch; ``integers`` and ``schemes`` are by the name of the float tensor."""

    def __init__(self, sketch: Sketch, ranges: Mapping[str, Range]) -> None:
        self.sketch, self.ranges = sketch, ranges
        self.nodes: list[NodeProto] = []
        self.integers: dict[str, str] = {}
        self.schemes: dict[str, Scheme] = {}

    def rewrite(self, outputs: list[str]) -> tuple[list[str], dict[str, int]]:
        """The outputs, and the types of those, and of the input, that are integers."""
        sketch, source = self.sketch, self.sketch.input
        ends, kinds = [], {}
        scheme = self._scheme(source)
        if sketch.chance(0.3):
            self.integers[source] = source
            kinds[source] = helper.np_dtype_to_tensor_dtype(np.asarray(scheme.zero).dtype)
        else:
            self.integers[source] = self._fresh(source, "quantized")
            self.nodes.append(helper.make_node("QuantizeLinear", [source, *scheme.inputs], [self.integers[source]]))
        for node in sketch.nodes:
            self._node(node)
        for name in outputs:
            if sketch.chance(0.3):
                end = self.integers[name]
                kinds[end] = helper.np_dtype_to_tensor_dtype(np.asarray(self.schemes[name].zero).dtype)
            else:
                end = self._real(name)
            ends.append(end)
        sketch.nodes = self.nodes
        return list(dict.fromkeys(ends)), kinds

    def operand(self, name: str) -> list[str]:
        """A tensor, its scale and its zero point, as the QLinear operators take it."""
        scheme = self.schemes[name]
        return [self.integers[name], scheme.scale_name, self._zero(scheme)]

    def _zero(self, scheme: Scheme) -> str:
        """Optional inputs of QLinear operators are given: not every one has the same type where they are not."""
        return scheme.zero_name or self.sketch.constant(np.uint8(0), "zero")

    def _node(self, node: NodeProto) -> None:
        (output,) = node.output
        if output in self.sketch.shaping:
            self._copy(node)
            return
        maker = _MAKERS.get(node.op_type)
        if node.op_type in SELECTING and (node.op_type != "MaxPool" or self.sketch.opset >= 12):
            self.schemes[output] = self.schemes[node.input[0]]
            self.integers[output] = self._fresh(output, "selected")
            inputs = [self.integers[node.input[0]], *list(node.input)[1:]]
            self.nodes.append(copy_of(node, inputs, [self.integers[output]]))
            return
        # onnxruntime's QLinearSoftmax computes with 1 / scale cut to an integer
        scheme = self._scheme(output, whole=node.op_type == "Softmax")
        self.integers[output] = self._fresh(output, "quantized")
        made = maker(self, node, [scheme.scale_name, self._zero(scheme)]) if maker else None
        if made is not None:
            op, domain, inputs, attributes = made
            self.nodes.append(helper.make_node(op, inputs, [self.integers[output]], domain=domain, **attributes))
            return
        self._copy(node)
        self.nodes.append(helper.make_node("QuantizeLinear", [output, *scheme.inputs], [self.integers[output]]))

    def _copy(self, node: NodeProto) -> None:
        real = [self._real(name) if name in self.integers else name for name in node.input]
        self.nodes.append(copy_of(node, real))

    def _scheme(self, name: str, *, whole: bool = False) -> Scheme:
        self.schemes[name] = scheme_of(self.sketch, self.ranges[name], whole=whole)
        return self.schemes[name]

    def _fresh(self, name: str, hint: str) -> str:
        made = self.sketch.name(hint)
        self.sketch.shapes[made] = self.sketch.shapes[name]
        return made

    def _real(self, name: str) -> str:
        real = self._fresh(name, "dequantized")
        self.nodes.append(
            helper.make_node("DequantizeLinear", [self.integers[name], *self.schemes[name].inputs], [real])
        )
        return real


Made = tuple[str, str, list[str], dict[str, object]]


def _weights(work: OperatorQuantiser, node: NodeProto) -> tuple[list[str], np.ndarray]:
    """Weights, scales and zero points as inputs, and the scales."""
    sketch = work.sketch
    array = sketch.constants[node.input[1]]
    axis = channel_axis(node) if node.op_type == "Conv" and sketch.chance(0.6) else None
    integers, scales = integer_weights(array, axis, exact=sketch.exact)
    centre = 0
    if sketch.chance(0.3) and np.asarray(work.schemes[node.input[0]].zero).dtype == np.uint8:
        integers, centre = (integers.astype(np.int16) + 128).astype(np.uint8), 128
    zeros = np.full(np.shape(scales), centre, integers.dtype)
    return [sketch.constant(a, "weights") for a in (integers, scales, zeros)], scales


def _bias(work: OperatorQuantiser, node: NodeProto, scales: np.ndarray, size: int) -> str:
    if len(node.input) < 3:
        return ""
    units = np.float32(work.schemes[node.input[0]].scale) * scales
    bias = np.rint(np.broadcast_to(work.sketch.constants[node.input[2]], (size,)) / units)
    return work.sketch.constant(bias.astype(np.int32), "bias")


def _conv(work: OperatorQuantiser, node: NodeProto, output: list[str]) -> Made | None:
    if _changes_type(work, node):
        return None
    weights, scales = _weights(work, node)
    bias = _bias(work, node, scales, work.sketch.constants[node.input[1]].shape[0])
    inputs = [*work.operand(node.input[0]), *weights, *output, *([bias] if bias else [])]
    return "QLinearConv", "", inputs, attributes_of(node)


def _gemm(work: OperatorQuantiser, node: NodeProto, output: list[str]) -> Made | None:
    attributes = attributes_of(node)
    if "alpha" in attributes or _changes_type(work, node):
        return None
    weights, scales = _weights(work, node)
    size = work.sketch.constants[node.input[1]].shape[0 if attributes.get("transB") else 1]
    inputs = [*work.operand(node.input[0]), *weights, _bias(work, node, scales, size), *output]
    return "QGemm", MICROSOFT, inputs, {"transB": attributes.get("transB", 0)}


def _matmul(work: OperatorQuantiser, node: NodeProto, output: list[str]) -> Made | None:
    if _changes_type(work, node):
        return None
    return "QLinearMatMul", "", [*work.operand(node.input[0]), *_weights(work, node)[0], *output], {}


def _binary(work: OperatorQuantiser, node: NodeProto, output: list[str]) -> Made | None:
    if len(node.input) != 2 or any(name not in work.integers for name in node.input):
        return None
    left, right = (work.operand(name) for name in node.input)
    kinds = {np.asarray(work.schemes[name].zero).dtype for name in (*node.input, node.output[0])}
    if len(kinds) > 1:  # they take one type
        return None
    return f"QLinear{node.op_type}", MICROSOFT, [*left, *right, *output], {}


def _unary(work: OperatorQuantiser, node: NodeProto, output: list[str]) -> Made | None:
    if _changes_type(work, node):
        return None
    return f"QLinear{node.op_type}", MICROSOFT, [*work.operand(node.input[0]), *output], attributes_of(node)


def _average(work: OperatorQuantiser, node: NodeProto, output: list[str]) -> Made | None:
    """Not in ceil mode: there onnxruntime's QLinearAveragePool is wrong (docs/arithmetic.md, section 7)."""
    attributes = attributes_of(node)
    if "ceil_mode" in attributes or "dilations" in attributes or _changes_type(work, node):
        return None
    return "QLinearAveragePool", MICROSOFT, [*work.operand(node.input[0]), *output], attributes


def _global(work: OperatorQuantiser, node: NodeProto, output: list[str]) -> Made | None:
    if _changes_type(work, node):
        return None
    return "QLinearGlobalAveragePool", MICROSOFT, [*work.operand(node.input[0]), *output], {"channels_last": 0}


def _softmax(work: OperatorQuantiser, node: NodeProto, output: list[str]) -> Made | None:
    if _changes_type(work, node):
        return None
    attributes = attributes_of(node) | {"opset": work.sketch.opset}
    return "QLinearSoftmax", MICROSOFT, [*work.operand(node.input[0]), *output], attributes


def _concat(work: OperatorQuantiser, node: NodeProto, output: list[str]) -> Made | None:
    kinds = {np.asarray(work.schemes[name].zero).dtype for name in (*node.input, node.output[0])}
    if len(kinds) > 1:
        return None
    inputs = [*output]
    for name in node.input:
        inputs += work.operand(name)
    return "QLinearConcat", MICROSOFT, inputs, attributes_of(node)


def _changes_type(work: OperatorQuantiser, node: NodeProto) -> bool:
    before, after = (np.asarray(work.schemes[name].zero).dtype for name in (node.input[0], node.output[0]))
    return bool(before != after)


_MAKERS: dict[str, Callable[[OperatorQuantiser, NodeProto, list[str]], Made | None]] = {
    "Add": _binary,
    "AveragePool": _average,
    "Concat": _concat,
    "Conv": _conv,
    "Gemm": _gemm,
    "GlobalAveragePool": _global,
    "LeakyRelu": _unary,
    "MatMul": _matmul,
    "Mul": _binary,
    "Sigmoid": _unary,
    "Softmax": _softmax,
}
