"""Records: what the kernel runs of a program, one for each pass of a command and one for each table before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from dynamap.backends.program import Flag, Op, Program
from dynamap.backends.program.specification import Command
from dynamap.backends.simulator.engine import run_pass
from dynamap.backends.simulator.simulation import overlay_of
from dynamap.backends.simulator.units.passes import work_of
from dynamap.backends.vitis_rtl.core.registers import CorePass
from dynamap.backends.vitis_rtl.program.passes import core_pass, place_of, vector_pass
from dynamap.backends.vitis_rtl.program.shape import KernelShape
from dynamap.backends.vitis_rtl.vector.registers import VectorPass
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.limits import TABLE_BYTES

HEAD_BYTES = 16
RECORD_BYTES = 512
"""Of every record: those of the longest kind, up to a multiple of 64 (``program_pkg::RecordBytes``)."""

BUFFER_ALIGNMENT = 4096
"""Records begin behind the activations, at a multiple of this."""


class RecordOp(IntEnum):
    """``program_pkg::op_e``: what a record is for."""

    TABLE = 1
    CONVOLUTION = 2
    VECTOR = 3


@dataclass(frozen=True)
class ProgramRecord:
    """One record. ``command``: the number of its command in the program; ``work``: what the engine does, if it does.

    ``payload``: what follows the head, as the engine reads it. ``cycles``: of a pass, as planned.
    """

    op: RecordOp
    command: int
    payload: bytes
    work: CorePass | VectorPass | None = None
    zero_point: int = 0
    look_up: bool = False
    cycles: int = 0

    @property
    def table(self) -> bytes:
        """What the vector unit reads from memory beside the program's own operands."""
        return self.work.operation.table if isinstance(self.work, VectorPass) else b""

    def packed(self) -> bytes:
        """``program_pkg::head_t``, its lowest byte first, and the payload."""
        assert HEAD_BYTES + len(self.payload) <= RECORD_BYTES
        head = bytes([self.op, self.look_up, 0, self.zero_point & 0xFF]) + self.command.to_bytes(4, "little")
        head += self.cycles.to_bytes(4, "little")
        return (head.ljust(HEAD_BYTES, b"\0") + self.payload).ljust(RECORD_BYTES, b"\0")


@dataclass(frozen=True)
class Records:
    """All records of a program, for a kernel of this shape."""

    shape: KernelShape
    records: tuple[ProgramRecord, ...]

    def packed(self) -> bytes:
        """``records.bin``."""
        return b"".join(record.packed() for record in self.records)

    def packed_tables(self) -> bytes:
        """``tables.bin``, behind the records: the vector unit's own tables, each as long as a multiple of 64 bytes."""
        return b"".join(record.table for record in self.records)


def records_address(program: Program) -> int:
    """Where the first record lies in the device buffer."""
    return -(-program.header.memory_bytes // BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT


def records_of(program: Program, shape: KernelShape) -> Records:
    """The records of a program.

    Raises:
        InputError: the RTL cannot do one of its commands yet; the message names layer and operation, and says what.
    """
    look_ups = _look_ups(program)
    tables_at = records_address(program) + (len(program.commands) + len(look_ups)) * RECORD_BYTES
    records: list[ProgramRecord] = []
    for number, command in enumerate(program.commands):
        if number in look_ups:
            records.append(ProgramRecord(RecordOp.TABLE, number, look_ups[number]))
        records.append(_pass_record(program, shape, number, command, tables_at))
        tables_at += len(records[-1].table)
    return Records(shape, tuple(records))


def _look_ups(program: Program) -> Mapping[int, bytes]:
    """The tables that results are looked up in, by the command in front of which each is written."""
    found: dict[int, bytes] = {}
    loaded = b""
    for number, command in enumerate(program.commands):
        if command.flags & Flag.LOOKUP:
            table = bytes(program.image[command.lookup_address : command.lookup_address + TABLE_BYTES])
            if table != loaded:
                found[number] = loaded = table
    return found


def _pass_record(
    program: Program, shape: KernelShape, number: int, command: Command, table_address: int
) -> ProgramRecord:
    """The record of the engine that runs the command.

    Raises:
        InputError: naming the layer, its operation, and what the RTL does not do yet.
    """
    work: CorePass | VectorPass
    if command.op is Op.CONV:
        op, work, buffers = RecordOp.CONVOLUTION, core_pass(program, shape.core, command), "buffers of this overlay"
    else:
        work = vector_pass(program, shape.vector, command, table_address)
        op, buffers = RecordOp.VECTOR, "vector unit's buffers"
    if not work.fits():
        raise InputError(f"{place_of(program, command)}: a block of it is larger than the RTL's {buffers}; plan again")
    look_up = bool(command.flags & Flag.LOOKUP)
    planned = work_of(overlay_of(program.header), command, program.sources(command), program.values(command))
    cycles = run_pass(planned.times).cycles
    return ProgramRecord(op, number, work.registers(), work, command.output_zero_point, look_up, cycles)
