"""What a report needs of a plan's numbers before it draws them: none is negative or absurd, the clock runs."""

from __future__ import annotations

from collections.abc import Iterator

from dynamap.cost.errors import InputError
from dynamap.planner.plan.layers import OnArray, OnVectorUnit
from dynamap.planner.plan.plan import Plan

_MOST = 1 << 63
_COUNTS = ("macs", "compute_cycles", "load_cycles", "store_cycles", "cycles", "bytes_read", "bytes_written")


def require_sound(plan: Plan, name: str) -> None:
    """Checks the numbers that a report divides by or draws.

    Raises:
        InputError: one of them cannot be; the message names its key.
    """
    for key, value, least in _numbers(plan):
        if not least <= value < _MOST:
            raise InputError(f"{name!r} is not a valid plan: {key} is {value}, which cannot be")


def _numbers(plan: Plan) -> Iterator[tuple[str, float, float]]:
    overlay, solver, model = plan.overlay, plan.solver, plan.model
    yield from (("overlay.rows", overlay.rows, 1), ("overlay.columns", overlay.columns, 1))
    yield from (("overlay.packing", overlay.packing, 1), ("overlay.clock_mhz", overlay.clock_mhz, 0.001))
    for key in ("bandwidth_gbs", "word_bytes", "lanes", "input_buffer", "weight_buffer", "output_buffer"):
        yield f"overlay.{key}", getattr(overlay, key), 0
    for key in ("accumulator_rows", "row_buffer", "multipliers"):
        yield f"overlay.{key}", getattr(overlay, key), 0
    for key in ("objective", "bound", "seconds", "arrays_considered", "arrays_solved"):
        yield f"solver.{key}", getattr(solver, key), 0
    if plan.together is not None:
        yield from ((f"together.{key}", getattr(plan.together, key), 0) for key in ("objective", "bound"))
        yield from (("together.cycles", cycles, 0) for cycles in plan.together.cycles)
    yield from (("model.macs", model.macs, 0), ("model.parameters", model.parameters, 0))
    yield "latency_ms", plan.latency_ms, 0
    yield from ((f"limits_ms.{key}", value, 0) for key, value in plan.limits_ms.items())
    for use in plan.resources:
        where = f"resources ({use.name!r})"
        yield from ((f"{where}.used", use.used, 0), (f"{where}.available", use.available, 0))
        yield f"{where}.uncertainty_percent", use.uncertainty_percent, 0
    for index, layer in enumerate(plan.layers):
        where = f"layers[{index}]"
        yield from ((f"{where}.{key}", getattr(layer, key), 0) for key in _COUNTS)
        if isinstance(layer, (OnArray, OnVectorUnit)):
            yield f"{where}.utilization", layer.utilization, 0
        if not isinstance(layer, OnArray):
            continue
        if layer.runner_up is not None:
            yield f"{where}.runner_up.extra", layer.runner_up.extra, -_MOST
        for option in layer.options:
            yield f"{where}.options.cost", option.cost, 0
            yield f"{where}.options.cost_ms", option.cost_ms, 0
