"""What the original model gives where the host runs parts of it, and how far int8 may be from that.

Besides the outputs, the tensors that go from the overlay to the host are compared: where a model picks and counts
(labels, indices, boxes that are left), a small difference before may change everything behind, and only what crosses
can be judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from dynamap.backends.evidence.comparison.evaluation import Roundings, Unrest, evaluate
from dynamap.backends.evidence.comparison.original import NotComparable
from dynamap.backends.host.segments import Segments
from dynamap.backends.host.steps import Arrays, RunPart, run_steps
from dynamap.backends.quantise.declared import array_of_tensor, tensor_of_array
from dynamap.planner.network.network import Network
from dynamap.planner.network.parting import network_of_part, whole_of
from dynamap.planner.network.whole import OverlayPart, Whole

CHOOSING = frozenset(
    {"ArgMax", "ArgMin", "Ceil", "Compress", "Equal", "Floor", "Greater", "GreaterOrEqual", "Hardmax", "If", "Less"}
    | {"LessOrEqual", "Loop", "NonMaxSuppression", "NonZero", "OneHot", "Round", "Sign", "TopK", "Unique"}
)
"""Operators whose results jump."""

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]


def evaluate_model(
    network: Network, arrays: Arrays, roundings: Roundings, segments: Segments, unrest: Unrest | None = None
) -> dict[str, Array]:
    """All values of the model's steps, the parts of the overlay with these roundings."""
    return run_steps(whole_of(network), arrays, _part(network, roundings, unrest), segments)


def images_of(network: Network, arrays: Arrays, inside: Mapping[str, Array], values: Arrays) -> dict[str, FloatArray]:
    """The real inputs of every part, C x H x W: from the original where it shows them, else from ``values``."""
    images = {}
    for part in whole_of(network).parts:
        for name, tensor in part.reads.items():
            given = arrays.get(name, inside.get(name))
            if given is None or given.size != network.tensors[tensor].elements:
                given = values[name]
            images[tensor] = tensor_of_array(network, tensor, np.asarray(given))
    return images


def crossing(network: Network) -> dict[str, str]:
    """The tensors of the network that go to the host, by the names of the model; no outputs of the model."""
    if network.whole is None:
        return {}
    outputs = {port.name for port in network.whole.outputs}
    read = {name for segment in network.whole.segments for name in segment.reads}
    return {
        name: tensor
        for part in network.whole.parts
        for name, tensor in part.writes.items()
        if name in read and name not in outputs
    }


def behind_choices(whole: Whole) -> frozenset[str]:
    """The values that depend on a choice among values of the overlay, and so on the smallest difference in these."""
    rounded: set[str] = set()
    chosen: set[str] = set()
    for step in whole.steps:
        if isinstance(step, OverlayPart):
            rounded.update(step.writes)
            if not chosen.isdisjoint(step.reads):
                chosen.update(step.writes)
            continue
        for node in onnx.load_model_from_string(step.model).graph.node:
            if not rounded.isdisjoint(node.input):
                rounded.update(node.output)
                if node.op_type in CHOOSING:
                    chosen.update(node.output[1:] if node.op_type == "TopK" else node.output)
            if not chosen.isdisjoint(node.input):
                chosen.update(node.output)
    return frozenset(chosen)


def is_discrete(array: Array) -> bool:
    """Whether an output holds choices, which no bound is known for: integers, truth values."""
    return array.dtype.kind in "iub"


def as_real(array: Array, name: str) -> FloatArray:
    """The values of an output, flat, as float32.

    Raises:
        NotComparable: they are no numbers.
    """
    if array.dtype.kind not in "fiub":
        raise NotComparable(f"its output {name!r} holds {array.dtype} values, which are no numbers")
    values = array.astype(np.float32).ravel()
    if not np.isfinite(values).all():
        raise NotComparable(f"its output {name!r} holds NaN or infinite values")
    return values


def _part(network: Network, roundings: Roundings, unrest: Unrest | None) -> RunPart:
    def run(part: OverlayPart, values: Arrays) -> Arrays:
        own = network_of_part(network, part)
        images = {tensor: tensor_of_array(network, tensor, values[name]) for name, tensor in part.reads.items()}
        real = evaluate(own, images, roundings, unrest)
        return {name: array_of_tensor(own, tensor, real[tensor]) for name, tensor in part.writes.items()}

    return run
