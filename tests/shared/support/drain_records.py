"""Records for ``drain_bench.sv``: passes of blocks whose sums are put into the accumulators, and bytes in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic import integers as arithmetic
from dynamap.backends.emulator.memory import Memory, Stored
from dynamap.backends.program.specification import FormatCode
from dynamap.backends.vitis_rtl.core.drain import DrainCycles, DrainPass, drain_cycles
from dynamap.backends.vitis_rtl.core.post import UNIT_BYTES, DrainShape
from dynamap.backends.vitis_rtl.memory.ports import MemoryPort, PlannedMemory
from dynamap.backends.vitis_rtl.records import Field, Record
from dynamap.backends.vitis_rtl.simulation import Bench
from support.lane_records import Channels

IntArray = npt.NDArray[np.int64]

MEMORY_WORDS = 2048
RESET = 40
SEEN = ("reading", "posted", "filled", "emptied", "stored", "busy", "beat")


def port_of(shape: DrainShape, outstanding: int) -> MemoryPort:
    """The ports of the bench: together a word wide."""
    return replace(shape.port, outstanding=outstanding)


def drain_bench(shape: DrainShape, outstanding: int, registers: int) -> Bench:
    """The bench; its fields in the order of the SystemVerilog. ``registers``: bytes of a pass."""
    word = shape.units * UNIT_BYTES
    sums = Field("add_low", shape.lanes.accumulator_bits - 1, shape.lanes.columns)
    names = ("rst", "start", "computed", "turn", "look_up", "table_write", "parameters_write", "add", "add_half")
    inputs = Record(
        (
            *(Field(name) for name in (*names, "poke", "address_waits", "by_channel")),
            Field("stall", 1, 5),
            Field("gap", 4),
            Field("write_latency", 10),
            Field("zero_point", 8),
            Field("table_index", 8),
            Field("table_data", 8),
            Field("add_row", (shape.accumulator_rows - 1).bit_length()),
            Field("parameters_word", (shape.parameter_depth - 1).bit_length()),
            Field("index", (MEMORY_WORDS - 1).bit_length()),
            sums,
            Field("add_high", sums.bits, sums.count),
            Field("word", 8, word),
            Field("pass", 8, registers),
        )
    )
    outputs = Record((*(Field(name) for name in SEEN), Field("word", 8, word)))
    parameters = {
        **shape.parameters(),
        "AccumulatorRows": shape.accumulator_rows,
        "Outstanding": outstanding,
        "MemoryDepth": MEMORY_WORDS,
    }
    return Bench("drain_bench", tuple(parameters.items()), inputs, outputs)


def in_columns(sums: IntArray, columns: int) -> tuple[IntArray, IntArray]:
    """Rows of the accumulators for sums [rows, two to a column]: the first and the second sum of each column."""
    wide = 2 * columns
    padded = np.zeros((len(sums), -(-sums.shape[1] // wide) * wide), np.int64)
    padded[:, : sums.shape[1]] = sums
    tiles = np.concatenate(np.split(padded, padded.shape[1] // wide, axis=1))
    return tiles[:, 0::2], tiles[:, 1::2]


@dataclass
class Sums:
    """A pass, the sums of its blocks [positions, channels] each, and what becomes of them.

    ``accumulated``: what the accumulators have of each block, [rows, columns] of the first and of the second sum of a
    row, where that is not the sums of pixels, two channels in a column.
    """

    drained: DrainPass
    sums: Sequence[IntArray]
    channels: Channels
    zero_point: int
    look_up: bool
    accumulated: Sequence[tuple[IntArray, IntArray]] = ()
    computed: list[int] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)

    def of_block(self, index: int) -> Channels:
        """The parameters of a block's channels: its own, or those of all blocks."""
        if self.drained.parameters_step == 0:
            return self.channels
        first = index * self.drained.whole.channels
        return self.channels[first : first + self.drained.block(index).channels]

    def write(self, memory: Memory, table: npt.NDArray[np.int8]) -> None:
        """The bytes in memory, by the arithmetic and the formats of the emulator."""
        drained = self.drained
        first_row = first_channel = 0
        for index, sums in enumerate(self.sums):
            block, parameters = drained.block(index), self.of_block(index)
            totals = sums.T + parameters["bias"].astype(np.int64)[:, None]
            values = arithmetic.requantise(
                totals,
                parameters["multiplier"],
                parameters["shift"],
                self.zero_point,
                negative=(parameters["negative_multiplier"], parameters["negative_shift"]),
            )
            values = np.clip(values, parameters["low"][:, None], parameters["high"][:, None])
            if self.look_up:
                values = arithmetic.look_up(values, table)
            stored = Stored(
                FormatCode.C16,
                drained.address,
                drained.row_bytes,
                drained.height * drained.row_bytes,
                len(self.channels),
                drained.height,
                drained.width,
            )
            memory.store(stored, first_channel, first_row, values.reshape(-1, block.rows, drained.width))
            if drained.parameters_step == 0:
                first_row += block.rows
            else:
                first_channel += block.channels


