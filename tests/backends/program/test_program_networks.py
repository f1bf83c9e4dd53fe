"""Whole networks: programs of real plans against the reference executor, to the bit, with the plan's byte counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamap.backends.conformance.networks import NetworkBuilder, random_network
from dynamap.backends.conformance.plans import ONE_PRODUCT
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.program import Mode, Op
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from dynamap.backends.quantise.reference import run_layers
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.device import Device
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.machine import Buffers
from dynamap.planner.models import resolve
from dynamap.planner.network.network import Add, Concat, HostLayer, Layer, Mul, Network, Pool, PoolKind, Resize
from dynamap.planner.plan.layers import InPlace, OnHost
from dynamap.planner.plan.words import op_word
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from support.programs import SMALL, TINY, compare, integer_image, one_conv, plan_on


@given(
    seed=st.integers(0, 2**16),
    target=st.sampled_from([(ONE_PRODUCT, (5, 7)), (ONE_PRODUCT, (1, 1)), ("zcu104", (16, 3)), ("zcu104", (3, 20))]),
    buffers=st.sampled_from([TINY, SMALL]),
    algorithms=st.sampled_from([tuple(Algorithm), (Algorithm.IM2COL,), (Algorithm.KN2ROW, Algorithm.IM2COL)]),
    flows=st.sampled_from([tuple(Dataflow), (Dataflow.NS,), (Dataflow.WS,), (Dataflow.IS,)]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_networks(
    seed: int,
    target: tuple[str | Device, tuple[int, int]],
    buffers: Buffers,
    algorithms: tuple[Algorithm, ...],
    flows: tuple[Dataflow, ...],
) -> None:
    network = random_network(seed)
    device, array = target
    plan = plan_on(network, array, buffers, device, Request(algorithms=algorithms, dataflows=flows))
    compare(plan, quantise(network, samples=1, seed=seed), integer_image(network, seed))


def layers_network(shape: TensorShape, layers: list[Layer], shapes: dict[str, TensorShape], output: str) -> Network:
    tensors = {"input": shape, **shapes}
    return Network("small", "", tuple(layers), tensors, ("input",), (output,))


def test_tensors_inside_concatenations_are_written_in_place() -> None:
    """Two concatenations, one inside the other, of offsets 16 and 48, and a reader of the inner one."""
    builder = NetworkBuilder(3, 16, 9, 8)
    first = builder.conv("input", 16, Window((1, 1)))
    second = builder.conv(first, 32, Window((3, 3), pads=(1, 1, 1, 1)))
    shape = builder.tensors[first]
    inner = builder.add(Concat("inner", (first, second), "inner"), TensorShape(48, shape.height, shape.width))
    third = builder.conv(inner, 21, Window((3, 3), pads=(1, 1, 1, 1)))
    outer = builder.add(Concat("outer", (inner, third), "outer"), TensorShape(69, shape.height, shape.width))
    network = builder.network(builder.conv(outer, 10, Window((1, 1))))
    plan = plan_on(network, (5, 7), TINY)
    assert [type(layer) for layer in plan.layers if op_word(layer) == "concat"] == [InPlace, InPlace]
    quantised = quantise(network, samples=1)
    compare(plan, quantised, integer_image(network, 0))
    program = compile_program(plan, quantised)
    entries = dict(zip(program.tensor_names, program.tensors, strict=True))
    assert entries["inner"].address == entries[first].address == entries["outer"].address
    assert entries[second].address - entries["outer"].address == entries[second].plane_bytes
    assert entries[third].address - entries["outer"].address == 3 * entries[third].plane_bytes


def test_contraction_chunks_and_bands() -> None:
    """Buffers so small that the weights stream and the sums of a band stay on chip over several passes."""
    network = one_conv(TensorShape(256, 10, 10), 48, Window((3, 3), pads=(1, 1, 1, 1)))
    buffers = Buffers(input_buffer=32768, weight_buffer=16384, accumulator_rows=1024, row_buffer=2048)
    plan = plan_on(network, (8, 8), buffers, request=Request(algorithms=(Algorithm.IM2COL,)))
    quantised = quantise(network, samples=1)
    compare(plan, quantised, integer_image(network, 5))
    commands = compile_program(plan, quantised).commands
    assert {command.mode for command in commands} == {Mode.STREAM_WEIGHTS}
    bands = len({command.first_row for command in commands})
    chunks = len({command.input_address for command in commands})
    assert len(commands) == bands * chunks and chunks > 1
    assert sum(bool(command.flags & 2) for command in commands) == bands  # one pass of each band stores
    assert sum(bool(command.flags & 1) for command in commands) == bands * (chunks - 1)


def test_scale_by_a_vector_in_both_formats() -> None:
    """Squeeze and excite: the factor is the resident operand, read whole once."""
    shape = TensorShape(40, 6, 5)
    pool = Pool("pool", ("input",), "factor", PoolKind.AVERAGE, Window((6, 5)))
    mul = Mul("mul", ("input", "factor"), "output")
    shapes = {"factor": TensorShape(40, 1, 1), "output": shape}
    network = layers_network(shape, [pool, mul], shapes, "output")
    quantised = quantise(network, samples=1)
    plan = plan_on(network, (5, 7))
    compare(plan, quantised, integer_image(network, 1))
    program = compile_program(plan, quantised)
    scale = next(command for command in program.commands if command.op is Op.SCALE)
    # c16: 3 planes of one row of 4 pixels; hwc: 40 bytes rounded up to 64.
    assert scale.weight_bytes == (3 * 64 if scale.input_format == 0 else 64)


def test_additions_of_many_tensors_and_of_one_twice() -> None:
    shape = TensorShape(18, 5, 6)
    builder = NetworkBuilder(0, 18, 5, 6)
    twins = [builder.twin("input") for _ in range(4)]
    builder.add(Add("sum", (twins[0], *twins, "input"), "sum"), shape)
    network = builder.network("sum")
    compare(plan_on(network, (5, 7), TINY), quantise(network, samples=1), integer_image(network, 2))


def test_an_enlargement_by_blocks_of_single_rows() -> None:
    shape, large = TensorShape(17, 7, 5), TensorShape(17, 21, 10)
    resize = Resize("resize", ("input",), "output", 3, 2)
    network = layers_network(shape, [resize], {"output": large}, "output")
    plan, quantised = plan_on(network, (5, 7), TINY), quantise(network, samples=1)
    compare(plan, quantised, integer_image(network, 2))
    (command,) = compile_program(plan, quantised).commands
    assert command.size_reciprocal == 1431655766  # 2^32 = 3 x 1431655765 + 1


def test_the_host_layers_have_no_commands() -> None:
    shape = TensorShape(10, 1, 1)
    network = one_conv(shape, 6, Window((1, 1)))
    softmax = HostLayer("softmax", ("output",), "probabilities", "softmax", {"axes": (0,)})
    tensors = {**network.tensors, "probabilities": TensorShape(6, 1, 1)}
    extended = Network(
        "with host", "", (*network.layers, softmax), tensors, ("input",), ("probabilities",), network.quantisation
    )
    plan, quantised = plan_on(extended, (5, 7)), quantise(extended, samples=1)
    compare(plan, quantised, integer_image(extended, 0))
    program = compile_program(plan, quantised)
    assert [entry.command_count for entry in program.layers] == [1, 0]
    assert [entry.role.name for entry in program.tensors] == ["INPUT", "OUTPUT"]


def test_squeezenet() -> None:
    network = resolve("squeezenet")
    plan = plan_network(network, "u200", Request(array=(105, 48)))
    compared = compare(plan, quantise(network, samples=1), integer_image(network, 0))
    assert compared == sum(not isinstance(layer, OnHost) for layer in plan.layers)


@pytest.mark.full
@pytest.mark.parametrize(
    "name",
    ["googlenet", "inception-v2", "resnet50", "densenet121", "shufflenet", "alexnet", "zfnet512", "inception-v4"],
)
@pytest.mark.parametrize(("device", "array"), [("u200", (105, 48)), ("zcu102", (24, 80)), ("arria10-gx1150", (32, 40))])
def test_built_in_networks(name: str, device: str, array: tuple[int, int]) -> None:
    network = resolve(name)
    plan = plan_network(network, device, Request(array=array))
    compare(plan, quantise(network, samples=1), integer_image(network, 0))


def test_programs_are_reproducible() -> None:
    network = random_network(11)
    plan = plan_on(network, (5, 7))
    images = [compile_program(plan, quantise(network, samples=1)).image for _ in range(2)]
    assert images[0] == images[1]
    assert np.frombuffer(images[0][:4], "<u4")[0] == 0x50414E44


def test_values_handed_out_stay_when_later_layers_reuse_their_memory() -> None:
    """Vectors: their 16 channels lie in memory as the caller sees them, so that a view of it would do at first."""
    builder = NetworkBuilder(4, 16, 1, 1)
    name = "input"
    for _ in range(6):
        name = builder.conv(name, 16, Window((1, 1)))
    network = builder.network(name)
    quantised = quantise(network, samples=1)
    program = compile_program(plan_on(network, (5, 7)), quantised)
    image = integer_image(network, 4)
    runs = list(NumpyExecutor().run(program, image))
    addresses = [entry.address for entry in program.tensors]
    assert len(set(addresses)) < len(addresses), "memory is used twice"
    expected = dict(run_layers(quantised, image))
    for run in runs:
        np.testing.assert_array_equal(run.values, expected[run.tensor], run.name)
