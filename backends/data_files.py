"""The data of a generated project: program, weights, input and golden output, and what the plan predicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.evidence.vendor_reports.prediction import SCHEMA
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.program import Program, Role
from dynamap.backends.program.layout import layout_of_entry, to_format
from dynamap.cost.device import parse_device
from dynamap.cost.errors import InputError
from dynamap.planner.plan.document import layer_document
from dynamap.planner.plan.layers import OnHost
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.preprocessing import RAW
from dynamap.planner.request.replanning import stored_request
from dynamap.planner.results.documents import json_file

Int8Array = npt.NDArray[np.int8]


def data_files(plan: Plan, program: Program, inputs: Mapping[str, Int8Array]) -> dict[str, bytes]:
    """All data of a project by path: the files below in ``data/``, what is done to pictures, ``predicted.json``.

    Raises:
        InputError: an input is missing or has another shape.
    """
    data = image_files(program) | {
        "input.bin": input_file(program, inputs),
        "golden.bin": golden_file(program, inputs),
        "preprocessing.json": json_file(prepared := (stored_request(plan).preprocess or RAW).document()),
        "preprocessing.txt": _lines(prepared),
    }
    return {f"data/{name}": content for name, content in data.items()} | {"predicted.json": predicted_file(plan)}


def _lines(document: Mapping[str, Any]) -> bytes:
    """A preprocessing as the hosts in C++ read it: a line for each key, its values in words, ``-`` for none."""
    lines = []
    for key, value in document.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        lines.append(" ".join([key, *("-" if each is None else str(each) for each in values)]))
    return "\n".join([*lines, ""]).encode()


def image_files(program: Program) -> dict[str, bytes]:
    """``program.bin`` and ``weights.bin``: the program's image, cut where the weights begin."""
    start = program.header.weights_address
    return {"program.bin": bytes(program.image[:start]), "weights.bin": bytes(program.image[start:])}


def input_file(program: Program, inputs: Mapping[str, Int8Array]) -> bytes:
    """``input.bin``: the input tensors as they are stored, in the order of the program's tensors.

    Raises:
        InputError: an input is missing or has another shape.
    """
    parts = []
    for name, entry in program.tensors_of(Role.INPUT).items():
        if name not in inputs:
            raise InputError(f"the input {name!r} is missing")
        shape = (entry.channels, entry.height, entry.width)
        if inputs[name].shape != shape or inputs[name].dtype != np.int8:
            raise InputError(f"input {name!r} is {inputs[name].dtype} {inputs[name].shape}; it must be int8 {shape}")
        parts.append(np.ascontiguousarray(to_format(inputs[name], layout_of_entry(entry), entry.zero_point)).tobytes())
    return b"".join(parts)


def golden_file(program: Program, inputs: Mapping[str, Int8Array]) -> bytes:
    """``golden.bin``: what every layer of the overlay writes, C x H x W, layer by layer, from the NumPy emulator."""
    runs = NumpyExecutor().run(program, inputs)
    return b"".join(np.ascontiguousarray(run.values).tobytes() for run in runs)


def predicted_file(plan: Plan, kernel: str = "overlay") -> bytes:
    """``predicted.json``: the plan's latency, resources, device and counters per layer; ``kernel``: its top function.

    Raises:
        InputError: the plan's description of its device is damaged.
    """
    device = parse_device(plan.device, "the plan's device")
    counts = ("compute_cycles", "load_cycles", "store_cycles", "cycles", "bytes_read", "bytes_written")
    keys = ("name", "op", "algorithm", "dataflow", *counts)
    document = {
        "schema": SCHEMA,
        "model": plan.model.name,
        "device": device.name,
        "vendor": device.vendor,
        "part": device.part,
        "board": device.board,
        "kernel": kernel,
        "clock_mhz": plan.overlay.clock_mhz,
        "latency_ms": plan.latency_ms,
        "cycles": sum(layer.cycles for layer in plan.layers),
        "resources": [
            {
                "name": use.name,
                "used": use.used,
                "available": use.available,
                "uncertainty_percent": use.uncertainty_percent,
            }
            for use in plan.resources
        ],
        "multipliers_per_block": device.resources.multiplier.per_block,
        "device_tables": device.document(),
        "layers": [
            {key: described[key] for key in keys}
            for layer, described in zip(plan.layers, map(layer_document, plan.layers), strict=True)
            if not isinstance(layer, OnHost)
        ],
    }
    return json_file(document)
