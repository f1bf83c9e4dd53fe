"""From a float or quantised model to integers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dynamap.backends.quantise import activations
from dynamap.backends.quantise.build import Schemes, build_layer, vanishing_terms
from dynamap.backends.quantise.calibrating import calibration as calibrating
from dynamap.backends.quantise.calibrating.calibration import CalibrationSet
from dynamap.backends.quantise.calibrating.whole_set import whole_set
from dynamap.backends.quantise.layers import Calibrated, QuantisedNetwork
from dynamap.backends.quantise.scales import schemes, sharing
from dynamap.backends.range_calibration import Method
from dynamap.cost.errors import InputError
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.joining.in_place import concats_in_place, divided
from dynamap.planner.network.limits import require_finite, require_runnable
from dynamap.planner.network.network import (
    HostLayer,
    Network,
    Pool,
    PoolKind,
    Quantisation,
    activation_of,
)

DEFAULT_SAMPLES = 4


def quantise(
    network: Network,
    *,
    calibration: Mapping[str, npt.NDArray[np.generic]] | CalibrationSet | None = None,
    method: str = Method.SQUARES.value,
    percentile: float = 99.99,
    seed: int = 0,
    samples: int = DEFAULT_SAMPLES,
) -> QuantisedNetwork:
    """Give every tensor a scale and every layer its integers.

    Args:
        network: float, or quantised (its scales are kept; tensors without one are calibrated).
        calibration: per network input an array N x C x H x W (N x C for vectors), or a set that is read image by
            image; without it ``samples`` seeded random inputs are used, and ``source`` of the result says so.
        method: "squares" (the least squared error), "minmax" (the extremes of each tensor), "percentile" (without
            its outermost values) or "entropy" (without those that cost least information).
        percentile: share of the values, in percent, that is kept at either end.
        seed: of the random inputs.
        samples: number of random inputs.

    Raises:
        InputError: calibration data or weights are unusable, or a layer's integers would not fit
            their widths. The message names the input or the layer.
    """
    if method not in {choice.value for choice in Method}:
        known = ", ".join(choice.value for choice in Method)
        raise InputError(f"the calibration method {method!r} does not exist; use {known}")
    require_runnable(network, find_storages(network).executed)
    require_finite(network)
    given = schemes.given_schemes(network)
    stored = schemes.stored_tensors(network)
    tables = [layer.name for layer in network.layers if activations.is_calibrated(layer)]
    missing = [name for name in stored if name not in given]
    notices: tuple[str, ...] = ()
    calibrated = Calibrated()
    if not missing and not tables:
        found, ranges = dict(given), calibrating.Ranges({}, {})
        source = "scales and zero points of the quantised model"
    else:
        if network.whole is not None:
            data = whole_set(network, network.whole, calibration, samples, seed)
        elif calibration is None:
            data = calibrating.random_set(network, samples, seed)
        elif isinstance(calibration, CalibrationSet):
            data = calibration
        else:
            data = calibrating.given_set(network, calibration)
        whole = divided(network)
        limits = {name: calibrating.representable(known) for name, known in given.items() if name not in whole}
        ranges = calibrating.measure(network, data, Method(method), percentile, limits)
        in_place = concats_in_place(network)
        tensors = sharing.sums_no_finer_than_terms(network, ranges.tensors)
        shared = sharing.shared_ranges(network, tensors, given, in_place)
        found = schemes.calibrated_schemes(network, shared, given)
        notices = sharing.few_levels(network, ranges.tensors, shared, in_place)
        calibrated = Calibrated(len(data.samples), data.noise)
        source = _sentence(data.description, Method(method), percentile, len(given), len(missing))
    chosen = Schemes(found, _before_tables(network, found, ranges))
    layers = {
        layer.name: build_layer(network, layer, chosen) for layer in network.layers if not isinstance(layer, HostLayer)
    }
    notices = (*notices, *vanishing_terms(network, layers))
    return QuantisedNetwork(network, found, layers, source, notices, calibrated)


def _before_tables(
    network: Network, found: Mapping[str, Quantisation], ranges: calibrating.Ranges
) -> dict[str, Quantisation]:
    """The scheme of the rounded value before each table; a max pooling keeps its input's."""
    chosen = {}
    for layer in network.layers:
        activation = activation_of(layer)
        if activation is None or not activations.has_table(layer):
            continue
        if activation.stored is not None:
            chosen[layer.name] = schemes.as_int8(activation.stored, layer.output)
        elif isinstance(layer, Pool) and layer.kind is PoolKind.MAX:
            chosen[layer.name] = found[layer.inputs[0]]
        else:
            before = ranges.before_activation[layer.name]
            useful = activations.useful_range(activation, before)
            chosen[layer.name] = schemes.from_range(_within(before, useful))
    return chosen


def _within(found: calibrating.Range, useful: calibrating.Range) -> calibrating.Range:
    low, high = max(found[0], useful[0]), min(found[1], useful[1])
    return (low, high) if low < high else found


def _sentence(description: str, method: Method, percentile: float, given: int, missing: int) -> str:
    how = {
        Method.SQUARES: "least squares",
        Method.MIN_MAX: "extremes",
        Method.PERCENTILE: f"percentile {percentile:g}",
    }.get(method, method.value)
    calibrated = f"calibrated on {description}, {how}"
    if not given:
        return calibrated
    if not missing:
        return f"scales and zero points of the quantised model; inputs of activation tables {calibrated}"
    tensors = f"{missing} tensor{'s' if missing > 1 else ''} without"
    return f"scales and zero points of the quantised model; {tensors} {calibrated}"
