"""Records for ``memory_bench.sv``: transfers through both masters of the memory ports, and what was seen of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynamap.backends.vitis_rtl.memory.ports import MemoryPort, PlannedMemory, Run
from dynamap.backends.vitis_rtl.records import Field, Record
from dynamap.backends.vitis_rtl.simulation import Bench

IntArray = npt.NDArray[np.int64]

DEPTH = 1024
"""Words of the bench's memory and of its data to write; addresses beyond repeat them."""
HALF = DEPTH // 2
RESET = 2

SLAVE_ERROR, DECODE_ERROR = 2, 3
"""Responses of AXI4 that say that an access failed."""

AS_PLANNED = ("request", "data_ready", "data_valid")
CHANNELS = 5


def contents(port: MemoryPort) -> tuple[IntArray, IntArray]:
    """What the memories hold at the start, and the data to write, [words, bytes]."""
    random = np.random.default_rng(5)
    return random.integers(0, 256, (DEPTH, port.word_bytes)), random.integers(0, 256, (DEPTH, port.word_bytes))


def unsettle(inputs: Mapping[str, IntArray], random: np.random.Generator) -> None:
    """All channels of the bench's memory stall, latencies and gaps change."""
    total = len(inputs["rst"])
    inputs["gap"][:, 0] = random.integers(0, 4, total)
    inputs["read_latency"][:, 0] = random.integers(2, 60, total)
    inputs["write_latency"][:, 0] = random.integers(2, 60, total)
    inputs["stall"][:] = random.random((total, CHANNELS)) < [0.3, 0.5, 0.3, 0.5, 0.3]
    inputs["address_waits"][:] = random.integers(0, 2)


def memory_bench(port: MemoryPort) -> Bench:
    """The bench of these ports; its fields in the order of the SystemVerilog."""
    bits = ("rst", "stop", *AS_PLANNED, "address_waits", "failing", "push_read", "push_write", "poke_memory")
    inputs = Record(
        (
            *(Field(name) for name in (*bits, "poke_source")),
            Field("stall", CHANNELS, port.ports),
            Field("gap", 4),
            Field("read_latency", 10),
            Field("write_latency", 10),
            Field("failure", 2),
            Field("spoil", 4),
            Field("failing_address", 32, 2),
            Field("address", 32, 2),
            Field("beats", 24),
            Field("index", (DEPTH - 1).bit_length()),
            Field("data", 8, port.word_bytes),
        )
    )
    seen = ("taken", "last", "read_asked", "write_asked", "beat_written", "done", "busy_read", "busy_write")
    outputs = Record(
        (
            *(Field(name) for name in (*seen, "read_failed", "write_failed")),
            Field("read_response", 2),
            Field("write_response", 2),
            Field("read_length", 8),
            Field("write_length", 8),
            Field("read_address", 32, 2),
            Field("write_address", 32, 2),
            Field("read_failed_address", 32, 2),
            Field("write_failed_address", 32, 2),
            Field("data", 8, port.word_bytes),
        )
    )
    return Bench("memory_bench", tuple({**port.parameters(), "Depth": DEPTH}.items()), inputs, outputs)


def halves(address: int) -> list[int]:
    """A 64-bit address as a record has it."""
    return [address & 0xFFFFFFFF, address >> 32]


def whole(parts: IntArray) -> int:
    """Both halves of an address as a number."""
    return int(parts[0]) | int(parts[1]) << 32


