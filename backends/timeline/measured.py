"""What an executor measured, as a Chrome trace: a row for the layers, one for each of its units, one for waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dynamap.backends.contract import TimedStep
from dynamap.backends.timeline.chrome import Timeline

LAYER, WAIT = "LAYER", "WAIT"


@dataclass(frozen=True)
class TimedLayer:
    """A layer and its steps, in the order in which they were done."""

    name: str
    steps: tuple[TimedStep, ...]


def measured_trace(layers: Sequence[TimedLayer], title: str, clock_khz: int) -> str:
    """The trace as JSON: layers and their steps one after the other, from cycle 0 on.

    A step that was done before its time as planned was over has its last cycles in the row WAIT, too.
    """
    units = dict.fromkeys(step.unit for layer in layers for step in layer.steps)
    timeline = Timeline(title, (LAYER, *units, WAIT), clock_khz)
    end = 0
    for layer in layers:
        if layer.steps:
            begin, end = end, end + sum(step.cycles for step in layer.steps)
            timeline.add(LAYER, layer.name, begin, end, {"steps": len(layer.steps), **_sums(layer.steps)})
            _add_steps(timeline, layer, begin)
    return timeline.text()


def _add_steps(timeline: Timeline, layer: TimedLayer, begin: int) -> None:
    for step in layer.steps:
        name, end = f"{layer.name} {step.name}", begin + step.cycles
        timeline.add(step.unit, name, begin, end, {"layer": layer.name, **_sums((step,))})
        if step.waited:
            timeline.add(WAIT, name, end - step.waited, end, {"layer": layer.name})
        begin = end


def _sums(steps: Sequence[TimedStep]) -> dict[str, object]:
    return {
        "cycles": sum(step.cycles for step in steps),
        "waited_cycles": sum(step.waited for step in steps),
        "bytes_read": sum(step.bytes_read for step in steps),
        "bytes_written": sum(step.bytes_written for step in steps),
    }
