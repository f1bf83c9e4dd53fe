"""The masters of the memory ports: every byte, every beat in its cycle, the rules of AXI4, and errors that stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.vitis_rtl.memory.cycles import read_cycles, write_cycles
from dynamap.backends.vitis_rtl.memory.ports import (
    MemoryPort,
    PlannedMemory,
    Run,
    RunCycles,
    occupancy,
    outstanding_for_reads,
    outstanding_for_writes,
)
from dynamap.backends.vitis_rtl.simulation import Simulations
from dynamap.cost.errors import InputError
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

WIDE = MemoryPort(data_bytes=64, outstanding=32)
NARROW = MemoryPort(data_bytes=8, outstanding=4)
MIDDLE = MemoryPort(data_bytes=16, outstanding=2)
PORTS = (WIDE, NARROW, MIDDLE, MemoryPort(data_bytes=32, outstanding=8))


@pytest.fixture(scope="module")
def simulations() -> Iterator[Simulations]:
    with Simulations() as built:
        yield built


def random_runs(random: np.random.Generator, port: MemoryPort, half: int, total: int = HALF) -> list[Run]:
    """Runs at any offset, somewhere in 64 bits, in one half of the memory: short ones, long ones, or both."""
    runs: list[Run] = []
    lengths = [2, 3, 8, 70, 200][: random.integers(1, 6)]
    for _ in range(random.integers(1, 61)):
        beats = int(random.integers(1, random.choice(lengths)))
        if sum(run.beats for run in runs) + beats > total:
            break
        page = int(random.integers(0, 2**40)) * DEPTH + half * HALF
        runs.append(Run(page + int(random.integers(0, HALF - beats + 1)), beats))
    return runs or [Run(half * HALF, 1)]


def indices(runs: Sequence[Run]) -> IntArray:
    """Where the beats of the runs lie in the memory, in their order."""
    return np.concatenate([(run.start % DEPTH) + np.arange(run.beats) for run in runs])


def check_values(phases: Sequence[Phase], found: Sequence[dict[str, IntArray]], final: IntArray) -> None:
    """All reads of all phases, ``last`` of each run, a ``done`` for each run written, and the memory at the end."""
    memory, source = contents(phases[0].port)
    reading, last = memory.copy(), memory.copy()
    for phase, seen in zip(phases, found, strict=True):
        taken = seen["taken"][:, 0] == 1
        np.testing.assert_array_equal(seen["data"][taken], reading[indices(phase.reads)])
        ends = np.cumsum([run.beats for run in phase.reads]) - 1
        np.testing.assert_array_equal(np.flatnonzero(seen["last"][taken, 0]), ends)
        assert seen["done"].sum() == len(phase.writes)
        assert not seen["busy_read"][-1] and not seen["busy_write"][-1]
        assert not seen["read_failed"].any() and not seen["write_failed"].any()
        for offset, index in enumerate(indices(phase.writes)):
            last[index] = source[offset]
    np.testing.assert_array_equal(final, last)


def run_phases(simulations: Simulations, phases: Sequence[Phase]) -> tuple[list[dict[str, IntArray]], IntArray]:
    port = phases[0].port
    seen = simulations.run(memory_bench(port), joined(port, *contents(port), phases))
    return split(seen, phases)


def seen_cycles(runs: Sequence[Run], beat: IntArray, done: IntArray | None = None) -> list[RunCycles]:
    """The cycles of each run, from the cycles in which there was a beat."""
    cycles = np.flatnonzero(beat)
    ends = np.cumsum([run.beats for run in runs])
    assert len(cycles) == ends[-1]
    lasts = cycles[ends - 1]
    dones = lasts if done is None else np.flatnonzero(done)
    firsts = cycles[ends - [run.beats for run in runs]]
    return [RunCycles(int(f), int(e), int(d)) for f, e, d in zip(firsts, lasts, dones, strict=True)]


@pytest.mark.parametrize(("port", "transfers"), [(WIDE, 60), (NARROW, 150), (MIDDLE, 90)], ids=str)
def test_every_beat_is_in_its_cycle(simulations: Simulations, port: MemoryPort, transfers: int) -> None:
    """300 transfers read and 300 written, 2 to 200 cycles of latency, gaps of 0 to 2 cycles, integers equal."""
    random = np.random.default_rng(port.data_bytes)
    phases, memories = [], []
    for _ in range(transfers):
        gap = int(random.choice([0, 1, 1, 2]))
        memory = PlannedMemory(*(int(latency) for latency in random.integers(2, 200, 2)), gap)
        reads, writes = (random_runs(random, port, half, 300) for half in range(2))
        end = max(read_cycles(port, memory, reads)[-1].done, write_cycles(port, memory, writes)[-1].done)
        phases.append(Phase.of(port, reads, writes, end + 3).as_planned(memory))
        memories.append(memory)
    found, final = run_phases(simulations, phases)
    check_values(phases, found, final)
    free: list[bool] = []
    for phase, memory, seen in zip(phases, memories, found, strict=True):
        read = seen_cycles(phase.reads, seen["taken"])
        written = seen_cycles(phase.writes, seen["beat_written"], seen["done"])
        assert read == read_cycles(port, memory, phase.reads)
        assert written == write_cycles(port, memory, phase.writes)
        # By hand: request, address, data after the latency, stream; each beat and gap takes one cycle of the port.
        end = occupancy(phase.reads, memory.gap) - memory.gap + memory.read_latency + 1
        free.append(covered(port, phase.reads, memory.gap, memory.read_latency + 1))
        assert read[-1].last == end if free[-1] else read[-1].last > end
        end = occupancy(phase.writes, memory.gap) - memory.gap + memory.write_latency + 2
        free.append(covered(port, phase.writes, memory.gap, memory.write_latency + 2))
        assert written[-1].done == end if free[-1] else written[-1].done > end
    assert any(free) and not all(free), "transfers that wait for room, and such as do not, must be among them"


def covered(port: MemoryPort, runs: Sequence[Run], gap: int, turn: int) -> bool:
    """Each burst's room is free in time: the O - 1 bursts ahead of it, with their gaps and one more, take a turn."""
    took = np.array([beats + gap for run in runs for beats in run.bursts()])
    if len(took) <= port.outstanding:
        return True
    ahead = np.convolve(took, np.ones(port.outstanding - 1, np.int64), "valid")[1:-1]
    return bool(np.all(ahead + gap >= turn))


