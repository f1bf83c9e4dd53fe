"""What the registers of the convolution core hold for a command of a program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dynamap.backends.program.lowering.geometry import BlockShape, blocks_of, contraction_of, winograd_form
from dynamap.backends.program.specification import AlgorithmCode, Command, DataflowCode, Flag, FormatCode, Mode
from dynamap.backends.vitis_rtl.core.drain import DrainBlock, DrainPass
from dynamap.backends.vitis_rtl.core.inputs import block_input, input_rows
from dynamap.backends.vitis_rtl.core.post import UNIT_BYTES
from dynamap.backends.vitis_rtl.core.shape import PARAMETER_SETS, CoreShape
from dynamap.backends.vitis_rtl.feeding import (
    BLOCK_FIELDS,
    LOAD_FIELDS,
    ConvolutionBlock,
    PlacedPixels,
    PlacedPlanes,
)
from dynamap.backends.vitis_rtl.feeding.transforming import TRANSFORM_FIELDS, TRANSFORM_PASS_BITS, TransformBlock
from dynamap.backends.vitis_rtl.memory.ports import Run, occupancy
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.limits import PARAMETER_BYTES
from dynamap.cost.overlay.machine import LEAST_PIXELS_WORD

PLAN_AGAIN = "plan again, for no plan of this version reads it in narrower ones"


@dataclass(frozen=True)
class CoreBlock:
    """A block: the runs of its input and its weights, and what the feed and POST must know of it."""

    shape: BlockShape
    inputs: tuple[Run, ...]
    weights: Run
    parameter_words: int
    placed: PlacedPlanes | PlacedPixels
    convolution: ConvolutionBlock
    transform: TransformBlock | None


class CorePass:
    """A command as the core's registers have it.

    Raises:
        InputError: it is not among what the core can do.
    """

    def __init__(self, shape: CoreShape, command: Command) -> None:
        self.shape, self.command = shape, command
        self._check()
        self.stream_weights = command.mode is Mode.STREAM_WEIGHTS
        self.by_channel = command.dataflow is DataflowCode.IS
        self.accumulate, self.keep = bool(command.flags & Flag.ACCUMULATE), not command.flags & Flag.STORE
        self.blocks = [self._block(block) for block in blocks_of(command)]
        self.sum_step = self._sum_rows(0) if self.accumulate or self.keep else 0
        self.drained = self._drained()

    def _check(self) -> None:
        command = self.command
        if command.data_offset:
            raise InputError("the core's data have 8 bits: kn2row needs data_offset 0, and its zero point in the bias")
        if command.input_format is FormatCode.HWC and self.shape.word < LEAST_PIXELS_WORD:
            raise InputError(f"the core reads hwc in words of {LEAST_PIXELS_WORD} bytes only: {PLAN_AGAIN}")

    def _block(self, block: BlockShape) -> CoreBlock:
        command, beat = self.command, self.shape.port.data_bytes
        channels = block.channels
        address, size = block.weights_address, block.weight_bytes
        if not self.stream_weights:
            address, size = command.weights_address, command.weight_bytes
        assert size == contraction_of(command).run_bytes(command.dataflow, channels)
        found = block_input(command, block, beat)
        columns = found.convolution.columns
        if self.by_channel:
            columns = self.shape.drain.sets(columns)
        convolution = replace(found.convolution, columns=columns, accumulate=self.accumulate, dataflow=command.dataflow)
        parameter_words = -(-channels * PARAMETER_BYTES // self.shape.word)
        weights = Run(address // beat, size // beat)
        return CoreBlock(block, found.runs, weights, parameter_words, found.placed, convolution, found.transform)

    def _sum_rows(self, index: int) -> int:
        """Rows of the accumulators that a block takes."""
        return self.blocks[index].convolution.sum_rows(self.shape.feed)

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
            pixel_bytes=command.out_channels if command.output_format is FormatCode.HWC else 0,
            sum_step=self.sum_step,
            by_channel=self.by_channel,
            form=winograd_form(command) if command.algorithm is AlgorithmCode.WINOGRAD else None,
        )

    def fits(self) -> bool:
        """Whether its blocks fit into the buffers, the accumulators and the memory of parameters of the core."""
        return all(self._block_fits(index) for index in range(len(self.blocks)))

    def _block_fits(self, index: int) -> bool:
        shape, block = self.shape, self.blocks[index]
        convolution = block.convolution
        input_units = convolution.repeats * convolution.height * convolution.row_units
        pixels = block.transform
        pixel_units = pixels.height * pixels.row_units if pixels else 0
        weight_units = block.weights.words(shape.port.ports) * shape.feed.word_units
        rows = index // 2 * self.sum_step + self._sum_rows(index)
        sets = PARAMETER_SETS if self.stream_weights else 1
        return (
            input_units <= shape.input_half * (2 if self.stream_weights else 1)
            and pixel_units <= shape.pixel_half * (2 if self.stream_weights else 1)
            and weight_units <= shape.weight_half * (1 if self.stream_weights else 2)
            and rows <= shape.feed.accumulator_rows
            and (self.keep or self.drained.buffer_words(shape.drain, index) <= shape.drain.output_depth // 2)
            and sets * block.parameter_words <= shape.drain.parameter_depth
        )

    def transfer_cycles(self, runs: Iterable[Run]) -> int:
        """Cycles for which a transfer takes memory: its words, and one for each burst."""
        return occupancy(list(runs), ports=self.shape.port.ports)

    def registers(self) -> bytes:
        """``core_pkg::core_pass_t``, its lowest byte first."""
        command, first = self.command, self.blocks[0].convolution
        rows = input_rows(command)
        step = 0 if self.stream_weights else rows.step
        transform = self.blocks[0].transform
        placed_half = self.shape.pixel_half if transform else self.shape.input_half
        # Tiles have no place in the image.
        feed_row, feed_step = (0, 0) if transform else (rows.first, step)
        drained = int.from_bytes(self.drained.registers(self.shape.drain), "little")
        fields = [
            (int(self.stream_weights), 1),
            (int(self.keep), 1),
            (command.input_address, 64),
            (command.input_plane_bytes, 64),
            (rows.first * command.input_row_bytes, 64),
            (step * command.input_row_bytes, 64),
            (feed_row * first.row_units, 24),
            (feed_step * first.row_units, 24),
            (feed_row, 16),
            (feed_step, 16),
            (self.shape.input_half, 24),
            (placed_half, 24),
            (command.weights_address, 64),
            (command.weight_bytes if self.stream_weights else 0, 64),
            (self.shape.weight_half, 24),
            *self._transform_fields(rows.first, step),
            *self._block_fields(0),
            *self._block_fields(len(self.blocks) - 1),
            (drained, 8 * len(self.drained.registers(self.shape.drain))),
        ]
        return joined_bits(reversed(fields))

    def _transform_fields(self, first_row: int, step: int) -> list[tuple[int, int]]:
        """``transform_pkg::transform_pass_t``, its first member first."""
        first, last = self.blocks[0].transform, self.blocks[-1].transform
        if first is None or last is None:
            return [(0, TRANSFORM_PASS_BITS)]
        placed = replace(first, first_row=first_row)
        found = placed.registers()
        height = input_rows(self.command).height
        return [
            (1, 1),
            (step * first.row_units, 24),
            (step, 16),
            *((found[field.name], field.bits) for field in reversed(TRANSFORM_FIELDS)),
            *first.block_fields(height),
            *last.block_fields(height),
        ]

    def _block_fields(self, index: int) -> list[tuple[int, int]]:
        command, block = self.command, self.blocks[index]
        shape, units = self.shape, self.shape.feed.word_units
        last_row = input_rows(command).height - block.shape.input_rows
        feed_row = 0 if block.transform else last_row
        load = block.placed.registers(units)
        feed = {**block.convolution.registers(shape.feed), "base": 0, "row": 0}
        return [
            (len(block.inputs), 16),
            (block.inputs[0].beats, 24),
            (self.transfer_cycles(block.inputs), 24),
            *((load[field.name], field.bits) for field in reversed(LOAD_FIELDS)),
            (block.weights.beats, 24),
            (block.parameter_words, 16),
            (self.transfer_cycles([block.weights]), 24),
            (self.transfer_cycles(self.drained.runs(shape.drain, index)), 24),
            (last_row * command.input_row_bytes, 64),
            (feed_row * block.convolution.row_units, 24),
            (feed_row, 16),
            *((feed[field.name], field.bits) for field in reversed(BLOCK_FIELDS)),
        ]


def joined_bits(fields: Iterable[tuple[int, int]]) -> bytes:
    """Values of so many bits each, the first one lowest; negative ones as two's complement."""
    whole = at = 0
    for value, bits in fields:
        whole |= (value & (2**bits - 1)) << at
        at += bits
    return whole.to_bytes(-(-at // 8), "little")
