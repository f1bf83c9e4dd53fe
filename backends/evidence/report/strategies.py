"""The plan's latency beside those of fixed strategies and beside what the device allows at all."""

from __future__ import annotations

from dynamap.backends.evidence.report.bars import Bar, bars
from dynamap.backends.evidence.report.certificate import proven
from dynamap.backends.evidence.report.evidence import Absent, Baselines, Evidence, Scope
from dynamap.backends.evidence.report.markup import Markup, element, joined, prose
from dynamap.backends.evidence.report.words import milliseconds
from dynamap.planner.plan.plan import Plan
from dynamap.planner.studies.baselines import STRATEGIES, Baseline

_LIMITS = {
    "compute": "the fewest products of the allowed algorithms on its array, always busy",
    "bandwidth": "the plan's bytes at the full rate of memory",
}


def strategies(evidence: Evidence, prefix: str) -> Markup:
    """Bars of milliseconds: the plan, the strategies, the limits."""
    plan, found = evidence.plan, evidence.baselines
    rows = [_plan_bar(plan)]
    parts: list[Markup] = []
    if isinstance(found, Absent):
        parts.append(element("p", prose(found.reason), class_="absent"))
    else:
        rows += [_strategy_bar(baseline, plan) for baseline in found.strategies]
        parts.append(element("p", prose(_scope(found, plan)), class_="muted"))
        parts += [
            element("p", element("b", strategy), f" found no plan: {reason}", class_="absent")
            for strategy, reason in found.failed
        ]
    rows += [
        _limit_bar(f"{name} of the array", value, _LIMITS.get(name, "as the plan states it"))
        for name, value in sorted(plan.limits_ms.items(), key=_compute_first)
    ]
    if not isinstance(found, Absent):
        limits = found.limits
        rows.append(
            _limit_bar("compute of the device", limits.compute_ms, "all its multipliers busy with the fewest products")
        )
        rows.append(
            _limit_bar("bandwidth of the device", limits.bandwidth_ms, "weights, inputs and outputs moved once")
        )
    full = max(row.value for row in rows)
    return element("div", bars(rows, full, "Latency in milliseconds"), *parts, class_="card")


def _compute_first(limit: tuple[str, float]) -> tuple[bool, str]:
    return limit[0] != "compute", limit[0]


def _plan_bar(plan: Plan) -> Bar:
    words = joined(
        [
            element("b", milliseconds(plan.latency_ms)),
            f" on {_array(plan.overlay.rows, plan.overlay.columns)}",
            _mark(proven(plan)),
        ]
    )
    return Bar("this plan", plan.latency_ms, words, "mine", "the plan of this report")


def _strategy_bar(baseline: Baseline, plan: Plan) -> Bar:
    ratio = f" {baseline.latency_ms / plan.latency_ms:.2f}×" if plan.latency_ms else ""
    words = joined(
        [
            element("b", milliseconds(baseline.latency_ms)),
            ratio,
            f" on {_array(baseline.rows, baseline.columns)}",
            _mark(baseline.proven),
        ]
    )
    name = joined([element("span", baseline.strategy), element("small", STRATEGIES[baseline.strategy])])
    return Bar(name, baseline.latency_ms, words, hint=STRATEGIES[baseline.strategy])


def _limit_bar(name: str, value: float, meaning: str) -> Bar:
    label = joined([element("span", name), element("small", meaning)])
    return Bar(label, value, joined([element("b", milliseconds(value)), " limit"]), "limit", meaning)


def _array(rows: int, columns: int) -> str:
    return f"{rows} × {columns}"


def _mark(proven: bool) -> Markup:
    if proven:
        return element("span", "proven", class_="badge good", title="no choice within the strategy takes fewer cycles")
    return element("span", "not proven", class_="badge caution", title="the search ended before a proof")


def _scope(found: Baselines, plan: Plan) -> str:
    if found.scope is Scope.ARRAY:
        return (
            f"Every strategy is planned on the plan's own array, {_array(plan.overlay.rows, plan.overlay.columns)}, "
            "with the buffers that suit it best: what choosing for each layer gains on this hardware. "
            "`--baselines full` gives each its own best array."
        )
    return (
        "Every strategy has its own best array and buffers on this device, found by the same search: what it could "
        "reach if the hardware were built for it."
    )