def test_a_transfer_takes_its_occupancy_and_the_latency(simulations: Simulations) -> None:
    """As a plan counts it, by hand: 130 beats from beat 60 are bursts of 4, 64 and 62, then one of 3: 133 + 4."""
    memory = PlannedMemory(read_latency=64, write_latency=50)
    runs = [Run(60, 130), Run(HALF - 4, 3)]
    writes = [Run(HALF + run.start, run.beats) for run in runs[:1]] + [Run(DEPTH - 4, 3)]
    phase = Phase.of(WIDE, runs, writes, 260).as_planned(memory)
    found, final = run_phases(simulations, [phase])
    check_values([phase], found, final)
    assert occupancy(runs) == occupancy(writes) == 137
    assert np.flatnonzero(found[0]["last"])[-1] == 137 + 64
    assert np.flatnonzero(found[0]["done"])[-1] == 137 + 50 + 1


def test_a_transfer_that_is_asked_for_when_the_one_before_leaves_the_memory_loses_nothing() -> None:
    """The memory sequence of the plan: the second may be requested ``occupancy`` cycles after the first.

    Asked for together, its first beat is as many cycles behind that of the first.
    """
    memory = PlannedMemory(read_latency=40, write_latency=40)
    first, second = [Run(3, 100), Run(7, 9)], [Run(60, 80)]
    together = read_cycles(WIDE, memory, first + second)
    alone = read_cycles(WIDE, memory, second)
    assert together[2].first == occupancy(first) + alone[0].first


def test_a_request_may_come_as_late_as_the_memory_sequence_says(simulations: Simulations) -> None:
    """The same in the RTL: each request is held back for the occupancy of those before it."""
    memory = PlannedMemory(read_latency=40, write_latency=40)
    runs = [Run(3, 100), Run(60, 80), Run(200, 1), Run(64, 30)]
    phase = Phase.of(WIDE, runs, [], 400).as_planned(memory)
    request = np.zeros(phase.cycles, np.int64)
    request[phase.begin + np.cumsum([0, *(occupancy([run]) for run in runs[:-1])])] = 1
    phase.inputs["request"] = request
    found, _ = run_phases(simulations, [phase])
    assert seen_cycles(runs, found[0]["taken"]) == read_cycles(WIDE, memory, runs)


