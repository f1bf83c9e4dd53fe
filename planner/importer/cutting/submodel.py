"""A segment of the host as an ONNX model: its nodes as they stand, with what they read that is constant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import onnx
from onnx import TypeProto, helper, numpy_helper

from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.reading.bfloat16 import in_float32

IR_VERSION = 8
"""Of models whose own is older: opsets up to 17 and what they hold are known to it."""


def submodel(
    lowering: Lowering,
    nodes: Sequence[Node],
    inputs: Sequence[tuple[str, TypeProto]],
    outputs: Iterable[str],
    whole: onnx.ModelProto,
) -> bytes:
    """The model of ``nodes``, which are in topological order; outputs have the types that a runtime finds.

    Format and versions of operators are those of ``whole``, the model that they are of; 1 where it names none. What
    is bfloat16 in it is float32 here.
    """
    made = {name for node in nodes for name in node.outputs}
    given = {name for name, _ in inputs}
    model = onnx.ModelProto(ir_version=max(whole.ir_version, IR_VERSION), producer_name="dynamap")
    model.graph.name = "segment"
    model.graph.node.extend(node.proto for node in nodes)
    for name, kind in inputs:
        model.graph.input.append(helper.make_value_info(name, kind))
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in outputs)
    for name in dict.fromkeys(name for node in nodes for name in node.reads):
        if not name or name in made or name in given:
            continue
        constant = lowering.constant(name)
        assert constant is not None, f"{name!r} is no constant, and no step before makes it"
        model.graph.initializer.append(numpy_helper.from_array(constant.array, name))
    domains = dict.fromkeys(node.domain for node in nodes)
    versions = {entry.domain: entry.version for entry in whole.opset_import} | {"": lowering.opset}
    model.opset_import.extend(helper.make_opsetid(domain, versions.get(domain, 1)) for domain in {"": None} | domains)
    return bytes(in_float32(model).SerializeToString(deterministic=True))
