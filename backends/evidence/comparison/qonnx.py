"""Quant of QONNX in operators that onnxruntime has, so that such a model can be compared with what it says.

y = (round(clip(x / scale + zero point, lowest, highest)) - zero point) * scale; signed integers of b bits are from
-2^(b-1) (one more where narrow) to 2^(b-1) - 1, others from 0 to 2^b - 1 (one less where narrow)
(https://github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops/quant_op.md). Written from there, apart from the
import.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import onnx
from onnx import helper, numpy_helper

DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas")
_ROUNDINGS = {"ROUND": "Round", "CEIL": "Ceil", "FLOOR": "Floor"}


def in_standard_operators(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with every Quant written out; the same model where it has none."""
    if not any(_rounding(node) for node in model.graph.node):
        return model
    written = onnx.ModelProto()
    written.CopyFrom(model)
    taken = {name for node in model.graph.node for name in (*node.input, *node.output)}
    numbers = (f"quant {number}" for number in count() if f"quant {number}" not in taken)
    nodes = [new for node in model.graph.node for new in (_written(node, numbers) if _rounding(node) else [node])]
    del written.graph.node[:]
    written.graph.node.extend(nodes)
    used = {node.domain for node in nodes}
    kept = [entry for entry in model.opset_import if entry.domain not in DOMAINS or entry.domain in used]
    del written.opset_import[:]
    written.opset_import.extend(kept)
    return written


def _rounding(node: onnx.NodeProto) -> str | None:
    """The operator by which a Quant rounds; None for other nodes, and for roundings that no operator has."""
    if node.op_type != "Quant" or node.domain not in DOMAINS or len(node.input) != 4:
        return None
    return _ROUNDINGS.get(str(_attribute(node, "rounding_mode", "ROUND")).upper())


def _attribute(node: onnx.NodeProto, name: str, default: int | str) -> int | str:
    for attribute in node.attribute:
        if attribute.name == name:
            value = helper.get_attribute_value(attribute)
            return value.decode() if isinstance(value, bytes) else int(value)
    return default


def _written(node: onnx.NodeProto, names: Iterator[str]) -> list[onnx.NodeProto]:
    """The nodes of one Quant."""
    signed, narrow = int(_attribute(node, "signed", 1)), int(_attribute(node, "narrow", 0))
    made: list[onnx.NodeProto] = []

    def number(value: float) -> str:
        name = next(names)
        constant = numpy_helper.from_array(np.asarray(value, np.float32))
        made.append(helper.make_node("Constant", [], [name], value=constant))
        return name

    def of(op: str, *inputs: str, output: str = "") -> str:
        name = output or next(names)
        made.append(helper.make_node(op, list(inputs), [name]))
        return name

    x, scale, zero, bits = node.input
    most = of("Pow", number(2), of("Sub", bits, number(signed)))
    lowest = of("Sub", number(narrow), most) if signed else number(0)
    highest = of("Sub", most, number(1 if signed else 1 + narrow))
    within = of("Max", of("Min", of("Add", of("Div", x, scale), zero), highest), lowest)
    rounding = _rounding(node)
    assert rounding is not None
    of("Mul", of("Sub", of(rounding, within), zero), scale, output=node.output[0])
    return made
