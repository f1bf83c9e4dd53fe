"""The steps of a model of which the host runs parts, as the plan, the check and a run name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dynamap.planner.network.whole import HostSegment, Step, Whole

OVERLAY, HOST = "overlay", "host"


@dataclass(frozen=True)
class PlannedSegment:
    """A step: ``runs_on`` overlay or host, its nodes, its layers (of the overlay), and what goes in and out.

    ``bytes_to_overlay`` and ``bytes_to_host`` are the int8 values that cross; inputs and outputs of the model are
    among them. ``seconds``: what a step of the host took in onnxruntime on the machine that planned, on random values;
    None where that was not measured.
    """

    name: str
    runs_on: str
    nodes: tuple[str, ...]
    layers: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    bytes_to_overlay: int
    bytes_to_host: int
    seconds: float | None = None


def planned_segments(whole: Whole | None) -> tuple[PlannedSegment, ...]:
    """The steps in their order; none for a network that the overlay runs alone."""
    return () if whole is None else tuple(map(_planned, whole.steps))


def timed_as(segments: Sequence[PlannedSegment], measured: Sequence[PlannedSegment]) -> tuple[PlannedSegment, ...]:
    """The segments with the seconds of others by their names: what was measured once cannot be computed again."""
    seconds = {segment.name: segment.seconds for segment in measured}
    return tuple(replace(segment, seconds=seconds.get(segment.name)) for segment in segments)


def segment_line(segment: PlannedSegment) -> str:
    """A step in one line."""
    first, last = segment.nodes[0], segment.nodes[-1]
    nodes = f"{len(segment.nodes)} nodes, {first!r} to {last!r}" if len(segment.nodes) > 1 else f"node {first!r}"
    if segment.runs_on == HOST:
        took = "" if segment.seconds is None else f", {segment.seconds * 1e3:.3g} ms on the machine that planned"
        return f"{segment.name}: {nodes}, in onnxruntime{took}; not in the latency"
    return (
        f"{segment.name}: {nodes}; {segment.bytes_to_overlay:,} bytes come from the host, "
        f"{segment.bytes_to_host:,} go to it"
    )


def host_time(segments: Sequence[PlannedSegment]) -> str:
    """What the host's steps take together, as far as that was measured; nothing to say where it has none."""
    steps = [segment for segment in segments if segment.runs_on == HOST]
    known = [segment.seconds for segment in steps if segment.seconds is not None]
    if not steps:
        return ""
    if len(known) < len(steps):
        return "not in the latency and not measured: onnxruntime is not installed here, or did not run its parts"
    return (
        f"{sum(known) * 1e3:.3g} ms, not in the latency: an estimate, its parts measured in onnxruntime on random "
        "values on the machine that planned"
    )


def step_documents(whole: Whole, seconds: Mapping[str, float]) -> list[dict[str, Any]]:
    """The steps of a run; those of the host with the ``host_seconds`` that they took on this machine."""
    return [
        {
            "name": step.name,
            "runs_on": HOST if isinstance(step, HostSegment) else OVERLAY,
            "host_seconds": round(seconds[step.name], 6) if step.name in seconds else None,
        }
        for step in whole.steps
    ]


def _planned(step: Step) -> PlannedSegment:
    if isinstance(step, HostSegment):
        return PlannedSegment(step.name, HOST, step.nodes, (), step.reads, step.writes, 0, 0)
    return PlannedSegment(
        name=step.name,
        runs_on=OVERLAY,
        nodes=step.nodes,
        layers=step.layers,
        inputs=tuple(step.reads),
        outputs=tuple(step.writes),
        bytes_to_overlay=step.bytes_read,
        bytes_to_host=step.bytes_written,
    )
