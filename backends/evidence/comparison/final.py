"""The end-to-end comparison: what the overlay gave against what the original model gives, output by output.

The chain original -> imported network -> int8 network has two links, and each has its own bound (docs/verification.md):
what is left of the original in the imported network is a matter of float32; what the int8 network loses is what
its scales and its weights lose.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.evidence.comparison.imported import (
    FLOAT32_UNREST,
    Roundings,
    Unrest,
    evaluate,
    model_roundings,
    overlay_roundings,
)
from dynamap.backends.evidence.comparison.original import NotComparable, run_original, works_in_float16
from dynamap.backends.quantise import QuantisedNetwork
from dynamap.backends.quantise.calibrating.calibration import checked_input
from dynamap.backends.quantise.declared import declared_values
from dynamap.planner.network.network import HostLayer, Network

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]

SAFETY = 2
"""The bound is this many times what the tried movements did."""

FLOAT16_COARSENESS = 100
"""How much further a model in float16 is moved: it has 13 bits less, and its largest values few roundings."""

SMALL_MACS = 10**8
"""Networks up to this size have few roundings, of which a single trial may move none: they get several trials."""

TRIALS = 5


@dataclass(frozen=True)
class FinalOutput:
    """One output against the original's, as real values.

    ``max_error`` is that of the int8 network and ``bound`` what its scales and weights explain; ``import_error`` is
    that of the imported network with the model's own roundings, and ``import_bound`` what float32 explains.
    """

    cosine: float
    max_error: float
    top1_equal: bool
    bound: float
    import_error: float
    import_bound: float

    @property
    def import_kept(self) -> bool:
        """Whether the imported network is the original."""
        return self.import_error <= self.import_bound

    @property
    def kept(self) -> bool:
        """Whether both bounds are kept."""
        return self.import_kept and self.max_error <= self.bound

    def document(self) -> dict[str, float | bool | None]:
        """As JSON data; an error is null where the outputs have not even the same number of elements."""
        numbers = {
            "cosine": self.cosine,
            "max_error": self.max_error,
            "top1_equal": self.top1_equal,
            "bound": self.bound,
            "import_error": self.import_error,
            "import_bound": self.import_bound,
            "kept": self.kept,
        }
        return {key: value if math.isfinite(value) else None for key, value in numbers.items()}


@dataclass(frozen=True, eq=False)
class Expectation:
    """What the original gives for one input, and the bounds of what the imported and the int8 network may differ."""

    original: Mapping[str, FloatArray]
    import_errors: Mapping[str, float]
    import_bounds: Mapping[str, float]
    bounds: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class _Trials:
    """The outputs of the imported network with some roundings, and how far small movements carried each of them."""

    outputs: Mapping[str, FloatArray]
    reach: Mapping[str, float]


def expect(quantised: QuantisedNetwork, arrays: Mapping[str, Array]) -> Expectation:
    """Run the original model, and the imported network with its float weights, on one image per input.

    Raises:
        NotComparable: there is nothing to compare with; the message says why.
        InputError: an array does not fit its input.
    """
    network = quantised.network
    images = {name: checked_input(network, name, array, "input data")[0] for name, array in arrays.items()}
    declared = {name: declared_values(network, name, image) for name, image in images.items()}
    original = _real_values(network, run_original(network, declared))
    relative = FLOAT32_UNREST * (FLOAT16_COARSENESS if works_in_float16(network) else 1)
    model, overlay = model_roundings(network), overlay_roundings(quantised)
    imported = _try(network, images, model, relative)
    stored = _try(network, images, overlay, relative)
    errors, import_bounds, bounds = {}, {}, {}
    for name, values in original.items():
        real = imported.outputs[name].ravel()
        floor = relative * float(np.abs(values).max(initial=0.0))
        errors[name] = _distance(real, values)
        import_bounds[name] = SAFETY * (floor + imported.reach[name]) + _step(network, model, name)
        loss = _distance(stored.outputs[name].ravel(), real)
        bounds[name] = import_bounds[name] + loss + SAFETY * stored.reach[name] + _step(network, overlay, name)
    return Expectation(original, errors, import_bounds, bounds)


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
            import_error=expected.import_errors[name],
            import_bound=expected.import_bounds[name],
        )
    return results


def _try(network: Network, images: Mapping[str, FloatArray], roundings: Roundings, relative: float) -> _Trials:
    outputs = evaluate(network, images, roundings)
    reach = dict.fromkeys(outputs, 0.0)
    small = sum(network.macs(layer) for layer in network.layers) <= SMALL_MACS
    for seed in range(TRIALS if small else 1):
        moved = evaluate(network, images, roundings, Unrest(seed, relative))
        for name, values in outputs.items():
            reach[name] = max(reach[name], _distance(moved[name].ravel(), values.ravel()))
    return _Trials(outputs, reach)


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
