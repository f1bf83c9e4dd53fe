"""Calibration of a network that the host interrupts: its inputs are those of the model, and what the host makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from dynamap.backends.host.layers import with_host_layers
from dynamap.backends.host.ports import random_samples, samples_of
from dynamap.backends.host.segments import Segments
from dynamap.backends.host.steps import Arrays, RunPart, run_steps
from dynamap.backends.quantise.calibrating import float_executor
from dynamap.backends.quantise.calibrating.calibration import (
    CalibrationSet,
    Sample,
    Samples,
    checked_count,
    given_set,
    random_set,
)
from dynamap.backends.quantise.declared import array_of_tensor, tensor_of_array
from dynamap.planner.network.network import HostLayer, Network
from dynamap.planner.network.parting import front_of, network_of_part
from dynamap.planner.network.whole import OverlayPart, Whole

Array = npt.NDArray[Any]


def whole_set(
    network: Network, whole: Whole, data: Mapping[str, Array] | CalibrationSet | None, count: int, seed: int
) -> CalibrationSet:
    """Samples of all inputs of the network's parts, from samples of the model's own inputs (None: random ones).

    Raises:
        InputError: the data do not fit the model, or a segment of the host cannot be run.
    """
    front = front_of(network)
    if front is None:
        return _of_arrays(network, whole, data, count, seed)
    if data is None:
        data = random_set(front, count, seed)
    elif not isinstance(data, CalibrationSet):
        data = given_set(front, data)
    return CalibrationSet(_Samples(network, whole, _Images(front, data.samples)), data.description, data.noise)


def _of_arrays(
    network: Network, whole: Whole, data: Mapping[str, Array] | CalibrationSet | None, count: int, seed: int
) -> CalibrationSet:
    assert not isinstance(data, CalibrationSet), "a set is of images, and the model's inputs are others"
    if data is None:
        checked_count(network, count, seed)
        description = f"{count} seeded random input{'s' if count > 1 else ''} (seed {seed})"
        return CalibrationSet(_Samples(network, whole, random_samples(whole, count, seed)), description, noise=True)
    samples = samples_of(whole, data, "calibration data")
    description = f"{len(samples)} given input{'s' if len(samples) > 1 else ''}"
    return CalibrationSet(_Samples(network, whole, samples), description)


class _Sized(Protocol):
    """Samples of the model's own inputs, batch included."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Arrays]: ...


@dataclass(frozen=True)
class _Images:
    """Samples of real values as the model declares its inputs."""

    front: Network
    samples: Samples

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[Arrays]:
        for sample in self.samples:
            yield {name: array_of_tensor(self.front, name, values) for name, values in sample.items()}


@dataclass(frozen=True)
class _Samples:
    """Samples of what the parts of the network read, C x H x W."""

    network: Network
    whole: Whole
    inputs: _Sized

    def __len__(self) -> int:
        return len(self.inputs)

    def __iter__(self) -> Iterator[Sample]:
        segments, run_part = Segments(), float_part(self.network)
        names = [name for part in self.whole.parts for name in part.reads]
        for arrays in self.inputs:
            values = run_steps(self.whole, arrays, run_part, segments, names)
            yield {
                tensor: tensor_of_array(self.network, tensor, values[name])
                for part in self.whole.parts
                for name, tensor in part.reads.items()
            }


def float_part(network: Network) -> RunPart:
    """Computes parts in float32."""

    def run(part: OverlayPart, values: Arrays) -> Arrays:
        own = network_of_part(network, part)
        live = {tensor: tensor_of_array(network, tensor, values[name]) for name, tensor in part.reads.items()}
        wanted = {
            *own.outputs,
            *(name for layer in own.layers if isinstance(layer, HostLayer) for name in layer.inputs),
        }
        for layer, _, output in float_executor.run(own, live):
            if layer.output in wanted:
                live[layer.output] = output
        real = with_host_layers(own, live)
        return {name: array_of_tensor(network, tensor, real[tensor]) for name, tensor in part.writes.items()}

    return run
