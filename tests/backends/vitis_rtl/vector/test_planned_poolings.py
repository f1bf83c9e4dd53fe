"""A pooling has as many slots, block by block, by plan, simulator and the RTL's walk; its tables are as large."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynamap.backends.program.specification import Flag, Op
from dynamap.backends.simulator.units.memory import run_transfer, transfer_cycles
from dynamap.backends.simulator.units.passes import work_of
from dynamap.backends.vitis_rtl.vector.operations import CommandTables
from dynamap.backends.vitis_rtl.vector.registers import VectorPass
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.averaging import divisors, multiplier_bytes
from dynamap.cost.overlay.machine import Buffers, Machine, Overlay
from dynamap.cost.overlay.pooling import slots_of_chunk
from support.vector_records import Pooled, class_table, window_command

MACHINE = Machine(
    word_bytes=64, clock_khz=300_000, bandwidth_bytes_per_ms=10**12, read_latency=64, write_latency=64, packing=2
)
SHAPE = VectorUnitShape()
"""R = 32 lanes both."""


def drawn(random: np.random.Generator) -> Pooled:
    """Any window, stride and block that a layer may have; most of them small enough to sweep."""
    kernel, stride = (tuple(random.integers(1, most, 2).tolist()) for most in (5, 6))
    dilation = (1, 1) if random.integers(4) else tuple(random.integers(1, 3, 2).tolist())
    pads = tuple(int(random.integers(k)) for k in kernel)
    rows, columns = (int(random.integers(1, most)) for most in (30, 340))
    height, width = (
        max(1, (out - 1) * s + (k - 1) * d + 1 - pad - int(random.integers(k)))
        for out, s, k, d, pad in zip((rows, columns), stride, kernel, dilation, pads, strict=True)
    )
    op = (Op.MAX_POOL, Op.AVERAGE_POOL)[int(random.integers(2))]
    block = int(random.integers(1, rows + 1))
    return Pooled(op, int(random.integers(1, 99)), height, width, rows, columns, kernel, stride, dilation, pads, block)


@pytest.mark.parametrize("seed", range(200))
def test_slots_and_tables(seed: int) -> None:
    random = np.random.default_rng(seed)
    layer = drawn(random)
    command, values = replace(window_command(layer), multiplier=1), b""
    slopes: tuple[int, ...] = ()
    if layer.op is Op.AVERAGE_POOL:
        if layer.dilation != (1, 1):
            layer = replace(layer, dilation=(1, 1))
            command = replace(command, dilation_rows=1, dilation_columns=1)
        values, columns = class_table(layer, random)
        command = replace(command, columns_factor=columns)
    elif random.integers(3) == 0:
        slopes = tuple(range(layer.channels))
        command = replace(command, slope_count=len(slopes), flags=command.flags | Flag.LEAKY, leaky_positive=1)
    rtl = VectorPass(SHAPE, command, CommandTables(values=values, slopes=slopes))
    expected = [rtl.walk_cycles(index) for index in range(command.blocks)]

    simulated = work_of(Overlay(MACHINE, 8, 8, Buffers(2**20, 2**20, 64, 64)), command, (), values)
    assert [block.compute for block in simulated.times.blocks] == expected
    resident = sum(run.beats for run in rtl.resident_runs()) * 64
    prologue = simulated.times.prologue
    assert (prologue.transfer if prologue else 0) == transfer_cycles(MACHINE, run_transfer(resident))

    window = Window(layer.kernel, layer.stride, (*layer.pads, 0, 0), layer.dilation)
    out = TensorShape(layer.channels, layer.out_height, layer.out_width)
    chunks, loads = -(-layer.channels // 32), 16 if len(slopes) > 1 else 1
    strips = np.array([command.block_rows])
    planned = [
        chunks * (loads + int(slots_of_chunk(window, out, strips, np.array([rows]), by_taps=loads > 1)[0]))
        for rows in (block.rows for block in rtl.blocks)
    ]
    assert planned == expected
    if layer.op is Op.AVERAGE_POOL:
        counted = divisors(window, TensorShape(layer.channels, layer.height, layer.width), out, False)
        assert multiplier_bytes(*counted) == len(rtl.operation.table)
