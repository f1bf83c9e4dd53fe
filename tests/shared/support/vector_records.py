"""Records for ``vector_bench.sv``: commands of the vector unit, the memory before and, by the emulator, after them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.emulator.memory import Memory
from dynamap.backends.emulator.vector import run_vector
from dynamap.backends.program.specification import Command, Flag, FormatCode, Op, Source
from dynamap.backends.vitis_rtl.records import Field, Record
from dynamap.backends.vitis_rtl.simulation import Bench
from dynamap.backends.vitis_rtl.vector.operations import NO_TABLES, CommandTables
from dynamap.backends.vitis_rtl.vector.registers import VectorPass
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape

IntArray = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

MEMORY_WORDS = 4096
RESET = 120
EVENTS = ("placed", "resident", "walked", "filled", "emptied", "stored", "busy", "reading", "read", "written")
UNIT = 16


def vector_bench(shape: VectorUnitShape, *, synthesised: bool = False) -> Bench:
    """The bench; its fields in the order of the SystemVerilog."""
    flags = ("rst", "start", "table_write", "pass_write", "poke", "address_waits")
    inputs = Record(
        (
            *(Field(name) for name in flags),
            Field("stall", 1, 5),
            Field("gap", 4),
            Field("read_latency", 10),
            Field("write_latency", 10),
            Field("table_index", 8),
            Field("table_data", 8),
            Field("pass_index", 8),
            Field("pass_data", 8, 8),
            Field("index", (MEMORY_WORDS - 1).bit_length()),
            Field("word", 8, shape.word),
        )
    )
    outputs = Record((*(Field(name) for name in EVENTS), Field("word", 8, shape.word)))
    parameters = {**shape.parameters(), "MemoryDepth": MEMORY_WORDS}
    return Bench("vector_bench", tuple(parameters.items()), inputs, outputs, synthesised)


@dataclass(frozen=True)
class Pooled:
    """A layer with windows: of rows and columns each kernel, stride, dilation, and pads before."""

    op: Op
    channels: int
    height: int
    width: int
    out_height: int
    out_width: int
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    pads: tuple[int, int] = (0, 0)
    block_rows: int = 0


def window_command(layer: Pooled) -> Command:
    """Its command, without addresses and constants."""
    rows = layer.block_rows or layer.out_height
    extent = (layer.kernel[0] - 1) * layer.dilation[0] + 1
    blocks = -(-layer.out_height // rows)
    last = layer.out_height - (blocks - 1) * rows

    def rows_in(count: int) -> int:
        return min(layer.height, (count - 1) * layer.stride[0] + extent)

    row, out_row = (64 * -(-width // 4) for width in (layer.width, layer.out_width))
    return Command(
        op=layer.op, layer=0, input_format=FormatCode.C16, output_format=FormatCode.C16,
        input_address=0, output_address=0,
        input_row_bytes=row, input_plane_bytes=layer.height * row,
        output_row_bytes=out_row, output_plane_bytes=layer.out_height * out_row,
        channels=layer.channels, height=layer.height, width=layer.width,
        out_channels=layer.channels, out_height=layer.out_height, out_width=layer.out_width,
        kernel_rows=layer.kernel[0], kernel_columns=layer.kernel[1],
        stride_rows=layer.stride[0], stride_columns=layer.stride[1],
        dilation_rows=layer.dilation[0], dilation_columns=layer.dilation[1],
        pad_top=layer.pads[0], pad_left=layer.pads[1],
        pass_rows=layer.out_height, block_rows=rows, block_input_rows=rows_in(rows), last_input_rows=rows_in(last),
        pass_channels=layer.channels, block_channels=layer.channels, blocks=blocks,
        window_bytes=0, pad_value=-3, clamp_low=-128, clamp_high=127, flags=Flag.STORE,
    )  # fmt: skip


def counts_of(size: int, out: int, kernel: int, stride: int, pad: int) -> list[int]:
    """Taps inside the image, of each window."""
    begins = np.arange(out) * stride - pad
    return [int(np.sum((begin + np.arange(kernel) >= 0) & (begin + np.arange(kernel) < size))) for begin in begins]


def class_table(layer: Pooled, random: np.random.Generator) -> tuple[bytes, int]:
    """The table of docs/program.md, section 4, with random multipliers, and its column classes."""
    rows = counts_of(layer.height, layer.out_height, layer.kernel[0], layer.stride[0], layer.pads[0])
    columns = counts_of(layer.width, layer.out_width, layer.kernel[1], layer.stride[1], layer.pads[1])
    classes = [sorted(set(counts)).index(count) for counts in (rows, columns) for count in counts]
    pairs = len(set(rows)) * len(set(columns))
    table = np.stack([random.integers(2**16, 2**17, pairs), random.integers(19, 23, pairs)], 1).astype("<u4")
    return bytes(classes) + bytes(-len(classes) % 8) + table.tobytes(), len(set(columns))


@dataclass
class Laid:
    """A memory that grows: each part at a multiple of 64, some way behind the one before."""

    random: np.random.Generator
    data: Bytes
    end: int = 0

    def place(self, size: int) -> int:
        """The address of a part of so many bytes."""
        address = self.end + 64 * int(self.random.integers(0, 70))
        self.end = address + -(-size // 64) * 64
        assert self.end <= len(self.data), "the layer is larger than the memory"
        return address

    def put(self, content: bytes) -> int:
        """The address of a part with this content."""
        address = self.place(len(content))
        self.data[address : address + len(content)] = np.frombuffer(content, np.uint8)
        return address


@dataclass
class VectorData:
    """A command, all of the memory before and after it, the look-up table, and the work of the unit."""

    work: VectorPass
    before: Bytes
    after: Bytes
    look_up: npt.NDArray[np.int8]


def random_memory(shape: VectorUnitShape, seed: int) -> Laid:
    """Random bytes everywhere: pads and channels beyond the last too."""
    random = np.random.default_rng(seed)
    return Laid(random, random.integers(0, 256, MEMORY_WORDS * shape.word).astype(np.uint8), 64)


def vector_data(
    shape: VectorUnitShape, memory: Laid, command: Command, tables: CommandTables = NO_TABLES
) -> VectorData:
    """The command is given its tensors' and tables' addresses; what it makes is the emulator's."""
    if not command.op.streams_sources:
        command = replace(command, input_address=memory.place(_input_bytes(command, command.channels)))
    output_bytes = -(-command.out_channels // UNIT) * command.output_plane_bytes
    if command.output_format is FormatCode.HWC:
        output_bytes = command.out_height * command.output_row_bytes
    command = replace(command, output_address=memory.place(output_bytes))
    look_up = memory.random.integers(-128, 128, 256).astype(np.int8)
    command = replace(command, lookup_address=memory.put(look_up.tobytes()))
    if tables.values:
        command = replace(command, values_address=memory.put(tables.values), values_bytes=len(tables.values))
    if tables.slopes:
        slopes = np.array(tables.slopes, "<i4")
        command = replace(command, slopes_address=memory.put(slopes.tobytes()), slope_count=len(slopes))
    work = VectorPass(shape, command, tables)
    if work.operation.table:
        work = VectorPass(shape, command, tables, memory.put(work.operation.table))
    assert work.fits(), "the layer is larger than the buffers"
    after = Memory(memory.data.tobytes(), len(memory.data))
    run_vector(after, command, tables.sources)
    return VectorData(work, memory.data, after.data, look_up)


def in_formats(command: Command, source: FormatCode, target: FormatCode) -> Command:
    """The command of tensors in c16 that reads or writes hwc."""
    if source is FormatCode.HWC:
        row = 64 * -(-command.width * command.channels // 64)
        command = replace(command, input_format=source, input_row_bytes=row, input_plane_bytes=0)
    if target is FormatCode.HWC:
        row = 64 * -(-command.out_width * command.out_channels // 64)
        command = replace(command, output_format=target, output_row_bytes=row, output_plane_bytes=0)
    return command


def _input_bytes(command: Command, channels: int) -> int:
    """Bytes of a tensor of so many channels that it reads."""
    if command.input_format is FormatCode.HWC:
        return command.height * command.input_row_bytes
    return -(-channels // UNIT) * command.input_plane_bytes


def source_of(memory: Laid, command: Command, channels: int, **fields: int) -> Source:
    """A source of the command's width and height somewhere in memory."""
    address = memory.place(_input_bytes(command, channels))
    known = {"zero_point": 0, "multiplier": 1, "shift": 0, "first_channel": 0, **fields}
    return Source(
        address=address,
        channels=channels,
        row_bytes=command.input_row_bytes,
        plane_bytes=command.input_plane_bytes,
        **known,
    )


def vector_inputs(shape: VectorUnitShape, data: VectorData, cycles: int) -> dict[str, IntArray]:
    """Memory, table and registers are filled, then the pass is started; the inputs end with a look at the memory."""
    registers = np.frombuffer(data.work.registers(), np.uint8)
    registers = np.concatenate([registers, np.zeros(-len(registers) % 8, np.uint8)]).reshape(-1, 8)
    total = BEGIN + cycles + MEMORY_WORDS
    inputs = {field.name: np.zeros((total, field.count), np.int64) for field in vector_bench(shape).inputs.fields}
    inputs["rst"][: MEMORY_WORDS + RESET] = 1
    inputs["poke"][:MEMORY_WORDS] = 1
    inputs["index"][:MEMORY_WORDS, 0] = np.arange(MEMORY_WORDS)
    inputs["word"][:MEMORY_WORDS] = data.before.reshape(MEMORY_WORDS, shape.word)
    inputs["table_write"][:256] = 1
    inputs["table_index"][:256, 0] = np.arange(256)
    inputs["table_data"][:256, 0] = data.look_up
    inputs["pass_write"][: len(registers)] = 1
    inputs["pass_index"][: len(registers), 0] = np.arange(len(registers))
    inputs["pass_data"][: len(registers)] = registers
    inputs["start"][BEGIN] = 1
    inputs["index"][BEGIN + cycles :, 0] = np.arange(MEMORY_WORDS)
    return inputs


BEGIN = MEMORY_WORDS + RESET + 10
"""The cycle in which the pass is started."""
