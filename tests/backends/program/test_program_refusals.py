"""What cannot run is refused when the program is compiled, in a message that names the layer or tensor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynamap.backends.conformance.networks import network_of
from dynamap.backends.emulator import Emulator, execute
from dynamap.backends.program.fields import encode_record
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from dynamap.backends.simulator.executable import require_executable
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.limits import COMMAND_WORDS
from dynamap.planner.network.network import Concat, Lrn, Network, Pool, PoolKind, Quantisation
from dynamap.planner.plan.layers import Blocking, InPlace, Mode, OnHost
from dynamap.planner.plan.plan import Plan
from support.programs import compare, integer_image, one_conv, plan_on, redecided

SAME = Window((3, 3), pads=(1, 1, 1, 1))


def small() -> Network:
    return one_conv(TensorShape(5, 6, 7), 9, SAME)


def with_memory(plan: Plan, size: int) -> Plan:
    device = {**plan.device, "system": {**plan.device["system"], "memory_bytes": size}}
    return replace(plan, device=device)


def forced(plan: Plan, **changes: object) -> Plan:
    return replace(plan, layers=(redecided(plan.layers[0], **changes),))


def test_a_tensor_that_exceeds_the_device_memory() -> None:
    network = small()
    plan, quantised = plan_on(network, (5, 7)), quantise(network, samples=1)
    program = compile_program(plan, quantised)
    needed = program.header.memory_bytes
    assert compile_program(with_memory(plan, needed), quantised).image == program.image
    with pytest.raises(
        InfeasibleError, match=f"needs {needed} bytes of device memory and 'pynq-z2' has {needed - 1}: .*tensor '.*put'"
    ):
        compile_program(with_memory(plan, needed - 1), quantised)


def test_a_plan_of_the_published_cost_model() -> None:
    network = small()
    plan = replace(plan_on(network, (5, 7)), cost_model="paper")
    with pytest.raises(InputError, match="cost model 'paper', which describes no program"):
        compile_program(plan, quantise(network, samples=1))


def test_a_plan_for_another_model() -> None:
    network = small()
    plan = plan_on(replace(network, sha256="aaaa"), (5, 7))
    with pytest.raises(InputError, match="plan is for another model"):
        compile_program(plan, quantise(network, samples=1))


def test_a_plan_with_other_layers() -> None:
    network = small()
    plan = forced(plan_on(network, (5, 7)), name="another")
    with pytest.raises(InputError, match="layers are not those of 'one convolution'"):
        compile_program(plan, quantise(network, samples=1))


@pytest.mark.parametrize("kernel", [(1, 3), (-(1 << 62), 3), (1 << 62, 3)])
def test_a_layer_of_another_shape(kernel: tuple[int, int]) -> None:
    network = one_conv(TensorShape(16, 6, 6), 16, Window((3, 3)))
    plan = plan_on(network, (4, 4))
    (layer,) = plan.layers
    changed = replace(plan, layers=(replace(layer, shape=replace(layer.shape, kernel=kernel)),))
    with pytest.raises(InputError, match="layer 'conv': the plan says another shape than the model has"):
        compile_program(changed, quantise(network, samples=1))


def test_layers_that_disagree_on_a_format() -> None:
    one = small()
    (conv,) = one.layers
    other = replace(conv, name="other", output="second")
    tensors = {**one.tensors, "second": one.tensors[conv.output]}
    network = replace(one, layers=(conv, other), tensors=tensors, outputs=(conv.output, "second"))
    plan = plan_on(network, (5, 7))
    first, second = plan.layers
    first, second = redecided(first, input_format="c16"), redecided(second, input_format="hwc")
    with pytest.raises(InputError, match="layer 'other': the plan stores tensor 'input' in format 'hwc', another"):
        compile_program(replace(plan, layers=(first, second)), quantise(network, samples=1))


def test_a_layer_that_the_plan_leaves_to_the_host() -> None:
    network = small()
    plan = plan_on(network, (5, 7))
    (layer,) = plan.layers
    host = OnHost(name=layer.name, shape=layer.shape, macs=0, op="conv")
    with pytest.raises(InputError, match="layer 'conv': the plan does not run it on the array; plan the model again"):
        compile_program(replace(plan, layers=(host,)), quantise(network, samples=1))


@pytest.mark.parametrize(("algorithm", "flow"), [("kn2row", "ns"), ("winograd", "ns"), ("winograd", "is")])
def test_a_dataflow_that_is_not_for_the_algorithm(algorithm: str, flow: str) -> None:
    network = small()
    words: dict[str, object] = {"algorithm": algorithm, "dataflow": flow, "input_format": "c16"}
    plan = forced(plan_on(network, (5, 7)), **words, winograd_tile=2 if algorithm == "winograd" else None)
    sentence = f"layer 'conv': the array does not run algorithm {algorithm.upper()} with dataflow {flow.upper()}; plan"
    with pytest.raises(InputError, match=sentence):
        compile_program(plan, quantise(network, samples=1))


def test_blocks_of_a_convolution_that_begin_inside_a_unit() -> None:
    """Found by the campaign of mutated plans."""
    network = one_conv(TensorShape(5, 6, 6), 40, SAME)
    for mode in Mode:
        plan = forced(plan_on(network, (5, 7)), output_format="c16", blocking=Blocking(mode, 6, 24, 1))
        with pytest.raises(InputError, match="layer 'conv': it cannot be done in blocks of 24 of its 40 channels"):
            compile_program(plan, quantise(network, samples=1))


@pytest.mark.parametrize(
    ("channels", "changed"),
    [(24, {}), (64, {}), (16, {"input_format": "hwc"}), (16, {"output_format": "hwc"})],
    ids=["part of a plane", "more than there are", "reads hwc", "writes hwc"],
)
def test_passes_that_a_pooling_cannot_be_divided_into(channels: int, changed: dict[str, object]) -> None:
    shape = TensorShape(40, 6, 6)
    pool = Pool("pool", ("input",), "output", PoolKind.MAX, SAME)
    network = network_of(shape, [pool], {"output": shape}, "output")
    blocking = Blocking(Mode.STREAM_INPUTS, 6, channels, 1)
    words: dict[str, object] = {"input_format": "c16", "output_format": "c16", "blocking": blocking, **changed}
    plan = forced(plan_on(network, (5, 7)), **words)
    with pytest.raises(InputError, match=f"'pool': it cannot be done in passes over {channels} of its 40 channels"):
        compile_program(plan, quantise(network, samples=1))
    with pytest.raises(InputError, match=f"'pool': blocking.channels is {channels}, .*of 40|of its 40 channels"):
        require_executable(plan, network)


def test_passes_over_some_channels_of_a_normalisation() -> None:
    """It reads channels beside its own."""
    shape = TensorShape(40, 6, 6)
    layer = Lrn("lrn", ("input",), "output", 5, 1e-4, 0.75, 1.0)
    network = network_of(shape, [layer], {"output": shape}, "output")
    blocking = Blocking(Mode.STREAM_INPUTS, 6, 16, 1)
    plan = forced(plan_on(network, (5, 7)), input_format="c16", output_format="c16", blocking=blocking)
    with pytest.raises(InputError, match="layer 'lrn': it cannot be done in passes over 16 of its 40 channels"):
        compile_program(plan, quantise(network, samples=1))


def test_winograd_sums_beyond_40_bits() -> None:
    """F(4,3): |data| <= 12800 and |weight| <= 6272, so 2^39 / (12800 * 6272) = 6847.9 channels fit."""
    for channels, fits in ((6847, True), (6848, False)):
        network = one_conv(TensorShape(channels, 3, 3), 2, SAME)
        plan = forced(
            plan_on(network, (5, 7)),
            algorithm="winograd",
            winograd_tile=4,
            dataflow="ws",
            blocking=Blocking(Mode.STREAM_INPUTS, 3, 2, 428),
            input_format="c16",
        )
        quantised = quantise(network, samples=1)
        if fits:
            compile_program(plan, quantised)
            continue
        with pytest.raises(InputError, match=r"layer 'conv': Winograd F\(4,3\) over 6848 channels.*--pin conv=im2col"):
            compile_program(plan, quantised)


def test_fields_beyond_their_limits_name_layer_and_field() -> None:
    """Planning refuses such a network; the encoder is the last to ask."""
    network = one_conv(TensorShape(1, 1, 70000), 1, Window((1, 1)))
    with pytest.raises(InputError, match="layer 'conv': a tensor of 1 x 1 x 70000 channels, rows and columns has more"):
        plan_on(network, (5, 7))
    with pytest.raises(InputError, match="layer 'conv': a tensor of 1 x 1 x 70000"):
        quantise(network, samples=1)
    entry = replace(compile_program(plan_on(small(), (5, 7)), quantise(small(), samples=1)).commands[0], width=70000)
    with pytest.raises(InputError, match=r"layer 'conv': width \(input columns\) is 70000; .* holds 1\.\.65535"):
        encode_record(entry, COMMAND_WORDS, "layer 'conv'")


def test_tensors_of_different_scales_are_joined_by_copying() -> None:
    """In place the values would have to be equal integers. A plan that says so is refused."""
    shape = TensorShape(16, 4, 4)
    first, second = (
        replace(one_conv(shape, 16, SAME, seed=seed).layers[0], name=name, output=name)
        for seed, name in enumerate(("a", "b"))
    )
    joined = Concat("joined", ("a", "b"), "output")
    shapes = {"input": shape, "a": shape, "b": shape, "output": TensorShape(32, 4, 4)}
    schemes = {"input": Quantisation(0.02, 3), "a": Quantisation(0.1, 0), "b": Quantisation(0.1, 0)}
    alike = Network("two", "", (first, second, joined), shapes, ("input",), ("output",), schemes)
    plan = plan_on(alike, (5, 7))
    assert isinstance(plan.layers[2], InPlace)
    compile_program(plan, quantise(alike, samples=1))
    other = replace(alike, quantisation={**schemes, "b": Quantisation(0.2, 0)})
    copying = plan_on(other, (5, 7))
    assert not isinstance(copying.layers[2], InPlace)
    compare(copying, quantise(other, samples=1), integer_image(other, 0))
    # the model says nothing of b, which gets a scale of its own
    pooled = Pool("c", ("b",), "c", PoolKind.MAX, Window((1, 1)))
    layers = (first, second, pooled, joined)
    hidden = {"input": schemes["input"], "a": schemes["a"], "c": Quantisation(0.2, 0)}
    spread = replace(alike, layers=layers, tensors={**shapes, "c": shape}, quantisation=hidden)
    copying = plan_on(spread, (5, 7))
    assert not isinstance(copying.layers[3], InPlace)
    compare(copying, quantise(spread, samples=1), integer_image(spread, 0))
    with pytest.raises(InputError, match="layer 'joined': the tensors that it joins have different scales"):
        compile_program(plan, replace(quantise(other, samples=1), network=alike))


class TestInputs:
    def test_wrong_shape_type_and_name(self, small_image: bytes) -> None:
        from dynamap.backends.program.encoding import read_program

        emulator = Emulator(read_program(small_image))
        with pytest.raises(InputError, match=r"input 'input' is int8 \(5, 6, 6\); it must be int8 \(5, 6, 7\)"):
            emulator.write_input("input", np.zeros((5, 6, 6), np.int8))
        with pytest.raises(InputError, match=r"input 'input' is float32"):
            emulator.write_input("input", np.zeros((5, 6, 7), np.float32))
        with pytest.raises(InputError, match="no input 'data'; its inputs are: 'input'"):
            emulator.write_input("data", np.zeros((5, 6, 7), np.int8))
        with pytest.raises(InputError, match="no tensor 'data'"):
            emulator.read("data")

    def test_a_missing_input(self) -> None:
        network = small()
        program = compile_program(plan_on(network, (5, 7)), quantise(network, samples=1))
        with pytest.raises(InputError, match="the input 'input' is missing"):
            execute(program, {})
        assert set(execute(program, integer_image(network, 0))) == {"output"}


def test_addresses_beyond_the_memory_name_the_layer() -> None:
    network = small()
    program = compile_program(plan_on(network, (5, 7)), quantise(network, samples=1))
    far = replace(program.commands[0], input_address=program.header.memory_bytes)
    broken = replace(program, commands=(far,))
    emulator = Emulator(broken)
    with pytest.raises(InputError, match="layer 'conv': the program reaches address"):
        list(emulator.run())
