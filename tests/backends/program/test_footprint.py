"""What a plan says that its program takes, before the program is built, against the program itself."""

from __future__ import annotations

import pytest

from dynamap.backends.conformance.networks import random_network
from dynamap.backends.conformance.plans import ONE_PRODUCT, SMALL, plan_on
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from dynamap.cost.device import Device
from dynamap.cost.overlay import limits
from dynamap.cost.overlay.machine import Buffers
from dynamap.planner.mapping.footprint import image_bytes, layer_footprint, tensor_sizes
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.models import resolve
from dynamap.planner.network.network import Network
from dynamap.planner.plan.layers import OnArray, OnVectorUnit

LARGE = Buffers(input_buffer=262144, weight_buffer=262144, accumulator_rows=4096, row_buffer=32768)


def check(network: Network, device: str | Device, array: tuple[int, int], buffers: Buffers) -> int:
    """Commands and tensors are exact, the image is never smaller than the real one; bytes that it is larger."""
    plan = plan_on(network, array, buffers, device)
    program = compile_program(plan, quantise(network, samples=1))
    sizes = tensor_sizes(network, find_storages(network), plan.layers)
    assert sizes == {
        name: tensor.size_bytes for name, tensor in zip(program.tensor_names, program.tensors, strict=True)
    }
    made = {
        layer.name: layer_footprint(layer, network, choice)
        for layer, choice in zip(network.layers, plan.layers, strict=True)
        if isinstance(choice, (OnArray, OnVectorUnit))
    }
    counts = dict(zip(program.layer_names, (entry.command_count for entry in program.layers), strict=True))
    assert {name: one.commands for name, one in made.items()} == {name: counts[name] for name in made}
    return image_bytes(network, made.values(), sizes) - len(program.image)


@pytest.mark.parametrize(
    ("device", "array"), [(ONE_PRODUCT, (5, 7)), ("zcu104", (8, 8))], ids=["one product", "packed"]
)
@pytest.mark.parametrize("seed", range(12))
def test_of_random_networks(seed: int, device: str | Device, array: tuple[int, int]) -> None:
    assert check(random_network(seed), device, array, SMALL) >= 0


def test_of_a_layer_in_several_passes() -> None:
    """The last pooling of SqueezeNet reads 1,000 channels of 13 x 13 pixels, which this device holds in parts alone."""
    network, buffers = resolve("squeezenet"), Buffers(131072, 65536, 512, 8192)
    (pooling,) = (layer for layer in network.layers if layer.name == "n64")
    plan = plan_on(network, (16, 8), buffers, "pynq-z2")
    program = compile_program(plan, quantise(network, samples=1))
    passes = [command for command in program.commands if program.layer_names[command.layer] == pooling.name]
    assert len(passes) > 1 and sum(command.channels for command in passes) == 1000
    assert check(network, "pynq-z2", (16, 8), buffers) >= 0


@pytest.mark.parametrize("name", ["squeezenet", "shufflenet"])
def test_of_networks_that_people_have(name: str) -> None:
    """A layer is charged no more than a whole value memory and its tables too much."""
    network = resolve(name)
    too_much = check(network, "zcu104", (16, 16), LARGE)
    assert 0 <= too_much < len(network.layers) * 2 * limits.VALUE_BYTES
