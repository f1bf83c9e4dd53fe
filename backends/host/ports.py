"""The inputs of a model of which the host runs parts: what may be given for them, and seeded random values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper

from dynamap.cost.errors import InputError
from dynamap.planner.network.whole import ModelPort, Whole

Array = npt.NDArray[Any]


def samples_of(whole: Whole, data: Mapping[str, Array], what: str) -> list[dict[str, Array]]:
    """Each sample of ``data`` by itself, with a batch of 1, in the types of the model.

    An array has the shape of its input, or N times that along the batch (an axis more, where the input has none), or
    no batch at all.

    Raises:
        InputError: an input is missing or unknown, or an array has another type or shape or holds NaN.
    """
    names = [port.name for port in whole.inputs]
    for name in data:
        if name not in names:
            raise InputError(f"there is no input {name!r}; the inputs of the model are: {', '.join(names)}")
    found: dict[str, list[Array]] = {}
    for port in whole.inputs:
        if port.name not in data:
            raise InputError(f"the input {port.name!r} is missing")
        found[port.name] = _samples(port, data[port.name], f"{what} for the input {port.name!r}")
    counts = {name: len(arrays) for name, arrays in found.items()}
    if len(set(counts.values())) > 1:
        raise InputError(f"the {what} have different numbers of samples per input: {counts}")
    return [{name: arrays[index] for name, arrays in found.items()} for index in range(min(counts.values()))]


def random_samples(whole: Whole, count: int, seed: int) -> list[dict[str, Array]]:
    """Seeded random inputs: standard normal reals, bytes of any value; ones for other integers and truth values."""
    generator = np.random.default_rng(seed)
    return [{port.name: random_array(generator, port) for port in whole.inputs} for _ in range(count)]


def random_array(generator: np.random.Generator, port: ModelPort) -> Array:
    """A random value of the type and shape of ``port``, open dimensions being 1."""
    kind = _dtype(port)
    shape = tuple(1 if size is None else size for size in port.shape or ())
    if kind.kind == "f":
        return generator.standard_normal(shape, dtype=np.float32).astype(kind)
    if kind.itemsize == 1 and kind.kind in "iu":
        limits = np.iinfo(kind)
        return generator.integers(limits.min, limits.max, shape, kind, endpoint=True)
    return np.ones(shape, kind)


def _samples(port: ModelPort, array: Array, label: str) -> list[Array]:
    kind = _dtype(port)
    real = kind.kind == "f"
    if real != (array.dtype.kind == "f") or (not real and array.dtype.kind not in "iub"):
        raise InputError(f"{label}: the type is {array.dtype}; the model's input is of type {kind}")
    if real and not np.isfinite(array).all():
        raise InputError(f"{label}: NaN or infinite values; remove the samples that hold them")
    values = array.astype(kind)
    if not real and (values.astype(np.int64) != array.astype(np.int64)).any():
        raise InputError(f"{label}: its values from {array.min()} to {array.max()} do not fit the type {kind}")
    shape = port.shape
    if shape is None or not shape:
        return [values]
    if _fits(values.shape, shape[1:]) and shape[0] in (1, None):
        return [values[None]]
    if values.ndim == len(shape) and _fits(values.shape[1:], shape[1:]) and shape[0] in (1, None) and len(values):
        return [values[index : index + 1] for index in range(len(values))]
    if _fits(values.shape, shape):
        return [values]
    if values.ndim == len(shape) + 1 and _fits(values.shape[1:], shape) and len(values):
        return list(values)
    wanted = " x ".join("N" if size is None else str(size) for size in shape)
    raise InputError(f"{label}: the shape is {list(values.shape)}; it must be {wanted}, or several along the batch")


def _fits(found: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(found) == len(wanted) and all(w in (None, f) for f, w in zip(found, wanted, strict=True))


def _dtype(port: ModelPort) -> np.dtype[Any]:
    if port.element_type in (TensorProto.UNDEFINED, TensorProto.STRING):
        raise InputError(f"the input {port.name!r} is of a type that NumPy does not have; change the model's input")
    if port.element_type == TensorProto.BFLOAT16:  # which NumPy does not have
        return np.dtype(np.float32)
    kind: np.dtype[Any] = np.dtype(helper.tensor_dtype_to_np_dtype(port.element_type))
    return kind
