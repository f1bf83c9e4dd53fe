"""A program on the machine: its layers' counters, and what every unit did when (docs/overlay.md, section 8)."""

from __future__ import annotations

from dataclasses import dataclass, fields

from dynamap.backends.program import Header, Program
from dynamap.backends.simulator.capacity import shortages
from dynamap.backends.simulator.engine import PassRun, run_pass
from dynamap.backends.simulator.units.passes import PassWork, work_of
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.machine import Buffers, Machine, Overlay
from dynamap.planner.network.network import Network
from dynamap.planner.plan.parts import BatchInfo
from dynamap.planner.plan.plan import Plan


@dataclass(frozen=True)
class LayerCounters:
    """What one layer took. Host layers and concatenations in place have no command and count 0."""

    name: str
    compute_cycles: int
    load_cycles: int
    store_cycles: int
    cycles: int
    bytes_read: int
    bytes_written: int

    def document(self) -> dict[str, object]:
        """The counters as JSON data."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


COUNTERS = tuple(f.name for f in fields(LayerCounters) if f.name != "name")


@dataclass(frozen=True)
class SimulatedPass:
    """One pass, from cycle ``start`` of the inference on."""

    layer: int
    index: int
    start: int
    run: PassRun


@dataclass(frozen=True)
class Simulation:
    """What a program did: counters of every layer in the plan's order, and all passes."""

    layers: tuple[LayerCounters, ...]
    passes: tuple[SimulatedPass, ...]
    cycles: int
    clock_khz: int

    def __repr__(self) -> str:
        """One line: ``layers`` has the counters of each."""
        passes = f"{len(self.layers)} layers in {len(self.passes)} passes"
        return f"<Simulation: {self.cycles:,} cycles, {self.latency_ms:g} ms, {passes}>"

    @property
    def latency_ms(self) -> float:
        """Milliseconds, rounded to a nanosecond."""
        return round(self.cycles / self.clock_khz, 6)

    def document(self) -> dict[str, object]:
        """The simulation as JSON data, without the passes."""
        layers = [layer.document() for layer in self.layers]
        return {"layers": layers, "cycles": self.cycles, "latency_ms": self.latency_ms}


def overlay_of(header: Header) -> Overlay:
    """The overlay that a program is for."""
    machine = Machine(
        word_bytes=header.memory_word_bytes,
        clock_khz=header.clock_khz,
        bandwidth_bytes_per_ms=header.bandwidth_bytes_per_ms,
        read_latency=header.read_latency,
        write_latency=header.write_latency,
        packing=header.packing,
        crossings=header.crossings,
    )
    return Overlay(machine, header.rows, header.columns, Buffers.of(header))


def simulate(program: Program) -> Simulation:
    """Runs every command of a program, one after the other: layers follow each other with a barrier.

    Raises:
        InputError: a pass does not fit the overlay's buffers.
    """
    overlay = overlay_of(program.header)
    layers, passes = [], []
    clock = 0
    for number, name in enumerate(program.layer_names):
        counted = dict.fromkeys(COUNTERS, 0)
        for command in program.commands_of(number):
            sources = program.sources(command)
            for shortage in shortages(overlay, command, sources):
                raise InputError(
                    f"layer {name!r}, pass {command.index}: {shortage}: the overlay cannot run this program"
                )
            work = work_of(overlay, command, sources, program.values(command))
            run = run_pass(work.times)
            passes.append(SimulatedPass(number, command.index, clock, run))
            clock += run.cycles
            for counter, value in counters_of(work, run).items():
                counted[counter] += value
        layers.append(LayerCounters(name, **counted))
    return Simulation(tuple(layers), tuple(passes), clock, overlay.machine.clock_khz)


def counters_of(work: PassWork, run: PassRun) -> dict[str, int]:
    """What one pass adds to the counters of its layer."""
    times = work.times
    loads = [block.load for block in times.blocks]
    if times.prologue is not None:
        loads.append(times.prologue)
    stored = times.blocks if times.stores else ()
    return {
        "compute_cycles": sum(block.compute for block in times.blocks),
        "load_cycles": sum(max(load.transfer, load.place) for load in loads),
        "store_cycles": sum(max(block.post, block.store) for block in stored),
        "cycles": run.cycles,
        "bytes_read": work.bytes_read,
        "bytes_written": work.bytes_written,
    }


def simulate_plan(plan: Plan, network: Network) -> Simulation:
    """Runs the program of a plan; the values of ``network``'s weights do not matter and are not read.

    Raises:
        InputError: the plan is not for this network, describes no program, or does not fit its overlay.
        InfeasibleError: the device's memory is too small.
    """
    if plan.cost_model != "overlay":
        raise InputError(
            f"the plan was made with the cost model {plan.cost_model!r}, which describes no machine to simulate; "
            "plan again with --cost-model overlay"
        )
    from dynamap.backends.simulator.blank import blank_program

    return simulate(blank_program(plan, network))


def differing_layers(plan: Plan, simulation: Simulation) -> tuple[str, ...]:
    """A sentence for every counter of a layer, and for the total, that is not what the plan says."""
    found = []
    for planned, layer in zip(plan.layers, simulation.layers, strict=True):
        for counter in COUNTERS:
            said, counted = getattr(planned, counter), getattr(layer, counter)
            if said != counted:
                found.append(f"layer {layer.name!r}: {counter} is {said} in the plan, simulated {counted}")
    if plan.solver.objective != simulation.cycles:
        found.append(
            f"the objective is {plan.solver.objective} in the plan, the layers take {simulation.cycles} cycles"
        )
    batch = plan.batch
    if batch and batch != BatchInfo.of(batch.images, simulation.cycles, simulation.clock_khz):
        taken = batch.images * simulation.cycles
        found.append(f"batch.cycles is {batch.cycles} in the plan, {batch.images} images take {taken} cycles")
    return tuple(found)
