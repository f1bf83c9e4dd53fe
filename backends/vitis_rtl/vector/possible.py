"""What the vector unit of the RTL cannot do yet, whatever the operation: formats, parts of layers, sources."""

from __future__ import annotations

from dynamap.backends.program.specification import Command, FormatCode
from dynamap.backends.vitis_rtl.core.registers import PLAN_AGAIN
from dynamap.backends.vitis_rtl.vector.operations import CommandTables
from dynamap.backends.vitis_rtl.vector.shape import MOST_SOURCES, VectorUnitShape
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.machine import LEAST_PIXELS_WORD


def require_possible(shape: VectorUnitShape, command: Command, tables: CommandTables) -> None:
    """Of a command that reads or makes what the unit does not.

    Raises:
        InputError: the message says what it does.
    """
    name = f"{command.op.name} of the vector unit of the RTL"
    if command.input_format is FormatCode.TOEPLITZ:
        raise InputError(f"{name} reads c16 and hwc, and no windows of the host")
    if command.input_format is FormatCode.HWC and shape.word < LEAST_PIXELS_WORD:
        raise InputError(f"{name} reads hwc in words of {LEAST_PIXELS_WORD} bytes only: {PLAN_AGAIN}")
    whole = command.first_row == 0 and command.pass_rows == command.out_height
    if not whole or (command.first_channel, command.pass_channels) != (0, command.out_channels):
        raise InputError(f"{name} makes all rows and channels of its command's output in one pass")
    if not command.op.streams_sources:
        return
    if len(tables.sources) > MOST_SOURCES:
        raise InputError(f"{name} reads at most {MOST_SOURCES} tensors, not {len(tables.sources)}")
    if command.blocks > 1 and any(source.row_bytes != command.input_row_bytes for source in tables.sources):
        raise InputError(f"{name} reads tensors whose rows have one length in memory, or all of them in one block")
