"""A plan in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.words import bound_word


def answer(plan: Plan) -> str:
    """How long it takes, whether that is the best, what it waits for most, and what the device has left."""
    parts = [f"{plan.model.name} on {plan.device['device']['name']}: {plan.latency_ms:.4f} ms, {_proof(plan)}"]
    waits = _waits(plan)
    if waits:
        word, share = max(waits.items(), key=lambda item: item[1])
        parts.append(f"{share:.0%} of the time limited by {word}")
    return "; ".join((*parts, *_left_free(plan)))


def answer_together(plans: Sequence[Plan]) -> str:
    """The same of several networks on one overlay: each latency, and whether it is the best for them together."""
    shared = plans[0].together
    assert shared is not None
    latencies = ", ".join(f"{plan.model.name} {plan.latency_ms:.4f} ms" for plan in plans)
    proof = "proven optimal for them together" if shared.status == "optimal" else "not proven"
    parts = [f"{latencies} on one overlay of {plans[0].device['device']['name']}: {proof}"]
    return "; ".join((*parts, *_left_free(plans[0])))


def _left_free(plan: Plan) -> list[str]:
    left = [f"{1 - use.used / use.available:.0%} of {use.name}" for use in plan.resources if use.available]
    return [f"left free: {', '.join(left)}"] if left else []


def _proof(plan: Plan) -> str:
    solver = plan.solver
    if solver.status == "optimal":
        return "proven optimal"
    share = solver.bound / solver.objective if solver.objective else 1.0
    return f"not proven, no plan takes less than {plan.latency_ms * share:.4f} ms"


def _waits(plan: Plan) -> dict[str, float]:
    """The share of all cycles in layers that are bound by compute, input, weights or output."""
    cycles: dict[str, int] = {}
    for layer in plan.layers:
        word = bound_word(layer)
        if word:
            cycles[word] = cycles.get(word, 0) + layer.cycles
    total = sum(layer.cycles for layer in plan.layers)
    return {word: part / total for word, part in cycles.items()} if total else {}