@pytest.mark.parametrize("latency", [2, 64, 130, 250])
@pytest.mark.parametrize("beats", [1, 2, 7, 64])
def test_no_fewer_outstanding_bursts_are_enough(latency: int, beats: int) -> None:
    """By trial, of bursts of one length: the least number with which nothing waits."""
    memory = PlannedMemory(latency, latency)
    runs = [Run(64 * number, beats) for number in range(400)]

    def waits(outstanding: int, *, reads: bool) -> bool:
        port = MemoryPort(outstanding=outstanding)
        cycles = (read_cycles if reads else write_cycles)(port, memory, runs)
        return cycles[-1].last - cycles[0].first != occupancy(runs) - 2

    for needed, reads in ((outstanding_for_reads(memory, beats), True), (outstanding_for_writes(memory, beats), False)):
        assert not waits(needed, reads=reads)
        assert needed == 1 or waits(needed - 1, reads=reads)


@pytest.mark.parametrize("port", PORTS, ids=str)
def test_stalls_and_latencies_change_no_value(simulations: Simulations, port: MemoryPort) -> None:
    """All channels stall, latencies and gaps change, requests and streams pause, addresses wait for their data."""
    random = np.random.default_rng(port.data_bytes)
    phases = []
    for _ in range(12):
        reads, writes = (random_runs(random, port, half, 200) for half in range(2))
        phases.append(Phase.of(port, reads, writes, 6000).disturbed(random))
    found, final = run_phases(simulations, phases)
    check_values(phases, found, final)
    bursts = [beats for phase in phases for run in phase.reads for beats in run.bursts()]
    asked = np.concatenate([seen["read_length"][seen["read_asked"][:, 0] == 1, 0] for seen in found])
    np.testing.assert_array_equal(asked, np.array(bursts) - 1)


def burst_of(port: MemoryPort, runs: Sequence[Run], beat: int) -> tuple[int, int]:
    """Addresses of a beat of the transfer and of its burst."""
    for run in runs:
        if beat < run.beats:
            offset = max(0, beat - (run.start + beat) % 64)
            return (run.start + beat) * port.data_bytes, (run.start + offset) * port.data_bytes
        beat -= run.beats
    raise AssertionError("no such beat")


