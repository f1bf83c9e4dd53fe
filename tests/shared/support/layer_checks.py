"""Passes of convolutions on the core in simulation, beside the emulator and the formulas of the cycles."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.vitis_rtl.core.cycles import CoreCycles, core_cycles
from dynamap.backends.vitis_rtl.core.post import DrainShape, LaneShape
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.backends.vitis_rtl.feeding import FeedShape
from dynamap.backends.vitis_rtl.memory.ports import MemoryPort, PlannedMemory
from dynamap.backends.vitis_rtl.simulation import Simulations
from dynamap.cost.multiplier import DSP48E1
from support.layer_records import MEMORY_WORDS, Layer, LayerData, layer_bench, layer_data, layer_inputs, starts_of
from support.port_records import unsettle

IntArray = npt.NDArray[np.int64]

SMALL = CoreShape(
    FeedShape(rows=16, columns=8, accumulator_rows=256),
    DrainShape(LaneShape(columns=8, pairs=8), accumulator_rows=256, parameter_depth=64, output_depth=512),
    MemoryPort(64),
)

TABLE = np.random.default_rng(9).integers(-128, 128, 256).astype(np.int8)
MEMORY = PlannedMemory(read_latency=40, write_latency=20)

SHORT = CoreShape(
    FeedShape(
        rows=21,
        columns=24,
        word_units=2,
        input_depth=256,
        weight_depth=512,
        accumulator_rows=128,
        group_rows=4,
        factor_bits=DSP48E1.wide_bits,
    ),
    DrainShape(
        LaneShape(columns=24, pairs=16, factor_bits=DSP48E1.wide_bits),
        accumulator_rows=128,
        units=2,
        parameter_depth=128,
        output_depth=1024,
    ),
    MemoryPort(32, outstanding=8),
)
"""Of DSP48E1. Rows of six groups, the last a short one, that begin inside units; two groups of columns; words of 32
bytes."""


def on_the_cores(
    layers: Mapping[str, Layer], small: CoreShape, short: CoreShape, *, in_turn: bool = True
) -> list[object]:
    """Cores and layers as parameters: each layer on one core in every test run, on the other among the heavy proofs.

    ``in_turn``: the one core is ``small`` for every other layer, else for all.
    """
    found = []
    for number, (name, layer) in enumerate(layers.items()):
        for turn, (core, shape) in enumerate((("16x8", small), ("21x24", short))):
            usual = number % 2 if in_turn else 0
            marks = () if turn == usual else pytest.mark.full
            found.append(pytest.param(shape, layer, id=f"{core}-{name}", marks=marks))
    return found


def as_planned(shape: CoreShape, data: LayerData, memory: PlannedMemory, cycles: list[int]) -> dict[str, IntArray]:
    """Inputs with the latencies and the gap of a memory that keeps the plan."""
    inputs = layer_inputs(shape, data, TABLE, cycles)
    for name, value in (("gap", memory.gap), ("read_latency", memory.read_latency)):
        inputs[name][:] = value
    inputs["write_latency"][:] = memory.write_latency
    return inputs


def run(
    simulations: Simulations,
    shape: CoreShape,
    data: LayerData,
    inputs: dict[str, IntArray],
    cycles: list[int],
    *,
    loops: bool = True,
) -> list[dict[str, IntArray]]:
    """What is seen of each pass from its start on; the memory behind the last is compared with the emulator's."""
    seen = simulations.run(layer_bench(shape, loops=loops), inputs)
    differ = np.argwhere(seen["word"][-MEMORY_WORDS:] != data.after.reshape(-1, shape.word))
    assert len(differ) == 0, f"{len(differ)} bytes, the first ones at word, byte {differ[:5].tolist()}"
    spans = [slice(start, start + count) for start, count in zip(starts_of(data, cycles), cycles, strict=True)]
    return [{name: value[span] for name, value in seen.items()} for span in spans]


def check_cycles(seen: dict[str, IntArray], expected: CoreCycles) -> None:
    """Every event of every block, and the end."""
    found = {name: np.flatnonzero(value[:, 0]).tolist() for name, value in seen.items() if name != "word"}
    assert found["placed"] == expected.placed
    assert found["weights"] == expected.weights
    assert found["fed"] == expected.fed
    for name in ("posted", "filled", "emptied", "stored"):
        assert found[name] == [getattr(cycles, name) for cycles in expected.drained], name
    assert found["busy"] == list(range(1, expected.total + 1))


def check_with_stalls(
    simulations: Simulations, shape: CoreShape, layer: Layer, seed: int, random: np.random.Generator
) -> None:
    """All channels of the memory stall, latencies and gaps change: every byte is the same, every block is stored."""
    data = layer_data(shape, layer, TABLE, seed)
    cycles = [8 * core_cycles(work, MEMORY).total for work in data.works]
    inputs = layer_inputs(shape, data, TABLE, cycles)
    unsettle(inputs, random)
    for seen, work in zip(run(simulations, shape, data, inputs, cycles), data.works, strict=True):
        assert not seen["busy"][-1]
        assert seen["stored"].sum() == (0 if work.keep else len(work.blocks))


def check(
    simulations: Simulations,
    shape: CoreShape,
    layer: Layer,
    seed: int,
    memory: PlannedMemory = MEMORY,
    *,
    loops: bool = True,
) -> None:
    """A layer's passes one after the other: all bytes as the emulator's, every event in its cycle."""
    data = layer_data(shape, layer, TABLE, seed)
    assert all(work.fits() for work in data.works), "a layer that the core has no room for"
    expected = [core_cycles(work, memory) for work in data.works]
    cycles = [found.total + 50 for found in expected]
    inputs = as_planned(shape, data, memory, cycles)
    for seen, found in zip(run(simulations, shape, data, inputs, cycles, loops=loops), expected, strict=True):
        check_cycles(seen, found)
