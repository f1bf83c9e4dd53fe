"""The imported network against the original, layer by layer, each computed from the original's own values.

A layer gets what the original holds at its inputs, so that differences do not add up, and roundings to 8 bits are the
very same on both sides: what is left is the order of additions in float32. So the bound can be strict. It is not
assumed but tried: the layer is computed again with every input moved a little, and may differ twice as far as that
carried.

The values before the rounding are compared where the original has them. Where it holds rounded ones (the tensor behind
DequantizeLinear, the integers of a QLinear operator), half a step is added.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.evidence.comparison.evaluation import ON_GRID, Roundings, Unrest, layer_value, stored
from dynamap.backends.evidence.comparison.original import Original
from dynamap.planner.network.network import Add, Layer, Lrn, Network, Quantisation

Array = npt.NDArray[np.generic]
FloatArray = npt.NDArray[np.float32]

SAFETY = 2
"""A bound is this many times what the movements did."""

HALF_DIGITS = (2.0**-11, 2.0**-24)
"""What a rounding of float16 and of float32 is off at most, relative to the value."""

SMALLEST = float(np.finfo(np.float32).tiny)
"""No bound is less: below it float32 has fewer digits."""


@dataclass(frozen=True)
class LayerError:
    """The largest difference of a tensor from the original's (infinite: no number), and what float32 explains."""

    tensor: str
    error: float
    bound: float

    @property
    def kept(self) -> bool:
        """Whether float32 explains the difference."""
        return self.error <= self.bound

    def document(self) -> dict[str, str | float | None]:
        """As JSON data; an infinite error is null."""
        return {
            "tensor": self.tensor,
            "error": self.error if math.isfinite(self.error) else None,
            "bound": self.bound,
        }


@dataclass(frozen=True)
class ImportErrors:
    """The tensors that the original has as well, out of all that the layers write."""

    tensors: tuple[LayerError, ...]
    layers: int

    @property
    def worst(self) -> LayerError | None:
        """The tensor that is furthest off, in units of its bound; None of a network without layers."""
        return max(self.tensors, key=lambda found: found.error / found.bound, default=None)

    @property
    def kept(self) -> bool:
        """Whether every tensor is the original's."""
        return all(found.kept for found in self.tensors)

    def document(self) -> dict[str, object]:
        """As JSON data."""
        worst = self.worst
        return {
            "tensors": len(self.tensors),
            "layers": self.layers,
            "worst": None if worst is None else worst.document(),
            "kept": self.kept,
        }


def import_errors(
    network: Network, images: Mapping[str, FloatArray], original: Original, roundings: Roundings, relative: float
) -> ImportErrors:
    """Compare every layer; ``images`` are the real inputs, C x H x W, ``roundings`` those of the model itself."""
    unrest = Unrest(0, relative)
    terms: dict[str, int] = {}
    known = {**original.inside, **original.outputs}
    live = {name: stored(image, roundings.tensors.get(name)) for name, image in images.items()}
    moved = {name: unrest.moved(values, None) for name, values in live.items()}
    found = []
    for layer in network.layers:
        name, scheme = layer.output, roundings.tensors.get(layer.output)
        value = layer_value(network, layer, [live[source] for source in layer.inputs], roundings)
        sources = [moved[source] for source in layer.inputs]
        other = layer_value(network, _moved(layer, sources, relative), sources, roundings, unrest)
        given = _real(known.get(name), value, network.quantisation.get(name))
        if given is None and (name in original.outputs or _has_another_size(known.get(name), value)):
            found.append(LayerError(name, math.inf, SMALLEST))
        if isinstance(layer, Add):
            terms[name] = sum(terms.get(source, 1) for source in layer.inputs)
        if given is None:
            live[name], moved[name] = stored(value, scheme), stored(unrest.moved(other, scheme), scheme)
            continue
        value, other, target = (_saturated(values, scheme) for values in (value, other, given))
        floor = relative * float(np.abs(given).max(initial=0.0)) + _of_a_sum(terms.pop(name, 1), sources, relative)
        bound = SAFETY * (floor + float(np.abs(other - value).max(initial=0.0))) + _half_step(target, scheme)
        error = float(np.abs(value - target).max(initial=0.0))
        found.append(LayerError(name, _or_infinite(error), max(bound, SMALLEST)))
        live[name] = stored(given, scheme)
        moved[name] = unrest.moved(live[name], None)
    return ImportErrors(tuple(found), len(network.layers))


def _of_a_sum(terms: int, sources: list[FloatArray], relative: float) -> float:
    """How far the roundings of a sum of ``terms`` tensors carry, added one after the other as onnxruntime does.

    Each is at most half a digit of what the sum has reached, which is at most the sum of all that is added. (N. Higham,
    Accuracy and Stability of Numerical Algorithms, 4.2.) ``sources`` are what the last layer of the sum adds: the
    network adds in a tree, with tensors between that the original has not. ``relative`` tells its arithmetic.
    """
    if terms == 1:
        return 0.0
    reached = np.sum([np.abs(source) for source in sources], axis=0)
    half_digit = next(half for half in HALF_DIGITS if half <= relative)
    return (terms - 1) * half_digit * float(reached.max(initial=0.0))


def _moved(layer: Layer, sources: list[FloatArray], relative: float) -> Layer:
    """An LRN with its sums of squares moved: onnxruntime keeps one sum along the channels and takes off what leaves it,
    so that its roundings are those of the largest sum also where a sum is small."""
    if not isinstance(layer, Lrn):
        return layer
    largest = layer.size * float(np.square(sources[0], dtype=np.float64).max(initial=0.0))
    return replace(layer, bias=layer.bias + relative * layer.alpha / layer.size * largest)


def _real(given: Array | None, value: FloatArray, known: Quantisation | None) -> FloatArray | None:
    """The original's tensor as real values in the network's form; None where it has none in this form."""
    if given is None or given.size != value.size:
        return None
    if np.issubdtype(given.dtype, np.integer):
        if known is None:
            return None
        scheme = known.as_int8 if given.dtype == np.int8 else known.as_uint8
        given = (given.astype(np.int32) - scheme.zero_point) * np.float32(scheme.scale)
    real: FloatArray = given.astype(np.float32).reshape(value.shape)
    return real if np.isfinite(real).all() else None


def _has_another_size(given: Array | None, value: FloatArray) -> bool:
    return given is not None and given.size != value.size


def _or_infinite(error: float) -> float:
    return math.inf if math.isnan(error) else error


def _saturated(values: FloatArray, scheme: Quantisation | None) -> FloatArray:
    """What 8 bits can hold of real values, not rounded: a ReLU that they make is the same on both sides."""
    if scheme is None:
        return values
    low, high = ((end - scheme.zero_point) * np.float32(scheme.scale) for end in (-128, 127))
    result: FloatArray = np.clip(values, low, high)
    return result


def _half_step(target: FloatArray, scheme: Quantisation | None) -> float:
    if scheme is None:
        return 0.0
    steps = target / np.float32(scheme.scale)
    rounded = bool((np.abs(steps - np.rint(steps)) <= ON_GRID).all())
    return (0.5 + ON_GRID) * scheme.scale if rounded else 0.0
