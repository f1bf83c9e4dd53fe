"""Sums in the accumulators to bytes in memory: all bytes as the emulator's, every event in its cycle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.emulator.memory import Memory
from dynamap.backends.vitis_rtl.core.drain import DrainBlock, DrainPass, drain_cycles
from dynamap.backends.vitis_rtl.core.post import UNIT_BYTES, DrainShape, LaneShape
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory
from dynamap.backends.vitis_rtl.simulation import Simulations
from support.drain_records import MEMORY_WORDS, Inputs, Sums, drain_bench, plan, port_of
from support.lane_records import random_channels

IntArray = npt.NDArray[np.int64]

WIDE = DrainShape(LaneShape(columns=24, pairs=16), accumulator_rows=256, parameter_depth=64, output_depth=512)
"""Words of 64 bytes; tiles of 48 channels in a group of two units and one of one."""
NARROW = DrainShape(
    LaneShape(columns=8, pairs=8), accumulator_rows=256, units=1, parameter_depth=256, output_depth=1024
)
"""Words of 16 bytes, all columns in one group."""
MIDDLE = DrainShape(
    LaneShape(columns=16, pairs=8), accumulator_rows=256, units=2, parameter_depth=128, output_depth=512
)
TWO_PORTS = DrainShape(
    LaneShape(columns=24, pairs=32), accumulator_rows=256, units=8, parameter_depth=32, output_depth=256
)
"""Words of two ports, more lanes than the columns need."""
FOUR_PORTS = DrainShape(
    LaneShape(columns=56, pairs=64), accumulator_rows=256, units=16, parameter_depth=16, output_depth=128
)
"""Planes and rows that begin inside of words."""
EIGHT_PORTS = DrainShape(
    LaneShape(columns=16, pairs=16), accumulator_rows=256, units=32, parameter_depth=16, output_depth=64
)
SEVERAL_PORTS = [TWO_PORTS, FOUR_PORTS, EIGHT_PORTS]

OUTSTANDING = {WIDE: 32, NARROW: 4, MIDDLE: 8, TWO_PORTS: 16, FOUR_PORTS: 32, EIGHT_PORTS: 8}
REGISTERS = 75
"""Bytes of ``drain_pkg::drain_pass_t``."""
TABLE = np.random.default_rng(9).integers(-128, 128, 256).astype(np.int8)


def random_pass(
    shape: DrainShape, random: np.random.Generator, address: int, most_blocks: int, *, by_channel: bool = False
) -> DrainPass:
    """Rows or channels in blocks, that fit into the accumulators and the output buffer."""
    word = shape.units * UNIT_BYTES
    while True:
        width = int(random.integers(1, 22))
        blocks = int(random.integers(1, most_blocks + 1))
        by_rows = bool(random.integers(0, 2))
        row_bytes = -(-width // 4) * 64
        if by_rows:
            rows, last = (int(random.integers(1, 6)) for _ in range(2))
            last = min(last, rows)
            channels = int(random.integers(1, 130))
            height = rows * (blocks - 1) + last + int(random.integers(0, 2))
            whole, tail = DrainBlock(rows, channels), DrainBlock(last, channels)
            step = rows * row_bytes
        else:
            height = int(random.integers(1, 6))
            rows = height if random.integers(0, 2) else int(random.integers(1, height + 1))
            channels = 16 * int(random.integers(1, 8))
            whole, tail = DrainBlock(rows, channels), DrainBlock(rows, int(random.integers(1, channels + 1)))
            step = channels // 16 * height * row_bytes
        drained = DrainPass(
            address, step, height, width, blocks, whole, tail,
            parameters=int(random.integers(0, shape.parameter_depth)) // 2 * 2,
            parameters_step=0 if by_rows else -(-channels // (2 * shape.units)) * 2, by_channel=by_channel,
        )  # fmt: skip
        across, along = (rows * shape.sets(width), channels) if by_channel else (channels, rows * width)
        tiles = -(-across // (2 * shape.lanes.columns))
        words = -(-whole.planes * whole.rows * row_bytes // word)
        parameters = blocks * -(-channels // shape.units) if not by_rows else -(-channels // shape.units)
        planes = whole.planes * (1 if by_rows else blocks)
        if (
            tiles * along <= shape.accumulator_rows
            and words <= shape.output_depth // 2
            and parameters <= shape.parameter_depth
            and address + planes * height * row_bytes <= MEMORY_WORDS * word
        ):
            return drained


def random_sums(random: np.random.Generator, drained: DrainPass) -> Sums:
    """Sums of 20 bits with parameters of all kinds."""
    count = drained.whole.channels
    if drained.parameters_step:
        count = drained.whole.channels * (drained.blocks - 1) + drained.last.channels
    channels = random_channels(random, count)
    sums = []
    for index in range(drained.blocks):
        block = drained.block(index)
        sums.append(random.integers(-(2**20), 2**20, (block.rows * drained.width, block.channels)))
    return Sums(drained, sums, channels, int(random.integers(-128, 128)), bool(random.integers(0, 2)))


def run(simulations: Simulations, inputs: Inputs) -> dict[str, IntArray]:
    """Up to the end of the inputs, then the memory is looked at."""
    end = inputs.end
    values = {name: value[: end + MEMORY_WORDS] for name, value in inputs.values.items()}
    values["index"][end:, 0] = np.arange(MEMORY_WORDS)
    return simulations.run(inputs.bench, values)


def check_memory(before: IntArray, passes: list[Sums], seen: dict[str, IntArray], end: int) -> None:
    """All bytes of the memory, those that nobody writes too."""
    memory = Memory(before.astype(np.uint8).tobytes(), before.size)
    for found in passes:
        found.write(memory, TABLE)
    expected = memory.data.reshape(before.shape)
    differ = np.argwhere(seen["word"][end:] != expected)
    assert len(differ) == 0, f"{len(differ)} bytes, the first ones at word, byte {differ[:5].tolist()}"


@pytest.mark.parametrize("by_channel", [False, True], ids=["by position", "by channel"])
@pytest.mark.parametrize(
    "shape",
    [WIDE, NARROW, MIDDLE, *(pytest.param(shape, marks=pytest.mark.full) for shape in SEVERAL_PORTS)],
    ids=lambda shape: f"{16 * shape.units}",
)
def test_blocks_are_drained_in_their_cycles(simulations: Simulations, shape: DrainShape, *, by_channel: bool) -> None:
    """Blocks of rows and of channels, one and several, back to back: every event of every block is in its cycle."""
    random = np.random.default_rng(shape.units)
    memory = PlannedMemory(read_latency=2, write_latency=20)
    port = port_of(shape, OUTSTANDING[shape])
    before = random.integers(0, 256, (MEMORY_WORDS, port.word_bytes))
    inputs = Inputs.of(shape, drain_bench(shape, OUTSTANDING[shape], REGISTERS), 40_000)
    inputs.values["write_latency"][:] = memory.write_latency
    inputs.values["gap"][:] = memory.gap
    inputs.fill_memory(before, TABLE)
    passes = []
    for _ in range(12):
        drained = random_pass(shape, random, 64 * int(random.integers(0, 200)), 5, by_channel=by_channel)
        passes.append(random_sums(random, drained))
        plan(inputs, passes[-1], memory, port, random)
    seen = run(simulations, inputs)
    check_memory(before, passes, seen, inputs.end)
    expected = [
        cycles
        for found in passes
        for cycles in drain_cycles(shape, port, memory, found.drained, found.computed, found.turns)
    ]
    live = {name: np.flatnonzero(seen[name][: inputs.end, 0]) for name in ("posted", "filled", "emptied", "stored")}
    live = {name: cycles[cycles >= MEMORY_WORDS] for name, cycles in live.items()}
    np.testing.assert_array_equal(live["posted"], [cycles.posted for cycles in expected])
    np.testing.assert_array_equal(live["filled"], [cycles.filled for cycles in expected])
    np.testing.assert_array_equal(live["emptied"], [cycles.emptied for cycles in expected])
    np.testing.assert_array_equal(live["stored"], [cycles.stored for cycles in expected])
    assert sum(len(found.sums) for found in passes) == len(expected) > 24


@pytest.mark.parametrize(
    "shape",
    [WIDE, NARROW, pytest.param(FOUR_PORTS, marks=pytest.mark.full)],
    ids=lambda shape: f"{16 * shape.units}",
)
def test_stalls_of_the_memory_change_no_byte(simulations: Simulations, shape: DrainShape) -> None:
    """All channels stall, latencies and gaps change; each pass has one block for each half, and time enough."""
    random = np.random.default_rng(shape.units)
    port = port_of(shape, OUTSTANDING[shape])
    before = random.integers(0, 256, (MEMORY_WORDS, port.word_bytes))
    cycles = 40_000
    inputs = Inputs.of(shape, drain_bench(shape, OUTSTANDING[shape], REGISTERS), cycles)
    inputs.values["write_latency"][:, 0] = random.integers(2, 60, cycles)
    inputs.values["gap"][:, 0] = random.integers(0, 4, cycles)
    inputs.values["stall"][:] = random.random((cycles, 5)) < [0, 0, 0.3, 0.5, 0.3]
    inputs.values["address_waits"][cycles // 2 :] = 1
    inputs.fill_memory(before, TABLE)
    passes = []
    for number in range(6):
        drained = random_pass(shape, random, 64 * int(random.integers(0, 200)), 2, by_channel=bool(number % 2))
        passes.append(random_sums(random, drained))
        at = inputs.begin(passes[-1]) + 4
        for index in range(passes[-1].drained.blocks):
            computed = inputs.add_sums(passes[-1], index, at)
            inputs.values["turn"][computed + int(random.integers(0, 100))] = 1
            at = computed + 150
        inputs.end = at + 4000
    seen = run(simulations, inputs)
    check_memory(before, passes, seen, inputs.end)
    assert not seen["busy"][inputs.end]
    assert seen["stored"][MEMORY_WORDS : inputs.end].sum() == sum(len(found.sums) for found in passes)


def test_the_cycles_of_a_block_by_channel_by_hand() -> None:
    """40 channels at 3 rows of 13 pixels: 14 columns each in sets of two, 42 positions in two groups of 32 and 16."""
    # 40 channels are three planes: 48 rows in each chunk, the last of which is asked for in cycle 95.
    assert WIDE.sets(13) == 14
    assert WIDE.post_cycles(3 * 14, 40, by_channel=True) == 2 * 48
    # Its row is there 4 + 15 + 12 cycles later; its plane's last set 21 later (15 rows, 2 to turn, 1 until it can be
    # asked for, and 3 until it is out), and it is written 2 later.
    assert WIDE.filled_cycles(3 * 14, 40, by_channel=True) == 95 + 4 + 15 + 12 + 21 + 2
    # 10 channels at one position: one plane, 16 rows, as many as the pairs that a group begins apart.
    assert WIDE.post_cycles(2, 10, by_channel=True) == 16


def test_the_cycles_of_a_block_by_hand() -> None:
    """13 positions of 80 channels, 48 of them in a tile: two units and one of 13 cycles, then two of 16."""
    # 2 units take 16 cycles for their parameters, one takes 13 for its positions.
    assert WIDE.chunks(5) == [2, 1, 2]
    assert WIDE.post_cycles(13, 80) == 16 + 13 + 16
    # The last request is in cycle 16 + 13 + 12; its row is answered 4 cycles later, the last of 16 pairs 15 later,
    # its byte 12 later, and written 2 later.
    assert WIDE.filled_cycles(13, 80) == 41 + 4 + 15 + 12 + 2
    drained = DrainPass(0, 0, 1, 13, 1, DrainBlock(1, 80), DrainBlock(1, 80))
    (cycles,) = drain_cycles(WIDE, port_of(WIDE, 32), PlannedMemory(2, 20), drained, [100], [0])
    assert (cycles.read, cycles.posted, cycles.filled) == (105, 150, 179)
    # 5 planes of one row of 16 pixels: 20 words in one burst, the first one 7 cycles later; the response is seen a
    # cycle behind.
    assert (cycles.first, cycles.last, cycles.emptied, cycles.stored) == (186, 205, 204, 226)
