"""The cycles of every record of a program, counted from the end of the one before (docs/rtl/program.md).

Those of a pass end no sooner than planned, with the tables in front of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dynamap.backends.vitis_rtl.core.cycles import core_cycles
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory, Run
from dynamap.backends.vitis_rtl.program.records import (
    HEAD_BYTES,
    RECORD_BYTES,
    ProgramRecord,
    RecordOp,
    Records,
)
from dynamap.backends.vitis_rtl.vector.cycles import vector_cycles
from dynamap.backends.vitis_rtl.vector.registers import VectorPass
from dynamap.cost.overlay.fitting.memory.kernel import RUN_RECORDS
from dynamap.cost.overlay.limits import TABLE_BYTES

AHEAD = 2
"""Records that are read ahead."""
QUEUED = 2
"""From a beat on the port to its word in front of the queue: two registers."""
FREE = 2
"""From the last operand of a pass to the cycle in which the port is free for records."""
PLACED = 2
"""From the last word of a record to the start of its pass: its addresses are made, then the core is started."""
ENDED = 1
"""From the word that a pass's last block is in memory to the end of its record."""


@dataclass(frozen=True)
class RecordCycles:
    """``total`` of a record, ``waited`` of them for the end of its pass as it was planned."""

    total: int
    waited: int = 0


class _Fetch:
    """Records that are read ahead: the cycle of each word in front of the queue, by record."""

    def __init__(self, records: Records, address: int, count: int, memory: PlannedMemory) -> None:
        word = records.shape.word
        self.beats = RECORD_BYTES // word
        self._memory = memory
        self._formed = self._ended = -1 - memory.gap
        self._first, self._left, self._number = address // word, count, 0
        self._ahead = 0
        self.words: list[list[int]] = []

    def ask(self, cycle: int) -> None:
        """From this cycle on the port is free: as many are asked for as there is room for, one after the other."""
        while self._left and self._ahead < AHEAD:
            run = Run(self._first + self._number * self.beats, self.beats)
            taken = max(cycle, self._formed + 1)
            self.words.append([beat + QUEUED for beat in self._read(run, taken)])
            self._left, self._number, self._ahead = self._left - 1, self._number + 1, self._ahead + 1
            cycle = taken + 1

    def _read(self, run: Run, asked: int) -> Iterator[int]:
        """The cycle of each beat on the port (docs/rtl/memory-ports.md): there is always room for these bursts."""
        for number, count in enumerate(run.bursts()):
            self._formed = asked + number
            first = max(self._formed + 1 + self._memory.read_latency, self._ended + 1 + self._memory.gap)
            self._ended = first + count - 1
            yield from range(first, first + count)

    def taken(self) -> None:
        """A record has left the queue."""
        self._ahead -= 1


def program_cycles(records: Records, address: int, memory: PlannedMemory) -> list[RecordCycles]:
    """Cycles of each record, with a memory as planned; ``address``: of the first one, in a buffer that begins at a
    multiple of 4096.

    Runs of the kernel have `RUN_RECORDS` records at most. Each begins without a record read ahead, and is counted from
    the cycle in which its first one is there.
    """
    cycles: list[RecordCycles] = []
    for first in range(0, len(records.records), RUN_RECORDS):
        run = records.records[first : first + RUN_RECORDS]
        cycles += _run_cycles(records, run, address + first * RECORD_BYTES, memory)
    return cycles


def _run_cycles(
    records: Records, run: Sequence[ProgramRecord], address: int, memory: PlannedMemory
) -> list[RecordCycles]:
    fetch = _Fetch(records, address, len(run), memory)
    fetch.ask(1)
    found: list[RecordCycles] = []
    end = passed = fetch.words[0][0] - 1
    for number, record in enumerate(run):
        begin = end
        if record.op is RecordOp.TABLE:
            end = _table_end(records, fetch, number, begin + 1)
            fetch.taken()
            found.append(RecordCycles(end - begin))
            continue
        taken = begin
        for word in fetch.words[number]:
            taken = max(taken + 1, word)
        fetch.taken()
        start = max(taken + PLACED, max(words[-1] for words in fetch.words))
        read, total = _pass_cycles(record, memory)
        fetch.ask(start + read + FREE)
        done = start + total + ENDED
        passed = end = max(done, passed + record.cycles)
        found.append(RecordCycles(end - begin, end - done))
    return found


def _pass_cycles(record: ProgramRecord, memory: PlannedMemory) -> tuple[int, int]:
    """When all operands of its pass are there, and when the pass ends, in cycles since its start."""
    work = record.work
    assert work is not None
    if isinstance(work, VectorPass):
        vector = vector_cycles(work, memory)
        return max(vector.placed + vector.resident), vector.total
    core = core_cycles(work, memory)
    return max(core.placed[-1], core.weights[-1]), core.total


def _table_end(records: Records, fetch: _Fetch, number: int, ready: int) -> int:
    """A byte per cycle from the one behind the head's on, then the words that are left, one per cycle."""
    words, word = fetch.words[number], records.shape.word
    at = max(ready, words[0])
    for byte in range(HEAD_BYTES, HEAD_BYTES + TABLE_BYTES):
        at = max(at + 1, words[byte // word])
    for left in words[(HEAD_BYTES + TABLE_BYTES) // word :]:
        at = max(at + 1, left)
    return at