@dataclass
class Phase:
    """A reset, requests put into the queues, then cycles in which the masters work; ``begin`` is the first of them."""

    port: MemoryPort
    reads: Sequence[Run]
    writes: Sequence[Run]
    inputs: dict[str, IntArray]
    begin: int

    @classmethod
    def of(cls, port: MemoryPort, reads: Sequence[Run], writes: Sequence[Run], cycles: int) -> Phase:
        """Nothing stalls; the caller adds latencies, and whatever else it wants."""
        begin = RESET + len(reads) + len(writes)
        total = begin + cycles
        working = (np.arange(total) >= begin).astype(np.int64)
        inputs = {name: working.copy() for name in AS_PLANNED}
        inputs["rst"] = (np.arange(total) < RESET).astype(np.int64)
        for name in ("push_read", "push_write", "beats"):
            inputs[name] = np.zeros(total, np.int64)
        inputs["address"] = np.zeros((total, 2), np.int64)
        at = RESET
        for name, runs in (("push_read", reads), ("push_write", writes)):
            for run in runs:
                inputs[name][at] = 1
                inputs["address"][at] = halves(run.start * port.data_bytes)
                inputs["beats"][at] = run.beats
                at += 1
        return cls(port, reads, writes, inputs, begin)

    @property
    def cycles(self) -> int:
        return len(self.inputs["rst"])

    def as_planned(self, memory: PlannedMemory) -> Phase:
        """Latencies and gap of a memory that keeps the plan."""
        self.always(read_latency=memory.read_latency, write_latency=memory.write_latency, gap=memory.gap)
        return self

    def always(self, **values: int) -> None:
        """The same value in every cycle."""
        for name, value in values.items():
            self.inputs[name] = np.full(self.cycles, value, np.int64)

    def fail(self, address: int, response: int) -> None:
        """The beat at this address is answered with a failure."""
        self.always(failing=1, failure=response)
        self.inputs["failing_address"] = np.tile(halves(address), (self.cycles, 1))

    def disturbed(self, random: np.random.Generator) -> Phase:
        """Latencies, gaps, stalls of every channel, and pauses of both streams and the requests at random."""
        total = self.cycles
        self.inputs["read_latency"] = random.integers(2, 60, total)
        self.inputs["write_latency"] = random.integers(2, 60, total)
        self.inputs["gap"] = random.integers(0, 4, total)
        rare = random.random((total, self.port.ports, CHANNELS)) < random.choice([0.02, 0.3, 0.7], CHANNELS)
        self.inputs["stall"] = (rare << np.arange(CHANNELS)).sum(axis=-1)
        self.inputs["address_waits"] = np.full(total, random.integers(0, 2))
        for name in AS_PLANNED:
            self.inputs[name] &= random.random(total) < random.choice([0.4, 0.95])
        return self


def joined(port: MemoryPort, memory: IntArray, source: IntArray, phases: Sequence[Phase]) -> dict[str, IntArray]:
    """All phases after each other; before them memory and data to write are filled, behind them memory is read."""
    fill: dict[str, IntArray] = {
        "rst": np.ones(2 * DEPTH, np.int64),
        "poke_memory": np.repeat([1, 0], DEPTH),
        "poke_source": np.repeat([0, 1], DEPTH),
        "index": np.tile(np.arange(DEPTH), 2),
        "data": np.concatenate([memory, source]),
    }
    look: dict[str, IntArray] = {"rst": np.ones(DEPTH, np.int64), "index": np.arange(DEPTH)}
    parts: list[Mapping[str, IntArray]] = [fill, *(phase.inputs for phase in phases), look]
    fields = {field.name: field.count for field in memory_bench(port).inputs.fields}
    laid: dict[str, IntArray] = {}
    for name, count in fields.items():
        if any(name in part for part in parts):
            empty = [np.zeros((len(part["rst"]), count), np.int64) for part in parts]
            given = [part.get(name, none) for part, none in zip(parts, empty, strict=True)]
            laid[name] = np.concatenate([np.reshape(value, (-1, count)) for value in given])
    return laid


def split(seen: Mapping[str, IntArray], phases: Sequence[Phase]) -> tuple[list[dict[str, IntArray]], IntArray]:
    """What was seen in each phase from its ``begin`` on, and the memory at the end."""
    found = []
    at = 2 * DEPTH
    for phase in phases:
        span = slice(at + phase.begin, at + phase.cycles)
        found.append({name: value[span] for name, value in seen.items()})
        at += phase.cycles
    return found, seen["data"][at:]
