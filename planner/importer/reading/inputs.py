"""The input of the network: exactly one activation, its batch 1, its other dimensions known."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto

from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape
from dynamap.planner.importer.drafts import TensorDraft, Unknown, Value
from dynamap.planner.importer.graph import at_batch_1
from dynamap.planner.importer.limits import MAX_CHANNELS, MAX_ELEMENTS, MAX_SIDE
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.reading.shapes import REAL_TYPES
from dynamap.planner.network.given_shapes import Shapes, words_of
from dynamap.planner.network.network import Quantisation

_INTEGERS = (TensorProto.INT8, TensorProto.UINT8)
_EXAMPLE = (1, 3, 320, 320)


class FixedBatch(InputError):
    """A batch is asked for; or what was taken for a batch is none."""


def bind_inputs(lowering: Lowering, model: onnx.ModelProto, given: Shapes) -> None:
    """Give the network's input its tensor; ``given`` are the dimensions of inputs that the user names.

    Where the host may read inputs, there may be several, whatever they are.

    Raises:
        InputError: there is not exactly one input, its type, rank or size cannot be used, or what is given contradicts
            what the model declares.
    """
    label, names = lowering.graph.label, lowering.graph.inputs
    if lowering.foreign is None and len(names) != 1:
        found = ", ".join(repr(name) for name in names) or "none"
        raise InputError(
            f"{label}: a network needs exactly one input, found {len(names)} ({found}); "
            "split the model, or make the others constants"
        )
    for name in lowering.graph.unused_inputs:
        lowering.notice(f"the input {name!r} is not used")
    for name in names:
        declared = next(value for value in model.graph.input if value.name == name).type
        whole = None if lowering.batched else _without_batch(lowering, name, declared, given.get(name))
        if whole is not None:
            _leave_to_host(lowering, name, whole)
            continue
        try:
            bind_tensor(lowering, name, *_image(lowering, name, declared.tensor_type, given.get(name)))
        except InputError as problem:
            if lowering.foreign is None or name in given:
                raise
            _leave_to_host(lowering, name, at_batch_1(declared))
            lowering.input_problems.append(problem)


def _leave_to_host(lowering: Lowering, name: str, kind: onnx.TypeProto) -> None:
    assert lowering.foreign is not None
    lowering.foreign[name] = kind
    lowering.bind(name, Unknown(name))


def _without_batch(
    lowering: Lowering, name: str, declared: onnx.TypeProto, given: tuple[int, ...] | None
) -> onnx.TypeProto | None:
    """The type of an input whose first axis is a number other than 1; None of other inputs."""
    tensor = declared.tensor_type
    known = [_size(dimension) for dimension in tensor.shape.dim]
    if given is not None:
        _check_agrees(lowering, name, known, given)
        known = list(given)
    if not known or known[0] in (None, 0, 1) or None in known:
        return None
    return onnx.helper.make_tensor_type_proto(tensor.elem_type, known)


def bind_tensor(lowering: Lowering, name: str, element_type: int, sizes: Sequence[int]) -> None:
    """Bind an input of the network, of this type and of the shape 1 x ``sizes``.

    Raises:
        InputError: it is too large.
    """
    shape = TensorShape.of_sizes(sizes)
    too_wide = max(shape.height, shape.width) > MAX_SIDE or shape.channels > MAX_CHANNELS
    if too_wide or shape.elements > MAX_ELEMENTS:
        raise InputError(
            f"{lowering.graph.label}: the input {name!r} of {shape.channels} x {shape.height} x {shape.width} elements "
            f"is too large; up to {MAX_CHANNELS} channels, {MAX_SIDE} rows and columns and "
            f"{MAX_ELEMENTS} elements are accepted"
        )
    integer = None
    if element_type in _INTEGERS:  # the scale is found when the constants are known
        integer = Quantisation(1.0, 0, element_type == TensorProto.INT8)
    lowering.bind(name, Value(TensorDraft(name, shape), (1, *sizes), True, integer))


def _image(
    lowering: Lowering, name: str, declared: onnx.TypeProto.Tensor, given: tuple[int, ...] | None
) -> tuple[int, list[int]]:
    """The element type of a declared input, and its sizes without the batch."""
    label = lowering.graph.label
    if declared.elem_type not in (*REAL_TYPES, *_INTEGERS):
        kind = TensorProto.DataType.Name(declared.elem_type) if declared.elem_type in _KINDS else "unknown"
        raise InputError(f"{label}: the input {name!r} is of type {kind}; an image of floats or bytes is needed")
    return declared.elem_type, _sizes(lowering, name, declared, given)


def check_given(model: onnx.ModelProto, label: str, given: Shapes) -> None:
    """Every name for which the user gives a shape is that of an input.

    Raises:
        InputError: one is not.
    """
    known = [value.name for value in model.graph.input]
    for name in given:
        if name not in known:
            found = ", ".join(map(repr, known))
            raise InputError(f"{label}: --shape names {name!r}, and the inputs are {found}: name one of these")


def _sizes(lowering: Lowering, name: str, declared: onnx.TypeProto.Tensor, given: tuple[int, ...] | None) -> list[int]:
    """The dimensions of an input behind the batch, declared or given; the batch becomes 1, with a notice."""
    label = lowering.graph.label
    known = [_size(dimension) for dimension in declared.shape.dim] if declared.HasField("shape") else None
    if given is not None:
        _check_agrees(lowering, name, known, given)
        known = list(given)
    if known is None or len(known) not in (2, 3, 4):
        rank = "no" if known is None else len(known)
        remedy = f"give them: {words_of(name, _EXAMPLE)}" if known is None else "export it so"
        raise InputError(
            f"{label}: the input {name!r} has {rank} dimensions; N x C x H x W, N x C x length or N x features is "
            f"needed: {remedy}"
        )
    if 0 in known:
        raise InputError(f"{label}: the input {name!r} has a dimension of 0; export it with a fixed image size")
    sizes = [size for size in known[1:] if size is not None]
    if len(sizes) < len(known) - 1:
        axis = known.index(None, 1)
        called = declared.shape.dim[axis].dim_param or "unknown"
        raise InputError(
            f"{label}: dimension {axis} of the input {name!r} is {called!r}, not a number: give the dimensions, "
            f"such as {words_of(name, _suggested(known))}"
        )
    if known[0] is None:
        lowering.notice(f"the batch of the input {name!r} is dynamic and becomes 1")
    elif known[0] != 1:
        lowering.notice(f"the batch of the input {name!r} is {known[0]} and becomes 1")
        lowering.fixed_batch = name
    return sizes


def _size(dimension: onnx.TensorShapeProto.Dimension) -> int | None:
    """A declared dimension; None where it is open: a name, a negative number, or nothing."""
    return int(dimension.dim_value) if dimension.HasField("dim_value") and dimension.dim_value >= 0 else None


def _check_agrees(lowering: Lowering, name: str, known: list[int | None] | None, given: tuple[int, ...]) -> None:
    label = lowering.graph.label
    first = known[0] if known else None
    if given[0] != 1 and first in (None, 1):
        problem = (
            f"{label}: {words_of(name, given)} asks for a batch of {given[0]}, and the overlay runs one image at a "
            f"time: give {words_of(name, (1, *given[1:]))}"
        )
        if first == 1 or len(given) > 3:
            raise InputError(problem)
        if lowering.batched:
            raise FixedBatch(problem)
    if known is None:
        return
    fits = len(known) == len(given)
    pairs = list(zip(known, given, strict=True))[given[0] == 1 :] if fits else []
    if not fits or any(size not in (None, wanted) for size, wanted in pairs):
        words = " x ".join("?" if size is None else str(size) for size in known)
        raise InputError(
            f"{label}: {words_of(name, given)} contradicts the model, which declares {name!r} as {words}; only "
            "dimensions that it leaves open can be given"
        )


def _suggested(known: list[int | None]) -> list[int]:
    """Dimensions to try: batch 1, 3 channels where they are open, an image of 320 x 320 for what is left."""
    side = _EXAMPLE[-1]
    if len(known) == 3 and (known[0] not in (None, 1) or known[1:] in ([None, 1], [None, 3])):
        return [side if size is None else size for size in known]  # C x H x W or H x W x C, without a batch
    if len(known) == 4 and known[1] is None and known[3] in (1, 3, 4):  # N x H x W x C
        return [1, *(side if size is None else size for size in known[1:])]
    first = 3 if known[1] is None else known[1]
    return [1, first, *(side if size is None else size for size in known[2:])]


_KINDS = frozenset(TensorProto.DataType.values())
