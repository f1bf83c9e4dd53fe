"""Records: what the kernel runs of a program, one for each pass of a command and one for each table before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from dynamap.backends.program import Flag, Op, Program
from dynamap.backends.program.specification import Command
from dynamap.backends.vitis_rtl.core.registers import CorePass
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.limits import TABLE_BYTES

HEAD_BYTES = 16
ALIGNMENT = 64
RUN_RECORDS = 512
"""Records of one run of the kernel, whose counters it keeps; a host runs longer programs in pieces."""

BUFFER_ALIGNMENT = 4096
"""Records begin behind the activations, at a multiple of this."""


class RecordOp(IntEnum):
    """``program_pkg::op_e``: what a record is for."""

    TABLE = 1
    CONVOLUTION = 2


@dataclass(frozen=True)
class ProgramRecord:
    """One record. ``command``: the number of its command in the program; ``work``: what the core does, if it does.

    ``payload``: what follows the head, as the engine reads it.
    """

    op: RecordOp
    command: int
    payload: bytes
    work: CorePass | None = None
    zero_point: int = 0
    look_up: bool = False

    def packed(self, size: int) -> bytes:
        """``size`` bytes: ``program_pkg::head_t``, its lowest byte first, and the payload."""
        head = bytes([self.op, self.look_up, 0, self.zero_point & 0xFF]) + self.command.to_bytes(4, "little")
        return (head.ljust(HEAD_BYTES, b"\0") + self.payload).ljust(size, b"\0")


@dataclass(frozen=True)
class Records:
    """All records of a program, for a core of this shape."""

    shape: CoreShape
    records: tuple[ProgramRecord, ...]

    @property
    def size(self) -> int:
        """Of a record: those of the longest kind, up to a multiple of 64. A pass has the same in every program."""
        longest = max(TABLE_BYTES, *(len(record.payload) for record in self.records))
        return -(-(HEAD_BYTES + longest) // ALIGNMENT) * ALIGNMENT

    def packed(self) -> bytes:
        """``records.bin``."""
        return b"".join(record.packed(self.size) for record in self.records)


def records_address(program: Program) -> int:
    """Where the first record lies in the device buffer."""
    return -(-program.header.memory_bytes // BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT


def records_of(program: Program, shape: CoreShape) -> Records:
    """The records of a program.

    Raises:
        InputError: the RTL cannot do one of its commands yet; the message names layer and operation, and says what.
    """
    return Records(shape, tuple(_records(program, shape)))


def _records(program: Program, shape: CoreShape) -> Iterator[ProgramRecord]:
    loaded: bytes | None = None
    for number, command in enumerate(program.commands):
        work = _work(program, shape, command)
        look_up = bool(command.flags & Flag.LOOKUP)
        if look_up:
            table = bytes(program.image[command.lookup_address : command.lookup_address + TABLE_BYTES])
            if table != loaded:
                yield ProgramRecord(RecordOp.TABLE, number, table)
                loaded = table
        yield ProgramRecord(RecordOp.CONVOLUTION, number, work.registers(), work, command.output_zero_point, look_up)


def _work(program: Program, shape: CoreShape, command: Command) -> CorePass:
    """The core's registers of a command.

    Raises:
        InputError: naming the layer, its operation, and what the RTL does not do yet.
    """
    where = f"layer {program.layer_names[command.layer]!r} ({command.op.name.lower()})"
    if command.op is not Op.CONV:
        raise InputError(f"{where}: the kernel in SystemVerilog runs convolutions only; use vitis-hls")
    try:
        work = CorePass(shape, command)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    if not work.fits():
        raise InputError(f"{where}: a block of it is larger than the RTL's buffers of this overlay")
    return work
