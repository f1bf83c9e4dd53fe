"""The first section: what was planned, how long it takes, and in what sense that is the best."""

from __future__ import annotations

from collections.abc import Sequence

from dynamap.backends.report.evidence import Evidence
from dynamap.backends.report.kinds import LABELS, Kind, bound_of, kind_of, layer_costs, unit_ms
from dynamap.backends.report.markup import Markup, element, joined, named, prose
from dynamap.backends.report.words import digits, integer, milliseconds, percent, scaled, seconds, size
from dynamap.planner.plan import Plan
from dynamap.planner.requests import Request

_LONGEST = 5
"""How many of the longest layers are named."""

_SOLVERS = {
    "dp": "dynamic programming over the network's graph",
    "ilp": "an integer programme",
    "cpsat": "the constraint solver CP-SAT",
    "exhaustive": "exhaustive search",
}


def summary(evidence: Evidence, prefix: str) -> Markup:
    """The figures, the certificate, the facts, and where the time goes."""
    plan = evidence.plan
    return joined(
        [
            element("div", *_figures(plan), class_="figures"),
            certificate(plan, evidence.request),
            element("div", *_facts(evidence), class_="facts"),
            element("h3", "Where the time goes"),
            _shares(plan),
        ]
    )


def _figure(value: str, unit: str, caption: str) -> Markup:
    return element(
        "div",
        element("b", value, element("small", f" {unit}") if unit else None),
        element("span", caption),
        class_="figure",
    )


def _figures(plan: Plan) -> list[Markup]:
    overlay, latency = plan.overlay, plan.latency_ms
    figures = [_figure(f"{latency:,.3f}", "ms", "latency of one inference, batch 1")]
    if latency:
        figures.append(_figure(integer(round(1000 / latency)), "images/s", "one after the other, none overlapping"))
        rate = 2 * plan.model.macs / (latency / 1000)
        figures.append(_figure(digits(rate / 1e12), "TOP/s", "2 × multiply-accumulates ÷ latency"))
    figures.append(_figure(f"{overlay.rows} × {overlay.columns}", "", "array of multipliers, rows × columns"))
    share = array_share(plan)
    if share is not None:
        figures.append(_figure(percent(share), "", "of the array's products at its direct peak"))
    return figures


def array_share(plan: Plan) -> float | None:
    """Multiply-accumulates over what the array does in the latency at its direct peak; above 1 only by Winograd."""
    overlay = plan.overlay
    peak = overlay.rows * overlay.columns * overlay.packing * overlay.clock_mhz * 1000 * plan.latency_ms
    return plan.model.macs / peak if peak else None


def certificate(plan: Plan, request: Request) -> Markup:
    """For what, in which sense and by whom the plan is optimal, as sentences."""
    solver = plan.solver
    proven = solver.status == "optimal" and solver.bound == solver.objective
    heading = "Proven optimal" if proven else "Not proven optimal"
    gap = solver.objective - solver.bound
    if proven:
        verdict = (
            f"No choice among those below takes fewer than {integer(solver.objective)} {solver.unit}: "
            "the bound equals the objective."
        )
    else:
        verdict = (
            f"The plan takes {integer(solver.objective)} {solver.unit}; the search ended with the bound "
            f"{integer(solver.bound)}, so that at most {percent(gap, solver.objective)} ({integer(gap)} {solver.unit}) "
            "can be saved."
        )
    rows = [
        ("Status", solver.status),
        ("Objective", f"{integer(solver.objective)} {solver.unit}"),
        ("Bound", f"{integer(solver.bound)} {solver.unit}"),
        ("Gap", percent(gap, solver.objective) if gap else "0"),
        ("Arrays considered", integer(solver.arrays_considered)),
        ("Arrays solved", integer(solver.arrays_solved)),
        ("Treewidth", "not stated" if solver.treewidth is None else str(solver.treewidth)),
        ("Solver", solver.name),
        ("Search", seconds(solver.seconds)),
    ]
    return element(
        "div",
        element("h3", heading, class_="proven" if proven else "open"),
        element("p", verdict),
        element("p", *_scope(plan, request)),
        element("p", prose(_method(plan))),
        element("dl", [element("div", element("dt", key), element("dd", value)) for key, value in rows], class_="row"),
        class_="certificate " + ("good" if proven else "caution"),
    )


