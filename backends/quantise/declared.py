"""Inputs and outputs in the types that the model declares: integers are integers, floats keep their width.

An input of integers is given as integers of that type and an output of integers comes as such, both in units of the
model's own scale. bfloat16, which NumPy does not have, is written as float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InputError
from dynamap.planner.network.element_types import ElementType
from dynamap.planner.network.network import Network

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]

_DTYPES: dict[ElementType, type[np.generic]] = {
    ElementType.FLOAT32: np.float32,
    ElementType.FLOAT16: np.float16,
    ElementType.FLOAT64: np.float64,
    ElementType.BFLOAT16: np.float32,
    ElementType.INT8: np.int8,
    ElementType.UINT8: np.uint8,
}


def real_values(network: Network, name: str, array: Array, label: str) -> FloatArray:
    """The real values that ``array``, given for the input ``name``, stands for.

    Raises:
        InputError: it is not of the input's type; the message starts with ``label``.
    """
    integers = network.integers_of(name)
    if integers is None:
        if not np.issubdtype(array.dtype, np.floating):
            raise InputError(
                f"{label}: the type is {array.dtype}; give float32 values, prepared as the network expects them"
            )
        with np.errstate(over="ignore"):
            real: FloatArray = array.astype(np.float32)
        return real
    kind = network.type_of(name).value
    limits = np.iinfo(kind)
    if not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"{label}: the type is {array.dtype}, and the model's input is of type {kind}: give integers")
    if array.size and not limits.min <= array.min() <= array.max() <= limits.max:
        raise InputError(
            f"{label}: its values are from {array.min()} to {array.max()}, "
            f"and the model's input of type {kind} takes {limits.min} to {limits.max}"
        )
    centred = array.astype(np.int32) - integers.zero_point
    return centred.astype(np.float32) * np.float32(integers.scale)


def tensor_of_array(network: Network, name: str, array: Array) -> FloatArray:
    """The real values, C x H x W, of what the model holds for the input ``name``, a batch of 1 included."""
    return real_values(network, name, array, f"the tensor {name!r}").reshape(network.tensors[name].as_list())


def array_of_tensor(network: Network, name: str, real: FloatArray) -> Array:
    """Real values of an output in its declared type and shape, batch included."""
    return declared_values(network, name, real).reshape(network.shape_of(name))


def declared_values(network: Network, name: str, real: FloatArray) -> Array:
    """Real values of an input or output in its declared type; integers as QuantizeLinear writes them."""
    kind, integers = network.type_of(name), network.integers_of(name)
    values: Array = real
    if integers is not None:
        limits = np.iinfo(kind.value)
        steps = np.rint(real / np.float32(integers.scale)) + integers.zero_point
        values = np.clip(steps, limits.min, limits.max)
    with np.errstate(over="ignore"):
        return values.astype(_DTYPES[kind])
