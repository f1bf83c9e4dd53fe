"""A pass on the RTL takes no longer than it is planned: the closed form of its cycles, against the simulator's rules.

The closed form is that of every event in the simulated RTL (``test_passes.py``). So far it holds where weights stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from dynamap.backends.program import AlgorithmCode, Command
from dynamap.backends.program.specification import DataflowCode
from dynamap.backends.simulator.engine import run_pass
from dynamap.backends.simulator.units.passes import work_of
from dynamap.backends.vitis_rtl.core.cycles import core_cycles
from dynamap.backends.vitis_rtl.core.registers import LEAST_PIXELS_WORD, CorePass
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.backends.vitis_rtl.memory_ports import PlannedMemory
from dynamap.backends.vitis_rtl.program.cycles import ENDED, PLACED
from dynamap.backends.vitis_rtl.program.records import RECORD_BYTES
from dynamap.cost.overlay.machine import UNLIMITED, Machine, Overlay
from support.layer_checks import SHORT, SMALL
from support.layer_records import passes_of
from support.random_layers import random_layer

SHAPES = {"16x8": SMALL, "21x24": SHORT}
FAST = 10**9
"""Bytes per millisecond of a memory that is never slower than its ports."""


def passes(shape: CoreShape, seed: int) -> Iterator[tuple[Command, CorePass, PlannedMemory]]:
    """Passes of random layers whose weights stay, and a memory for each layer."""
    random = np.random.default_rng(seed)
    for _ in range(40):
        layer = replace(random_layer(random, pixels=shape.word >= LEAST_PIXELS_WORD), dataflow=DataflowCode.WS)
        memory = PlannedMemory(*(int(cycles) for cycles in random.choice([2, 20, 64, 120], 2)))
        for command in passes_of(layer):
            wider = command.algorithm is AlgorithmCode.KN2ROW and command.out_width > command.width
            work = CorePass(shape, command)
            if work.fits() and not wider:
                yield command, work, memory


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_no_pass_takes_longer_than_planned(shape: CoreShape, seed: int) -> None:
    compared = 0
    for command, work, memory in passes(shape, seed):
        machine = Machine(shape.word, 300_000, FAST, memory.read_latency, memory.write_latency, packing=2)
        overlay = Overlay(machine, shape.feed.rows, shape.feed.columns, UNLIMITED)
        planned = run_pass(work_of(overlay, command).times).cycles
        fetched = RECORD_BYTES // shape.word + PLACED + ENDED
        taken = fetched + core_cycles(work, memory).total
        assert taken <= planned, command
        compared += 1
    assert compared > 40
