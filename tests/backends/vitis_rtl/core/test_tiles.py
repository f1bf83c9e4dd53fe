"""Sums of Winograd's positions in the accumulators to bytes in memory: the emulator's, every event in its cycle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.arithmetic.winograd import (
    WinogradForm,
    multiply,
    transform_output,
    transform_tiles,
    transform_weights,
)
from dynamap.backends.emulator.memory import Memory
from dynamap.backends.vitis_rtl.core.drain import DrainBlock, DrainPass, drain_cycles
from dynamap.backends.vitis_rtl.core.post import UNIT_BYTES, DrainShape, LaneShape
from dynamap.backends.vitis_rtl.core.tiles import chunks, filled_cycles, post_cycles
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory
from dynamap.backends.vitis_rtl.simulation import Simulations
from support.drain_records import MEMORY_WORDS, Inputs, Sums, drain_bench, plan, port_of
from support.lane_records import random_channels

IntArray = npt.NDArray[np.int64]

WIDE = DrainShape(
    LaneShape(columns=24, pairs=16), accumulator_rows=512, parameter_depth=64, output_depth=512, winograd=True
)
"""Words of 64 bytes; tiles of 24 channels in a group of two pieces and one of one: planes come in any two parts."""
NARROW = DrainShape(
    LaneShape(columns=8, pairs=8), accumulator_rows=512, units=2, parameter_depth=128, output_depth=1024, winograd=True
)
"""Words of 32 bytes; a tile is half a plane."""
MIDDLE = DrainShape(
    LaneShape(columns=16, pairs=8), accumulator_rows=512, units=4, parameter_depth=128, output_depth=512, winograd=True
)
FOUR_PORTS = DrainShape(
    LaneShape(columns=56, pairs=64), accumulator_rows=512, units=16, parameter_depth=16, output_depth=128, winograd=True
)
"""Words of 256 bytes; tiles of three and a half planes, more lanes than columns."""

FORMS = [WinogradForm(kernel, m) for kernel in ((3, 3), (1, 3), (3, 1)) for m in (2, 4)]
FORMS += [WinogradForm(kernel, 5) for kernel in ((1, 7), (5, 1))]
REGISTERS = 75
TABLE = np.random.default_rng(9).integers(-128, 128, 256).astype(np.int8)
CHANNELS = 5


def random_pass(shape: DrainShape, random: np.random.Generator, form: WinogradForm | None, address: int) -> DrainPass:
    """Rows of tiles or channels in blocks, that fit into the accumulators and the output buffer."""
    word = shape.units * UNIT_BYTES
    while True:
        width, blocks = int(random.integers(1, 20)), int(random.integers(1, 4))
        by_rows = bool(random.integers(0, 2))
        step_rows = form.outputs[0] if form else 1
        rows = step_rows * int(random.integers(1, 3))
        row_bytes = -(-width // 4) * 64
        if by_rows:
            last, channels = int(random.integers(1, rows + 1)), int(random.integers(1, 90))
            height = rows * (blocks - 1) + last
            whole, tail, step = DrainBlock(rows, channels), DrainBlock(last, channels), rows * row_bytes
        else:
            height = rows = int(random.integers(1, 6))
            channels = 16 * int(random.integers(1, 5))
            whole, tail = DrainBlock(rows, channels), DrainBlock(rows, int(random.integers(1, channels + 1)))
            step = channels // 16 * height * row_bytes
        parameters = -(-channels // (2 * shape.units)) * 2
        drained = DrainPass(
            address, step, height, width, blocks, whole, tail, parameters_step=0 if by_rows else parameters, form=form
        )
        positions = form.positions if form else 1
        tiles = -(-channels // (shape.lanes.columns if form else 2 * shape.lanes.columns))
        words = -(-whole.planes * whole.rows * row_bytes // word)
        planes = whole.planes * (1 if by_rows else blocks)
        if (
            positions * tiles * drained.positions(shape, 0) <= shape.accumulator_rows
            and words <= shape.output_depth // 2
            and parameters * (1 if by_rows else blocks) <= shape.parameter_depth
            and address + planes * height * row_bytes <= MEMORY_WORDS * word
        ):
            return drained


def block_sums(
    shape: DrainShape, random: np.random.Generator, form: WinogradForm, rows: int, width: int, channels: int
) -> tuple[IntArray, tuple[IntArray, IntArray]]:
    """Sums of pixels [positions, channels] of a convolution, and what the accumulators have of its positions."""
    data = random.integers(-128, 128, (CHANNELS, *form.padded_size(rows, width)), dtype=np.int8)
    weights = random.integers(-128, 128, (channels, CHANNELS, *form.kernel), dtype=np.int8)
    sums = multiply(transform_tiles(data, form, rows, width), transform_weights(weights, form), form)
    pixels = transform_output(sums, form, rows, width).reshape(channels, -1).T
    columns = shape.lanes.columns
    padded = np.zeros((*sums.shape[:2], -(-channels // columns) * columns), np.int64)
    padded[..., :channels] = sums
    # Position, column tile, tile; any numbers with low + high 2^18 the sum.
    laid = padded.reshape(*sums.shape[:2], -1, columns).transpose(0, 2, 1, 3).reshape(-1, columns)
    low = laid - (laid >> 18 << 18) + (random.integers(-(2**11), 2**11, laid.shape) << 18)
    return pixels, (low, (laid - low) >> 18)


def random_sums(shape: DrainShape, random: np.random.Generator, drained: DrainPass) -> Sums:
    """With parameters of all kinds."""
    count = drained.whole.channels if drained.blocks > 1 or not drained.parameters_step else drained.last.channels
    if drained.parameters_step:
        count = drained.whole.channels * (drained.blocks - 1) + drained.last.channels
    elif drained.blocks == 1:
        count = drained.last.channels
    channels = random_channels(random, count)
    blocks = [drained.block(index) for index in range(drained.blocks)]
    flags = int(random.integers(-128, 128)), bool(random.integers(0, 2))
    if drained.form is None:
        sums = [random.integers(-(2**20), 2**20, (block.rows * drained.width, block.channels)) for block in blocks]
        return Sums(drained, sums, channels, *flags)
    found = [block_sums(shape, random, drained.form, b.rows, drained.width, b.channels) for b in blocks]
    return Sums(drained, [pixels for pixels, _ in found], channels, *flags, [rows for _, rows in found])


@pytest.mark.parametrize(
    "shape",
    [WIDE, NARROW, pytest.param(MIDDLE, marks=pytest.mark.full), pytest.param(FOUR_PORTS, marks=pytest.mark.full)],
    ids=lambda shape: f"{shape.lanes.columns} columns",
)
def test_tiles_are_drained_in_their_cycles(simulations: Simulations, shape: DrainShape) -> None:
    """All forms, blocks of rows and of channels, passes without Winograd between: every event of every block."""
    random = np.random.default_rng(shape.units)
    memory = PlannedMemory(read_latency=2, write_latency=20)
    port = port_of(shape, 8)
    before = random.integers(0, 256, (MEMORY_WORDS, port.word_bytes))
    inputs = Inputs.of(shape, drain_bench(shape, 8, REGISTERS), 60_000)
    inputs.values["write_latency"][:] = memory.write_latency
    inputs.values["gap"][:] = memory.gap
    inputs.fill_memory(before, TABLE)
    passes = []
    for form in [*FORMS, None, *FORMS, None, FORMS[1], FORMS[3]]:
        drained = random_pass(shape, random, form, 64 * int(random.integers(0, 100)))
        passes.append(random_sums(shape, random, drained))
        plan(inputs, passes[-1], memory, port, random)
    end = inputs.end
    values = {name: value[: end + MEMORY_WORDS] for name, value in inputs.values.items()}
    values["index"][end:, 0] = np.arange(MEMORY_WORDS)
    seen = simulations.run(inputs.bench, values)

    found = Memory(before.astype(np.uint8).tobytes(), before.size)
    for done in passes:
        done.write(found, TABLE)
    differ = np.argwhere(seen["word"][end:] != found.data.reshape(before.shape))
    assert len(differ) == 0, f"{len(differ)} bytes, the first ones at word, byte {differ[:5].tolist()}"
    expected = [
        cycles
        for done in passes
        for cycles in drain_cycles(shape, port, memory, done.drained, done.computed, done.turns)
    ]
    for name in ("posted", "filled", "emptied", "stored"):
        live = np.flatnonzero(seen[name][MEMORY_WORDS:end, 0]) + MEMORY_WORDS
        np.testing.assert_array_equal(live, [getattr(cycles, name) for cycles in expected], err_msg=name)


def test_the_cycles_of_a_block_by_hand() -> None:
    """Six tiles of F(4,3), 40 channels in tiles of 24: two pieces, one, two, each of 6 x 36 sums.

    The last sum is answered 4 cycles behind its request and is whole in one more. Of its tile's six lines of four
    results the last one ends 2 + 3 cycles later; 3 of the turn, 5 to the first line's last datum, 2 to its first
    result; three more lines of six cycles and three more results; six to take out 576. Then as any sum: the last of 16
    pairs 15 later, its byte 12 later, and written 2 later.
    """
    form = WinogradForm((3, 3), 4)
    assert chunks(WIDE, 40) == [2, 1, 2]
    assert post_cycles(WIDE, form, 6, 40) == 3 * 216
    assert filled_cycles(WIDE, form, 6, 40) == 647 + 4 + 1 + 5 + 3 + 5 + 2 + 18 + 3 + 6 + 15 + 12 + 2
    # F(5,4): one datum, 3 cycles of the turn, 8 data and 5 results of the second transform, along rows and columns.
    for kernel in ((1, 7), (7, 1)):
        long = WinogradForm(kernel, 5)
        assert post_cycles(WIDE, long, 6, 40) == 3 * 48
        assert filled_cycles(WIDE, long, 6, 40) == 143 + 4 + 1 + 2 + 3 + 7 + 2 + 4 + 6 + 15 + 12 + 2
    # One tile of F(2,3) along the columns has four sums; a chunk of two pieces waits for 16 parameters.
    assert post_cycles(WIDE, WinogradForm((1, 3), 2), 1, 24) == 16 + 8
    drained = DrainPass(0, 0, 4, 24, 1, DrainBlock(4, 40), DrainBlock(4, 40), form=form)
    assert replace(drained, height=4).positions(WIDE, 0) == 6
