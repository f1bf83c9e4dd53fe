"""What an engine does for a command, or which layer asks for what no engine of the kernel can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from dynamap.backends.program import Flag, Program
from dynamap.backends.program.specification import Command
from dynamap.backends.vitis_rtl.core.registers import CorePass
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.backends.vitis_rtl.vector.operations import CommandTables
from dynamap.backends.vitis_rtl.vector.registers import VectorPass
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape
from dynamap.cost.errors import InputError

Work = TypeVar("Work", CorePass, VectorPass)


def core_pass(program: Program, shape: CoreShape, command: Command) -> CorePass:
    """The convolution core's registers of a command.

    Raises:
        InputError: naming the layer, its operation, and what the RTL does not do yet.
    """
    return _made(program, command, lambda: CorePass(shape, command))


def vector_pass(program: Program, shape: VectorUnitShape, command: Command, table_address: int = 0) -> VectorPass:
    """The vector unit's registers of a command; ``table_address``: where the unit's own table lies, if it has one.

    Raises:
        InputError: naming the layer, its operation, and what the RTL does not do yet.
    """
    return _made(program, command, lambda: VectorPass(shape, command, tables_of(program, command), table_address))


def _made(program: Program, command: Command, make: Callable[[], Work]) -> Work:
    try:
        work = make()
    except InputError as error:
        raise InputError(f"{place_of(program, command)}: {error}") from None
    return work


def place_of(program: Program, command: Command) -> str:
    """The layer of a command and its operation, as messages name them."""
    return f"layer {program.layer_names[command.layer]!r} ({command.op.name.lower()})"


def tables_of(program: Program, command: Command) -> CommandTables:
    """What a command refers to beside its tensors, out of the program's image."""
    image = program.image
    values = bytes(image[command.values_address : command.values_address + command.values_bytes])
    slopes = []
    if command.flags & Flag.LEAKY:
        slopes = np.frombuffer(image, "<i4", command.slope_count, command.slopes_address).tolist()
    return CommandTables(program.sources(command), values, tuple(slopes))
