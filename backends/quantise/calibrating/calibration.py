"""Calibration: the range of every tensor on representative inputs, and what those inputs may be."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dynamap.backends.quantise import activations
from dynamap.backends.quantise.calibrating import float_executor
from dynamap.backends.quantise.calibrating.clipping import Entropy, Histogram, Percentile
from dynamap.backends.quantise.calibrating.least_squares import Spread
from dynamap.backends.quantise.declared import real_values
from dynamap.backends.range_calibration import Method
from dynamap.cost.errors import InputError
from dynamap.cost.words import shown
from dynamap.planner.network.network import HostLayer, Network, Quantisation, activation_of

FloatArray = npt.NDArray[np.float32]
Sample = Mapping[str, FloatArray]
Range = tuple[float, float]
Key = tuple[str, bool]
"""A tensor and False, or a layer and True: what it computes before its activation."""

_FURTHEST = float(np.finfo(np.float32).max)
MOST_RANDOM_VALUES = 1 << 29
"""Of all random inputs together: 2 GiB. One input may have more, as the network asks."""


class Samples(Protocol):
    """Samples of the network's inputs, each C x H x W, that can be walked more than once."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Sample]: ...


@dataclass(frozen=True)
class CalibrationSet:
    """Samples, a phrase that says what they are, and whether they are but noise."""

    samples: Samples
    description: str
    noise: bool = False


@dataclass(frozen=True)
class Ranges:
    """Lowest and highest value of every tensor, and of what each layer computes before its activation."""

    tensors: Mapping[str, Range]
    before_activation: Mapping[str, Range]


def given_set(network: Network, data: Mapping[str, npt.NDArray[np.generic]]) -> CalibrationSet:
    """Calibration data of the user: per network input an array N x C x H x W (N x C for a vector).

    Raises:
        InputError: an input is missing or unknown, or an array has the wrong type or shape or holds NaN.
    """
    for name in data:
        if name not in network.inputs:
            raise InputError(
                f"the calibration data have an array {name!r}; the network's inputs are: {_names(network)}"
            )
    arrays = {}
    for name in network.inputs:
        if name not in data:
            found = ", ".join(map(repr, data)) or "none"
            raise InputError(f"the calibration data have no array for the input {name!r}; found: {found}")
        arrays[name] = checked_input(network, name, data[name], "calibration data")
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        raise InputError(f"the calibration data have different numbers of samples per input: {counts}")
    count = next(iter(counts.values()))
    samples = tuple({name: arrays[name][index] for name in arrays} for index in range(count))
    return CalibrationSet(samples, f"{count} given input{'s' if count > 1 else ''}")


def checked_input(network: Network, name: str, array: npt.NDArray[np.generic], what: str) -> FloatArray:
    """The real values of ``array`` as float32 N x C x H x W, where it has type and shape of the input ``name``.

    N x C x L does for an input of height 1, N x C for a vector, C x H x W for one image.

    Raises:
        InputError: it is not; the message names the input, what was found and what is wanted.
    """
    shape = network.tensors[name]
    label = f"{what} for the input {name!r}"
    wanted = f"N x {shape.channels} x {shape.height} x {shape.width}"
    values = real_values(network, name, array, label)
    if values.ndim == 2 and shape.height == shape.width == 1:
        values = values[:, :, None, None]
    if values.ndim == 3 and shape.height == 1 and values.shape[1:] == (shape.channels, shape.width):
        values = values[:, :, None]
    if values.ndim == 3:
        values = values[None]
    if values.ndim != 4 or values.shape[1:] != (shape.channels, shape.height, shape.width) or not len(values):
        raise InputError(f"{label}: the shape is {list(values.shape)}; it must be {wanted} with N of at least 1")
    if not np.isfinite(values).all():
        raise InputError(f"{label}: NaN or infinite values; remove the samples that hold them")
    return values


def random_set(network: Network, count: int, seed: int) -> CalibrationSet:
    """Seeded random inputs: standard normal, or uniform over the range of an input whose scale is known.

    Raises:
        InputError: ``count`` is not positive, or so many inputs take too much memory; ``seed`` is negative.
    """
    checked_count(network, count, seed)
    generator = np.random.default_rng(seed)
    samples = []
    for _ in range(count):
        sample = {}
        for name in network.inputs:
            shape = network.tensors[name].as_list()
            known = network.quantisation.get(name)
            if known is None:
                sample[name] = generator.standard_normal(shape, dtype=np.float32)
            else:
                low, high = representable(known)
                sample[name] = generator.uniform(low, high, shape).astype(np.float32)
        samples.append(sample)
    return CalibrationSet(
        tuple(samples), f"{count} seeded random input{'s' if count > 1 else ''} (seed {seed})", noise=True
    )


