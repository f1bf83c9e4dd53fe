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
from dynamap.backends.evidence.comparison.whole import (
    as_real,
    behind_choices,
    crossing,
    evaluate_model,
    images_of,
    is_discrete,
)
from dynamap.backends.host.segments import Segments
from dynamap.backends.quantise import QuantisedNetwork
from dynamap.backends.quantise.calibrating.calibration import checked_input
from dynamap.backends.quantise.declared import declared_values
from dynamap.planner.network.network import HostLayer, Network
from dynamap.planner.network.parting import whole_of

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]

FLOAT32_UNREST = 2e-6
"""By how much of its largest value a tensor is moved: some thirty roundings of float32."""

FLOAT16_UNREST = 1e-3
"""The same for a model that computes in float16: two roundings."""

TRIED_MACS = 5 * 10**8
"""A network is moved as often as this allows: the smaller it is, the fewer roundings there are that one trial moves."""

LEAST_TRIALS, MOST_TRIALS = 3, 50

UNBOUNDED = (
    "it holds choices or depends on one (a label, an index, which boxes are left), and the least difference may change "
    "a choice: what the overlay gave before it is compared instead"
)


@dataclass(frozen=True)
class FinalOutput:
    """One output against the original's, as real values; ``bound`` is what quantisation explains.

    An output of choices (labels, indices, how many boxes are left) has no bound (infinite): what crosses to the host
    before it is compared instead. ``equal`` is then the share of its values that are those of the original.
    ``cosine`` is NaN where the outputs have not even the same number of elements.
    """

    cosine: float
    max_error: float
    top1_equal: bool
    bound: float
    equal: float | None = None

    @property
    def bounded(self) -> bool:
        """Whether there is a bound: False for choices and all that depends on one."""
        return math.isfinite(self.bound)

    @property
    def kept(self) -> bool | None:
        """Whether quantisation explains the largest error; None where there is no bound that could say so."""
        return self.max_error <= self.bound if self.bounded else None

    def document(self) -> dict[str, float | bool | str | None]:
        """As JSON data; cosine and error are null where the outputs have not even the same number of elements.

        Where there is no bound, it and ``kept`` are null, and ``unbounded`` says why.
        """
        found: dict[str, float | bool | str | None] = {
            "cosine": _finite(self.cosine),
            "max_error": _finite(self.max_error),
            "top1_equal": self.top1_equal,
            "bound": _finite(self.bound),
            "kept": self.kept,
        }
        if not self.bounded:
            found["unbounded"] = UNBOUNDED
        if self.equal is not None:
            found["equal"] = self.equal
        return found


@dataclass(frozen=True, eq=False)
class Expectation:
    """What the original gives for one input, how the imported network differs, and how far the int8 network may.

    ``original`` has the outputs and what crosses to the host; ``crossing`` names the latter, ``discrete`` those of
    integers and truth values.
    """

    original: Mapping[str, FloatArray]
    imported: ImportErrors
    bounds: Mapping[str, float]
    crossing: tuple[str, ...] = ()
    discrete: frozenset[str] = frozenset()


@np.errstate(all="ignore")  # what is beyond float32 is so on both sides, or an infinite error
def expect(quantised: QuantisedNetwork, arrays: Mapping[str, Array]) -> Expectation:
    """Run the original model, and the imported network with its float weights, on one image per input.

    Where the host runs parts of the model, ``arrays`` are the model's own inputs, batch included.

    Raises:
        NotComparable: there is nothing to compare with; the message says why.
        InputError: an array does not fit its input.
    """
    network = quantised.network
    if network.whole is not None:
        return _expect_whole(quantised, arrays)
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


def _expect_whole(quantised: QuantisedNetwork, arrays: Mapping[str, Array]) -> Expectation:
    network, segments = quantised.network, Segments()
    original = run_original(network, arrays)
    relative = FLOAT16_UNREST if original.float16 else FLOAT32_UNREST
    plain = model_roundings(network)
    images = images_of(network, arrays, original.inside, evaluate_model(network, arrays, plain, segments))
    imported = import_errors(network, images, original, plain, relative)
    overlay = overlay_roundings(quantised)
    lost = evaluate_model(network, arrays, overlay, segments)
    crossed = {name: tensor for name, tensor in crossing(network).items() if name in original.inside}
    given = {**original.outputs, **{name: original.inside[name] for name in crossed}}
    outputs = {name: as_real(array, name) for name, array in given.items()}
    reach = dict.fromkeys(outputs, 0.0)
    for seed in range(_trials(network)):
        moved = evaluate_model(network, arrays, overlay, segments, Unrest(seed, relative))
        for name in outputs:
            reach[name] = max(reach[name], _distance(as_real(moved[name], name), as_real(lost[name], name)))
    chosen = behind_choices(whole_of(network))
    written = {name: tensor for part in whole_of(network).parts for name, tensor in part.writes.items()}
    bounds = {}
    for name, values in outputs.items():
        off = _distance(as_real(lost[name], name), values)
        if name in chosen or (is_discrete(given[name]) and name not in written):
            off = math.inf
        floor = relative * float(np.abs(values).max(initial=0.0)) + reach[name]
        step = _step(network, overlay, written[name]) if name in written else 0.0
        bounds[name] = off + SAFETY * floor + step
    discrete = frozenset(name for name, array in given.items() if is_discrete(array))
    return Expectation(outputs, imported, bounds, tuple(crossed), discrete)


def _trials(network: Network) -> int:
    macs = sum(network.macs(layer) for layer in network.layers)
    return min(MOST_TRIALS, max(LEAST_TRIALS, TRIED_MACS // max(1, macs)))


@np.errstate(all="ignore")
def compare_final(expected: Expectation, found: Mapping[str, Array]) -> dict[str, FinalOutput]:
    """What the overlay and the host gave, as real values, against the original's."""
    results = {}
    for name, original in expected.original.items():
        values = np.asarray(found[name]).astype(np.float32).ravel()
        free = not math.isfinite(expected.bounds[name]) and name in expected.discrete
        results[name] = FinalOutput(
            cosine=_cosine(values, original),
            max_error=_distance(values, original),
            top1_equal=_top(values) == _top(original),
            bound=expected.bounds[name],
            equal=_share(values, original) if free else None,
        )
    return results


def _top(values: FloatArray) -> int:
    """The place of the largest value; -1 where there is none."""
    return int(np.argmax(values)) if values.size else -1


def _share(first: FloatArray, second: FloatArray) -> float:
    """The share of equal values; 0 where there are not as many."""
    if first.size != second.size:
        return 0.0
    return float((first == second).mean()) if first.size else 1.0


def _reach(
    network: Network,
    images: Mapping[str, FloatArray],
    roundings: Roundings,
    outputs: Mapping[str, FloatArray],
    relative: float,
) -> dict[str, float]:
    """How far each output goes at most when all values inside are moved a little."""
    reach = dict.fromkeys(outputs, 0.0)
    for seed in range(_trials(network)):
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


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _distance(first: FloatArray, second: FloatArray) -> float:
    if first.size != second.size:
        return math.inf
    return float(np.abs(first.astype(np.float64) - second).max(initial=0.0))


def _cosine(first: FloatArray, second: FloatArray) -> float:
    """Of the angle between two outputs; two of zeros only are alike; NaN for different numbers of elements."""
    if first.size != second.size:
        return math.nan
    lengths = float(np.linalg.norm(first.astype(np.float64)) * np.linalg.norm(second.astype(np.float64)))
    if not lengths:
        return float(not first.any() and not second.any())
    return float(np.dot(first.astype(np.float64), second.astype(np.float64)) / lengths)
