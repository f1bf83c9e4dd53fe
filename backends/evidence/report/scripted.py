"""What the page's script knows of a plan: enough to describe any layer, and what happened when."""

from __future__ import annotations

from dynamap.backends.evidence.report.evidence import Absent, Evidence
from dynamap.backends.evidence.report.kinds import algorithm_label, kind_of, layer_costs, unit_ms
from dynamap.backends.evidence.report.layer_table import kernel_words
from dynamap.backends.evidence.report.timeline import spans
from dynamap.backends.evidence.report.words import integer, percent, size, times
from dynamap.planner.plan.layers import Mode, OnArray, OnVectorUnit, OptionCost, PlannedLayer
from dynamap.planner.plan.words import bound_word, dataflow_word, format_words, op_word


def plan_data(evidence: Evidence) -> dict[str, object]:
    """JSON data of one plan for ``assets/report.js``."""
    plan = evidence.plan
    costs = layer_costs(plan)
    total = max(plan.solver.objective, 1)
    layers = [_layer(layer, cost, total) for layer, cost in zip(plan.layers, costs, strict=True)]
    simulation = None if isinstance(evidence.replay, Absent) else evidence.replay.simulation
    return {
        "unit": plan.solver.unit,
        "unitUs": unit_ms(plan) * 1000,
        "clock": plan.overlay.clock_mhz,
        "layers": layers,
        "slots": [layer.cycles for layer in simulation.layers] if simulation else None,
        "spans": spans(simulation) if simulation else None,
    }


def _layer(layer: PlannedLayer, cost: int, total: int) -> dict[str, object]:
    shape = layer.shape
    facts = [
        ("Operation", op_word(layer)),
        ("Shape", f"{times(shape.input)} → {times(shape.output)}"),
        ("Kernel", kernel_words(layer)),
        ("Algorithm", " / ".join(filter(None, (algorithm_label(layer), dataflow_word(layer))))),
        ("Formats", " → ".join(filter(None, format_words(layer)))),
        ("Blocking", _blocking(layer)),
        ("Multiply-accumulates", integer(layer.macs) if layer.macs else ""),
        ("Share of latency", percent(cost, total) if cost else ""),
        ("Bound by", bound_word(layer)),
        ("Compute, load, store", _three(layer)),
        ("Read, written", f"{size(layer.bytes_read)}, {size(layer.bytes_written)}" if layer.bytes_read else ""),
    ]
    return {
        "name": layer.name,
        "kind": kind_of(layer).value,
        "cost": cost,
        "facts": [[key, value] for key, value in facts if value],
        "options": [_option(layer, option) for option in layer.options] if isinstance(layer, OnArray) else [],
    }


def _three(layer: PlannedLayer) -> str:
    cycles = (layer.compute_cycles, layer.load_cycles, layer.store_cycles)
    return ", ".join(map(integer, cycles)) + " cycles" if any(cycles) else ""


def _option(layer: OnArray, option: OptionCost) -> list[object]:
    """Words, whether it is the chosen one, formats, cost."""
    choice, chosen = option.choice, layer.choice
    tile = f" {choice.winograd.label}" if choice.winograd else ""
    taken = (choice.algorithm, choice.dataflow) == (chosen.algorithm, chosen.dataflow)
    formats = [known.value for known in (option.input_format, option.output_format) if known is not None]
    return [f"{choice.algorithm.value}{tile}/{choice.dataflow.value}", taken, " → ".join(formats), option.cost]


def _blocking(layer: PlannedLayer) -> str:
    blocking = layer.blocking if isinstance(layer, (OnArray, OnVectorUnit)) else None
    if blocking is None:
        return ""
    streamed = "inputs" if blocking.mode is Mode.STREAM_INPUTS else "weights"
    return f"{streamed} stream; {blocking.rows} rows, {blocking.channels} channels, {blocking.units} units"
