"""Products of the last axis with constant weights, written out as 1 x 1 convolutions between two Transposes.

Exporters write a linear layer on N x H x W x C or N x L x C as a MatMul (ConvNeXt, Swin, mixers). Its axis of features
is the last one; moved to where channels are, the same product is a convolution, and most of the Transposes cancel.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dynamap.planner.importer.drafts import Constant, Unknown, Value
from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.nesting.inlining import Inliner

_AXES_AS_INPUT = 13
"""The opset from which on Unsqueeze has its axes as an input."""


def write_out_products(lowering: Lowering, inliner: Inliner) -> tuple[list[onnx.NodeProto], bool]:
    """All nodes, with convolutions in the place of the products that the overlay could not take; whether there are any.

    Their weights are new constants of ``lowering``, which keep the integers that they are stored as.

    Raises:
        InputError: the nodes grow beyond the limits.
    """
    result: list[onnx.NodeProto] = []
    found = False
    for node in lowering.graph.nodes:
        axes = _axes_before(lowering, node)
        if not axes:
            result.append(node.proto)
            continue
        inliner.pay(len(_nodes(axes, lowering.opset)), 0, "its products as convolutions")
        copies = inliner.copy(
            _nodes(axes, lowering.opset), _constants(axes), dict(zip("AB", node.inputs, strict=True)),
            [("Y", node.outputs[0])], node.name,
        )  # fmt: skip
        weights = next(copy for copy in copies if copy.op_type == "Conv").input[1]
        lowering.constants[weights] = _weights(lowering, node.inputs[1], axes)
        result.extend(copies)
        found = True
    return result, found


def _axes_before(lowering: Lowering, node: Node) -> int:
    """How many axes stand between the batch and the features of a product that can be a convolution; 0 for others."""
    verdict = lowering.verdicts.get(node.index)
    if node.op != "MatMul" or node.domain or verdict is None or verdict.fate is not Fate.UNSUPPORTED or verdict.refused:
        return 0
    bound, weights = lowering.values.get(node.inputs[0]), lowering.constant(node.inputs[1])
    if isinstance(bound, Unknown) or bound is None or weights is None or weights.array.ndim != 2:
        return 0
    shape, integer = bound.shape, isinstance(bound, Value) and bound.integer is not None
    fits = len(shape) in (3, 4) and shape[0] == 1 and shape[-1] == weights.array.shape[0] and not integer
    return len(shape) - 2 if fits else 0


def _nodes(axes: int, opset: int) -> list[onnx.NodeProto]:
    """A times B by the last axis of A as nodes; constants are named as in `_constants`."""
    forward, back = [0, axes + 1, *range(1, axes + 1)], [0, *range(2, axes + 2), 1]
    added = list(range(2, axes + 2))
    as_input = opset >= _AXES_AS_INPUT
    unsqueeze = helper.make_node(
        "Unsqueeze",
        ["transposed", "axes"] if as_input else ["transposed"],
        ["weights"],
        name="Unsqueeze",
        **({} if as_input else {"axes": added}),
    )
    return [
        helper.make_node("Transpose", ["A"], ["channels first"], name="Transpose", perm=forward),
        helper.make_node("Transpose", ["B"], ["transposed"], name="Transpose of the weights", perm=[1, 0]),
        unsqueeze,
        helper.make_node("Conv", ["channels first", "weights"], ["product"], name="Conv", kernel_shape=[1] * axes),
        helper.make_node("Transpose", ["product"], ["Y"], name="Transpose back", perm=back),
    ]


def _constants(axes: int) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(np.arange(2, axes + 2), "axes")]


def _weights(lowering: Lowering, name: str, axes: int) -> Constant:
    """The constant ``name``, I x O, as O x I x 1 (x 1)."""
    known = lowering.constant(name)
    assert known is not None
    form = (*reversed(known.array.shape), *(1,) * axes)
    array = known.array.T.reshape(form)
    if known.quantised is None or known.axis not in (None, 1, -1):
        return Constant(array)
    axis = None if known.axis is None else 0
    return Constant(array, known.quantised.T.reshape(form), known.scales, known.zero_points, axis)