def checked_count(network: Network, count: int, seed: int) -> None:
    """Whether so many random inputs can be.

    Raises:
        InputError: as `random_set`.
    """
    if count < 1:
        raise InputError(f"calibration needs at least 1 random input, found {shown(count)}")
    values = sum(math.prod(network.tensors[name].as_list()) for name in network.inputs)
    if count > 1 and count * values > MOST_RANDOM_VALUES:
        raise InputError(
            f"{shown(count)} random inputs of {values:,} values each are too many: take --samples of at most "
            f"{max(1, MOST_RANDOM_VALUES // values):,}"
        )
    if seed < 0:
        raise InputError(f"a seed is 0 or more, found {shown(seed)}")


def representable(quantisation: Quantisation) -> Range:
    """The lowest and highest real value of 8 bits that float32 holds."""
    lowest = -128 if quantisation.signed else 0
    low = (lowest - quantisation.zero_point) * quantisation.scale
    return max(low, -_FURTHEST), min(low + 255 * quantisation.scale, _FURTHEST)


def measure(
    network: Network,
    data: CalibrationSet,
    method: Method,
    percentile: float,
    limits: Mapping[str, Range] = float_executor.NO_LIMITS,
) -> Ranges:
    """The ranges of all tensors over all samples; those in ``limits`` saturate at the ends of their range.

    ``MIN_MAX`` takes the extremes, ``SQUARES`` the least squared error
    (`dynamap.backends.quantise.calibrating.least_squares`). The others run a second time and count values between
    the extremes (`dynamap.backends.quantise.calibrating.clipping`).

    Raises:
        InputError: the percentile is not in 50 .. 100, or a layer computes NaN or infinite values.
    """
    extremes: dict[Key, Range] = {}
    spreads: defaultdict[Key, Spread] = defaultdict(Spread)
    for key, values, label in _all_values(network, data, limits):
        low, high = float(values.min()), float(values.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise InputError(
                f"{label} holds NaN or infinite values during calibration; "
                "check the weights of the layer and the calibration data"
            )
        known = extremes.get(key, (low, high))
        extremes[key] = (min(low, known[0]), max(high, known[1]))
        if method is Method.SQUARES:
            spreads[key].add(values)
    if method is Method.SQUARES:
        extremes |= _least_squares(network, spreads)
    elif method is not Method.MIN_MAX:
        extremes = _clipped(network, data, limits, extremes, method, percentile)
    return Ranges(
        tensors={name: found for (name, before), found in extremes.items() if not before},
        before_activation={name: found for (name, before), found in extremes.items() if before},
    )


def _least_squares(network: Network, spreads: Mapping[Key, Spread]) -> dict[Key, Range]:
    """The ranges of the least squared error, but for inputs and outputs, which keep their extremes.

    Pixels have steps of their own, which the extremes keep; the largest outputs are the answer.
    """
    kept = {*network.inputs, *network.outputs}
    kept.update(name for layer in network.layers if isinstance(layer, HostLayer) for name in layer.inputs)
    found = {(name, False): spread.best() for (name, before), spread in spreads.items() if not before}
    for layer in network.layers:
        if (layer.name, True) in spreads:
            function = partial(activations.apply, activation=activation_of(layer))
            found[layer.name, True] = spreads[layer.name, True].best(function)
    return {key: ends for key, ends in found.items() if key[1] or key[0] not in kept}


def _clipped(
    network: Network,
    data: CalibrationSet,
    limits: Mapping[str, Range],
    extremes: Mapping[Key, Range],
    method: Method,
    percentile: float,
) -> dict[Key, Range]:
    """The ranges that leave out outer values, after a second run that counts them."""
    clipping = Percentile(percentile) if method is Method.PERCENTILE else Entropy()
    counted = {key: Histogram(clipping.counted(found)) for key, found in extremes.items()}
    for key, values, _ in _all_values(network, data, limits):
        counted[key].add(values)
    return {key: clipping.clipped(counted[key], found) for key, found in extremes.items()}


def _all_values(
    network: Network, data: CalibrationSet, limits: Mapping[str, Range]
) -> Iterator[tuple[Key, FloatArray, str]]:
    """Every tensor of every sample: (name, False); and before activations that have tables: (layer, True)."""
    for sample in data.samples:
        for name in network.inputs:
            yield (name, False), sample[name], f"the input {name!r}"
        for layer, before, output in float_executor.run(network, sample, limits):
            if activations.has_table(layer):
                yield (layer.name, True), before, f"layer {layer.name!r}"
            yield (layer.output, False), output, f"layer {layer.name!r}"


def _names(network: Network) -> str:
    return ", ".join(map(repr, network.inputs))
