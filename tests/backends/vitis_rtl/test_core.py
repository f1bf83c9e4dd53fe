"""Convolutions from memory to memory: all bytes as the emulator's, all events and the total in their cycles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.vitis_rtl.core.cycles import CoreCycles, core_cycles
from dynamap.backends.vitis_rtl.core.post import DrainShape, LaneShape
from dynamap.backends.vitis_rtl.core.registers import CoreShape
from dynamap.backends.vitis_rtl.feeding import FeedShape
from dynamap.backends.vitis_rtl.memory_ports import MemoryPort, PlannedMemory
from dynamap.backends.vitis_rtl.simulation import Simulations
from support.layer_records import MEMORY_WORDS, Layer, LayerData, begin_of, layer_bench, layer_data, layer_inputs

IntArray = npt.NDArray[np.int64]

SMALL = CoreShape(
    FeedShape(rows=16, columns=8, accumulator_rows=256),
    DrainShape(LaneShape(columns=8, pairs=8), accumulator_rows=256, parameter_depth=64, output_depth=512),
    MemoryPort(64),
)
TABLE = np.random.default_rng(9).integers(-128, 128, 256).astype(np.int8)
MEMORY = PlannedMemory(read_latency=40, write_latency=20)

SHORT = CoreShape(
    FeedShape(rows=21, columns=24, word_units=2, input_depth=256, weight_depth=512, accumulator_rows=128),
    DrainShape(LaneShape(columns=24, pairs=16), accumulator_rows=128, units=2, parameter_depth=128, output_depth=1024),
    MemoryPort(32, outstanding=8),
)
"""Rows of three groups, the last a short one, that begin inside units; two groups of columns; words of 32 bytes."""

LARGE = CoreShape(
    FeedShape(rows=129, columns=48, weight_depth=1024),
    DrainShape(LaneShape(columns=48, pairs=32)),
    MemoryPort(64),
)
"""A core of a large device, with words of 64 bytes."""

GOOGLENET = {
    "1x1": Layer(192, 14, 14, 64, block_rows=7),
    "3x3": Layer(96, 14, 14, 128, (3, 3), pad=1, block_rows=4),
    "5x5 whose weights stream": Layer(16, 14, 14, 48, (5, 5), pad=2, block_channels=16),
}

LAYERS = {
    "1x1 of one block": Layer(16, 4, 5, 16),
    "1x1 in blocks of rows": Layer(40, 9, 7, 24, block_rows=2),
    "3x3 in blocks of rows, pads above and below": Layer(20, 9, 9, 40, (3, 3), pad=1, block_rows=3, look_up=True),
    "5x5 in single rows": Layer(16, 5, 6, 16, (5, 5), pad=2, block_rows=1),
    "3x3 of stride 2": Layer(16, 13, 10, 32, (3, 3), stride=2, pad=1, block_rows=2),
    "3x3 of dilation 2": Layer(16, 8, 9, 16, (3, 3), pad=2, dilation=2, block_rows=3),
    "1x1 whose weights stream": Layer(64, 6, 6, 100, block_channels=32),
    "3x3 whose weights stream, a last block of one channel": Layer(48, 5, 5, 33, (3, 3), pad=1, block_channels=16),
    "fully connected, of one position": Layer(96, 1, 1, 100, block_channels=48, look_up=True),
}


def as_planned(shape: CoreShape, data: LayerData, memory: PlannedMemory, cycles: int) -> dict[str, IntArray]:
    """Inputs with the latencies and the gap of a memory that keeps the plan."""
    inputs = layer_inputs(shape, data, TABLE, cycles)
    for name, value in (("gap", memory.gap), ("read_latency", memory.read_latency)):
        inputs[name][:] = value
    inputs["write_latency"][:] = memory.write_latency
    return inputs


def run(
    simulations: Simulations, shape: CoreShape, data: LayerData, inputs: dict[str, IntArray], *, loops: bool = True
) -> dict[str, IntArray]:
    """What is seen from the start of the pass on; the memory behind it is compared with the emulator's."""
    cycles = len(inputs["rst"]) - begin_of() - MEMORY_WORDS
    seen = simulations.run(layer_bench(shape, loops=loops), inputs)
    seen = {name: value[begin_of() :] for name, value in seen.items()}
    differ = np.argwhere(seen["word"][cycles:] != data.after.reshape(-1, shape.word))
    assert len(differ) == 0, f"{len(differ)} bytes, the first ones at word, byte {differ[:5].tolist()}"
    return {name: value[:cycles] for name, value in seen.items()}


def check_cycles(seen: dict[str, IntArray], expected: CoreCycles) -> None:
    """Every event of every block, and the end."""
    found = {name: np.flatnonzero(value[:, 0]).tolist() for name, value in seen.items() if name != "word"}
    assert found["placed"] == expected.placed
    assert found["weights"] == expected.weights
    assert found["fed"] == expected.fed
    for name in ("posted", "filled", "emptied", "stored"):
        assert found[name] == [getattr(cycles, name) for cycles in expected.drained], name
    assert found["stored"][-1] == expected.total


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS.keys())
@pytest.mark.parametrize("shape", [SMALL, SHORT], ids=["16x8", "21x24"])
def test_a_convolution_from_memory_to_memory(simulations: Simulations, shape: CoreShape, layer: Layer) -> None:
    data = layer_data(shape, layer, TABLE, 1)
    expected = core_cycles(data.work, MEMORY)
    seen = run(simulations, shape, data, as_planned(shape, data, MEMORY, expected.total + 50))
    check_cycles(seen, expected)


