"""Plans on tiny overlays, and programs against the reference executor of the quantiser, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.backends.contract import Executor
from dynamap.backends.emulator import Emulator
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.program.host import integer_inputs, prepare, random_inputs
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import QuantisedNetwork, quantise
from dynamap.backends.quantise.reference import run_layers
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.machine import Buffers
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Activation, ActivationKind, Conv, Network, Quantisation
from dynamap.planner.plan.document import blocking_document, layer_document, read_layer
from dynamap.planner.plan.layers import Blocking, OnHost, PlannedLayer
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import restrictions_for, solver_of, target
from dynamap.planner.search.joint import fixed_search
from dynamap.planner.writing import write_plan

TINY = Buffers(input_buffer=16384, weight_buffer=16384, accumulator_rows=256, row_buffer=2048)
SMALL = Buffers(input_buffer=65536, weight_buffer=65536, accumulator_rows=1024, row_buffer=8192)


def plan_on(
    network: Network,
    array: tuple[int, int],
    buffers: Buffers = SMALL,
    device: str = "pynq-z2",
    request: Request | None = None,
) -> Plan:
    """The best plan on an overlay with this array and these buffers."""
    request = request or Request()
    board, machine, candidates = target(device, request)
    storages = find_storages(network)
    costs = LayerCosts(network, storages, machine, restrictions_for(network, request))
    found = fixed_search(costs, storages, *array, [buffers], solve=solver_of(request))
    return write_plan(network, board, request, costs, storages, candidates, found)


def redecided(layer: PlannedLayer, **words: object) -> PlannedLayer:
    """The layer with other decisions, given as the plan's document has them (or as a ``Blocking``)."""
    blocking = words.get("blocking")
    if isinstance(blocking, Blocking):
        words["blocking"] = blocking_document(blocking)
    return read_layer(layer_document(layer) | words, published=False)


def integer_image(network: Network, seed: int) -> dict[str, np.ndarray]:
    """Every int8 value is as likely, the extremes included."""
    generator = np.random.default_rng(seed)
    return {
        name: generator.integers(-128, 128, network.tensors[name].as_list()).astype(np.int8) for name in network.inputs
    }


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


def assert_equal_layer_by_layer(executor: Executor, plan: Plan) -> None:
    """An executor against the NumPy emulator and the plan, on a seeded random image."""
    prepared = prepare(plan)
    inputs = integer_inputs(prepared.quantised, random_inputs(prepared.network, 1))
    planned = {layer.name: layer for layer in plan.layers}
    compared = 0
    runs = zip(NumpyExecutor().run(prepared.program, inputs), executor.run(prepared.program, inputs), strict=True)
    for expected, found in runs:
        assert (found.values == expected.values).all(), found.name
        wanted = {key: getattr(planned[found.name], key) for key in found.counters}
        assert dict(found.counters) == wanted, found.name
        compared += 1
    assert compared == sum(not isinstance(layer, OnHost) for layer in plan.layers)


def one_conv(
    shape: TensorShape,
    outputs: int,
    window: Window,
    *,
    groups: int = 1,
    order: tuple[int, ...] | None = None,
    kind: ActivationKind | None = ActivationKind.RELU,
    zero_point: int = 37,
    seed: int = 0,
) -> Network:
    """A network of one convolution, whose input is stored with a zero point of its own."""
    generator = np.random.default_rng(seed)
    weights = generator.standard_normal((outputs, shape.channels // groups, *window.kernel), dtype=np.float32)
    bias = generator.standard_normal(outputs, dtype=np.float32)
    activation = None if kind is None else Activation(kind, 0.2)
    conv = Conv("conv", ("input",), "output", window, weights, bias, groups, activation, output_order=order)
    height, width = window.output_size(shape.height, shape.width)
    tensors = {"input": shape, "output": TensorShape(outputs, height, width)}
    return Network(
        "one convolution", "", (conv,), tensors, ("input",), ("output",), {"input": Quantisation(0.02, zero_point)}
    )


@pytest.fixture(scope="session")
def small_image() -> bytes:
    """The program of one small convolution."""
    network = one_conv(TensorShape(5, 6, 7), 9, Window((3, 3), pads=(1, 1, 1, 1)))
    return compile_program(plan_on(network, (5, 7)), quantise(network, samples=1)).image
