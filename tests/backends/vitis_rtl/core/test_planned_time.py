"""A pass on the RTL takes no longer than it is planned: the closed form of its cycles, against the simulator's rules.

The closed form is that of every event in the simulated RTL (``test_passes.py``, ``test_winograd_passes.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from dynamap.backends.program import AlgorithmCode, Command
from dynamap.backends.program.specification import DataflowCode, FormatCode
from dynamap.backends.simulator.engine import run_pass
from dynamap.backends.simulator.units.passes import work_of
from dynamap.backends.vitis_rtl.core.cycles import core_cycles
from dynamap.backends.vitis_rtl.core.post import DrainShape, LaneShape
from dynamap.backends.vitis_rtl.core.registers import LEAST_PIXELS_WORD, CorePass
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.backends.vitis_rtl.feeding import FeedShape
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory, port_of_word
from dynamap.backends.vitis_rtl.program.cycles import ENDED, PLACED
from dynamap.backends.vitis_rtl.program.records import RECORD_BYTES
from dynamap.cost.overlay.machine import UNLIMITED, Machine, Overlay
from support.layer_records import Layer, passes_of
from support.random_layers import random_layer


def sized(rows: int, columns: int, units: int, *, winograd: bool) -> CoreShape:
    """A core with room for large blocks; the lanes that a machine of these words has."""
    pairs = min(max(16, 8 * units) // 2, 1 << (columns - 1).bit_length())
    rows_of_sums = 4096
    feed = FeedShape(
        rows=rows,
        columns=columns,
        word_units=units,
        operand_bits=16 if winograd else 8,
        input_depth=4096,
        weight_depth=8192,
        accumulator_rows=rows_of_sums,
    )
    drain = DrainShape(
        LaneShape(columns=columns, pairs=pairs),
        accumulator_rows=rows_of_sums,
        units=units,
        parameter_depth=1024,
        output_depth=8192,
        winograd=winograd,
    )
    return CoreShape(feed, drain, port_of_word(16 * units), pixel_depth=4096)


SIZES = [(16, 8, 4), (21, 24, 2), (40, 32, 4), (8, 64, 4), (100, 16, 4), (24, 56, 8)]
WIDE_SIZES = [(40, 48, 16), (16, 64, 32)]
"""Rows, columns and units of a word."""

KINDS: dict[str, tuple[AlgorithmCode | None, DataflowCode]] = {
    "ws": (None, DataflowCode.WS),
    "is": (None, DataflowCode.IS),
    "ns": (AlgorithmCode.IM2COL, DataflowCode.NS),
    "winograd": (AlgorithmCode.WINOGRAD, DataflowCode.WS),
}
"""Algorithm (None: im2col and kn2row) and dataflow."""

FAST = 10**9
"""Bytes per millisecond of a memory that is never slower than its ports."""


def tiled(random: np.random.Generator, layer: Layer) -> Layer:
    """A layer by Winograd, in rows of whole tiles."""
    kernels = [(3, 3), (1, 3), (3, 1), (5, 5), (1, 7), (2, 2), (5, 1)]
    kernel = kernels[random.integers(0, len(kernels))]
    tile = int(random.choice([2, 4, 5] if min(kernel) == 1 and max(kernel) > 3 else [2, 4]))
    rows = tile if kernel[0] > 1 else 1
    hwc = layer.input_format is FormatCode.HWC
    return replace(
        layer,
        winograd_tile=tile,
        kernel=kernel,
        stride=1,
        dilation=1,
        height=int(random.integers(7, 16)),
        width=int(random.integers(7, 16)),
        pad=int(random.integers(0, min(kernel))),
        input_format=FormatCode.HWC if hwc else FormatCode.C16,
        block_rows=layer.block_rows * rows,
        band_rows=layer.band_rows * rows,
    )


def random_of(random: np.random.Generator, kind: str, *, pixels: bool) -> Layer:
    algorithm, dataflow = KINDS[kind]
    layer = replace(random_layer(random, pixels=pixels), dataflow=dataflow)
    if random.random() < 0.5:  # more channels than an array holds
        channels, outputs = (int(count) for count in random.integers(1, 400, 2))
        layer = replace(layer, channels=channels, out_channels=outputs, output_format=FormatCode.C16)
    if algorithm is not None:
        layer = replace(layer, algorithm=algorithm)
    return tiled(random, layer) if kind == "winograd" else layer


def passes(shape: CoreShape, kind: str, seed: int) -> Iterator[tuple[Command, CorePass, PlannedMemory]]:
    """Passes of random layers, and a memory for each layer."""
    random = np.random.default_rng(seed)
    for _ in range(20):
        layer = random_of(random, kind, pixels=shape.word >= LEAST_PIXELS_WORD)
        memory = PlannedMemory(*(int(cycles) for cycles in random.choice([2, 20, 64, 120], 2)))
        for command in passes_of(layer):
            wider = command.algorithm is AlgorithmCode.KN2ROW and command.out_width > command.width
            work = CorePass(shape, command)
            if work.fits() and not wider:
                yield command, work, memory


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.full) for seed in (1, 2))])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("rows", "columns", "units"), [*SIZES, *(pytest.param(*size, marks=pytest.mark.full) for size in WIDE_SIZES)]
)
def test_no_pass_takes_longer_than_planned(rows: int, columns: int, units: int, kind: str, seed: int) -> None:
    shape = sized(rows, columns, units, winograd=kind == "winograd")
    compared = 0
    for command, work, memory in passes(shape, kind, seed):
        machine = Machine(shape.word, 300_000, FAST, memory.read_latency, memory.write_latency, packing=2)
        overlay = Overlay(machine, rows, columns, UNLIMITED)
        planned = run_pass(work_of(overlay, command).times).cycles
        fetched = RECORD_BYTES // shape.word + PLACED + ENDED
        taken = fetched + core_cycles(work, memory).total
        assert taken <= planned, command
        compared += 1
    assert compared > 20
