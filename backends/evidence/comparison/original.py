"""The model that the user gave, run by onnxruntime as it is: its own bytes, its own names, graph optimisations off.

Nothing here is made by the importer but the name and the shape of the input. A built-in model is the ONNX model that
the catalogue makes, with its seeded weights; of an operator of QONNX, which onnxruntime lacks, the meaning is spelled
out, and bfloat16, for which it has hardly a kernel, is float32. A second run shows the tensors inside, by declaring
them as outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import load_external_data_for_model

from dynamap.backends.evidence.comparison.qonnx import in_standard_operators
from dynamap.planner.importer.reading.bfloat16 import in_float32
from dynamap.planner.models import CATALOGUE, model_proto
from dynamap.planner.network.network import Network
from dynamap.planner.results.optional import optional

Array = npt.NDArray[Any]

LARGE_BYTES = 2**20
"""Weights of built-in models from this size on are handed over in memory: a message of protobuf ends at 2 GiB."""

_NUMPY_TYPES: Mapping[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(int16)": np.int16,
    "tensor(uint16)": np.uint16,
    "tensor(int32)": np.int32,
    "tensor(uint32)": np.uint32,
    "tensor(int64)": np.int64,
    "tensor(uint64)": np.uint64,
    "tensor(bool)": np.bool_,
}


class NotComparable(Exception):
    """There is no original to compare with; the message is the reason."""


@dataclass(frozen=True, eq=False)
class Original:
    """What a model gives for one image, without the batch: its outputs, and those tensors inside that were asked for.

    ``float16``: some of its values have 16 bits, so that it computes less exactly than float32.
    """

    outputs: Mapping[str, Array]
    inside: Mapping[str, Array]
    float16: bool


def run_original(network: Network, arrays: Mapping[str, Array]) -> Original:
    """Run the model that ``network`` was imported from.

    ``arrays`` has one image per input of the network, C x H x W, in the type that the model declares. A fixed batch
    gets the image as often as it is long, and the first result is taken; inputs that the network does not use get
    zeros. Inside are the tensors that the network has as well, as far as onnxruntime shows them. Where the host runs
    parts of the model, ``arrays`` are whole inputs of the model, batch included, and inside is what crosses, too.

    Raises:
        NotComparable: onnxruntime is not installed, or it refuses the model or the input.
    """
    model, source, weights = _model_of(network)
    complete = network.whole is not None
    feeds = arrays if complete else {name: array.reshape(network.shape_of(name)[1:]) for name, array in arrays.items()}
    outputs = _run(source, network.source, weights, feeds, complete)
    shared = {layer.output for layer in network.layers}.difference(outputs)
    if network.whole is not None:
        shared |= {name for step in network.whole.steps for name in (*step.reads, *step.writes)}.difference(outputs)
    names = [name for node in model.graph.node for name in node.output if name in shared]
    inside = _inside(model, network.source, weights, feeds, names, complete)
    return Original(outputs, inside, _works_in_float16(model))


class OpenedModel:
    """The model that ``network`` was imported from, opened once to be run on many images.

    ``optimised``: as fast as onnxruntime can; else node by node, as it is written.

    Raises:
        NotComparable: onnxruntime is not installed, or refuses the model.
    """

    def __init__(self, network: Network, *, optimised: bool = False) -> None:
        _, source, weights = _model_of(network)
        self._network = network
        self._session = _session(source, network.source, weights, optimised=optimised)

    def outputs(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Its outputs for one image, ``arrays`` being the model's own inputs with a batch of one.

        Raises:
            NotComparable: onnxruntime refuses the input.
        """
        network = self._network
        if network.whole is not None:
            return _answers(self._session, arrays, True)
        feeds = {name: array.reshape(network.shape_of(name)[1:]) for name, array in arrays.items()}
        return _answers(self._session, feeds, False)


