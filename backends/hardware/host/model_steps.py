"""Runs a model of which the host runs parts: the overlay's commands and onnxruntime, step by step (data/steps.json).

Needs numpy and onnxruntime. Values are arrays by the model's own names, in its types and shapes, in .npz files.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from overlay_data import OverlayData
from picture import is_picture, pixels, placed, value_tables

COMMAND_BYTES = 384
TOLERANCE = 1e-3
"""Of the largest value of an output: another processor may round sums in onnxruntime otherwise."""

Run = Callable[[int, int], object]
"""Moves the memories to the device, runs so many commands from an address on, and moves the memories back."""


def is_interrupted(folder: Path) -> bool:
    """Whether the project's model has steps of the host."""
    return (folder / "steps.json").is_file()


def run_model(
    data: OverlayData, memories: Sequence[memoryview], run: Run, given: Path | None, output: Path | None
) -> int:
    """Runs the model on ``given`` (.npz, .npy or a picture for one input) or its golden input; the exit status.

    Raises:
        ValueError: an input is missing or of another shape.
    """
    import numpy as np

    document = json.loads((data.folder / "steps.json").read_text())
    values = _inputs(given or data.folder / "model_input.npz", document["inputs"], data.folder)
    data.write(memories, 0, data.image)
    for step in document["steps"]:
        if "model" in step:
            _on_host(data.folder / step["model"], step, values)
        else:
            _on_overlay(data, memories, run, step, values)
    outputs = {name: values[name] for name in document["outputs"]}
    if output is not None:
        np.savez(output, **outputs)
    if given is not None:
        return 0
    golden = np.load(data.folder / "model_output.npz")
    different = [name for name in outputs if not _is_near(name, golden[name], outputs[name])]
    print("FAIL" if different else "PASS")
    return 1 if different else 0


def _inputs(path: Path, wanted: dict[str, Any], folder: Path) -> dict[str, Any]:
    import numpy as np

    if is_picture(path):
        if len(wanted) != 1:
            raise ValueError(f"a picture is for a model of one input, and this one has {len(wanted)}")
        return {name: _picture(path, kind, folder) for name, kind in wanted.items()}
    loaded = np.load(path)
    arrays = {next(iter(wanted)): loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
    for name, kind in wanted.items():
        if name not in arrays or list(arrays[name].shape) != kind["shape"]:
            raise ValueError(f"{path} must have an array {name!r} of the shape {kind['shape']}")
        arrays[name] = arrays[name].astype(kind["type"])
    return arrays


def _picture(path: Path, kind: dict[str, Any], folder: Path) -> Any:
    """A picture as an input of the model, prepared as data/preprocessing.json says."""
    import numpy as np

    how = json.loads((folder / "preprocessing.json").read_text())
    (channels, rows, columns), last = placed(tuple(kind["shape"][kind["shape"][0] == 1 :]), how["layout"])
    try:
        content = pixels(path, how, channels, rows, columns)
    except ImportError as error:
        raise ValueError("pictures are read by Pillow, which is not installed: pip install pillow") from error
    image = np.frombuffer(content, np.uint8).reshape(rows, columns, channels)
    if kind["type"] in ("uint8", "int8"):  # the bytes themselves
        values = image if kind["type"] == "uint8" else (image ^ 128).view(np.int8)
    else:
        tables = np.array(value_tables(how, channels), np.float32)
        values = np.stack([tables[c][image[..., c]] for c in range(channels)], axis=-1)
    ordered = values if last else values.transpose(2, 0, 1)
    return np.ascontiguousarray(ordered).reshape(kind["shape"]).astype(kind["type"])


def _on_host(model: Path, step: dict[str, Any], values: dict[str, Any]) -> None:
    try:
        import onnxruntime
    except ImportError as error:
        raise ValueError(f"{step['name']} needs onnxruntime (pip install onnxruntime): {error}") from error
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Products of uint8 and int8 saturate in 16 bits on processors without VNNI unless this is asked for.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
        found = session.run(step["writes"], {name: values[name] for name in step["reads"]})
    except Exception as error:  # its exceptions have no class of their own
        raise ValueError(f"onnxruntime cannot run {step['name']}: {error}") from error
    values.update(zip(step["writes"], found, strict=True))


def _on_overlay(
    data: OverlayData, memories: Sequence[memoryview], run: Run, step: dict[str, Any], values: dict[str, Any]
) -> None:
    import numpy as np

    for entry in step["reads"]:
        tensor, array = data.tensors[entry["tensor"]], values[entry["name"]]
        declared = array.astype("<f4").tobytes() if tensor.is_real else array.tobytes()
        data.write(memories, tensor.address, tensor.laid_out(tensor.stored_values(declared)))
    run(data.commands_address + COMMAND_BYTES * step["first_command"], step["commands"])
    for entry in step["writes"]:
        tensor = data.tensors[entry["tensor"]]
        kind = "<f4" if tensor.is_real else entry["type"]
        array = np.frombuffer(tensor.declared_values(tensor.values(data.stored(tensor, memories))), kind)
        values[entry["name"]] = array.astype(entry["type"]).reshape(entry["shape"])


def _is_near(name: str, expected: Any, got: Any) -> bool:
    import numpy as np

    if expected.shape != got.shape:
        print(f"MISMATCH output {name}: expected the shape {expected.shape}, got {got.shape}")
        return False
    difference = np.abs(expected.astype(np.float64) - got.astype(np.float64)).max(initial=0.0)
    near = bool(difference <= TOLERANCE * np.abs(expected.astype(np.float64)).max(initial=0.0))
    if not near:
        print(f"MISMATCH output {name}: differs by {difference:g}")
    return near
