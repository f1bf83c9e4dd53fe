"""Plans on tiny overlays, and programs against the reference executor of the quantiser, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.backends.conformance.networks import one_conv
from dynamap.backends.conformance.plans import SMALL, TINY, integer_image, plan_on, redecided
from dynamap.backends.contract import Executor
from dynamap.backends.emulator import Emulator
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.program.host import integer_inputs, prepare, random_inputs
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import QuantisedNetwork, quantise
from dynamap.backends.quantise.reference import run_layers
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.plan.layers import OnHost
from dynamap.planner.plan.plan import Plan

__all__ = [
    "SMALL",
    "TINY",
    "assert_equal_layer_by_layer",
    "compare",
    "integer_image",
    "one_conv",
    "plan_on",
    "redecided",
]


def compare(plan: Plan, quantised: QuantisedNetwork, image: dict[str, np.ndarray], *, counters: bool = True) -> int:
    """Runs the plan's program and the reference; every tensor must be equal, and the bytes those of the plan.

    Returns the number of tensors compared.
    """
    emulator = Emulator(compile_program(plan, quantised))
    expected = dict(run_layers(quantised, image))
    for name, values in image.items():
        emulator.write_input(name, values)
    planned = {layer.name: layer for layer in plan.layers}
    compared = 0
    for count, entry in emulator.run():
        name = emulator.program.name_of(entry)
        np.testing.assert_array_equal(emulator.read_entry(entry), expected[name], f"layer {count.name}")
        if counters:
            layer = planned[count.name]
            moved = (count.bytes_read, count.bytes_written)
            assert moved == (layer.bytes_read, layer.bytes_written), count.name
        compared += 1
    assert compared == len(expected)
    return compared


def assert_equal_layer_by_layer(executor: Executor, plan: Plan, *, as_planned: bool = False) -> None:
    """An executor against the NumPy emulator and the plan, on a seeded random image.

    ``as_planned``: every layer takes the plan's cycles, where the executor measures them.
    """
    prepared = prepare(plan)
    inputs = integer_inputs(prepared.quantised, random_inputs(prepared.network, 1))
    planned = {layer.name: layer for layer in plan.layers}
    compared = 0
    runs = zip(NumpyExecutor().run(prepared.program, inputs), executor.run(prepared.program, inputs), strict=True)
    for expected, found in runs:
        assert (found.values == expected.values).all(), found.name
        wanted = {key: getattr(planned[found.name], key) for key in found.counters}
        assert dict(found.counters) == wanted, found.name
        if found.cycles is not None:
            assert found.cycles.measured == found.cycles.expected, found.name
            assert not as_planned or found.cycles.measured == planned[found.name].cycles, found.name
        compared += 1
    assert compared == sum(not isinstance(layer, OnHost) for layer in plan.layers)


@pytest.fixture(scope="session")
def small_image() -> bytes:
    """The program of one small convolution."""
    network = one_conv(TensorShape(5, 6, 7), 9, Window((3, 3), pads=(1, 1, 1, 1)))
    return compile_program(plan_on(network, (5, 7)), quantise(network, samples=1)).image
