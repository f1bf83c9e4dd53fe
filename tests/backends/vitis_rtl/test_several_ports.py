"""Several memory ports as one: every byte, every word in its cycle, AXI4's rules at each port, errors that stop all.

Beat b of the buffer is beat b // ports of the memory behind port b % ports: here rows of beats, by NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.vitis_rtl.memory.cycles import read_cycles, write_cycles
from dynamap.backends.vitis_rtl.memory.ports import MemoryPort, PlannedMemory, Run, occupancy
from dynamap.backends.vitis_rtl.simulation import Simulations
from dynamap.cost.overlay.machine import BURST_WORDS
from support.port_records import (
    DECODE_ERROR,
    DEPTH,
    HALF,
    SLAVE_ERROR,
    Phase,
    contents,
    joined,
    memory_bench,
    split,
    whole,
)

IntArray = npt.NDArray[np.int64]

TWO = MemoryPort(outstanding=4, ports=2)
FOUR = MemoryPort(outstanding=32, ports=4)
EIGHT = MemoryPort(outstanding=8, ports=8)


@pytest.fixture(scope="module")
def simulations() -> Iterator[Simulations]:
    with Simulations() as built:
        yield built


def by_beat(port: MemoryPort, words: IntArray) -> IntArray:
    """The buffer beat by beat, [beats, bytes of a beat]."""
    return words.reshape(-1, port.data_bytes)


def random_runs(random: np.random.Generator, port: MemoryPort, half: int, words: int = 300) -> list[Run]:
    """Runs from any beat on, of any number of beats, in one half of the memory: short ones, long ones, or both."""
    runs: list[Run] = []
    room = HALF * port.ports
    lengths = np.array([2, 3, 8, 70, 200][: random.integers(1, 6)]) * random.choice([1, port.ports])
    for _ in range(random.integers(1, 61)):
        beats = int(random.integers(1, random.choice(lengths)))
        if sum(run.words(port.ports) for run in runs) + -(-beats // port.ports) > words:
            break
        page = (int(random.integers(0, 2**28)) * DEPTH + half * HALF) * port.ports
        runs.append(Run(page + int(random.integers(0, room - beats + 1)), beats))
    return runs or [Run(half * room, 1)]


def places(port: MemoryPort, run: Run) -> IntArray:
    """Where the beats of a run lie in the buffer."""
    return run.start % (DEPTH * port.ports) + np.arange(run.beats)


def expected_words(port: MemoryPort, memory: IntArray, runs: Sequence[Run]) -> list[IntArray]:
    """The beats of each word of the runs, from the first one on."""
    beats = by_beat(port, memory)
    return [
        beats[places(port, run)[word * port.ports : (word + 1) * port.ports]].reshape(-1)
        for run in runs
        for word in range(run.words(port.ports))
    ]


def written(port: MemoryPort, memory: IntArray, source: IntArray, runs: Sequence[Run]) -> IntArray:
    """The buffer after runs of words were written, of the last of which only what belongs to the run."""
    beats, word = by_beat(port, memory.copy()), 0
    for run in runs:
        data = by_beat(port, source[word : word + run.words(port.ports)])
        beats[places(port, run)] = data[: run.beats]
        word += run.words(port.ports)
    return beats.reshape(memory.shape)


def run_phases(simulations: Simulations, phases: Sequence[Phase]) -> tuple[list[dict[str, IntArray]], IntArray]:
    port = phases[0].port
    seen = simulations.run(memory_bench(port), joined(port, *contents(port), phases))
    return split(seen, phases)


def check_values(phases: Sequence[Phase], found: Sequence[dict[str, IntArray]], final: IntArray) -> None:
    port = phases[0].port
    memory, source = contents(port)
    last = memory
    for phase, seen in zip(phases, found, strict=True):
        taken = seen["taken"][:, 0] == 1
        words = expected_words(port, memory, phase.reads)
        assert taken.sum() == len(words)
        for got, word in zip(seen["data"][taken], words, strict=True):
            np.testing.assert_array_equal(got[: len(word)], word)
        ends = np.cumsum([run.words(port.ports) for run in phase.reads]) - 1
        np.testing.assert_array_equal(np.flatnonzero(seen["last"][taken, 0]), ends)
        assert seen["done"].sum() == len(phase.writes)
        assert not seen["busy_read"][-1] and not seen["busy_write"][-1]
        assert not seen["read_failed"].any() and not seen["write_failed"].any()
        last = written(port, last, source, phase.writes)
    np.testing.assert_array_equal(final, last)


@pytest.mark.parametrize(
    ("port", "transfers"),
    [(TWO, 80), pytest.param(FOUR, 50, marks=pytest.mark.full), pytest.param(EIGHT, 30, marks=pytest.mark.full)],
    ids=str,
)
def test_every_word_is_in_its_cycle(simulations: Simulations, port: MemoryPort, transfers: int) -> None:
    """Transfers read and written, 2 to 200 cycles of latency, gaps of 0 to 2 cycles, integers equal."""
    random = np.random.default_rng(port.ports)
    phases, memories = [], []
    for _ in range(transfers):
        memory = PlannedMemory(*(int(cycles) for cycles in random.integers(2, 200, 2)), int(random.integers(0, 3)))
        reads, writes = (random_runs(random, port, half) for half in range(2))
        end = max(read_cycles(port, memory, reads)[-1].done, write_cycles(port, memory, writes)[-1].done)
        phases.append(Phase.of(port, reads, writes, end + 3).as_planned(memory))
        memories.append(memory)
    found, final = run_phases(simulations, phases)
    check_values(phases, found, final)
    for phase, memory, seen in zip(phases, memories, found, strict=True):
        ends = np.cumsum([run.words(port.ports) for run in phase.reads])
        cycles = np.flatnonzero(seen["taken"])
        assert [run.last for run in read_cycles(port, memory, phase.reads)] == cycles[ends - 1].tolist()
        firsts = ends - [run.words(port.ports) for run in phase.reads]
        assert [run.first for run in read_cycles(port, memory, phase.reads)] == cycles[firsts].tolist()
        done = [run.done for run in write_cycles(port, memory, phase.writes)]
        assert done == np.flatnonzero(seen["done"]).tolist()


@pytest.mark.parametrize("ports", [2, 4, 8])
def test_a_run_takes_no_more_than_planned(ports: int) -> None:
    """docs/overlay.md, section 2, by hand: words and bursts, however it lies to the ports; the stream loses nothing."""
    random = np.random.default_rng(ports)
    port, memory = MemoryPort(ports=ports), PlannedMemory(64, 64)
    for _ in range(200):
        runs = [Run(int(random.integers(0, 4096)), int(random.integers(1, 600))) for _ in range(8)]
        planned = 0
        for run in runs:
            words = -(-run.beats // ports)
            planned += words + -(-(words - 1) // BURST_WORDS) + 1
        taken = occupancy(runs, ports=ports)
        assert taken <= planned
        assert read_cycles(port, memory, runs)[-1].last <= taken + memory.read_latency
        assert write_cycles(port, memory, runs)[-1].done <= taken + memory.write_latency + 1


def test_ports_whose_gaps_are_a_word_apart_lose_one_cycle_for_both(simulations: Simulations) -> None:
    """By hand: from beat 3 of 4 x 64 B, port 3 has beats 0 to 129 of its own and the others 1 to 130. Their bursts end
    behind words 64, 128 and 63, 127: 130 words and 3 gaps, one of which is behind the last."""
    memory = PlannedMemory(read_latency=64, write_latency=50)
    reads, writes = [Run(3, 4 * 130)], [Run(4 * HALF + 3, 4 * 130)]
    phase = Phase.of(FOUR, reads, writes, 300).as_planned(memory)
    found, final = run_phases(simulations, [phase])
    check_values([phase], found, final)
    assert occupancy(reads, ports=4) == occupancy(writes, ports=4) == 133
    assert np.flatnonzero(found[0]["last"])[-1] == 133 + 64
    assert np.flatnonzero(found[0]["done"])[-1] == 133 + 50 + 1


@pytest.mark.parametrize(
    "port", [TWO, pytest.param(FOUR, marks=pytest.mark.full), pytest.param(EIGHT, marks=pytest.mark.full)], ids=str
)
def test_stalls_and_latencies_change_no_value(simulations: Simulations, port: MemoryPort) -> None:
    """All channels of all ports stall by themselves, latencies and gaps change, requests and streams pause."""
    random = np.random.default_rng(port.ports)
    phases = []
    for _ in range(12):
        reads, writes = (random_runs(random, port, half, 200) for half in range(2))
        phases.append(Phase.of(port, reads, writes, 12000).disturbed(random))
    found, final = run_phases(simulations, phases)
    check_values(phases, found, final)


def burst_of(port: MemoryPort, run: Run, beat: int) -> int:
    """Where the burst with a beat of a run begins in the buffer, in bytes: cut at multiples of 64 beats of its port."""
    number, row = (run.start + beat) % port.ports, (run.start + beat) // port.ports
    share = run.share(number, port.ports)
    assert share is not None
    return (max(share.start, row // 64 * 64) * port.ports + number) * port.data_bytes


@pytest.mark.parametrize(
    "port", [TWO, pytest.param(FOUR, marks=pytest.mark.full), pytest.param(EIGHT, marks=pytest.mark.full)], ids=str
)
def test_a_failing_answer_of_one_port_stops_all(simulations: Simulations, port: MemoryPort) -> None:
    """Nothing behind it is handed on or said to be done, what is under way at any port ends, its burst is told."""
    random = np.random.default_rng(7)
    phases, failing = [], []
    for number in range(12):
        reads, writes = (random_runs(random, port, half, 200) for half in range(2))
        runs = (reads, writes)[number % 2]
        run = runs[random.integers(len(runs))]
        beat = int(random.integers(0, run.beats))
        phase = Phase.of(port, reads, writes, 12000).disturbed(random)
        phase.fail((run.start + beat) * port.data_bytes, (SLAVE_ERROR, DECODE_ERROR)[number // 2 % 2])
        phases.append(phase)
        failing.append((runs.index(run), run, beat))
    found, final = run_phases(simulations, phases)
    memory, _ = contents(port)
    for number, (phase, seen, (place, run, beat)) in enumerate(zip(phases, found, failing, strict=True)):
        side, other = (("read", "write"), ("write", "read"))[number % 2]
        runs = (phase.reads, phase.writes)[number % 2]
        assert seen[f"{side}_failed"][-1] and not seen[f"{other}_failed"].any()
        assert seen[f"{side}_response"][-1] == (SLAVE_ERROR, DECODE_ERROR)[number // 2 % 2]
        assert whole(seen[f"{side}_failed_address"][-1]) == burst_of(port, run, beat)
        assert not seen["busy_read"][-1] and not seen["busy_write"][-1]
        data = seen["data"][seen["taken"][:, 0] == 1]
        words = expected_words(port, memory, phase.reads)
        if side == "read":
            # The failing beat may be ahead of its word, whose other beats have not come.
            before = sum(other.words(port.ports) for other in runs[:place]) + beat // port.ports
            assert len(data) <= before
            assert seen["done"].sum() == len(phase.writes)
        else:
            assert len(data) == len(words)
            assert seen["done"].sum() <= place
        for got, word in zip(data, words, strict=False):
            np.testing.assert_array_equal(got[: len(word)], word)
    np.testing.assert_array_equal(final[:HALF], memory[:HALF])