def _scope(plan: Plan, request: Request) -> list[Markup | str]:
    """The choices among which, and the model under which, the plan is the best."""
    model = (
        "the overlay's cost model, whose cycles and bytes are those of the machine (docs/overlay.md)"
        if plan.cost_model == "overlay"
        else "the published cost model, for comparison with the paper; it describes no machine that is built"
    )
    buffers = " and the buffer sizes that fit beside each" if plan.cost_model == "overlay" else ""
    if request.overlay is not None:
        arrays, buffers = (
            f"On the overlay that was given, {plan.overlay.rows} × {plan.overlay.columns}",
            " with its buffers",
        )
    elif request.array is not None:
        arrays = f"On the array that was asked for, {plan.overlay.rows} × {plan.overlay.columns}"
    else:
        arrays = f"Over all {integer(plan.solver.arrays_considered)} arrays that fit the device"
    algorithms = ", ".join(algorithm.value for algorithm in request.algorithms)
    dataflows = ", ".join(dataflow.value for dataflow in request.dataflows)
    parts: list[Markup | str] = [
        f"{arrays}{buffers}, and all mappings with the algorithms {algorithms}, the dataflows {dataflows}, and every "
        f"tensor format and blocking, under {model}."
    ]
    asked = _asked(request)
    if asked:
        parts.append(f" Asked for: {', '.join(asked)}.")
    if request.pins:
        parts.append(f" Pinned by request: {len(request.pins)} layer{'s' if len(request.pins) > 1 else ''} (")
        parts.extend(_between([named(name) for name in sorted(request.pins)], ", "))
        parts.append(").")
    return parts


def _asked(request: Request) -> list[str]:
    """What the request fixes of the machine."""
    asked = []
    if request.clock_mhz is not None:
        asked.append(f"a clock of {request.clock_mhz:g} MHz")
    if request.bandwidth_gbs is not None:
        asked.append(f"{request.bandwidth_gbs:g} GB/s")
    if request.multipliers is not None:
        asked.append(f"at most {integer(request.multipliers)} multipliers")
    if request.packing is not None:
        asked.append("packing" if request.packing else "no packing")
    return asked


def _between(parts: list[Markup], separator: str) -> list[Markup | str]:
    found: list[Markup | str] = []
    for part in parts:
        found.extend([separator, part] if found else [part])
    return found


def _method(plan: Plan) -> str:
    solver = plan.solver
    method = _SOLVERS.get(solver.name, solver.name)
    words = (
        f"{integer(solver.arrays_solved)} of {integer(solver.arrays_considered)} arrays had to be solved, by {method}; "
        "every other one has a lower bound that is not below the plan."
    )
    if solver.arrays_considered == 1:
        words = f"The mapping was solved by {method}."
    if solver.status != "optimal":
        words = (
            f"{integer(solver.arrays_solved)} of {integer(solver.arrays_considered)} arrays were solved, by {method}, "
            "before the search ended."
        )
    if solver.treewidth is not None and solver.certificate is not None:
        words += (
            f" The graph of the mapping problem has treewidth {solver.treewidth}; the plan carries the order of "
            "elimination as a certificate, which `dynamap verify` replays."
        )
    return words


