"""The end-to-end comparison: what the overlay gave against what the original model gives, output by output.

The chain original -> imported network -> int8 network has two links, each with its bounds (docs/verification.md):
the imported network is the original but for float32; what the int8 network loses is what its scales and weights lose.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.evidence.comparison.evaluation import (
    Roundings,
    Unrest,
    evaluate,
    model_roundings,
    overlay_roundings,
)
from dynamap.backends.evidence.comparison.imported import SAFETY, ImportErrors, import_errors
from dynamap.backends.evidence.comparison.original import NotComparable, run_original
from dynamap.backends.quantise import QuantisedNetwork
from dynamap.backends.quantise.calibrating.calibration import checked_input
from dynamap.backends.quantise.declared import declared_values
from dynamap.planner.network.network import HostLayer, Network

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]

FLOAT32_UNREST = 2e-6
"""By how much of its largest value a tensor is moved: some thirty roundings of float32."""

FLOAT16_UNREST = 1e-3
"""The same for a model that computes in float16: two roundings."""

SMALL_MACS = 10**8
"""Networks up to this size have few roundings, of which a single trial may move none: they get several trials."""

TRIALS = 5


@dataclass(frozen=True)
class FinalOutput:
    """One output against the original's, as real values; ``bound`` is what quantisation explains."""

    cosine: float
    max_error: float
    top1_equal: bool
    bound: float

    @property
    def kept(self) -> bool:
        """Whether quantisation explains the largest error."""
        return math.isfinite(self.max_error) and self.max_error <= self.bound

    def document(self) -> dict[str, float | bool | None]:
        """As JSON data; an error is null where the outputs have not even the same number of elements."""
        numbers = {
            "cosine": self.cosine,
            "max_error": self.max_error,
            "top1_equal": self.top1_equal,
            "bound": self.bound,
            "kept": self.kept,
        }
        return {key: value if math.isfinite(value) else None for key, value in numbers.items()}


@dataclass(frozen=True, eq=False)
class Expectation:
    """What the original gives for one input, how the imported network differs, and how far the int8 network may."""

    original: Mapping[str, FloatArray]
    imported: ImportErrors
    bounds: Mapping[str, float]


def expect(quantised: QuantisedNetwork, arrays: Mapping[str, Array]) -> Expectation:
    """Run the original model, and the imported network with its float weights, on one image per input.

    Raises:
        NotComparable: there is nothing to compare with; the message says why.
        InputError: an array does not fit its input.
    """
    network = quantised.network
    images = {name: checked_input(network, name, array, "input data")[0] for name, array in arrays.items()}
    declared = {name: declared_values(network, name, image) for name, image in images.items()}
    original = run_original(network, declared)
    outputs = _real_values(network, original.outputs)
    relative = FLOAT16_UNREST if original.float16 else FLOAT32_UNREST
    imported = import_errors(network, images, original, model_roundings(network), relative)
    overlay = overlay_roundings(quantised)
    lost = evaluate(network, images, overlay)
    reach = _reach(network, images, overlay, lost, relative)
    bounds = {}
    for name, values in outputs.items():
        floor = relative * float(np.abs(values).max(initial=0.0)) + reach[name]
        bounds[name] = _distance(lost[name].ravel(), values) + SAFETY * floor + _step(network, overlay, name)
    return Expectation(outputs, imported, bounds)


def compare_final(expected: Expectation, found: Mapping[str, FloatArray]) -> dict[str, FinalOutput]:
    """The real outputs of the overlay and the host, against those of the original."""
    results = {}
    for name, original in expected.original.items():
        values = found[name].ravel()
        results[name] = FinalOutput(
            cosine=_cosine(values, original),
            max_error=_distance(values, original),
            top1_equal=int(np.argmax(values)) == int(np.argmax(original)),
            bound=expected.bounds[name],
        )
    return results


def _reach(
    network: Network,
    images: Mapping[str, FloatArray],
    roundings: Roundings,
    outputs: Mapping[str, FloatArray],
    relative: float,
) -> dict[str, float]:
    """How far each output goes at most when all values inside are moved a little."""
    reach = dict.fromkeys(outputs, 0.0)
    small = sum(network.macs(layer) for layer in network.layers) <= SMALL_MACS
    for seed in range(TRIALS if small else 1):
        moved = evaluate(network, images, roundings, Unrest(seed, relative))
        for name, values in outputs.items():
            reach[name] = max(reach[name], _distance(moved[name].ravel(), values.ravel()))
    return reach


def _real_values(network: Network, outputs: Mapping[str, Array]) -> dict[str, FloatArray]:
    """Integers of the original's outputs as the real values that they stand for; all of them flat.

    Raises:
        NotComparable: some are NaN or infinite.
    """
    real = {}
    for name in network.outputs:
        values, integers = outputs[name], network.integers_of(name)
        if integers is not None:
            values = (values.astype(np.int32) - integers.zero_point) * np.float32(integers.scale)
        if not np.isfinite(values).all():
            raise NotComparable(f"its output {name!r} holds NaN or infinite values")
        real[name] = values.astype(np.float32).ravel()
    return real


def _step(network: Network, roundings: Roundings, name: str) -> float:
    """One step of an output's scale, also behind layers of the host that only copy; 0 where it is not rounded."""
    makers = {layer.output: layer for layer in network.layers}
    while name not in roundings.tensors:
        maker = makers.get(name)
        if not isinstance(maker, HostLayer) or maker.op not in ("identity", "flatten"):
            return 0.0
        (name,) = maker.inputs
    return roundings.tensors[name].scale


def _distance(first: FloatArray, second: FloatArray) -> float:
    if first.size != second.size:
        return math.inf
    return float(np.abs(first.astype(np.float64) - second).max(initial=0.0))


def _cosine(first: FloatArray, second: FloatArray) -> float:
    """Of the angle between two outputs; two of zeros only are alike."""
    if first.size != second.size:
        return 0.0
    lengths = float(np.linalg.norm(first.astype(np.float64)) * np.linalg.norm(second.astype(np.float64)))
    if not lengths:
        return float(not first.any() and not second.any())
    return float(np.dot(first.astype(np.float64), second.astype(np.float64)) / lengths)