@pytest.mark.parametrize("port", [WIDE, NARROW], ids=str)
def test_a_failing_answer_stops_with_the_address_of_its_burst(simulations: Simulations, port: MemoryPort) -> None:
    """Nothing behind it is handed on or said to be done, what is under way ends, and a reset begins anew."""
    random = np.random.default_rng(7)
    phases, failing = [], []
    for number in range(16):
        reads, writes = (random_runs(random, port, half, 200) for half in range(2))
        runs = (reads, writes)[number % 2]
        beat = int(random.integers(0, sum(run.beats for run in runs)))
        phase = Phase.of(port, reads, writes, 6000).disturbed(random)
        phase.fail(burst_of(port, runs, beat)[0], (SLAVE_ERROR, DECODE_ERROR)[number // 2 % 2])
        phases.append(phase)
        failing.append(beat)
    found, final = run_phases(simulations, phases)
    memory, _ = contents(port)
    for number, (phase, seen, beat) in enumerate(zip(phases, found, failing, strict=True)):
        side, other = (("read", "write"), ("write", "read"))[number % 2]
        runs = (phase.reads, phase.writes)[number % 2]
        assert seen[f"{side}_failed"][-1] and not seen[f"{other}_failed"].any()
        assert seen[f"{side}_response"][-1] == (SLAVE_ERROR, DECODE_ERROR)[number // 2 % 2]
        assert whole(seen[f"{side}_failed_address"][-1]) == burst_of(port, runs, beat)[1]
        assert not seen["busy_read"][-1] and not seen["busy_write"][-1]
        failed = int(np.argmax(seen[f"{side}_failed"]))
        # One address may be on the port already.
        assert seen[f"{side}_asked"][failed:].sum() <= 1
        data = seen["data"][seen["taken"][:, 0] == 1]
        if side == "read":
            np.testing.assert_array_equal(data, memory[indices(runs)[:beat]])
            assert seen["done"].sum() == len(phase.writes)
        else:
            np.testing.assert_array_equal(data, memory[indices(phase.reads)])
            ends = np.cumsum([run.beats for run in runs])
            assert seen["done"].sum() == np.count_nonzero(ends <= beat)
    np.testing.assert_array_equal(final[:HALF], memory[:HALF])


def test_a_failing_write_leaves_what_was_not_asked_for(simulations: Simulations) -> None:
    """Bursts that were begun are filled up with beats that write nothing: neither data nor zeros get behind it."""
    runs = [Run(HALF, 64), Run(HALF + 64, 64), Run(HALF + 200, 100)]
    phase = Phase.of(WIDE, [], runs, 600).as_planned(PlannedMemory(20, 5))
    phase.fail((HALF + 10) * 64, SLAVE_ERROR)
    # No data comes any more once the first response is there: the master must end its bursts by itself.
    phase.inputs["data_valid"][phase.begin + 2 + 64 + 5 :] = 0
    found, final = run_phases(simulations, [phase])
    memory, source = contents(WIDE)
    seen = found[0]
    assert seen["write_failed"][-1] and whole(seen["write_failed_address"][-1]) == HALF * 64
    assert not seen["busy_write"][-1] and not seen["done"].any()
    asked = int(sum(seen["write_length"][seen["write_asked"][:, 0] == 1, 0] + 1))
    assert seen["beat_written"].sum() == asked, "a burst was not ended"
    expected = memory.copy()
    written = [index for index in range(64) if index != 10]
    expected[HALF + np.array(written)] = source[written]
    # By hand: the first burst is on the port in cycles 2 to 65, its response in 70, and seen in 71. The second run's
    # beats are there from 67 on, behind the gap; that of 71 was sent a cycle before.
    sent = 5
    expected[HALF + 64 : HALF + 64 + sent] = source[64 : 64 + sent]
    np.testing.assert_array_equal(final, expected)


@pytest.mark.parametrize("stop", [5, 40, 200])
def test_both_stop_for_a_failure_elsewhere(simulations: Simulations, stop: int) -> None:
    """They end the bursts that are under way and ask for no more, though nobody takes or gives data any more."""
    reads, writes = [Run(70, 300), Run(20, 30)], [Run(HALF + 50, 300), Run(HALF + 400, 90)]
    phase = Phase.of(WIDE, reads, writes, 800).as_planned(PlannedMemory(30, 30))
    at = phase.begin + stop
    phase.inputs["stop"] = (np.arange(phase.cycles) >= at).astype(np.int64)
    for name in ("data_valid", "data_ready"):
        phase.inputs[name][at:] = 0
    found, final = run_phases(simulations, [phase])
    seen = found[0]
    assert not seen["busy_read"][-1] and not seen["busy_write"][-1]
    assert not seen["read_failed"].any() and not seen["write_failed"].any()
    assert seen["read_asked"][stop + 1 :].sum() == 0 and seen["write_asked"][stop + 1 :].sum() == 0
    memory, source = contents(WIDE)
    outside = np.setdiff1d(np.arange(DEPTH), indices(writes))
    np.testing.assert_array_equal(final[outside], memory[outside])
    places = indices(writes)
    changed = np.any(final[places] != memory[places], axis=1)
    count = int(changed.sum())
    assert changed[:count].all()
    np.testing.assert_array_equal(final[places[:count]], source[:count])


SPOILS = (
    "AR: the burst at .* crosses 4 KiB",
    "AW: the burst at .* crosses 4 KiB",
    "(AR|W): valid fell before it was taken",
    "AR: what was offered changed before it was taken",
    "W: valid fell before it was taken",
    "W: the last beat of a burst is another one",
    "B: a response before the last beat of its data",
    "R: data that nobody asked for",
    "AR: the burst at .* is longer than 64 beats",
    "AR: the burst at .* starts inside a beat",
)
"""What is said of each fault that the bench can make, from its number 1 on."""


@pytest.mark.parametrize(("spoil", "message"), list(enumerate(SPOILS, 1)))
def test_a_broken_rule_is_found(simulations: Simulations, spoil: int, message: str) -> None:
    """Without the fault the same transfers pass."""
    phase = Phase.of(NARROW, [Run(2, 100)] * 6, [Run(HALF, 40)] * 4, 1500).disturbed(np.random.default_rng(3))
    run_phases(simulations, [phase])
    phase.always(spoil=spoil)
    with pytest.raises(InputError, match=message):
        run_phases(simulations, [phase])


@pytest.mark.parametrize(
    ("run", "message"),
    [(Run(5, 0), "A run of no beats was asked for"), (Run(5, 1), "no multiple of 8")],
    ids=["empty", "uneven"],
)
def test_a_request_that_is_none_stops_the_simulation(simulations: Simulations, run: Run, message: str) -> None:
    phase = Phase.of(NARROW, [run], [], 20).as_planned(PlannedMemory(5, 5))
    if run.beats:
        phase.inputs["address"][:, 0] += 4
    with pytest.raises(InputError, match=message):
        run_phases(simulations, [phase])
