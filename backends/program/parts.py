"""A prepared plan part by part: where the host interrupts the network, the program stops and goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy.typing as npt

from dynamap.backends.host.ports import random_samples, samples_of
from dynamap.backends.host.segments import Segments
from dynamap.backends.host.steps import Arrays, run_steps
from dynamap.backends.program.host import (
    Int8Array,
    Prepared,
    integer_inputs,
    random_inputs,
    read_arrays,
    real_outputs,
    single_images,
)
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import QuantisedNetwork
from dynamap.backends.quantise.declared import array_of_tensor, real_values
from dynamap.cost.errors import InputError
from dynamap.planner.network.network import Network
from dynamap.planner.network.parting import front_of, network_of_part, whole_of
from dynamap.planner.network.whole import OverlayPart
from dynamap.planner.request.preprocessing import RAW, Preprocessing

Array = npt.NDArray[Any]

Execute = Callable[[Prepared, Mapping[str, Int8Array]], Mapping[str, Int8Array]]
"""Runs the program of one part on its inputs; the tensors that the host reads, by name."""


def prepared_part(prepared: Prepared, part: OverlayPart) -> Prepared:
    """One part with a program of its own.

    Raises:
        InfeasibleError: the device's memory is too small.
    """
    if prepared.network.whole is None:
        return prepared
    names = set(part.layers)
    plan = replace(prepared.plan, layers=tuple(layer for layer in prepared.plan.layers if layer.name in names))
    quantised = replace(prepared.quantised, network=network_of_part(prepared.network, part))
    return Prepared(plan, quantised, compile_program(plan, quantised))


def run_model(prepared: Prepared, arrays: Arrays, execute: Execute, segments: Segments) -> dict[str, Array]:
    """The whole model from its own inputs; all that its steps write, in its names, types and shapes.

    Raises:
        InputError: an input does not fit, or the host cannot run a segment.
    """

    def run_part(part: OverlayPart, values: Arrays) -> Arrays:
        own = prepared_part(prepared, part)
        inputs = integer_inputs(own.quantised, {tensor: values[name] for name, tensor in part.reads.items()})
        real = real_outputs(own.quantised, execute(own, inputs))
        return {name: array_of_tensor(own.network, tensor, real[tensor]) for name, tensor in part.writes.items()}

    return run_steps(whole_of(prepared.network), arrays, run_part, segments)


def model_inputs(
    quantised: QuantisedNetwork, file: Path | None, seed: int, preprocess: Preprocessing = RAW
) -> dict[str, Array]:
    """One value for each input of the model: from a file of arrays or a picture, or seeded random ones.

    Raises:
        InputError: the file cannot be read, or does not fit.
    """
    network = quantised.network
    if network.whole is None:
        given = random_inputs(network, seed) if file is None else read_arrays(file, network, preprocess)
        integer_inputs(quantised, given)  # where they do not fit, that is said before anything is run
        return dict(given)
    front = front_of(network)
    if front is not None:
        given = random_inputs(front, seed) if file is None else read_arrays(file, network, preprocess)
        return front_arrays(front, given)
    if file is None:
        return random_samples(network.whole, 1, seed)[0]
    samples = samples_of(network.whole, read_arrays(file, network, preprocess), "input data")
    if len(samples) != 1:
        raise InputError(f"input data: {len(samples)} images; give one at a time")
    return samples[0]


def front_arrays(front: Network, given: Arrays) -> dict[str, Array]:
    """One image for each input in its declared type and shape, with a batch of 1.

    Raises:
        InputError: an input is missing or unknown, has the wrong shape or type, or holds NaN.
    """
    return {name: array_of_tensor(front, name, values) for name, values in single_images(front, given).items()}


def outputs_of(network: Network) -> tuple[str, ...]:
    """The names of the model's outputs."""
    return network.outputs if network.whole is None else tuple(port.name for port in network.whole.outputs)


def compared_values(network: Network, values: Mapping[str, Array]) -> dict[str, Array]:
    """What the steps wrote, as it is compared with the original: integers with a scale as the real values they are."""
    if network.whole is not None:
        return dict(values)
    return {name: real_values(network, name, values[name], f"the output {name!r}") for name in network.outputs}