@dataclass
class Inputs:
    """A record that grows: fields are set in cycles, and stay 0 elsewhere."""

    shape: DrainShape
    bench: Bench
    values: dict[str, IntArray]
    end: int = RESET

    @classmethod
    def of(cls, shape: DrainShape, bench: Bench, cycles: int) -> Inputs:
        values = {item.name: np.zeros((cycles, item.count), np.int64) for item in bench.inputs.fields}
        values["rst"][:RESET] = 1
        return cls(shape, bench, values)

    def fill_memory(self, memory: IntArray, table: npt.NDArray[np.int8]) -> None:
        """The memory's first contents, and the table of all lanes."""
        span = slice(0, MEMORY_WORDS)
        self.values["poke"][span] = 1
        self.values["rst"][span] = 1
        self.values["index"][span, 0] = np.arange(MEMORY_WORDS)
        self.values["word"][span] = memory
        self.values["table_write"][:256] = 1
        self.values["table_index"][:256, 0] = np.arange(256)
        self.values["table_data"][:256, 0] = table
        self.end = MEMORY_WORDS + 2

    def begin(self, found: Sums) -> int:
        """Puts the parameters of all blocks into their memory and starts the pass; returns the cycle of the start."""
        shape, drained = self.shape, found.drained
        word = drained.parameters
        for index in range(drained.blocks if drained.parameters_step else 1):
            raw = found.of_block(index).view(np.uint8)
            raw = np.concatenate([raw, np.full(-len(raw) % (shape.units * UNIT_BYTES), 0x5A, np.uint8)])
            for number, line in enumerate(raw.reshape(-1, shape.units * UNIT_BYTES)):
                self.values["parameters_write"][self.end] = 1
                self.values["parameters_word"][self.end] = (word + number) % shape.parameter_depth
                self.values["word"][self.end] = line
                self.end += 1
            word += drained.parameters_step
        start = self.end
        self.values["start"][start] = 1
        self.values["pass"][start - 4 :] = list(drained.registers(shape))
        self.values["zero_point"][start - 4 :] = found.zero_point
        self.values["look_up"][start - 4 :] = found.look_up
        self.values["by_channel"][start - 4 :] = drained.by_channel
        return start

    def rows_of(self, found: Sums, index: int) -> IntArray:
        """A block's sums as rows of the accumulators: positions; or channels, at positions in whole sets."""
        sums = found.sums[index]
        if not found.drained.by_channel:
            return sums
        width = found.drained.width
        by_row = sums.T.reshape(sums.shape[1], -1, width)
        sets = self.shape.sets(width)
        rows = np.random.default_rng(index).integers(-(2**20), 2**20, (*by_row.shape[:2], sets))
        rows[:, :, :width] = by_row
        return rows.reshape(len(rows), -1)

    def add_sums(self, found: Sums, index: int, begin: int) -> int:
        """Puts a block's sums into its half of the accumulators; returns the cycle that says that they are there.

        A row is written four cycles after its tag, and read two cycles after its request, which is made
        START_CYCLES after that word; so the word may come a cycle before the last tag.
        """
        lanes = self.shape.lanes
        if found.accumulated:
            low, high = found.accumulated[index]
        else:
            low, high = in_columns(self.rows_of(found, index), lanes.columns)
        span = slice(begin, begin + len(low))
        self.values["add"][span] = 1
        self.values["add_half"][span] = index % 2
        self.values["add_row"][span, 0] = np.arange(len(low))
        for column in range(lanes.columns):
            at = slice(begin + 3 + column, begin + 3 + column + len(low))
            self.values["add_low"][at, column] = low[:, column]
            self.values["add_high"][at, column] = high[:, column]
        computed = max(begin + len(low) - 2, 0)
        self.values["computed"][computed] = 1
        return computed


def plan(inputs: Inputs, found: Sums, memory: PlannedMemory, port: MemoryPort, random: np.random.Generator) -> int:
    """A pass as fast as its sums come, turns at random; returns the cycle in which it has ended."""
    drained = found.drained
    begin = inputs.begin(found) + 4
    for index in range(drained.blocks):
        begin += int(random.choice([0, 0, 7, 200]))
        if index >= 2:
            begin = max(begin, _cycles(inputs, found, memory, port)[index - 2].posted)
        found.computed.append(inputs.add_sums(found, index, begin))
        begin = found.computed[-1] + 2
        turn = max(found.computed[-1] + int(random.choice([0, 150])), found.turns[-1] + 1 if found.turns else 0)
        found.turns.append(turn)
        inputs.values["turn"][turn] = 1
    inputs.end = _cycles(inputs, found, memory, port)[-1].stored + 6
    return inputs.end


def _cycles(inputs: Inputs, found: Sums, memory: PlannedMemory, port: MemoryPort) -> list[DrainCycles]:
    return drain_cycles(inputs.shape, port, memory, found.drained, found.computed, found.turns)
