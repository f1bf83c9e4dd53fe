"""What the page's script knows of a plan: enough to describe any layer, and what happened when."""

from __future__ import annotations

from dynamap.backends.evidence.report.evidence import Absent, Evidence
from dynamap.backends.evidence.report.kinds import algorithm_words, kind_of, layer_costs, unit_ms
from dynamap.backends.evidence.report.layer_table import kernel_words
from dynamap.backends.evidence.report.timeline import spans
from dynamap.backends.evidence.report.words import integer, percent, size, times
from dynamap.planner.plan.plan import Blocking, PlannedLayer


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
        ("Operation", layer.op),
        ("Shape", f"{times(shape.input)} → {times(shape.output)}"),
        ("Kernel", kernel_words(layer)),
        ("Algorithm", " / ".join(filter(None, (algorithm_words(layer), layer.dataflow)))),
        ("Formats", f"{layer.input_format} → {layer.output_format}" if layer.input_format else ""),
        ("Blocking", _blocking(layer.blocking)),
        ("Multiply-accumulates", integer(layer.macs) if layer.macs else ""),
        ("Share of latency", percent(cost, total) if cost else ""),
        ("Bound by", layer.bound_by or ""),
        ("Compute, load, store", _three(layer)),
        ("Read, written", f"{size(layer.bytes_read)}, {size(layer.bytes_written)}" if layer.bytes_read else ""),
    ]
    return {
        "name": layer.name,
        "kind": kind_of(layer).value,
        "cost": cost,
        "facts": [[key, value] for key, value in facts if value],
        "chosen": [layer.algorithm, layer.dataflow],
        "options": [
            [o.algorithm, o.dataflow, o.winograd_tile, o.input_format, o.output_format, o.cost] for o in layer.options
        ],
    }


def _three(layer: PlannedLayer) -> str:
    cycles = (layer.compute_cycles, layer.load_cycles, layer.store_cycles)
    return ", ".join(map(integer, cycles)) + " cycles" if any(cycles) else ""


def _blocking(blocking: Blocking | None) -> str:
    if blocking is None:
        return ""
    streamed = "inputs" if blocking.mode == "stream_inputs" else "weights"
    return f"{streamed} stream; {blocking.rows} rows, {blocking.channels} channels, {blocking.planes} planes"
