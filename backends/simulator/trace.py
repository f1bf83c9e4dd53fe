"""A simulation as a Chrome trace, which Perfetto and chrome://tracing open: one row per unit, and one for the layers.

Times are whole nanoseconds, rounded down, so that what does not overlap in cycles does not overlap in the trace; the
exact cycles are among each event's arguments. Format: "Trace Event Format" (Google), complete events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dynamap.backends.simulator.engine import Unit
from dynamap.backends.simulator.simulation import SimulatedPass, Simulation
from dynamap.planner.results.documents import json_text

ROWS = ("LAYER", *(unit.value for unit in Unit))
_PROCESS = 1


def chrome_trace(simulation: Simulation, title: str) -> str:
    """The trace as JSON; ``title`` names the process."""
    events = [*_names(title), *_layers(simulation)]
    for step in simulation.passes:
        events.extend(_units(simulation, step))
    return json_text({"displayTimeUnit": "ns", "traceEvents": events})


def _names(title: str) -> Iterator[dict[str, object]]:
    yield {"ph": "M", "name": "process_name", "pid": _PROCESS, "args": {"name": title}}
    for row, name in enumerate(ROWS):
        yield {"ph": "M", "name": "thread_name", "pid": _PROCESS, "tid": row, "args": {"name": name}}
        yield {"ph": "M", "name": "thread_sort_index", "pid": _PROCESS, "tid": row, "args": {"sort_index": row}}


def _event(
    simulation: Simulation, row: str, name: str, start: int, end: int, more: Mapping[str, object]
) -> dict[str, object]:
    def nanoseconds(cycle: int) -> int:
        return cycle * 1_000_000 // simulation.clock_khz

    begin = nanoseconds(start)
    return {
        "ph": "X",
        "name": name,
        "cat": row.lower(),
        "pid": _PROCESS,
        "tid": ROWS.index(row),
        "ts": begin / 1000,
        "dur": (nanoseconds(end) - begin) / 1000,
        "args": {"start_cycle": start, "end_cycle": end, **more},
    }


def _layers(simulation: Simulation) -> Iterator[dict[str, object]]:
    by_layer: dict[int, list[SimulatedPass]] = {}
    for step in simulation.passes:
        by_layer.setdefault(step.layer, []).append(step)
    for number, steps in by_layer.items():
        layer = simulation.layers[number]
        start, end = _extent(steps)
        yield _event(simulation, "LAYER", layer.name, start, end, {"passes": len(steps), **layer.document()})


def _extent(steps: Sequence[SimulatedPass]) -> tuple[int, int]:
    return steps[0].start, steps[-1].start + steps[-1].run.cycles


def _units(simulation: Simulation, step: SimulatedPass) -> Iterator[dict[str, object]]:
    layer = simulation.layers[step.layer].name
    for span in step.run.spans:
        what = "resident" if span.block is None else f"block {span.block}"
        more: dict[str, object] = {"layer": layer, "pass": step.index}
        if span.waited:
            more["waited_cycles"] = span.waited
        start, end = step.start + span.start, step.start + span.end
        yield _event(simulation, span.unit.value, f"{layer} {what}", start, end, more)
