"""One image through the int8 network and through the imported float network, tensor by tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.evidence.accuracy.measures import Noise
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.host.layers import with_host_layers
from dynamap.backends.host.segments import Segments
from dynamap.backends.host.steps import Arrays, run_steps
from dynamap.backends.program.host import Prepared, integer_inputs, lowered, real_outputs
from dynamap.backends.program.parts import compared_values, prepared_part
from dynamap.backends.quantise import QuantisedNetwork
from dynamap.backends.quantise.calibrating import float_executor
from dynamap.backends.quantise.declared import array_of_tensor, tensor_of_array
from dynamap.backends.quantise.reference import execute, run_layers
from dynamap.cost.errors import DynamapError
from dynamap.planner.network.network import HostLayer
from dynamap.planner.network.parting import network_of_part, whole_of
from dynamap.planner.network.whole import OverlayPart
from dynamap.planner.plan.plan import Plan

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]
Int8Array = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class BothNetworks:
    """The int8 network by the reference executor, with the segments of the host; beside it the float one."""

    plan: Plan
    quantised: QuantisedNetwork
    segments: Segments

    def int8_outputs(self, arrays: Arrays) -> dict[str, Array]:
        """The model's outputs as real values, from its own inputs with a batch of one.

        Raises:
            InputError: an input does not fit, or a segment cannot be run.
        """

        def run_part(part: OverlayPart, values: Arrays) -> Arrays:
            own = self._part(part)
            inputs = integer_inputs(own, {tensor: values[name] for name, tensor in part.reads.items()})
            return _written(own, part, real_outputs(own, execute(own, inputs, keep=False)))

        network = self.quantised.network
        return compared_values(network, run_steps(whole_of(network), arrays, run_part, self.segments))

    def float_outputs(self, arrays: Arrays) -> dict[str, Array]:
        """The same of the imported network in float32."""
        return self._float_pass(arrays, {})

    def add_noise(self, arrays: Arrays, noise: Mapping[str, Noise]) -> None:
        """Adds what each tensor of the int8 network differs by from the float one's."""
        exact: dict[str, FloatArray] = {}
        self._float_pass(arrays, exact)

        def add(tensor: str, values: Int8Array) -> None:
            scales = self.quantised.scales_of(tensor).astype(np.float32).reshape(-1, 1, 1)
            centred = values.astype(np.int32) - self.quantised.tensors[tensor].zero_point
            noise[tensor].add(exact.pop(tensor), centred.astype(np.float32) * scales)

        def run_part(part: OverlayPart, values: Arrays) -> Arrays:
            own = self._part(part)
            inputs = integer_inputs(own, {tensor: values[name] for name, tensor in part.reads.items()})
            wanted = _read_by_host(own)
            stored = {tensor: found for tensor, found in inputs.items() if tensor in wanted}
            for tensor, found in inputs.items():
                add(tensor, found)
            for tensor, found in run_layers(own, inputs):
                add(tensor, found)
                if tensor in wanted:
                    stored[tensor] = found
            return _written(own, part, real_outputs(own, stored))

        run_steps(whole_of(self.quantised.network), arrays, run_part, self.segments)

    def check_emulator(self, arrays: Arrays) -> None:
        """Runs the program of every part in the emulator, which must give what the reference gives.

        Raises:
            DynamapError: it does not, which is a defect of this program.
        """
        prepared = lowered(self.plan, self.quantised)

        def run_part(part: OverlayPart, values: Arrays) -> Arrays:
            own = prepared_part(prepared, part)
            inputs = integer_inputs(own.quantised, {tensor: values[name] for name, tensor in part.reads.items()})
            stored = execute(own.quantised, inputs, keep=False)
            _compare(own, inputs, stored)
            return _written(own.quantised, part, real_outputs(own.quantised, stored))

        run_steps(whole_of(self.quantised.network), arrays, run_part, self.segments)

    def _part(self, part: OverlayPart) -> QuantisedNetwork:
        if self.quantised.network.whole is None:
            return self.quantised
        return replace(self.quantised, network=network_of_part(self.quantised.network, part))

    def _float_pass(self, arrays: Arrays, exact: dict[str, FloatArray]) -> dict[str, Array]:
        """The outputs as real values; ``exact`` gets every tensor that the overlay would store."""

        def run_part(part: OverlayPart, values: Arrays) -> Arrays:
            own = self._part(part)
            live = {tensor: tensor_of_array(own.network, tensor, values[name]) for name, tensor in part.reads.items()}
            exact.update(live)
            wanted = _read_by_host(own)
            for layer, _, output in float_executor.run(own.network, dict(live)):
                exact[layer.output] = output
                if layer.output in wanted:
                    live[layer.output] = output
            return _written(own, part, with_host_layers(own.network, live))

        network = self.quantised.network
        return compared_values(network, run_steps(whole_of(network), arrays, run_part, self.segments))


def _read_by_host(quantised: QuantisedNetwork) -> set[str]:
    network = quantised.network
    return {
        *network.outputs,
        *(name for layer in network.layers if isinstance(layer, HostLayer) for name in layer.inputs),
    }


def _written(quantised: QuantisedNetwork, part: OverlayPart, real: Mapping[str, FloatArray]) -> dict[str, Array]:
    return {name: array_of_tensor(quantised.network, tensor, real[tensor]) for name, tensor in part.writes.items()}


def _compare(prepared: Prepared, inputs: Mapping[str, Int8Array], stored: Mapping[str, Int8Array]) -> None:
    for run in NumpyExecutor().run(prepared.program, inputs):
        if run.tensor in stored and not np.array_equal(run.values, stored[run.tensor]):
            raise DynamapError(
                f"layer {run.name!r}: the emulator of the program and the reference differ; this is a defect of "
                "dynamap: please report it with the model"
            )
