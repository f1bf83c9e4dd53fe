"""Runs of the vector unit that are held against the emulator's bytes and the formulas' cycles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory
from dynamap.backends.vitis_rtl.simulation import Simulations
from dynamap.backends.vitis_rtl.vector.cycles import vector_cycles
from support.port_records import unsettle
from support.vector_records import BEGIN, MEMORY_WORDS, VectorData, vector_bench, vector_inputs

IntArray = npt.NDArray[np.int64]

MEMORY = PlannedMemory(read_latency=40, write_latency=20)


def _run(simulations: Simulations, data: VectorData, inputs: dict[str, IntArray], **bench: bool) -> dict[str, IntArray]:
    """What is seen from the start of the pass on; the memory behind it is compared with the emulator's."""
    shape = data.work.shape
    cycles = len(inputs["rst"]) - BEGIN - MEMORY_WORDS
    seen = simulations.run(vector_bench(shape, **bench), inputs)
    seen = {name: value[BEGIN:] for name, value in seen.items()}
    differ = np.argwhere(seen["word"][cycles:].astype(np.uint8) != data.after.reshape(-1, shape.word))
    assert not seen["busy"][cycles - 1], f"busy after {cycles} cycles; {seen['stored'].sum()} blocks are stored"
    assert len(differ) == 0, f"{len(differ)} bytes, the first ones at word, byte {differ[:5].tolist()}"
    return {name: value[:cycles] for name, value in seen.items()}


def check(simulations: Simulations, data: VectorData, memory: PlannedMemory = MEMORY, **bench: bool) -> None:
    """Every byte, and every event of every block in its cycle."""
    expected = vector_cycles(data.work, memory)
    inputs = vector_inputs(data.work.shape, data, expected.total + 50)
    inputs["gap"][:] = memory.gap
    inputs["read_latency"][:] = memory.read_latency
    inputs["write_latency"][:] = memory.write_latency
    seen = _run(simulations, data, inputs, **bench)
    for name in ("placed", "resident", "walked", "filled", "emptied", "stored"):
        assert np.flatnonzero(seen[name][:, 0]).tolist() == getattr(expected, name), name
    assert np.flatnonzero(seen["busy"][:, 0])[-1] == expected.total
    assert np.flatnonzero(seen["reading"][:, 0])[-1] == max(expected.placed + expected.resident)


def check_with_stalls(simulations: Simulations, data: VectorData, seed: int) -> None:
    """All channels of the memory stall, latencies and gaps change: every byte is the same."""
    random = np.random.default_rng(seed)
    inputs = vector_inputs(data.work.shape, data, 8 * vector_cycles(data.work, MEMORY).total)
    unsettle(inputs, random)
    seen = _run(simulations, data, inputs)
    assert seen["stored"].sum() == len(data.work.blocks)
