"""Memory blocks: as counted, as Yosys maps them, and in a plan as in its project."""

from __future__ import annotations

from pathlib import Path

import pytest

import dynamap
from dynamap import PlanOptions
from dynamap.backends.hardware.memories import plan_spread
from dynamap.backends.hardware.sizes import simulated_sizes
from dynamap.backends.simulator.blank import blank_program
from dynamap.backends.vitis_rtl.program.folding import folded
from dynamap.backends.vitis_rtl.program.shape import KernelShape, kernel_shape
from dynamap.backends.vitis_rtl.synthesis import synthesise
from dynamap.cost.device import parse_device
from dynamap.cost.overlay.fitting.extras import KernelParts
from dynamap.cost.overlay.fitting.memory.blocks import BRAM36, URAM, Memory
from dynamap.planner.plan.plan import Plan
from support.repository import DIGITS_MODEL

SMALL = ("squeezenet", "googlenet", "shufflenet")
LARGE = ("resnet50", "densenet121", "alexnet", "zfnet512", "inception-v2", "inception-v4", "vgg19")


@pytest.mark.parametrize(
    ("bits", "depth", "halves"),
    [  # UG573: 36 x 512 of half a block, 72 x 512 of one; half as wide and twice as deep, with bits of parity down to 9
        (8, 256, 1),
        (64, 4, 2),
        (64, 1024, 4),
        (96, 512, 3),
        (128, 512, 4),
        (128, 2048, 15),  # fifteen columns of 9 bits
        (128, 4096, 30),
        (144, 2048, 16),
        (57, 1024, 4),
    ],
)
def test_halves_of_blocks(bits: int, depth: int, halves: int) -> None:
    assert Memory("", 1, bits, depth).pieces(BRAM36) == halves


@pytest.mark.full
@pytest.mark.parametrize(("bits", "depth"), [(64, 256), (128, 2048), (144, 512)])
def test_a_bank_as_it_is_mapped(bits: int, depth: int) -> None:
    found = synthesise("buffer_bank", {"Bits": bits, "Depth": depth})
    assert (found.bram36, found.uram) == (BRAM36.blocks(Memory("", 1, bits, depth).pieces(BRAM36)), 0)


@pytest.mark.full
@pytest.mark.parametrize(
    ("module", "bits", "depth", "blocks"),
    [
        ("buffer_bank", 128, 512, 2),
        ("buffer_bank", 128, 4096, 2),
        ("buffer_bank", 128, 32768, 15),
        ("accumulator_memory", 64, 4096, 1),
        ("output_bank", 64, 8192, 2),
    ],
)
def test_a_memory_in_ultraram_as_it_is_mapped(module: str, bits: int, depth: int, blocks: int) -> None:
    """72 bits x 4,096; of a deep memory eight rows of 16 bytes are one of 128, nine bytes in a block."""
    found = synthesise(module, {"Bits": bits, "Depth": depth, "Ultra": 1})
    assert (found.bram36, found.uram) == (0, blocks)
    assert Memory("", 1, bits, depth).pieces(URAM) == blocks


def blocks_of_shape(shape: KernelShape, kinds: dict[str, str]) -> dict[str, int]:
    """Of each kind, from the parameters of the RTL: every memory with its width, depth and copies."""
    core, vector = shape.core, shape.vector
    feed, drain = core.feed, core.drain
    units, parts = drain.units, 2 if core.winograd else 1
    lanes = max(2 * drain.lanes.pairs, vector.lanes)
    found = {
        "input buffer": (feed.input_banks, 128, feed.input_depth),
        "weight buffer": (feed.weight_banks, 128, feed.weight_depth),
        "accumulators": (2 * feed.columns, 64, feed.accumulator_rows),
        "output buffer": (units * parts, 128 // parts, drain.output_depth),
        "vector unit's input buffer": (vector.banks, 128, vector.input_depth),
        "vector unit's output buffer": (units, 128, vector.output_depth),
        "resident": (vector.banks, 128, vector.resident_depth),
        "parameters": (max(2, units), 96, drain.parameter_depth * units // max(2, units)),
        "tables": (lanes, 8, 256),
        "counters": (1, 128, 512),
    }
    if core.winograd:
        found["Winograd's pixels"] = feed.input_banks, 128, core.pixel_depth
    if vector.pool_depth:
        found["pooled rows"] = 2 * vector.planes, 144, vector.pool_depth
    if vector.normalises:
        found["steps"] = vector.lanes, 57, 1024
    halves, uram = 0, 0
    for name, (copies, bits, depth) in found.items():
        if kinds.get(name) == "uram":
            uram += copies * min(-(-bits // 72) * -(-depth // 4096), -(-bits // 8 * -(-depth // 4096) // 9))
        else:
            halves += int(Memory(name, copies, bits, depth).pieces(BRAM36))
    return {"bram36": -(-halves // 2), "uram": uram}


def assert_as_planned(plan: Plan, network: dynamap.Network) -> None:
    program = folded(blank_program(plan, network))
    shape = kernel_shape(program, simulated_sizes(program))
    assert KernelParts(shape.extras, shape.vector_buffers) == plan.overlay.parts
    spread = plan_spread(plan, parse_device(plan.device, "plan"), shape.extras, shape.vector_buffers)
    planned = {use.name: use.used for use in plan.resources if use.name in ("bram36", "uram")}
    assert planned == dict(spread.blocks)
    assert blocks_of_shape(shape, dict(spread.kinds)) == {"uram": 0} | planned
    assert not any(use.uncertainty_percent for use in plan.resources if use.name in planned)


@pytest.mark.parametrize("device", ["zcu104", "u200", "vc709", "pynq-z2"])
@pytest.mark.parametrize("name", [*SMALL, *(pytest.param(name, marks=pytest.mark.full) for name in LARGE)])
def test_a_plan_has_the_blocks_of_its_project(name: str, device: str) -> None:
    network = dynamap.load(name)
    assert_as_planned(dynamap.plan(network, device=device), network)


@pytest.mark.parametrize("options", [{"on_chip_bytes": 442_368}, {"algorithms": "im2col"}, {}])
def test_small_plans_have_them_too(options: PlanOptions) -> None:
    network = dynamap.load(Path(DIGITS_MODEL))
    plan = dynamap.plan(network, device="zcu104", array="16x8", **options)
    assert_as_planned(plan, network)
