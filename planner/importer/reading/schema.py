"""Checks a node against the operator definitions of its opset, so that nothing it says is overlooked."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import onnx
from onnx import checker, defs, shape_inference

from dynamap.cost.errors import InputError
from dynamap.planner.importer.drafts import Refused
from dynamap.planner.importer.graph import Node

INFERENCE_ERRORS = (
    *(defs.SchemaError, checker.ValidationError, shape_inference.InferenceError),
    *(ValueError, RuntimeError),
)
"""What the onnx package raises where it cannot infer shapes: also RuntimeError, where a node has too few outputs."""

OLDEST_OPSET = 7
NEWEST_OPSET = 28

NEWEST_VERSIONS = {"ai.onnx.ml": 5, "ai.onnx.training": 1, "ai.onnx.preview.training": 1, "com.microsoft": 1}
"""Of the other operators that onnx and onnxruntime define."""


def check_file_version(model: onnx.ModelProto, label: str) -> None:
    """Whether the format of the file, which its IR version names, is known: a newer one may mean other things.

    Raises:
        InputError: the file has none, or it is newer than the installed onnx.
    """
    if model.ir_version < 1:
        raise InputError(
            f"{label}: the file has no IR version, so that nothing says how to read it; it is damaged: export it again"
        )
    if model.ir_version > onnx.IR_VERSION:
        raise InputError(
            f"{label}: its IR version is {model.ir_version}, and onnx {onnx.__version__} knows those up to "
            f"{onnx.IR_VERSION}; install a newer onnx, or export the model for an older one"
        )


def check_other_opsets(model: onnx.ModelProto, label: str) -> None:
    """The versions of operators that are not the standard's.

    Raises:
        InputError: a domain is named with two versions, or with one that nothing defines.
    """
    versions: dict[str, int] = {}
    for entry in model.opset_import:
        domain, version = entry.domain, int(entry.version)
        if domain in ("", "ai.onnx"):
            continue
        if versions.setdefault(domain, version) != version:
            raise InputError(
                f"{label}: the model names the operators of {domain!r} in the versions {versions[domain]} and "
                f"{version}; remove from model.opset_import all but the one that it was exported for"
            )
        newest = NEWEST_VERSIONS.get(domain)
        if newest is not None and version > newest:
            raise InputError(
                f"{label}: the model names version {version} of the operators of {domain!r}, and the newest is "
                f"{newest}; write that in model.opset_import, or export the model again"
            )


def opset_of(model: onnx.ModelProto, label: str) -> int:
    """The version of the standard operators that ``model`` uses.

    Raises:
        InputError: it has none, several, or one outside 7 to 28.
    """
    versions = sorted({int(entry.version) for entry in model.opset_import if entry.domain in ("", "ai.onnx")})
    if not versions:
        raise InputError(f"{label}: the model names no opset; the file is damaged or is not a network")
    if len(versions) > 1:  # onnxruntime takes the last in the file, others the first
        raise InputError(
            f"{label}: the model names the opsets {versions} of the standard operators ('' and 'ai.onnx' are one "
            "domain); remove from model.opset_import all but the one that it was exported for"
        )
    (version,) = versions
    if not OLDEST_OPSET <= version <= NEWEST_OPSET:
        raise InputError(
            f"{label}: opset {version} is not supported, opsets {OLDEST_OPSET} to {NEWEST_OPSET} are; "
            "export the model for one of these"
        )
    return version


def check_node(node: Node, opset: int) -> None:
    """Raises Refused where the operator, an attribute or the number of inputs is not the standard's.

    Operators of other domains have no definition here; their handlers check them.
    """
    if node.domain:
        return
    schema = schema_of(node.op, opset)
    if schema is None:
        raise Refused(
            f"the standard has no operator {node.op} in opset {opset}",
            "export the model again with standard operators",
        )
    if schema.deprecated:
        raise Refused(f"{node.op} is deprecated in opset {opset}", "export the model again with a newer exporter")
    for attribute in node.proto.attribute:
        known = schema.attributes.get(attribute.name)
        if known is None or int(known.type.value) != attribute.type:
            raise Refused(
                f"attribute {attribute.name!r} is not one of {node.op} in opset {opset}, or not of its type",
                "export the model again; the file may be damaged",
            )
    if len(attributes := node.proto.attribute) > len(node.attributes):
        raise Refused(f"one of its {len(attributes)} attributes is given twice", "export the model again")
    required = [
        position
        for position, formal in enumerate(schema.inputs[: schema.min_input])
        if formal.option != defs.OpSchema.FormalParameterOption.Optional
    ]
    if not schema.min_input <= len(node.inputs) <= schema.max_input or not all(map(node.has, required)):
        raise Refused(
            f"it has {len(node.inputs)} inputs; {node.op} takes {schema.min_input} to {schema.max_input}",
            "export the model again; the file may be damaged",
        )
    if not node.outputs or not node.outputs[0] or len(node.outputs) > schema.max_output:
        raise Refused(
            f"it has {len(node.outputs)} outputs; {node.op} has up to {schema.max_output}",
            "export the model again; the file may be damaged",
        )
    if node.op == "BatchNormalization":
        _check_mode(node)


def _check_mode(node: Node) -> None:
    """Before opset 14 a BatchNormalization that has outputs for mean and variance is in training mode.

    Since opset 14 ``training_mode`` says so; without it those outputs are an error.
    """
    if node.integer("training_mode", 0):
        raise Refused("it is in training mode", "export the model in inference mode (model.eval())")
    if len(node.outputs) > 1:
        raise Refused(
            "it has outputs for mean and variance, which it has in training mode only",
            "export the model in inference mode (model.eval()), with one output of this node",
        )


@lru_cache(maxsize=1024)
def schema_of(op: str, opset: int) -> Any:
    """The definition of a standard operator; None where there is none in ``opset``."""
    try:
        return defs.get_schema(op, opset, "")
    except defs.SchemaError:
        return None
