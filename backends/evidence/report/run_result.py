"""What ``dynamap run PLAN.json --json`` printed, read back and held against the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dynamap.backends.evidence.comparison.cpu_time import CpuTime
from dynamap.backends.evidence.report.documents import Fields, read_document
from dynamap.backends.simulator import COUNTERS
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import Plan

KIND = "the result of `dynamap run PLAN --json`"


@dataclass(frozen=True)
class RunLayer:
    """One layer that was executed: its counters, and how far it is from the reference (None: not compared)."""

    name: str
    counters: Mapping[str, int]
    elements: int
    differing: int | None
    max_lsb: int | None


@dataclass(frozen=True)
class RunResult:
    """One inference on an executor: the counters that it has, and a sentence for each value that is not the plan's.

    ``scales`` says where they come from, and warns where that is noise; ``cpu``: the time of that machine's processor.
    """

    platform: str
    layers: tuple[RunLayer, ...]
    counters: tuple[str, ...]
    differences: tuple[str, ...]
    scales: tuple[str, ...] = ()
    cpu: CpuTime | None = None

    @property
    def noise(self) -> bool:
        """Whether the scales come from noise, so that the values mean nothing."""
        return len(self.scales) > 1

    @property
    def compared(self) -> bool:
        """Whether values were compared with a reference."""
        return any(layer.differing is not None for layer in self.layers)

    @property
    def max_lsb(self) -> int:
        """The largest difference from the reference, in steps of int8."""
        return max((layer.max_lsb or 0 for layer in self.layers), default=0)

    @property
    def differing(self) -> int:
        """How many values differ from the reference."""
        return sum(layer.differing or 0 for layer in self.layers)

    @property
    def elements(self) -> int:
        """How many values were computed."""
        return sum(layer.elements for layer in self.layers)


def read_run(path: Path, plan: Plan) -> RunResult:
    """Reads a run of ``plan``. Counters are compared here again: the file's own verdict is not taken.

    Raises:
        InputError: the file cannot be read, is no such result, or is of another plan.
    """
    document = read_document(path, KIND)
    layers = tuple(_layer(entry) for entry in document.objects("layers"))
    planned = {layer.name: layer for layer in plan.layers}
    ran = {layer.name for layer in layers}
    for name in ran - set(planned):
        raise InputError(f"{str(path)!r} is the run of another plan: the plan has no layer {name!r}")
    for planned_layer in plan.layers:
        if planned_layer.cycles and planned_layer.name not in ran:
            raise InputError(f"{str(path)!r} is the run of another plan: it lacks layer {planned_layer.name!r}")
    differences = tuple(
        f"layer {layer.name!r}: {counter} is {getattr(planned[layer.name], counter)} in the plan, counted {value}"
        for layer in layers
        for counter, value in layer.counters.items()
        if getattr(planned[layer.name], counter) != value
    )
    counted = {counter for layer in layers for counter in layer.counters}
    counters = tuple(counter for counter in COUNTERS if counter in counted)
    return RunResult(document.text("platform"), layers, counters, differences, _scales(document), _cpu(document))


def _cpu(document: Fields) -> CpuTime | None:
    """What ``--measure-cpu`` added."""
    found = document.part_or_none("cpu")
    if found is None:
        return None
    return CpuTime(
        median_ms=found.number("median_ms"),
        least_ms=found.number("least_ms"),
        runs=found.integer("runs"),
        threads=found.integer("threads"),
        processor=found.text("processor"),
        onnxruntime=found.text("onnxruntime"),
    )


def _scales(document: Fields) -> tuple[str, ...]:
    """The sentences of ``calibration``; an earlier version wrote none."""
    found = document.part_or_none("calibration")
    if found is None:
        return ()
    warning = found.text_or_none("warning")
    return (found.text("source"),) if warning is None else (found.text("source"), warning)


def _layer(entry: Fields) -> RunLayer:
    counters = {counter: entry.integer(counter) for counter in COUNTERS if counter in entry.data}
    return RunLayer(
        name=entry.text("name"),
        counters=counters,
        elements=entry.integer("elements"),
        differing=entry.integer_or_none("differing"),
        max_lsb=entry.integer_or_none("max_lsb"),
    )
