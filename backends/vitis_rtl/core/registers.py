"""The convolution core: its sizes, and what its registers hold for a command of a program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dynamap.backends.program.lowering.geometry import BlockShape, blocks_of, channel_units, contraction_of
from dynamap.backends.program.specification import AlgorithmCode, Command, DataflowCode, FormatCode, Mode
from dynamap.backends.vitis_rtl.core.drain import DrainBlock, DrainPass
from dynamap.backends.vitis_rtl.core.post import UNIT_BYTES, DrainShape
from dynamap.backends.vitis_rtl.feeding import (
    BLOCK_FIELDS,
    LOAD_FIELDS,
    ConvolutionBlock,
    FeedShape,
    PlacedPlanes,
)
from dynamap.backends.vitis_rtl.memory_ports import MemoryPort, Run, occupancy
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.limits import PARAMETER_BYTES

PARAMETER_SETS = 4
"""Blocks whose parameters are kept at a time where weights stream: one posted, one computed, two loaded."""


@dataclass(frozen=True)
class CoreShape:
    """The parameters of ``core.sv``: those of its two halves, which agree on columns, words and accumulators."""

    feed: FeedShape
    drain: DrainShape
    port: MemoryPort

    def __post_init__(self) -> None:
        assert self.feed.columns == self.drain.lanes.columns
        assert self.feed.word_units == self.drain.units and self.port.data_bytes == self.word
        assert self.feed.accumulator_rows == self.drain.accumulator_rows
        assert self.feed.operand_bits == 8, "the core's operands have 8 bits"

    @property
    def word(self) -> int:
        """Bytes of a memory word."""
        return UNIT_BYTES * self.feed.word_units

    def parameters(self) -> dict[str, int]:
        """The parameters by their names in the RTL."""
        feed = {name: value for name, value in self.feed.parameters().items() if name != "OperandBits"}
        return {
            **feed,
            "GroupRows": self.feed.group_rows,
            "Pairs": self.drain.lanes.pairs,
            "ParameterDepth": self.drain.parameter_depth,
            "OutputDepth": self.drain.output_depth,
            "Outstanding": self.port.outstanding,
        }

    @property
    def input_half(self) -> int:
        """Units of a half of the input buffer."""
        return self.feed.input_banks * self.feed.input_depth // 2

    @property
    def weight_half(self) -> int:
        """Units of a half of the weight buffer."""
        return self.feed.weight_banks * self.feed.weight_depth // 2


@dataclass(frozen=True)
class CoreBlock:
    """A block: the runs of its input and its weights in words, and what the feed and POST must know of it."""

    shape: BlockShape
    inputs: tuple[Run, ...]
    weights: Run
    parameter_words: int
    placed: PlacedPlanes
    convolution: ConvolutionBlock


class CorePass:
    """A command as the core's registers have it.

    Raises:
        InputError: it is none of what the core can do yet: im2col of c16, weights staying, the sums stored.
    """

    def __init__(self, shape: CoreShape, command: Command) -> None:
        self.shape, self.command = shape, command
        self._check()
        self.stream_weights = command.mode is Mode.STREAM_WEIGHTS
        self.blocks = [self._block(block) for block in blocks_of(command)]
        self.drained = self._drained()

    def _check(self) -> None:
        command = self.command
        able = (
            command.algorithm is AlgorithmCode.IM2COL
            and command.dataflow is DataflowCode.WS
            and command.input_format is FormatCode.C16
            and command.output_format is FormatCode.C16
        )
        if not able:
            raise InputError(
                "the core runs im2col with weights that stay (WS), from c16 to c16, and no other command yet"
            )

    def _block(self, block: BlockShape) -> CoreBlock:
        command, word = self.command, self.shape.word
        planes, rows = channel_units(command), block.input_rows
        begin = command.input_address + block.input_start * command.input_row_bytes
        words = rows * command.input_row_bytes // word
        if rows == command.height:
            inputs = [Run(begin // word, planes * words)]
        else:
            inputs = [Run((begin + plane * command.input_plane_bytes) // word, words) for plane in range(planes)]
        channels = block.channels
        address, size = block.weights_address, block.weight_bytes
        if not self.stream_weights:
            address, size = command.weights_address, command.weight_bytes
        assert size == contraction_of(command).run_bytes(command.dataflow, channels)
        plane_units = rows * command.input_row_bytes // UNIT_BYTES
        convolution = ConvolutionBlock(
            command.channels,
            rows,
            command.width,
            (command.kernel_rows, command.kernel_columns),
            block.rows,
            command.out_width,
            channels,
            (command.stride_rows, command.stride_columns),
            (command.dilation_rows, command.dilation_columns),
            first_row=block.first_row * command.stride_rows - command.pad_top - block.input_start,
            pad_left=command.pad_left,
            taps_apart=command.dilation_columns > 1,
            pad_value=command.pad_value,
            weights=channels * PARAMETER_BYTES,
        )
        placed = PlacedPlanes(0, convolution.pitch, planes, plane_units, command.input_plane_bytes // UNIT_BYTES, 0)
        parameter_words = -(-channels * PARAMETER_BYTES // word)
        return CoreBlock(block, tuple(inputs), Run(address // word, size // word), parameter_words, placed, convolution)

    def _drained(self) -> DrainPass:
        command = self.command
        first, last = self.blocks[0].shape, self.blocks[-1].shape
        plane = command.first_channel // UNIT_BYTES
        step = command.block_rows * command.output_row_bytes
        if self.stream_weights:
            step = command.block_channels // UNIT_BYTES * command.output_plane_bytes
        return DrainPass(
            command.output_address + plane * command.output_plane_bytes + command.first_row * command.output_row_bytes,
            step,
            command.out_height,
            command.out_width,
            command.blocks,
            DrainBlock(first.rows, first.channels),
            DrainBlock(last.rows, last.channels),
            parameters_step=self.blocks[0].parameter_words if self.stream_weights else 0,
        )

    def fits(self) -> bool:
        """Whether its blocks fit into the buffers, the accumulators and the memory of parameters of the core."""
        return all(self._block_fits(index) for index in range(len(self.blocks)))

    def _block_fits(self, index: int) -> bool:
        shape, block = self.shape, self.blocks[index]
        convolution = block.convolution
        input_units = convolution.height * convolution.row_units
        weight_units = block.weights.beats * shape.feed.word_units
        tiles = len(convolution.column_tiles(shape.feed))
        output_words = sum(run.beats for run in self.drained.runs(shape.drain, index))
        sets = PARAMETER_SETS if self.stream_weights else 1
        return (
            input_units <= shape.input_half * (2 if self.stream_weights else 1)
            and weight_units <= shape.weight_half * (1 if self.stream_weights else 2)
            and tiles * convolution.positions <= shape.feed.accumulator_rows
            and output_words <= shape.drain.output_depth // 2
            and sets * block.parameter_words <= shape.drain.parameter_depth
        )

    def transfer_cycles(self, runs: Iterable[Run]) -> int:
        """Cycles for which a transfer takes memory: its words, and one for each burst."""
        return occupancy(list(runs))

    def registers(self) -> bytes:
        """``core_pkg::core_pass_t``, its lowest byte first."""
        command, first = self.command, self.blocks[0].convolution
        streamed = not self.stream_weights
        row = command.first_row * command.stride_rows - command.pad_top
        step = command.block_rows * command.stride_rows if streamed else 0
        drained = int.from_bytes(self.drained.registers(self.shape.drain), "little")
        fields = [
            (int(self.stream_weights), 1),
            (command.input_address, 64),
            (command.input_plane_bytes, 64),
            (row * command.input_row_bytes, 64),
            (step * command.input_row_bytes, 64),
            (row * first.row_units, 24),
            (step * first.row_units, 24),
            (row, 16),
            (step, 16),
            (self.shape.input_half, 24),
            (command.weights_address, 64),
            (command.weight_bytes if self.stream_weights else 0, 64),
            (self.shape.weight_half, 24),
            *self._block_fields(0),
            *self._block_fields(len(self.blocks) - 1),
            (drained, 8 * len(self.drained.registers(self.shape.drain))),
        ]
        return joined_bits(reversed(fields))

    def _block_fields(self, index: int) -> list[tuple[int, int]]:
        command, block = self.command, self.blocks[index]
        shape, units = self.shape, self.shape.feed.word_units
        last_row = command.height - block.shape.input_rows
        load = block.placed.registers(units)
        feed = {**block.convolution.registers(shape.feed), "base": 0, "row": 0}
        return [
            (len(block.inputs), 16),
            (block.inputs[0].beats, 24),
            (sum(run.beats for run in block.inputs), 24),
            (self.transfer_cycles(block.inputs), 24),
            *((load[field.name], field.bits) for field in reversed(LOAD_FIELDS)),
            (block.weights.beats, 24),
            (block.parameter_words, 16),
            (self.transfer_cycles([block.weights]), 24),
            (self.transfer_cycles(self.drained.runs(shape.drain, index)), 24),
            (last_row * command.input_row_bytes, 64),
            (last_row * block.convolution.row_units, 24),
            (last_row, 16),
            *((feed[field.name], field.bits) for field in reversed(BLOCK_FIELDS)),
        ]


def joined_bits(fields: Iterable[tuple[int, int]]) -> bytes:
    """Values of so many bits each, the first one lowest; negative ones as two's complement."""
    whole = at = 0
    for value, bits in fields:
        whole |= (value & (2**bits - 1)) << at
        at += bits
    return whole.to_bytes(-(-at // 8), "little")
