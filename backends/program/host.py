"""The host's part: from a plan to its program, inputs to integers, outputs back, and the layers after the overlay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic.integers import dequantise_values, quantise_values
from dynamap.backends.host.layers import with_host_layers
from dynamap.backends.inputs.images import image_array
from dynamap.backends.inputs.picture import is_picture
from dynamap.backends.inputs.sets import calibration_set
from dynamap.backends.inputs.streams import named_arrays
from dynamap.backends.planned_model import network_of_plan
from dynamap.backends.program.encoding import Program
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import QuantisedNetwork, quantise
from dynamap.backends.quantise.calibrating.calibration import CalibrationSet, checked_input, random_set
from dynamap.backends.quantise.declared import array_of_tensor, declared_values
from dynamap.backends.range_calibration import RangeCalibration
from dynamap.cost.errors import InputError
from dynamap.planner.models.placeholders import without_weights
from dynamap.planner.network.network import Network
from dynamap.planner.network.parting import front_of
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.preprocessing import RAW, Preprocessing
from dynamap.planner.request.replanning import stored_request

Int8Array = npt.NDArray[np.int8]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A plan's network in integers, without its float weights, and its program."""

    plan: Plan
    quantised: QuantisedNetwork
    program: Program

    @property
    def network(self) -> Network:
        return self.quantised.network


def prepare(plan: Plan, calibration: RangeCalibration | None = None, *, folder: Path | None = None) -> Prepared:
    """Finds the plan's model again, quantises it and compiles the program.

    Raises:
        InputError: the model is missing or has changed since, or cannot be quantised.
        InfeasibleError: the device's memory is too small.
    """
    network = network_of_plan(plan, folder=folder)
    return lowered(plan, quantised_by(network, calibration or RangeCalibration(), preprocessing_of(plan)))


def preprocessing_of(plan: Plan) -> Preprocessing:
    """What the plan states to be done to pictures: nothing, where it states nothing.

    Raises:
        InputError: the plan's request cannot be read.
    """
    return stored_request(plan).preprocess or RAW


def lowered(plan: Plan, quantised: QuantisedNetwork) -> Prepared:
    """The program of a plan whose model is quantised already; the float weights are let go.

    Raises:
        InfeasibleError: the device's memory is too small.
    """
    lean = replace(quantised, network=without_weights(quantised.network))
    return Prepared(plan, lean, compile_program(plan, lean))


def quantised_by(network: Network, how: RangeCalibration, preprocess: Preprocessing = RAW) -> QuantisedNetwork:
    """The network in integers, with the scales that its calibration gives; ``preprocess``: what is done to pictures.

    Raises:
        InputError: the calibration data cannot be read or used.
    """
    front = front_of(network)
    data: CalibrationSet | Mapping[str, npt.NDArray[Any]] | None = None
    if how.data is not None and front is not None:
        data = calibration_set(how.data, front, preprocess)
    elif how.data is not None:
        data = whole_arrays(how.data, network)
    return quantise(
        network,
        calibration=data,
        method=how.method,
        percentile=how.percentile,
        seed=how.seed,
        samples=how.samples,
    )


def read_arrays(path: Path, network: Network, preprocess: Preprocessing) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an .npz file by name, or a picture or the array of an .npy file for the network's only input.

    Raises:
        InputError: the file cannot be read or does not say which input it is for.
    """
    front = front_of(network)
    if is_picture(path):
        if front is None:
            raise InputError(
                f"{str(path)!r} is a picture, and the inputs of this model are no images of 1 or 3 channels: give an "
                ".npz with an array for each input"
            )
        return {front.inputs[0]: image_array(path, front, preprocess)}
    return whole_arrays(path, network)


def whole_arrays(path: Path, network: Network) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an .npz file by name, or the array of an .npy file for the model's only input.

    Raises:
        InputError: the file cannot be read or does not say which input it is for.
    """
    names = network.inputs if network.whole is None else tuple(port.name for port in network.whole.inputs)
    return {name: array.whole() for name, array in named_arrays(path, names).items()}


def integer_inputs(quantised: QuantisedNetwork, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, Int8Array]:
    """Each input as int8, C x H x W, from the values of one image in the types that the model declares.

    Raises:
        InputError: an input is missing or unknown, has the wrong shape or type, or holds NaN.
    """
    images = single_images(quantised.network, arrays)
    return {name: quantise_values(values, quantised.tensors[name]) for name, values in images.items()}


def single_images(network: Network, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, FloatArray]:
    """The one image for each input, C x H x W, as real values.

    Raises:
        InputError: an input is missing or unknown, has the wrong shape or type, or holds NaN.
    """
    for name in arrays:
        if name not in network.inputs:
            raise InputError(f"there is no input {name!r}; the model's inputs are: {', '.join(network.inputs)}")
    images = {}
    for name in network.inputs:
        if name not in arrays:
            raise InputError(f"the input {name!r} is missing")
        values = checked_input(network, name, arrays[name], "input data")
        if len(values) != 1:
            raise InputError(f"input data for the input {name!r}: {len(values)} images; give one at a time")
        images[name] = values[0]
    return images


def random_inputs(network: Network, seed: int) -> dict[str, npt.NDArray[Any]]:
    """Seeded random images, as calibration uses them, in the types that the model declares."""
    (sample,) = random_set(network, 1, seed).samples
    return {name: declared_values(network, name, values) for name, values in sample.items()}


def real_outputs(quantised: QuantisedNetwork, stored: Mapping[str, Int8Array]) -> dict[str, FloatArray]:
    """The network's outputs as real values, C x H x W, after the host's layers.

    ``stored`` has every tensor that outputs or host layers read. What a quantised model stores behind a layer of the
    host is rounded as there.
    """
    network = quantised.network
    real = {name: dequantise_values(values, quantised.tensors[name]) for name, values in stored.items()}
    real = with_host_layers(network, real)
    return {name: real[name] for name in network.outputs}


def declared_outputs(network: Network, real: Mapping[str, FloatArray]) -> dict[str, npt.NDArray[Any]]:
    """Outputs in the types and shapes that the model declares, batch included."""
    return {name: array_of_tensor(network, name, values) for name, values in real.items()}
