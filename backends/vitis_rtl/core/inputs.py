"""What a block of a command reads: its runs in memory, where LOAD puts them, and how the feed sees them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from dynamap.backends.program.lowering.geometry import BlockShape, channel_units, winograd_form
from dynamap.backends.program.specification import AlgorithmCode, Command, DataflowCode, FormatCode
from dynamap.backends.vitis_rtl.core.post import UNIT_BYTES
from dynamap.backends.vitis_rtl.feeding import ConvolutionBlock, Layout, PlacedPixels, PlacedPlanes
from dynamap.backends.vitis_rtl.feeding.transforming import TransformBlock
from dynamap.backends.vitis_rtl.memory.ports import Run, plane_runs
from dynamap.cost.overlay.limits import PARAMETER_BYTES


@dataclass(frozen=True)
class BlockInput:
    """The runs of a block, and what the placer, the feed and Winograd's transform must know of it."""

    runs: tuple[Run, ...]
    placed: PlacedPlanes | PlacedPixels
    convolution: ConvolutionBlock
    transform: TransformBlock | None = None


@dataclass(frozen=True)
class InputRows:
    """The rows of a command's input, ``height`` of them: of windows, where the host has laid them out.

    ``first``: where the window of the first output row begins, negative in a pad; ``step``: from a block to the next.
    """

    height: int
    first: int
    step: int


def input_rows(command: Command) -> InputRows:
    """The rows that the blocks of a pass read, one block after the other."""
    if command.input_format is FormatCode.TOEPLITZ:
        return InputRows(command.out_height, command.first_row, command.block_rows)
    first = command.first_row * command.stride_rows - command.pad_top
    return InputRows(command.height, first, command.block_rows * command.stride_rows)


def block_input(command: Command, block: BlockShape, beat: int) -> BlockInput:
    """A block's input, by beats of so many bytes."""
    found = _OF_FORMAT[command.input_format](command, block, beat)
    return _transformed(command, block, found) if command.algorithm is AlgorithmCode.WINOGRAD else found


def _planes(command: Command, block: BlockShape, beat: int) -> BlockInput:
    """c16: a run for each plane, or one of all where they have all rows."""
    planes, rows = channel_units(command), block.input_rows
    begin = command.input_address + block.input_start * command.input_row_bytes
    size, together = rows * command.input_row_bytes, rows == command.height
    runs = plane_runs(beat, begin, size, planes, command.input_plane_bytes, together=together)
    convolution = _convolution(command, block)
    units = rows * command.input_row_bytes // UNIT_BYTES
    placed = PlacedPlanes(0, convolution.pitch, planes, units, command.input_plane_bytes // UNIT_BYTES, 0)
    return BlockInput(tuple(runs), placed, convolution)


def _pixels(command: Command, block: BlockShape, beat: int) -> BlockInput:
    """hwc: one run of rows of pixels."""
    convolution = _convolution(command, block)
    placed = PlacedPixels(
        0, convolution.pitch, block.input_rows, command.width, command.channels, convolution.row_units, 0
    )
    return BlockInput((_rows(command, block, beat),), placed, convolution)


def _windows(command: Command, block: BlockShape, beat: int) -> BlockInput:
    """toeplitz: one run of rows of windows, which the buffer has as memory has them."""
    convolution = ConvolutionBlock(
        command.window_bytes,
        block.input_rows,
        command.out_width,
        (1, 1),
        block.rows,
        command.out_width,
        block.channels,
        weights=block.channels * PARAMETER_BYTES,
        layout=Layout.WINDOWS,
    )
    units = block.input_rows * command.input_row_bytes // UNIT_BYTES
    return BlockInput((_rows(command, block, beat),), PlacedPlanes(0, 1, 1, units, units, 0), convolution)


_OF_FORMAT: dict[FormatCode, Callable[[Command, BlockShape, int], BlockInput]] = {
    FormatCode.C16: _planes,
    FormatCode.HWC: _pixels,
    FormatCode.TOEPLITZ: _windows,
}


def _transformed(command: Command, block: BlockShape, found: BlockInput) -> BlockInput:
    """Winograd: pixels are placed in a buffer of their own; the feed has tiles, each with its rounds."""
    pixels, form = found.convolution, winograd_form(command)
    transform = TransformBlock(
        form,
        command.channels,
        block.input_rows,
        command.width,
        block.rows,
        command.out_width,
        pixels.first_row,
        command.pad_left,
        command.pad_value,
    )
    tiles = math.prod(transform.tiles)
    convolution = ConvolutionBlock(
        command.channels,
        1,
        tiles * form.rounds,
        (1, form.rounds),
        1,
        tiles,
        block.channels,
        (1, form.rounds),
        taps_apart=True,
        weights=block.channels * PARAMETER_BYTES,
        layout=Layout.TILES,
        repeats=form.positions,
    )
    assert (pixels.pitch, pixels.row_units) == (transform.pitch, transform.row_units)
    assert convolution.repeat_units == transform.position_units
    return BlockInput(found.runs, found.placed, convolution, transform)


def _rows(command: Command, block: BlockShape, beat: int) -> Run:
    begin = command.input_address + block.input_start * command.input_row_bytes
    return Run(begin // beat, block.input_rows * command.input_row_bytes // beat)


def _convolution(command: Command, block: BlockShape) -> ConvolutionBlock:
    """Windows over pixels. In kn2row every tap is a segment, as where columns are dilated: pads are fed.

    So it is where sums stay, if there is an empty unit between pixels: their weights have no zeros for it.
    """
    gaps = command.dataflow is DataflowCode.NS and channel_units(command) % 2 == 0
    return ConvolutionBlock(
        command.channels,
        block.input_rows,
        command.width,
        (command.kernel_rows, command.kernel_columns),
        block.rows,
        command.out_width,
        block.channels,
        (command.stride_rows, command.stride_columns),
        (command.dilation_rows, command.dilation_columns),
        first_row=block.first_row * command.stride_rows - command.pad_top - block.input_start,
        pad_left=command.pad_left,
        taps_apart=command.algorithm is AlgorithmCode.KN2ROW or command.dilation_columns > 1 or gaps,
        pad_value=command.pad_value,
        weights=block.channels * PARAMETER_BYTES,
    )
