"""What convolutions and vector layers share: where a command's tensors lie, padding of a block, the finish."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic import integers as arithmetic
from dynamap.backends.emulator.memory import Memory, Stored
from dynamap.backends.program.lowering.geometry import BlockShape
from dynamap.backends.program.packing import PARAMETERS
from dynamap.backends.program.specification import Command, Flag
from dynamap.cost.geometry import Window
from dynamap.cost.overlay.limits import TABLE_BYTES

Int8Array = npt.NDArray[np.int8]
Int64Array = npt.NDArray[np.int64]


def input_of(command: Command) -> Stored:
    """The input that the command's own fields describe."""
    return Stored(
        command.input_format,
        command.input_address,
        command.input_row_bytes,
        command.input_plane_bytes,
        command.channels,
        command.height,
        command.width,
    )


def output_of(command: Command) -> Stored:
    """Where and how a command stores its output."""
    return Stored(
        command.output_format,
        command.output_address,
        command.output_row_bytes,
        command.output_plane_bytes,
        command.out_channels,
        command.out_height,
        command.out_width,
    )


def pad_block(
    pixels: npt.NDArray[Any], command: Command, block: BlockShape, window: Window, fill: int
) -> npt.NDArray[Any]:
    """Rows x columns x channels of all windows of the block: the loaded rows where they belong, ``fill`` elsewhere."""
    needed_rows = (block.rows - 1) * window.stride[0] + window.extent[0]
    needed_columns = (command.out_width - 1) * window.stride[1] + window.extent[1]
    top = block.first_row * window.stride[0] - window.pads[0]
    left = -window.pads[1]
    padded = np.full((needed_rows, needed_columns, pixels.shape[2]), fill, pixels.dtype)
    first, last = max(top, block.input_start), min(top + needed_rows, block.input_start + block.input_rows)
    begin, end = max(left, 0), min(left + needed_columns, command.width)
    if first < last and begin < end:
        inside = pixels[first - block.input_start : last - block.input_start, begin:end]
        padded[first - top : last - top, begin - left : end - left] = inside
    return padded


def table_of(memory: Memory, command: Command) -> Int8Array | None:
    """The look-up table, where the command has one."""
    if not command.flags & Flag.LOOKUP:
        return None
    return memory.view(command.lookup_address, TABLE_BYTES).view(np.int8)


def finish_sums(memory: Memory, command: Command, sums: Int64Array, parameters: npt.NDArray[np.void]) -> Int8Array:
    """Sums (channels x rows x columns, without bias) to outputs, with the parameters of their channels."""
    totals = sums + parameters["bias"].astype(np.int64).reshape(-1, 1, 1)
    multiplier = parameters["multiplier"].astype(np.int64).reshape(-1, 1, 1)
    shift = parameters["shift"].astype(np.int64).reshape(-1, 1, 1)
    if (parameters["multiplier"] != parameters["negative_multiplier"]).any() or (
        parameters["shift"] != parameters["negative_shift"]
    ).any():
        below = totals < 0
        multiplier = np.where(below, parameters["negative_multiplier"].astype(np.int64).reshape(-1, 1, 1), multiplier)
        shift = np.where(below, parameters["negative_shift"].astype(np.int64).reshape(-1, 1, 1), shift)
    rounded = arithmetic.round_shift(totals * multiplier, shift) + command.output_zero_point
    low, high = (parameters[name].astype(np.int64).reshape(-1, 1, 1) for name in ("low", "high"))
    values: Int8Array = np.clip(rounded, low, high).astype(np.int8)
    table = table_of(memory, command)
    return values if table is None else arithmetic.look_up(values, table)


def finish_products(memory: Memory, command: Command, products: Int64Array, shift: Int64Array | int) -> Int8Array:
    """Products (channels x rows x columns) that are still to be shifted, to outputs."""
    shifts: Any = shift
    if command.flags & Flag.LEAKY:
        slopes = memory.view(command.slopes_address, 4 * command.slope_count).view("<i4").astype(np.int64)
        products = arithmetic.bend(products, command.leaky_positive, slopes)
        shifts = np.minimum(np.asarray(shift) + command.leaky_shift, arithmetic.MAX_SHIFT)
    rounded = arithmetic.round_shift(products, shifts) + command.output_zero_point
    values = arithmetic.saturate(rounded, command.clamp_low, command.clamp_high)
    table = table_of(memory, command)
    return values if table is None else arithmetic.look_up(values, table)


def read_parameters(run: npt.NDArray[np.uint8], channels: int) -> npt.NDArray[np.void]:
    """The parameters at the start of a run of weights."""
    return np.frombuffer(run[: channels * PARAMETERS.itemsize].tobytes(), PARAMETERS)
