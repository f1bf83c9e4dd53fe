"""A simulation as a Chrome trace: one row per unit, and one for the layers."""

from __future__ import annotations

from collections.abc import Sequence

from dynamap.backends.simulator.engine import Unit
from dynamap.backends.simulator.simulation import SimulatedPass, Simulation
from dynamap.backends.timeline.chrome import Timeline

ROWS = ("LAYER", *(unit.value for unit in Unit))


def chrome_trace(simulation: Simulation, title: str) -> str:
    """The trace as JSON; ``title`` names the process."""
    timeline = Timeline(title, ROWS, simulation.clock_khz)
    _add_layers(timeline, simulation)
    for step in simulation.passes:
        _add_units(timeline, simulation, step)
    return timeline.text()


def _add_layers(timeline: Timeline, simulation: Simulation) -> None:
    by_layer: dict[int, list[SimulatedPass]] = {}
    for step in simulation.passes:
        by_layer.setdefault(step.layer, []).append(step)
    for number, steps in by_layer.items():
        layer = simulation.layers[number]
        start, end = _extent(steps)
        timeline.add("LAYER", layer.name, start, end, {"passes": len(steps), **layer.document()})


def _extent(steps: Sequence[SimulatedPass]) -> tuple[int, int]:
    return steps[0].start, steps[-1].start + steps[-1].run.cycles


def _add_units(timeline: Timeline, simulation: Simulation, step: SimulatedPass) -> None:
    layer = simulation.layers[step.layer].name
    for span in step.run.spans:
        what = "resident" if span.block is None else f"block {span.block}"
        more: dict[str, object] = {"layer": layer, "pass": step.index}
        if span.waited:
            more["waited_cycles"] = span.waited
        timeline.add(span.unit.value, f"{layer} {what}", step.start + span.start, step.start + span.end, more)
