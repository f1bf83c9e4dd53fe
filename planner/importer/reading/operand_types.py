"""The element types of all names, by the operator definitions: what a runtime would refuse is refused here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx
from onnx import TensorProto, defs

from dynamap.planner.importer.drafts import Unsupported
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.reading.schema import schema_of

UNKNOWN = int(TensorProto.UNDEFINED)
_VARIADIC = defs.OpSchema.FormalParameterOption.Variadic
_AGAIN = "export the model again with all of one type; a Cast makes one of another"


class OperandTypes:
    """The element type of every name that is known so far; unknown ones are not judged."""

    def __init__(self, known: Mapping[str, int]) -> None:
        """``known`` are the types of inputs and initialisers."""
        self._types = dict(known)

    def of(self, name: str) -> int:
        """The type of a name, ``UNKNOWN`` (0) where it is not known."""
        return self._types.get(name, UNKNOWN)

    def note(self, name: str, kind: int) -> None:
        """The type of a name whose node says it otherwise than by its definition."""
        self._types[name] = kind

    def check(self, node: Node, opset: int) -> None:
        """Note the types of the outputs of ``node``.

        Raises:
            Unsupported: the operator does not take the types of its inputs (for example weights of uint32 beside
                an activation of float).
        """
        schema = None if node.domain else schema_of(node.op, opset)
        if schema is None:
            return
        found: dict[str, tuple[str, int]] = {}  # the first name and type by the variable of the definition
        for position, name in enumerate(node.inputs):
            kind = self.of(name)
            if kind != UNKNOWN:
                self._check_input(node, schema, _formal(schema.inputs, position), name, kind, found)
        for position, name in enumerate(node.outputs):
            if name:
                self._types[name] = self._output(node, schema, _formal(schema.outputs, position), found)

    def _check_input(
        self, node: Node, schema: Any, formal: Any, name: str, kind: int, found: dict[str, tuple[str, int]]
    ) -> None:
        allowed = _allowed(schema, formal.type_str)
        if allowed is not None and kind not in allowed:
            raise Unsupported(f"it does not take {_text(kind)}, the type of its input {name!r}", _AGAIN)
        if formal.option == _VARIADIC and not formal.is_homogeneous:
            return
        first, wanted = found.setdefault(formal.type_str, (name, kind))
        if wanted != kind:
            raise Unsupported(
                f"its inputs {first!r} of type {_text(wanted)} and {name!r} of type {_text(kind)} must be of one type",
                _AGAIN,
            )

    def _output(self, node: Node, schema: Any, formal: Any, found: Mapping[str, tuple[str, int]]) -> int:
        """By the variable that an input has too, by the only type that there is, or by an attribute."""
        if formal.type_str in found:
            return found[formal.type_str][1]
        allowed = _allowed(schema, formal.type_str)
        if allowed is not None and len(allowed) == 1:
            return next(iter(allowed)) or UNKNOWN
        if node.op == "Cast":
            return node.integer("to", UNKNOWN)
        if node.op in ("Constant", "ConstantOfShape"):
            value = node.attributes.get("value")
            if isinstance(value, onnx.TensorProto):
                return int(value.data_type)
            integers = "value_int" in node.attributes or "value_ints" in node.attributes
            return int(TensorProto.INT64 if integers else TensorProto.FLOAT)
        return UNKNOWN


def _formal(formals: Any, position: int) -> Any:
    """The definition of a parameter; the last may stand for all that follow."""
    return formals[min(position, len(formals) - 1)]


def _allowed(schema: Any, type_str: str) -> set[int | None] | None:
    """The element types that a parameter may have; None where it is not one of tensors."""
    fixed = _element_type(type_str)
    if fixed is not None:
        return {fixed}
    for constraint in schema.type_constraints:
        if constraint.type_param_str == type_str:
            return {_element_type(text) for text in constraint.allowed_type_strs}
    return None


def _element_type(text: str) -> int | None:
    """The type that ``tensor(float)`` and the like stand for; None for variables, sequences and optionals."""
    if not text.startswith("tensor("):
        return None
    return _BY_NAME.get(text[len("tensor(") : -1])


def _text(kind: int) -> str:
    return TensorProto.DataType.Name(kind).lower() if kind in _KINDS else f"the unknown type {kind}"


_KINDS = frozenset(TensorProto.DataType.values())
_BY_NAME = {name.lower(): number for name, number in TensorProto.DataType.items()}
