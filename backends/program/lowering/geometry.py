"""What follows from a command's fields: its contraction and its blocks (docs/program.md, section 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dynamap.backends.arithmetic.winograd import WinogradForm
from dynamap.backends.program import packing
from dynamap.backends.program.packing import Contraction
from dynamap.backends.program.specification import AlgorithmCode, Command, FormatCode, Header, Mode, Op
from dynamap.cost.geometry import Window, ceil_div
from dynamap.cost.overlay.machine import UNIT_BYTES


def channel_units(command: Command) -> int:
    """Cb: 16-channel units of the input."""
    return ceil_div(command.channels, UNIT_BYTES)


def window_of(command: Command) -> Window:
    """Kernel, stride, dilation, and the pads above and to the left (the others follow from the sizes)."""
    return Window(
        (command.kernel_rows, command.kernel_columns),
        (command.stride_rows, command.stride_columns),
        (command.pad_top, command.pad_left, 0, 0),
        (command.dilation_rows, command.dilation_columns),
    )


def winograd_form(command: Command) -> WinogradForm:
    """The kernel and Winograd tile of a command."""
    return WinogradForm((command.kernel_rows, command.kernel_columns), command.winograd_tile)


def contraction_of(command: Command) -> Contraction:
    """What an output channel of a CONV command sums."""
    units, kernel = channel_units(command), (command.kernel_rows, command.kernel_columns)
    if command.algorithm is AlgorithmCode.WINOGRAD:
        form = winograd_form(command)
        return packing.winograd(units, form.positions, form.rounds)
    if command.algorithm is AlgorithmCode.KN2ROW:
        return packing.kn2row(units, kernel)
    assert command.algorithm is AlgorithmCode.IM2COL
    if command.input_format is FormatCode.TOEPLITZ:
        return packing.toeplitz(command.window_bytes)
    return packing.im2col(units, kernel, command.dilation_columns > 1)


def wide_of(header: Header, command: Command) -> int:
    """Cw: columns of the array in products."""
    return wide_of_overlay(header.columns, header.packing, command)


def wide_of_overlay(columns: int, packing_: int, command: Command) -> int:
    """Cw of an overlay with so many columns and int8 products per multiplier."""
    return columns * (1 if command.algorithm is AlgorithmCode.WINOGRAD else packing_)


@dataclass(frozen=True)
class BlockShape:
    """One block: its output rows and channels, its input rows, and its run of weights (size 0: none)."""

    index: int
    first_row: int
    rows: int
    first_channel: int
    channels: int
    input_start: int
    input_rows: int
    weights_address: int
    weight_bytes: int


def blocks_of(command: Command) -> Iterator[BlockShape]:
    """The blocks of a pass. Where inputs stream the prologue has the weights, where weights stream the input."""
    for index in range(command.blocks):
        last = index == command.blocks - 1
        input_rows = command.last_input_rows if last else command.block_input_rows
        if command.mode is Mode.STREAM_INPUTS:
            row = command.first_row + index * command.block_rows
            rows = min(command.block_rows, command.first_row + command.pass_rows - row)
            start = input_start(command, row, input_rows)
            yield BlockShape(index, row, rows, command.first_channel, command.pass_channels, start, input_rows, 0, 0)
            continue
        offset = index * command.block_channels
        channels = min(command.block_channels, command.pass_channels - offset)
        size = command.last_weight_bytes if last else command.weight_bytes
        yield BlockShape(
            index,
            command.first_row,
            command.pass_rows,
            command.first_channel + offset,
            channels,
            input_start(command, command.first_row, input_rows),
            input_rows,
            command.weights_address + index * command.weight_bytes,
            size,
        )


def input_start(command: Command, row: int, input_rows: int) -> int:
    """The first input row (toeplitz: row of windows) of the block whose first output row is ``row``."""
    if command.input_format is FormatCode.TOEPLITZ:
        return row
    if command.op is Op.RESIZE:
        return min(row // command.size, command.height - input_rows)
    return min(max(row * command.stride_rows - command.pad_top, 0), command.height - input_rows)
