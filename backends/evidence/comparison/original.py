"""The model that the user gave, run by onnxruntime as it is: its own bytes, its own names, graph optimisations off.

Nothing here is made by the importer but the name and the shape of the input. A built-in model is the ONNX model that
the catalogue makes, with its seeded weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, numpy_helper

from dynamap.planner.models import CATALOGUE, model_proto
from dynamap.planner.network.network import Network

Array = npt.NDArray[Any]

LARGE_BYTES = 2**20
"""Weights of built-in models from this size on are handed over in memory: a message of protobuf ends at 2 GiB."""

_NUMPY_TYPES: Mapping[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
}


class NotComparable(Exception):
    """There is no original to compare with; the message is the reason."""


def run_original(network: Network, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Every output of the model that ``network`` was imported from, as the model declares it, without the batch.

    ``arrays`` has one image per input of the network, C x H x W, in the type that the model declares. A fixed batch
    gets the image as often as it is long, and the first result is taken; inputs that the network does not use get
    zeros.

    Raises:
        NotComparable: onnxruntime is not installed, or it refuses the model or the input.
    """
    session = _session(network)
    feeds, batch = {}, 1
    for declared in session.get_inputs():
        if declared.type not in _NUMPY_TYPES:
            raise NotComparable(f"its input {declared.name!r} is a {declared.type}, which NumPy does not have")
        values = arrays.get(declared.name)
        if values is None:
            fixed = [size if isinstance(size, int) else 1 for size in declared.shape]
            feeds[declared.name] = np.zeros(fixed, _NUMPY_TYPES[declared.type])
            continue
        first = declared.shape[0]
        batch = first if isinstance(first, int) and first > 0 else 1
        image = values.reshape(_image_shape(declared.shape, values.shape))
        feeds[declared.name] = np.repeat(image[None], batch, axis=0).astype(_NUMPY_TYPES[declared.type], copy=False)
    names = [output.name for output in session.get_outputs()]
    try:
        found = session.run(names, feeds)
    except Exception as error:  # its exceptions have no class of their own; all of them mean the same here
        raise NotComparable(f"onnxruntime cannot run it: {_sentence(error)}") from error
    return {name: _without_batch(array, batch) for name, array in zip(names, found, strict=True)}


def works_in_float16(network: Network) -> bool:
    """Whether some of the original's values are of 16 bits, so that it computes less exactly than the network."""
    if network.source in CATALOGUE:
        return False
    model = onnx.load(network.source, load_external_data=False)
    half = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
    values = (*model.graph.input, *model.graph.value_info, *model.graph.output)
    return (
        any(tensor.data_type in half for tensor in model.graph.initializer)
        or any(value.type.tensor_type.elem_type in half for value in values)
        or any(node.op_type == "Cast" and node.attribute[0].i in half for node in model.graph.node if node.attribute)
    )


def _session(network: Network) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise NotComparable("onnxruntime is not installed: pip install 'dynamap[run]'") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Products of uint8 and int8 saturate in 16 bits on processors without VNNI unless this is asked for.
    options.add_session_config_entry("session.x64quantprecision", "1")
    model: str | bytes = network.source
    if network.source in CATALOGUE:
        model, weights = _without_large_weights(model_proto(network.source, seed=network.seed))
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
        options.add_external_initializers(list(weights), values)
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise NotComparable(f"onnxruntime refuses it: {_sentence(error)}") from error


def _without_large_weights(model: onnx.ModelProto) -> tuple[bytes, dict[str, Array]]:
    """The model with stubs in the places of its large weights, and those."""
    weights: dict[str, Array] = {}
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) < LARGE_BYTES:
            continue
        weights[tensor.name] = numpy_helper.to_array(tensor)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="memory")
    return model.SerializeToString(), weights


def _image_shape(declared: list[int | str | None], image: tuple[int, ...]) -> tuple[int, ...]:
    """One image as the model declares it behind the batch: C x H x W, or C alone for vectors."""
    return image if len(declared) == len(image) + 1 else image[: len(declared) - 1]


def _without_batch(array: Array, batch: int) -> Array:
    return array[0] if array.ndim and array.shape[0] == batch else array


def _sentence(error: Exception) -> str:
    """The message of onnxruntime in one line."""
    return " ".join(str(error).split())[:400]
