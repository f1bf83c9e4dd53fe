"""What a project needs to run a whole model of which the host runs parts: its steps, the host's models, golden values.

``data/steps.json`` says which commands and tensors of the program belong to which step; host/model_steps.py reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.contract import Backend
from dynamap.backends.executors import NumpyExecutor, run_part
from dynamap.backends.host.segments import Segments
from dynamap.backends.program import Program
from dynamap.backends.program.host import Prepared
from dynamap.backends.program.parts import run_model
from dynamap.cost.errors import InputError
from dynamap.planner.network.network import HostLayer, Network
from dynamap.planner.network.whole import HostSegment, OverlayPart, Step, Whole
from dynamap.planner.results.arrays import named_arrays_file
from dynamap.planner.results.documents import json_file

Array = npt.NDArray[Any]
Int8Array = npt.NDArray[np.int8]


def project_files(backend: Backend, prepared: Prepared, arrays: Mapping[str, Array]) -> dict[str, bytes]:
    """All files of a project, by path, with the values of one image of the model's own inputs.

    Raises:
        InputError: an input does not fit, the host cannot run a segment, or the backend refuses the plan.
        InfeasibleError: the backend cannot build the plan.
    """
    inputs, values = golden_run(prepared, arrays)
    return {**backend.generate(prepared.plan, prepared.program, inputs), **model_files(prepared, arrays, values)}


def golden_run(prepared: Prepared, arrays: Mapping[str, Array]) -> tuple[dict[str, Int8Array], dict[str, Array]]:
    """The int8 inputs of all parts, and all values of the model, computed by the emulator and onnxruntime.

    Raises:
        InputError: an input does not fit, or the host cannot run a segment.
    """
    inputs: dict[str, Int8Array] = {}

    def execute(part: Prepared, given: Mapping[str, Int8Array]) -> Mapping[str, Int8Array]:
        inputs.update(given)
        return run_part(NumpyExecutor(), part, given)

    return inputs, run_model(prepared, arrays, execute, Segments())


def model_files(prepared: Prepared, arrays: Mapping[str, Array], values: Mapping[str, Array]) -> dict[str, bytes]:
    """By path: the steps, the host's models, the inputs and what the model makes of them; none where there is one step.

    Raises:
        InputError: a name cannot be that of a member of an .npz file.
    """
    whole = prepared.network.whole
    if whole is None:
        return {}
    outputs = {port.name: values[port.name] for port in whole.outputs}
    files = {
        "data/steps.json": json_file(_document(prepared, whole, arrays, values)),
        "data/model_input.npz": named_arrays_file(arrays),
        "data/model_output.npz": named_arrays_file(outputs),
    }
    return files | {f"data/{_file(segment)}": segment.model for segment in whole.segments}


def _document(
    prepared: Prepared, whole: Whole, arrays: Mapping[str, Array], values: Mapping[str, Array]
) -> dict[str, Any]:
    return {
        "inputs": {name: {"shape": list(array.shape), "type": str(array.dtype)} for name, array in arrays.items()},
        "outputs": [port.name for port in whole.outputs],
        "steps": [_step(prepared.program, prepared.network, step, values) for step in whole.steps],
    }


def _step(program: Program, network: Network, step: Step, values: Mapping[str, Array]) -> dict[str, Any]:
    if isinstance(step, HostSegment):
        return {"name": step.name, "model": _file(step), "reads": list(step.reads), "writes": list(step.writes)}
    first, count = _commands(program, step)
    sources = _sources(network)
    tensors = {name: index for index, name in enumerate(program.tensor_names)}
    return {
        "name": step.name,
        "first_command": first,
        "commands": count,
        "reads": [{"name": name, "tensor": tensors[used]} for name, used in step.reads.items() if used in tensors],
        "writes": [
            {
                "name": name,
                "tensor": tensors[sources.get(tensor, tensor)],
                "shape": list(values[name].shape),
                "type": str(values[name].dtype),
            }
            for name, tensor in step.writes.items()
        ],
    }


def _commands(program: Program, part: OverlayPart) -> tuple[int, int]:
    """The first command of a part and how many there are: its layers follow each other."""
    names = set(part.layers)
    entries = [entry for name, entry in zip(program.layer_names, program.layers, strict=True) if name in names]
    count = sum(entry.command_count for entry in entries)
    first = min(entry.first_command for entry in entries if entry.command_count)
    return first, count


def _sources(network: Network) -> dict[str, str]:
    """What the host's own layers only call or shape otherwise, by the tensor that they stand for.

    Raises:
        InputError: such a layer computes something.
    """
    sources: dict[str, str] = {}
    for layer in network.layers:
        if isinstance(layer, HostLayer):
            if layer.op not in ("identity", "flatten"):
                raise InputError(f"layer {layer.name!r}: a project's host has no operation {layer.op!r}")
            (source,) = layer.inputs
            sources[layer.output] = sources.get(source, source)
    return sources


def _file(segment: HostSegment) -> str:
    return f"{segment.name.replace(' ', '_')}.onnx"
