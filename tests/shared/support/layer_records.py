"""Records for ``layer_bench.sv``: commands of convolutions with their weights, and the memory behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import numpy.typing as npt

from dynamap.backends.emulator.convolution import Accumulators, run_conv
from dynamap.backends.emulator.memory import Memory
from dynamap.backends.program import packing
from dynamap.backends.program.lowering.geometry import blocks_of, contraction_of
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
from dynamap.backends.vitis_rtl.core.registers import CorePass, CoreShape
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
    """A convolution of one pass: blocks of ``block_rows`` where inputs stream, else of ``block_channels``."""

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


def command_of(layer: Layer, input_address: int, output_address: int, weights_address: int) -> Command:
    """The command of a layer; 0 rows or channels of a block are all of them."""
    k1, k2 = layer.kernel
    out_height = (layer.height + 2 * layer.pad - layer.dilation * (k1 - 1) - 1) // layer.stride + 1
    out_width = (layer.width + 2 * layer.pad - layer.dilation * (k2 - 1) - 1) // layer.stride + 1
    row, out_row = (64 * -(-width // 4) for width in (layer.width, out_width))
    rows, channels = layer.block_rows or out_height, layer.block_channels or layer.out_channels
    streams = Mode.STREAM_WEIGHTS if layer.block_channels else Mode.STREAM_INPUTS

    def rows_in(count: int) -> int:
        return min(layer.height, (count - 1) * layer.stride + layer.dilation * (k1 - 1) + 1)

    blocks = -(-layer.out_channels // channels) if layer.block_channels else -(-out_height // rows)
    last = out_height - (blocks - 1) * rows if not layer.block_channels else rows
    command = Command(
        op=Op.CONV, layer=0, flags=Flag.STORE | (Flag.LOOKUP if layer.look_up else Flag(0)),
        algorithm=AlgorithmCode.IM2COL, dataflow=DataflowCode.WS, mode=streams,
        input_format=FormatCode.C16, output_format=FormatCode.C16,
        input_address=input_address, output_address=output_address,
        input_row_bytes=row, input_plane_bytes=layer.height * row,
        output_row_bytes=out_row, output_plane_bytes=out_height * out_row,
        channels=layer.channels, height=layer.height, width=layer.width,
        out_channels=layer.out_channels, out_height=out_height, out_width=out_width,
        kernel_rows=k1, kernel_columns=k2, stride_rows=layer.stride, stride_columns=layer.stride,
        dilation_rows=layer.dilation, dilation_columns=layer.dilation, pad_top=layer.pad, pad_left=layer.pad,
        pass_rows=out_height, block_rows=rows, block_input_rows=rows_in(rows), last_input_rows=rows_in(last),
        pass_channels=layer.out_channels, block_channels=channels, blocks=blocks,
        weights_address=weights_address, window_bytes=0, pad_value=-3, output_zero_point=5,
    )  # fmt: skip
    k = contraction_of(command)
    tail = layer.out_channels - (blocks - 1) * channels if layer.block_channels else 0
    return replace(
        command,
        weight_bytes=k.run_bytes(command.dataflow, channels),
        last_weight_bytes=k.run_bytes(command.dataflow, tail) if tail else 0,
    )


@dataclass
class LayerData:
    """A command, all of the memory before and after it, and the work of the core."""

    command: Command
    work: CorePass
    before: npt.NDArray[np.uint8]
    after: npt.NDArray[np.uint8]


def layer_data(shape: CoreShape, layer: Layer, table: npt.NDArray[np.int8], seed: int) -> LayerData:
    """Random input, weights and parameters; the memory behind is the emulator's."""
    random = np.random.default_rng(seed)
    size = MEMORY_WORDS * shape.word
    input_address = 64 * int(random.integers(4, 40))
    command = command_of(layer, input_address, 0, 0)
    planes = -(-layer.channels // 16)
    output_address = input_address + planes * command.input_plane_bytes + 64 * int(random.integers(0, 70))
    out_planes = -(-layer.out_channels // 16)
    weights_address = output_address + out_planes * command.output_plane_bytes + 64 * int(random.integers(0, 70))
    command = command_of(layer, input_address, output_address, weights_address)
    before = random.integers(0, 256, size).astype(np.uint8)
    before[:256] = table.view(np.uint8)
    k = contraction_of(command)
    for block in blocks_of(command):
        streamed = command.mode is Mode.STREAM_WEIGHTS
        if not streamed and block.index:
            break
        matrix = random.integers(-127, 128, (1, k.values, block.channels))
        used = layer.channels - 16 * (planes - 1)
        by_pixel = matrix.reshape(1, k.segments * k.pixels, -1, block.channels)
        by_pixel[:, :, 16 * (planes - 1) + used :] = 0
        channels = random_channels(random, block.channels)
        channels["shift"] = channels["negative_shift"] = random.integers(24, 28, block.channels)
        packed = packing.pack(matrix, k, command.dataflow, shape.feed.rows, 2 * shape.feed.columns)
        run = np.concatenate([channels.view(np.uint8), packed])
        address, run_bytes = (
            (block.weights_address, block.weight_bytes) if streamed else (weights_address, command.weight_bytes)
        )
        assert address + run_bytes <= size, "the layer is larger than the memory"
        before[address : address + run_bytes] = 0
        before[address : address + len(run)] = run
    memory = Memory(before.tobytes(), size)
    header = SimpleNamespace(rows=shape.feed.rows, columns=shape.feed.columns, packing=2)
    run_conv(memory, cast(Header, header), command, Accumulators())
    return LayerData(command, CorePass(shape, command), before, memory.data)


def layer_inputs(shape: CoreShape, data: LayerData, table: npt.NDArray[np.int8], cycles: int) -> dict[str, IntArray]:
    """Memory, table and registers are filled, then the pass is started; returns the inputs, which end with a look."""
    registers = np.frombuffer(data.work.registers(), np.uint8)
    registers = np.concatenate([registers, np.zeros(-len(registers) % 8, np.uint8)]).reshape(-1, 8)
    total = begin_of() + cycles + MEMORY_WORDS
    inputs = {field.name: np.zeros((total, field.count), np.int64) for field in layer_bench(shape).inputs.fields}
    inputs["rst"][: MEMORY_WORDS + RESET] = 1
    inputs["poke"][:MEMORY_WORDS] = 1
    inputs["index"][:MEMORY_WORDS, 0] = np.arange(MEMORY_WORDS)
    inputs["word"][:MEMORY_WORDS] = data.before.reshape(MEMORY_WORDS, shape.word)
    inputs["table_write"][:256] = 1
    inputs["table_index"][:256, 0] = np.arange(256)
    inputs["table_data"][:256, 0] = table
    inputs["pass_write"][: len(registers)] = 1
    inputs["pass_index"][: len(registers), 0] = np.arange(len(registers))
    inputs["pass_data"][: len(registers)] = registers
    inputs["zero_point"][:] = data.command.output_zero_point
    inputs["look_up"][:] = bool(data.command.flags & Flag.LOOKUP)
    inputs["start"][begin_of()] = 1
    inputs["index"][begin_of() + cycles :, 0] = np.arange(MEMORY_WORDS)
    return inputs


def begin_of() -> int:
    """The cycle in which the pass is started."""
    return MEMORY_WORDS + RESET + 10
