"""Records for ``layer_bench.sv``: commands of convolutions with their weights, and the memory behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic.winograd import transform_weights
from dynamap.backends.emulator.convolution import Accumulators, run_conv
from dynamap.backends.emulator.memory import Memory
from dynamap.backends.program import packing
from dynamap.backends.program.lowering.geometry import blocks_of, channel_units, contraction_of, winograd_form
from dynamap.backends.program.specification import (
    AlgorithmCode,
    Command,
    DataflowCode,
    Flag,
    FormatCode,
    Header,
    Mode,
    Op,
)
from dynamap.backends.vitis_rtl.core.registers import CorePass
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.backends.vitis_rtl.records import Field, Record
from dynamap.backends.vitis_rtl.simulation import Bench
from support.lane_records import random_channels

IntArray = npt.NDArray[np.int64]

MEMORY_WORDS = 4096
RESET = 120
EVENTS = ("placed", "weights", "fed", "posted", "filled", "emptied", "stored", "busy", "read", "written")


def layer_bench(shape: CoreShape, *, loops: bool = True) -> Bench:
    """The bench; its fields in the order of the SystemVerilog."""
    inputs = Record(
        (
            *(
                Field(name)
                for name in ("rst", "start", "look_up", "table_write", "pass_write", "poke", "address_waits")
            ),
            Field("stall", 1, 5),
            Field("gap", 4),
            Field("read_latency", 10),
            Field("write_latency", 10),
            Field("zero_point", 8),
            Field("table_index", 8),
            Field("table_data", 8),
            Field("pass_index", 8),
            Field("pass_data", 8, 8),
            Field("index", (MEMORY_WORDS - 1).bit_length()),
            Field("word", 8, shape.word),
        )
    )
    outputs = Record((*(Field(name) for name in EVENTS), Field("word", 8, shape.word)))
    parameters = {**shape.parameters(), "MemoryDepth": MEMORY_WORDS, "Loops": int(loops)}
    return Bench("layer_bench", tuple(parameters.items()), inputs, outputs)


@dataclass(frozen=True)
class Layer:
    """A convolution: blocks of ``block_rows`` where inputs stream, else of ``block_channels``.

    ``chunk_units``: units of 16 channels that a pass has of the contraction; ``band_rows``: output rows that it has. Of
    all of these, 0 is all.
    """

    channels: int
    height: int
    width: int
    out_channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    pad: int = 0
    dilation: int = 1
    block_rows: int = 0
    block_channels: int = 0
    look_up: bool = False
    input_format: FormatCode = FormatCode.C16
    output_format: FormatCode = FormatCode.C16
    algorithm: AlgorithmCode = AlgorithmCode.IM2COL
    dataflow: DataflowCode = DataflowCode.WS
    chunk_units: int = 0
    band_rows: int = 0
    winograd_tile: int = 0

    @property
    def out_size(self) -> tuple[int, int]:
        """Output rows and columns."""
        extents = (self.dilation * (taps - 1) + 1 for taps in self.kernel)
        rows, columns = (
            (size + 2 * self.pad - extent) // self.stride + 1
            for size, extent in zip((self.height, self.width), extents, strict=True)
        )
        return rows, columns

    @property
    def window_bytes(self) -> int:
        """Of a window that the host has laid out."""
        return 16 * -(-self.kernel[0] * self.kernel[1] * self.channels // 16)


def whole_command(layer: Layer) -> Command:
    """What all passes of a layer have in common, its tensors and weights at 0."""
    out_height, out_width = layer.out_size
    row, plane = _pitches(layer.input_format, layer.channels, layer.height, layer.width)
    window = 0
    if layer.input_format is FormatCode.TOEPLITZ:
        window = layer.window_bytes
        row, plane = -(-out_width * window // 64) * 64, 0
    out_row, out_plane = _pitches(layer.output_format, layer.out_channels, out_height, out_width)
    return Command(
        op=Op.CONV, layer=0, flags=Flag.STORE | (Flag.LOOKUP if layer.look_up else Flag(0)),
        algorithm=layer.algorithm, dataflow=layer.dataflow,
        mode=Mode.STREAM_WEIGHTS if layer.block_channels else Mode.STREAM_INPUTS,
        input_format=layer.input_format, output_format=layer.output_format, input_address=0, output_address=0,
        input_row_bytes=row, input_plane_bytes=plane, output_row_bytes=out_row, output_plane_bytes=out_plane,
        channels=layer.channels, height=layer.height, width=layer.width,
        out_channels=layer.out_channels, out_height=out_height, out_width=out_width,
        kernel_rows=layer.kernel[0], kernel_columns=layer.kernel[1],
        stride_rows=layer.stride, stride_columns=layer.stride,
        dilation_rows=layer.dilation, dilation_columns=layer.dilation, pad_top=layer.pad, pad_left=layer.pad,
        pass_rows=out_height, block_rows=layer.block_rows or out_height,
        block_input_rows=layer.height, last_input_rows=layer.height,
        pass_channels=layer.out_channels, block_channels=layer.block_channels or layer.out_channels, blocks=1,
        window_bytes=window, pad_value=-3, output_zero_point=5,
        winograd_tile=layer.winograd_tile,
    )  # fmt: skip


def _pitches(form: FormatCode, channels: int, height: int, width: int) -> tuple[int, int]:
    """Bytes from a row to the next, and from a plane to the next."""
    if form is FormatCode.HWC:
        return -(-width * channels // 64) * 64, 0
    row = 64 * -(-width // 4)
    return row, height * row


def passes_of(layer: Layer) -> list[Command]:
    """The commands of a layer, one band after the other, in each one chunk of the contraction after the other."""
    whole, (out_height, _) = whole_command(layer), layer.out_size
    made = []
    bands = layer.band_rows or out_height
    units = layer.chunk_units or -(-layer.channels // 16)
    for row in range(0, out_height, bands):
        for unit in range(0, -(-layer.channels // 16), units):
            last = 16 * (unit + units) >= layer.channels
            flags = whole.flags & ~Flag.STORE
            flags |= (Flag.ACCUMULATE if unit else Flag(0)) | (Flag.STORE if last else Flag(0))
            command = replace(
                whole,
                flags=flags,
                input_address=unit * whole.input_plane_bytes,
                channels=min(16 * units, layer.channels - 16 * unit),
                first_row=row,
                pass_rows=min(bands, out_height - row),
            )
            made.append(_blocked(layer, command))
    return made


def _blocked(layer: Layer, command: Command) -> Command:
    """A pass cut into blocks."""

    def rows_in(count: int) -> int:
        if layer.input_format is FormatCode.TOEPLITZ:
            return count
        return min(layer.height, (count - 1) * layer.stride + layer.dilation * (layer.kernel[0] - 1) + 1)

    by_channels = bool(layer.block_channels)
    rows = command.pass_rows if by_channels else min(command.block_rows, command.pass_rows)
    blocks = -(-layer.out_channels // layer.block_channels) if by_channels else -(-command.pass_rows // rows)
    last = rows if by_channels else command.pass_rows - (blocks - 1) * rows
    k = contraction_of(command)
    tail = layer.out_channels - (blocks - 1) * command.block_channels if by_channels else 0
    return replace(
        command,
        block_rows=rows,
        blocks=blocks,
        block_input_rows=rows_in(rows),
        last_input_rows=rows_in(last),
        weight_bytes=k.run_bytes(command.dataflow, command.block_channels),
        last_weight_bytes=k.run_bytes(command.dataflow, tail) if tail else 0,
    )


@dataclass
class LayerData:
    """The passes of a layer as the core works them off, and all of the memory before and after them."""

    commands: list[Command]
    works: list[CorePass]
    before: npt.NDArray[np.uint8]
    after: npt.NDArray[np.uint8]


def layer_data(shape: CoreShape, layer: Layer, table: npt.NDArray[np.int8], seed: int) -> LayerData:
    """Random input, and weights that all bands share; the memory behind is the emulator's."""
    random = np.random.default_rng(seed)
    size = MEMORY_WORDS * shape.word
    commands = passes_of(layer)
    whole = whole_command(layer)
    input_address = 64 * int(random.integers(4, 40))
    planes, out_planes = -(-layer.channels // 16), -(-layer.out_channels // 16)
    input_bytes = planes * whole.input_plane_bytes or max(layer.height, whole.out_height) * whole.input_row_bytes
    output_address = input_address + input_bytes + 64 * int(random.integers(0, 70))
    output_bytes = out_planes * whole.output_plane_bytes or whole.out_height * whole.output_row_bytes
    weights_address = output_address + output_bytes + 64 * int(random.integers(0, 70))
    before = random.integers(0, 256, size).astype(np.uint8)
    before[:256] = table.view(np.uint8)
    placed = []
    chunks: dict[int, int] = {}
    for command in commands:
        known = command.input_address in chunks
        command = replace(
            command,
            input_address=input_address + command.input_address,
            output_address=output_address,
            weights_address=chunks.setdefault(command.input_address, weights_address),
        )
        placed.append(command)
        for block in () if known else blocks_of(command):
            streamed = command.mode is Mode.STREAM_WEIGHTS
            if not streamed and block.index:
                break
            run = weights_run(shape, command, block.channels, random)
            assert len(run) == (block.weight_bytes if streamed else command.weight_bytes)
            assert weights_address + len(run) <= size, "the layer is larger than the memory"
            before[weights_address : weights_address + len(run)] = run
            weights_address += len(run)
    memory = Memory(before.tobytes(), size)
    header = SimpleNamespace(rows=shape.feed.rows, columns=shape.feed.columns, packing=2)
    kept = Accumulators()
    for command in placed:
        run_conv(memory, cast(Header, header), command, kept)
    return LayerData(placed, [CorePass(shape, command) for command in placed], before, memory.data)


def weights_run(shape: CoreShape, command: Command, count: int, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Parameters, some of them leaky, and weights of ``count`` output channels; those of no input channel are 0."""
    k = contraction_of(command)
    if command.algorithm is AlgorithmCode.WINOGRAD:
        return _with_parameters(random, count, _winograd_weights(shape, command, count, random))
    matrix = random.integers(-127, 128, (k.repeats, k.values, count))
    if command.input_format is FormatCode.TOEPLITZ:
        matrix[:, command.kernel_rows * command.kernel_columns * command.channels :] = 0
    else:
        by_pixel = matrix.reshape(k.repeats * k.segments * k.pixels, -1, count)
        by_pixel[:, command.channels :] = 0
    return _with_parameters(
        random, count, packing.pack(matrix, k, command.dataflow, shape.feed.rows, 2 * shape.feed.columns)
    )


def _winograd_weights(shape: CoreShape, command: Command, count: int, random: np.random.Generator) -> packing.Bytes:
    """Weights of a convolution, transformed: what the output transform makes of sums is then divisible."""
    form, k = winograd_form(command), contraction_of(command)
    padded = np.zeros((count, 16 * channel_units(command), *form.kernel), np.int8)
    kept = (count, command.channels, *form.kernel)
    padded[:, : command.channels] = random.integers(-127, 128, kept)
    matrix = transform_weights(padded, form).reshape(k.repeats, k.values, count)
    return packing.pack(matrix, k, command.dataflow, shape.feed.rows, shape.feed.columns)


def _with_parameters(random: np.random.Generator, count: int, packed: packing.Bytes) -> npt.NDArray[np.uint8]:
    channels = random_channels(random, count)
    channels["shift"] = channels["negative_shift"] = random.integers(24, 28, count)
    run = np.concatenate([channels.view(np.uint8), packed])
    return np.concatenate([run, np.zeros(-len(run) % 64, np.uint8)])


def layer_inputs(
    shape: CoreShape, data: LayerData, table: npt.NDArray[np.int8], cycles: Sequence[int]
) -> dict[str, IntArray]:
    """Memory, table and registers are filled, then the passes are started, each for ``cycles``; then memory is seen."""
    starts = starts_of(data, cycles)
    end = starts[-1] + cycles[-1]
    total = end + MEMORY_WORDS
    inputs = {field.name: np.zeros((total, field.count), np.int64) for field in layer_bench(shape).inputs.fields}
    inputs["rst"][: MEMORY_WORDS + RESET] = 1
    inputs["poke"][:MEMORY_WORDS] = 1
    inputs["index"][:MEMORY_WORDS, 0] = np.arange(MEMORY_WORDS)
    inputs["word"][:MEMORY_WORDS] = data.before.reshape(MEMORY_WORDS, shape.word)
    inputs["table_write"][:256] = 1
    inputs["table_index"][:256, 0] = np.arange(256)
    inputs["table_data"][:256, 0] = table
    inputs["zero_point"][:] = data.commands[0].output_zero_point
    inputs["look_up"][:] = bool(data.commands[0].flags & Flag.LOOKUP)
    for work, start in zip(data.works, starts, strict=True):
        registers = registers_of(work)
        span = slice(start - len(registers), start)
        inputs["pass_write"][span] = 1
        inputs["pass_index"][span, 0] = np.arange(len(registers))
        inputs["pass_data"][span] = registers
        inputs["start"][start] = 1
    inputs["index"][end:, 0] = np.arange(MEMORY_WORDS)
    return inputs


def registers_of(work: CorePass) -> npt.NDArray[np.uint8]:
    """The registers of a pass, 8 bytes each."""
    registers = np.frombuffer(work.registers(), np.uint8)
    return np.concatenate([registers, np.zeros(-len(registers) % 8, np.uint8)]).reshape(-1, 8)


def starts_of(data: LayerData, cycles: Sequence[int]) -> list[int]:
    """The cycles in which the passes are started; registers of a pass are written when the one before has ended."""
    starts = [MEMORY_WORDS + RESET + len(registers_of(data.works[0]))]
    for work, before in zip(data.works[1:], cycles, strict=False):
        starts.append(starts[-1] + before + len(registers_of(work)))
    return starts