@pytest.mark.parametrize("latencies", [(2, 2), (199, 100)], ids=str)
def test_latencies_are_counted(simulations: Simulations, latencies: tuple[int, int]) -> None:
    """With 199 cycles 8 bursts cover no latency: data comes with bubbles, and its cycles are known all the same."""
    memory = PlannedMemory(*latencies)
    data = layer_data(SHORT, Layer(60, 10, 9, 24, (3, 3), pad=1, block_rows=2), TABLE, 2)
    expected = core_cycles(data.work, memory)
    seen = run(simulations, SHORT, data, as_planned(SHORT, data, memory, expected.total + 50))
    check_cycles(seen, expected)


def test_the_array_in_instances_runs_a_layer_too(simulations: Simulations) -> None:
    """The style that is synthesised: the same bytes in the same cycles."""
    data = layer_data(SMALL, LAYERS["5x5 in single rows"], TABLE, 3)
    expected = core_cycles(data.work, MEMORY)
    inputs = as_planned(SMALL, data, MEMORY, expected.total + 50)
    check_cycles(run(simulations, SMALL, data, inputs, loops=False), expected)


@pytest.mark.parametrize("shape", [SMALL, SHORT], ids=["16x8", "21x24"])
def test_stalls_of_the_memory_change_no_byte(simulations: Simulations, shape: CoreShape) -> None:
    """All channels stall, latencies and gaps change."""
    random = np.random.default_rng(shape.feed.rows)
    for layer in (
        Layer(20, 9, 9, 40, (3, 3), pad=1, block_rows=2),
        Layer(64, 6, 6, 100, block_channels=16, look_up=True),
    ):
        data = layer_data(shape, layer, TABLE, 4)
        cycles = 8 * core_cycles(data.work, MEMORY).total
        inputs = layer_inputs(shape, data, TABLE, cycles)
        total = len(inputs["rst"])
        inputs["gap"][:, 0] = random.integers(0, 4, total)
        inputs["read_latency"][:, 0] = random.integers(2, 60, total)
        inputs["write_latency"][:, 0] = random.integers(2, 60, total)
        inputs["stall"][:] = random.random((total, 5)) < [0.3, 0.5, 0.3, 0.5, 0.3]
        inputs["address_waits"][:] = random.integers(0, 2)
        seen = run(simulations, shape, data, inputs)
        assert not seen["busy"][-1]
        assert seen["stored"].sum() == len(data.work.blocks)


@pytest.mark.full
@pytest.mark.parametrize("layer", GOOGLENET.values(), ids=GOOGLENET.keys())
def test_layers_of_an_inception_module(simulations: Simulations, layer: Layer) -> None:
    """With 6,192 multipliers, a tile of 96 channels and 64 lanes."""
    data = layer_data(LARGE, layer, TABLE, 5)
    assert data.work.fits()
    expected = core_cycles(data.work, MEMORY)
    check_cycles(run(simulations, LARGE, data, as_planned(LARGE, data, MEMORY, expected.total + 50)), expected)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(12))
def test_random_convolutions(simulations: Simulations, seed: int) -> None:
    """Any shape that fits."""
    random = np.random.default_rng(seed)
    shape = (SMALL, SHORT)[seed % 2]
    for number in range(10):
        layer = random_layer(random)
        data = layer_data(shape, layer, TABLE, number)
        if not data.work.fits():
            continue
        memory = PlannedMemory(int(random.integers(2, 120)), int(random.integers(2, 120)))
        expected = core_cycles(data.work, memory)
        seen = run(simulations, shape, data, as_planned(shape, data, memory, expected.total + 50))
        check_cycles(seen, expected)


def random_layer(random: np.random.Generator) -> Layer:
    """Kernels up to 5, strides and dilations up to 2, inputs or weights streaming."""
    kernel = tuple(int(taps) for taps in random.integers(1, 6, 2))
    dilation = int(random.integers(1, 3))
    least = dilation * (max(kernel) - 1) + 1
    height, width = (int(random.integers(least, least + 8)) for _ in range(2))
    by_rows = bool(random.integers(0, 2))
    return Layer(
        int(random.integers(1, 50)),
        height,
        width,
        int(random.integers(1, 100)),
        (kernel[0], kernel[1]),
        stride=int(random.integers(1, 3)),
        pad=int(random.integers(0, max(kernel))),
        dilation=dilation,
        block_rows=int(random.integers(1, 4)) if by_rows else 0,
        block_channels=0 if by_rows else 16 * int(random.integers(1, 4)),
        look_up=bool(random.integers(0, 2)),
    )