def _facts(evidence: Evidence) -> list[Markup]:
    plan = evidence.plan
    model, overlay, device = plan.model, plan.overlay, plan.device["device"]
    executed = sum(1 for layer in plan.layers if layer.cycles)
    network = [
        ("Name", named(model.name)),
        ("Read from", named(model.source)),
        ("SHA-256", element("code", model.sha256[:16] + "…", title=model.sha256)),
        ("Work", f"{scaled(model.macs, 'MAC')} ({integer(model.macs)})"),
        ("Parameters", f"{scaled(model.parameters, '').strip()} ({integer(model.parameters)})"),
        ("Layers", f"{len(plan.layers)}, of which {executed} take time on the overlay"),
    ]
    board = [
        ("Name", named(str(device["name"]))),
        ("Part", named(str(device["part"]))),
        ("Note", named(str(device["note"])) if device.get("note") else None),
        ("Clock", f"{overlay.clock_mhz:g} MHz"),
        ("Memory", f"{overlay.bandwidth_gbs:g} GB/s"),
    ]
    packed = "two int8 products per multiplier" if overlay.packing == 2 else "one product per multiplier"
    machine = [
        ("Array", f"{overlay.rows} × {overlay.columns}, {packed}"),
        ("Multipliers", integer(overlay.multipliers)),
    ]
    if overlay.word_bytes:
        machine += [
            ("Memory word", f"{overlay.word_bytes} B, {overlay.lanes} lanes"),
            ("Input buffer", size(overlay.input_buffer)),
            ("Weight buffer", size(overlay.weight_buffer)),
            ("Output buffer", size(overlay.output_buffer)),
            ("Accumulators", f"2 × {integer(overlay.accumulator_rows)} rows"),
            ("Row buffers", f"{overlay.rows} × 2 × {size(overlay.row_buffer)}"),
        ]
    cards = [_card("Network", network), _card("Device", board), _card("Overlay", machine)]
    if plan.notices:
        notes = element("ul", [element("li", named(notice)) for notice in plan.notices])
        cards.append(element("section", element("h3", "Notes"), notes, class_="card"))
    return cards


def _card(title: str, rows: Sequence[tuple[str, Markup | str | None]]) -> Markup:
    entries = [element("div", element("dt", key), element("dd", value)) for key, value in rows if value is not None]
    return element("section", element("h3", title), element("dl", entries), class_="card")


def _shares(plan: Plan) -> Markup:
    """Two stacked bars: the latency by kind of layer, and by what bounds it."""
    costs = layer_costs(plan)
    if not sum(costs):
        return element("p", "No layer takes time.")
    by_kind = dict.fromkeys(Kind, 0)
    by_bound: dict[str, int] = {}
    for layer, cost in zip(plan.layers, costs, strict=True):
        by_kind[kind_of(layer)] += cost
        bound = bound_of(layer)
        by_bound[bound] = by_bound.get(bound, 0) + cost
    between = max(0, plan.solver.objective - sum(costs))
    rest = [("transfers between layers", "k-free", between)] if between else []
    kinds = [(LABELS[kind], f"k-{kind.value}", cost) for kind, cost in by_kind.items() if cost]
    bounds = [(bound, f"b-{bound}", cost) for bound, cost in sorted(by_bound.items(), key=_largest_first) if cost]
    stacks = (_stacked("by algorithm", kinds + rest, plan), _stacked("by bottleneck", bounds + rest, plan))
    return joined([*stacks, _longest(plan, costs)])


def _longest(plan: Plan, costs: Sequence[int]) -> Markup:
    """The layers that take most of the time, in one sentence."""
    order = sorted(range(len(costs)), key=lambda index: (-costs[index], index))[:_LONGEST]
    named_shares = [
        joined([named(plan.layers[index].name), f" ({percent(costs[index], plan.solver.objective)})"])
        for index in order
        if costs[index]
    ]
    together = percent(sum(costs[index] for index in order), plan.solver.objective)
    count = len(named_shares)
    words = f"The {count} longest layers take {together}: " if count > 1 else f"The longest layer takes {together}: "
    return element("p", words, *_between(named_shares, ", "), ".", class_="longest")


def _largest_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _stacked(title: str, parts: list[tuple[str, str, int]], plan: Plan) -> Markup:
    total = sum(cost for _, _, cost in parts)
    unit = unit_ms(plan)
    bars = [
        element("span", class_=f"part {css}", style=_width(cost, total), title=f"{label}: {percent(cost, total)}")
        for label, css, cost in parts
    ]
    legend = [
        element(
            "li",
            element("i", class_=f"swatch {css}"),
            element("span", label),
            element("b", percent(cost, total)),
            element("span", milliseconds(cost * unit), class_="muted"),
        )
        for label, css, cost in parts
    ]
    return element(
        "figure",
        element("figcaption", title),
        element("div", *bars, class_="stack"),
        element("ul", *legend, class_="legend"),
        class_="shares",
    )


def _width(part: int, total: int) -> str:
    return f"width:{100 * part / total:.3f}%"
