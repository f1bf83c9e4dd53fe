"""The vector unit's cycles in the plan and in the simulator are the slots that the RTL walks, block by block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dynamap.backends.conformance.networks import random_network
from dynamap.backends.conformance.plans import plan_on
from dynamap.backends.program import Command, Flag, Op, Program
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from dynamap.backends.simulator.engine import run_pass
from dynamap.backends.simulator.simulation import overlay_of
from dynamap.backends.simulator.units.memory import run_transfer, transfer_cycles
from dynamap.backends.simulator.units.passes import work_of
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory
from dynamap.backends.vitis_rtl.program.cycles import ENDED, PLACED
from dynamap.backends.vitis_rtl.program.passes import tables_of
from dynamap.backends.vitis_rtl.program.records import RECORD_BYTES
from dynamap.backends.vitis_rtl.vector.cycles import vector_cycles
from dynamap.backends.vitis_rtl.vector.registers import VectorPass
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape
from dynamap.cost.device import load_device
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.machine import TABLE_CYCLES

WALKED = frozenset(Op) - {Op.CONV}


def vector_commands(port_bytes: int, seeds: range) -> Iterator[tuple[Program, Command]]:
    """Commands of random networks on words of one port."""
    board = load_device("zcu104")
    board = replace(board, system=replace(board.system, memory_ports=1, port_bytes=port_bytes, memory_banks=("HP0",)))
    for seed in seeds:
        network = random_network(seed)
        program = compile_program(plan_on(network, (8, 8), device=board), quantise(network, samples=1))
        for command in program.commands:
            if command.op in WALKED:
                yield program, command


@pytest.mark.parametrize("port_bytes", [pytest.param(16, marks=pytest.mark.full), 32, 64])
def test_planned_cycles_are_the_slots_of_the_rtl(port_bytes: int) -> None:
    """And the prologue takes what is resident there. Commands that the RTL refuses have no slots."""
    shape = VectorUnitShape(max(16, port_bytes // 2), port_bytes // 16, max(4, port_bytes // 16))
    found: Counter[Op] = Counter()
    for program, command in vector_commands(port_bytes, range(60)):
        try:
            made = VectorPass(shape, command, tables_of(program, command))
        except InputError:
            continue
        overlay = overlay_of(program.header)
        work = work_of(overlay, command, program.sources(command), program.values(command))
        planned = [block.compute for block in work.times.blocks]
        assert planned == [made.walk_cycles(index) for index in range(command.blocks)], command
        resident = sum(run.beats for run in made.resident_runs()) * port_bytes
        prologue = work.times.prologue.transfer if work.times.prologue else 0
        assert prologue == transfer_cycles(overlay.machine, run_transfer(resident)), command
        found[command.op] += 1
    assert set(found) == WALKED, found


@pytest.mark.parametrize("port_bytes", [pytest.param(32, marks=pytest.mark.full), 64])
def test_no_pass_takes_longer_than_planned(port_bytes: int) -> None:
    """The closed form of its cycles is that of every event in the simulated RTL (the other tests here)."""
    shape = VectorUnitShape(max(16, port_bytes // 2), port_bytes // 16, max(4, port_bytes // 16))
    late: list[tuple[int, Command]] = []
    found: Counter[Op] = Counter()
    for program, command in vector_commands(port_bytes, range(60, 160)):
        try:
            made = VectorPass(shape, command, tables_of(program, command))
        except InputError:
            continue
        machine = overlay_of(program.header).machine
        planned = run_pass(
            work_of(overlay_of(program.header), command, program.sources(command), program.values(command)).times
        )
        memory = PlannedMemory(machine.read_latency, machine.write_latency)
        table = TABLE_CYCLES if Flag.LOOKUP in command.flags and command.index == 0 else 0
        taken = table + RECORD_BYTES // port_bytes + PLACED + ENDED + vector_cycles(made, memory).total
        if taken > planned.cycles:
            late.append((taken - planned.cycles, command))
        found[command.op] += 1
    assert set(found) == WALKED, found
    assert not late