def _model_of(network: Network) -> tuple[onnx.ModelProto, str | bytes, dict[str, Array]]:
    """The model, where onnxruntime finds it (a file or bytes), and its weights that are handed over in memory."""
    try:
        optional("onnxruntime")
    except ImportError as error:
        raise NotComparable("onnxruntime is not installed: pip install 'dynamap[run]'") from error
    if network.source in CATALOGUE:
        model = model_proto(network.source, seed=network.seed)
        weights = _large_weights(model)
        return model, model.SerializeToString(), weights
    model = onnx.load(network.source, load_external_data=False)
    if any(tensor.data_type == TensorProto.BFLOAT16 for tensor in model.graph.initializer):
        load_external_data_for_model(model, str(Path(network.source).parent))
    written = in_float32(in_standard_operators(model))
    return written, network.source if written is model else written.SerializeToString(), {}


def _inside(
    model: onnx.ModelProto,
    place: str,
    weights: Mapping[str, Array],
    arrays: Mapping[str, Array],
    names: list[str],
    complete: bool,
) -> dict[str, Array]:
    """These tensors of the model; none where onnxruntime does not take them as outputs."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    try:
        return _run(watched.SerializeToString(), place, weights, arrays, complete) if names else {}
    except NotComparable:
        return {}


def _run(
    source: str | bytes, place: str, weights: Mapping[str, Array], arrays: Mapping[str, Array], complete: bool
) -> dict[str, Array]:
    """All outputs of a file, or of a model in memory whose external data lie beside the file ``place``.

    ``arrays`` are the inputs without the batch, in the shapes that the model declares; ``complete``: they have a batch,
    and outputs keep theirs.
    """
    return _answers(_session(source, place, weights), arrays, complete)


def _answers(session: Any, arrays: Mapping[str, Array], complete: bool) -> dict[str, Array]:
    """As ``_run``, of a model that is open."""
    feeds, batch = {}, 1
    for declared in session.get_inputs():
        if declared.type not in _NUMPY_TYPES:
            raise NotComparable(f"its input {declared.name!r} is a {declared.type}, which NumPy does not have")
        values = arrays.get(declared.name)
        if values is None:
            fixed = [size if isinstance(size, int) else 1 for size in declared.shape]
            feeds[declared.name] = np.zeros(fixed, _NUMPY_TYPES[declared.type])
            continue
        if complete:
            feeds[declared.name] = values
            continue
        first = declared.shape[0] if declared.shape else None
        batch = first if isinstance(first, int) and first > 0 else 1
        feeds[declared.name] = np.repeat(values[None], batch, axis=0).astype(_NUMPY_TYPES[declared.type], copy=False)
    names = [output.name for output in session.get_outputs()]
    try:
        found = session.run(names, feeds)
    except Exception as error:  # its exceptions have no class of their own; all of them mean the same here
        raise NotComparable(f"onnxruntime cannot run it: {_sentence(error)}") from error
    return {name: array if complete else _without_batch(array, batch) for name, array in zip(names, found, strict=True)}


def _session(source: str | bytes, place: str, weights: Mapping[str, Array], *, optimised: bool = False) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Products of uint8 and int8 saturate in 16 bits on processors without VNNI unless this is asked for.
    options.add_session_config_entry("session.x64quantprecision", "1")
    if weights:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
        options.add_external_initializers(list(weights), values)
    elif isinstance(source, bytes):
        folder = str(Path(place).resolve().parent)
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", folder)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:  # likewise
        raise NotComparable(f"onnxruntime refuses it: {_sentence(error)}") from error


def _large_weights(model: onnx.ModelProto) -> dict[str, Array]:
    """The large weights of a model, which gets stubs in their places."""
    weights: dict[str, Array] = {}
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) < LARGE_BYTES:
            continue
        weights[tensor.name] = numpy_helper.to_array(tensor)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="memory")
    return weights


def _works_in_float16(model: onnx.ModelProto) -> bool:
    half = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
    casts = [attribute.i for node in model.graph.node if node.op_type == "Cast" for attribute in node.attribute]
    kinds: list[Iterable[int]] = [
        (tensor.data_type for tensor in model.graph.initializer),
        (value.type.tensor_type.elem_type for value in (*model.graph.input, *model.graph.output)),
        casts,
    ]
    return any(kind in half for some in kinds for kind in some)


def _without_batch(array: Array, batch: int) -> Array:
    return array[0] if array.ndim and array.shape[0] == batch else array


def _sentence(error: Exception) -> str:
    """The message of onnxruntime in one line."""
    return " ".join(str(error).split())[:400]
