"""The float model and the int8 network on a set of images, one by one.

The float model is the user's own, in onnxruntime; where that cannot be, the imported network in float32. The int8
network is computed by the reference executor, to which every executor of the overlay is equal to the bit
(docs/verification.md); on the first image the emulator computes the program as well, and must be equal here too.
Signal and noise of the layers are those of the imported network, on the first `LAYER_IMAGES` images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.evidence.accuracy.measures import ClassCounts, Noise, OutputCounts, layer_losses
from dynamap.backends.evidence.accuracy.networks import BothNetworks
from dynamap.backends.evidence.comparison.original import NotComparable, OpenedModel
from dynamap.backends.host.segments import Segments
from dynamap.backends.host.steps import Arrays
from dynamap.backends.inputs.labelled import LabelledSet
from dynamap.backends.inputs.labels import ScoredOutput, scored_output
from dynamap.backends.program.parts import compared_values, front_arrays, outputs_of
from dynamap.backends.quantise import QuantisedNetwork
from dynamap.cost.errors import InputError
from dynamap.planner.network.network import HostLayer, Network
from dynamap.planner.plan.plan import Plan

Array = npt.NDArray[Any]

LAYER_IMAGES = 32


@dataclass(frozen=True, eq=False)
class Accuracy:
    """``document`` as JSON data; ``float_model`` says what computed the float outputs."""

    document: Mapping[str, Any]
    float_model: str


class _Counts:
    """What is counted while a set is walked."""

    def __init__(self, network: Network, labelled: bool) -> None:
        scored = scored_output(network)
        # Channels of places are classes only where someone says so.
        self.scored = None if scored is None or (scored.places and not labelled) else scored
        self.classes = None if self.scored is None else ClassCounts(self.scored.classes)
        self.outputs = {name: OutputCounts() for name in outputs_of(network)}
        self.alike: list[float] = []

    def add(self, real: Mapping[str, Array], found: Mapping[str, Array], label: npt.NDArray[np.int64] | None) -> None:
        """One image: the outputs of the float and of the int8 network."""
        self.alike.append(min(counts.add(real[name], found[name]) for name, counts in self.outputs.items()))
        if self.scored is not None and self.classes is not None:
            scores = {"float": _scores(self.scored, real), "int8": _scores(self.scored, found)}
            self.classes.add(scores, label)

    def document(self) -> dict[str, Any]:
        """As JSON data."""
        empty = dict.fromkeys(("top1_float", "top5_float", "top1_int8", "top5_int8", "agreement"))
        return {
            **(empty if self.classes is None else self.classes.document()),
            "cosine": float(np.mean(self.alike)),
            "cosine_worst": min(self.alike),
            "outputs": {name: counts.document() for name, counts in self.outputs.items()},
        }


@np.errstate(all="ignore")  # beyond float32 is infinite, in the model as here
def measure_accuracy(
    plan: Plan, quantised: QuantisedNetwork, front: Network, data: LabelledSet, progress: Callable[[int], None]
) -> Accuracy:
    """Walks the set, whose images are for the inputs of ``front``; ``progress`` gets the number of images done.

    Raises:
        InputError: an image cannot be used; the message names it.
        DynamapError: the emulator is not equal to the reference, which is a defect of this program.
    """
    network = quantised.network
    both = BothNetworks(plan, quantised, Segments())
    original, float_model = _float_model(network, both)
    counts = _Counts(network, data.classes is not None)
    layers = [layer for layer in network.layers if not isinstance(layer, HostLayer)]
    noise = {name: Noise() for layer in layers for name in (*layer.inputs, layer.output)}
    noise |= {name: Noise() for name in network.inputs}
    for index, (place, given) in enumerate(data.inputs):
        arrays = _checked(front, given, place)
        if index == 0:
            both.check_emulator(arrays)
        if index < LAYER_IMAGES:
            both.add_noise(arrays, noise)
        label = None if data.classes is None else data.classes[index]
        counts.add(original(arrays), both.int8_outputs(arrays), label)
        progress(index + 1)
    if not counts.alike:
        raise InputError("the data have no images")
    document = {
        "images": len(counts.alike),
        "labelled": data.classes is not None,
        **counts.document(),
        "layers": layer_losses(noise, layers),
        "layer_images": min(len(counts.alike), LAYER_IMAGES),
    }
    return Accuracy(document, float_model)


def _checked(front: Network, given: Mapping[str, Array], place: str) -> dict[str, Array]:
    try:
        return front_arrays(front, given)
    except InputError as error:
        raise InputError(f"{place}: {error}") from None


def _float_model(network: Network, both: BothNetworks) -> tuple[Callable[[Arrays], Mapping[str, Array]], str]:
    """What gives the float outputs as real values, and its name."""
    try:
        opened = OpenedModel(network)
    except NotComparable as reason:
        return both.float_outputs, f"the imported network in float32 ({reason})"

    def run(arrays: Arrays) -> Mapping[str, Array]:
        try:
            return compared_values(network, opened.outputs(arrays))
        except NotComparable as reason:
            raise InputError(f"the original model cannot be run: {reason}") from None

    return run, "the original model in onnxruntime"


def _scores(scored: ScoredOutput, outputs: Mapping[str, Array]) -> npt.NDArray[np.float32]:
    """Classes x places."""
    return np.asarray(outputs[scored.name], np.float32).reshape(scored.classes, -1)
