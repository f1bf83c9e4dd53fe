"""A plan as a notebook shows it: the answer, and a bar per layer. No script, no style of its own but in attributes."""

from __future__ import annotations

from collections.abc import Sequence

from dynamap.backends.evidence.report.markup import Markup, element, named
from dynamap.planner.plan.answer import answer
from dynamap.planner.plan.layers import PlannedLayer
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.words import algorithm_words, bound_word, dataflow_word, op_word

_HEADINGS = ("layer", "operation", "out", "algorithm", "dataflow", "bound by", "cycles", "")
_BAR_PIXELS = 160


def plan_html(plan: Plan) -> Markup:
    """The plan in a cell: one sentence, then its layers that take time, with their share of all cycles as a bar."""
    total = sum(layer.cycles for layer in plan.layers)
    longest = max((layer.cycles for layer in plan.layers), default=0)
    rows = [_row(layer, longest, total) for layer in plan.layers if layer.cycles]
    return element("div", element("p", answer(plan)), _table(_HEADINGS, rows))


def comparison_html(plans: Sequence[Plan]) -> Markup:
    """Several plans, a row and a bar each."""
    slowest = max(plan.latency_ms for plan in plans)
    rows = [
        element(
            "tr",
            _cell(named(plan.model.name)),
            _cell(named(str(plan.device["device"]["name"]))),
            _cell(f"{plan.overlay.rows} x {plan.overlay.columns}"),
            _cell(f"{plan.latency_ms:.4f}", right=True),
            _cell("yes" if plan.solver.status == "optimal" else "no"),
            _cell(_bar(plan.latency_ms, slowest)),
        )
        for plan in plans
    ]
    return element("div", _table(("model", "device", "array", "latency, ms", "proven", ""), rows))


def _row(layer: PlannedLayer, longest: int, total: int) -> Markup:
    words = (op_word(layer), "x".join(map(str, layer.shape.output)), algorithm_words(layer), dataflow_word(layer))
    return element(
        "tr",
        _cell(named(layer.name)),
        [_cell(word) for word in (*words, bound_word(layer))],
        _cell(f"{layer.cycles:,}", right=True),
        _cell(_bar(layer.cycles, longest), title=f"{layer.cycles / total:.1%} of all cycles"),
    )


def _table(headings: Sequence[str], rows: Sequence[Markup]) -> Markup:
    head = element("thead", element("tr", [element("th", heading, style="text-align:left") for heading in headings]))
    return element("table", head, element("tbody", list(rows)))


def _cell(content: object, *, right: bool = False, title: str | None = None) -> Markup:
    return element("td", content, style=f"text-align:{'right' if right else 'left'}", title=title)


def _bar(value: float, largest: float) -> Markup:
    width = round(_BAR_PIXELS * value / largest) if largest else 0
    return element("div", style=f"width:{width}px;height:0.8em;background:#4477aa")
