"""The first section: what was planned, how long it takes, and in what sense that is the best."""

from __future__ import annotations

from collections.abc import Sequence

from dynamap.backends.evidence.report.certificate import between, certificate
from dynamap.backends.evidence.report.evidence import Absent, Evidence
from dynamap.backends.evidence.report.kinds import LABELS, Kind, bound_of, kind_of, layer_costs, unit_ms
from dynamap.backends.evidence.report.markup import Markup, element, joined, named
from dynamap.backends.evidence.report.words import digits, integer, milliseconds, percent, scaled, size
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.segments import PlannedSegment, segment_line

_LONGEST = 5
"""How many of the longest layers are named."""


def summary(evidence: Evidence, prefix: str) -> Markup:
    """The figures, the certificate, the facts, and where the time goes."""
    plan = evidence.plan
    return joined(
        [
            element("div", *_figures(plan), *_cpu(evidence), class_="figures"),
            certificate(plan, evidence.request),
            element("div", *_facts(evidence), class_="facts"),
            element("h3", "Where the time goes"),
            _shares(plan),
        ]
    )


def _figure(value: str, unit: str, caption: Markup | str) -> Markup:
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
        if plan.batch:
            caption = f"for {integer(plan.batch.images)} images, each as long as the first"
            figures.append(_figure(f"{plan.batch.latency_ms:,.3f}", "ms", caption))
        rate = 2 * plan.model.macs / (latency / 1000)
        figures.append(_figure(digits(rate / 1e12), "TOP/s", "2 × multiply-accumulates ÷ latency"))
    figures.append(_figure(f"{overlay.rows} × {overlay.columns}", "", "array of multipliers, rows × columns"))
    share = array_share(plan)
    if share is not None:
        figures.append(_figure(percent(share), "", "of the array's products at its direct peak"))
    return figures


def _cpu(evidence: Evidence) -> list[Markup]:
    """What the processor of the machine that ran the plan took for the model, where it was measured."""
    cpu = None if isinstance(evidence.run, Absent) else evidence.run.cpu
    if cpu is None:
        return []
    how = f", {cpu.threads} threads, onnxruntime "
    caption = joined(["measured: one image on ", named(cpu.processor), how, named(cpu.onnxruntime)])
    return [_figure(f"{cpu.median_ms:,.3f}", "ms", caption)]


def array_share(plan: Plan) -> float | None:
    """Multiply-accumulates over what the array does in the latency at its direct peak; above 1 only by Winograd."""
    overlay = plan.overlay
    peak = overlay.rows * overlay.columns * overlay.packing * overlay.clock_mhz * 1000 * plan.latency_ms
    return plan.model.macs / peak if peak else None


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
            ("Windows that stay", f"up to {size(overlay.row_buffer)}"),
        ]
    cards = [_card("Network", network), _card("Device", board), _card("Overlay", machine)]
    if plan.segments:
        steps = element("ul", [element("li", _step(segment)) for segment in plan.segments])
        cards.append(element("section", element("h3", "Overlay and host"), steps, class_="card"))
    if plan.notices:
        notes = element("ul", [element("li", named(notice)) for notice in plan.notices])
        cards.append(element("section", element("h3", "Notes"), notes, class_="card"))
    return cards


def _step(segment: PlannedSegment) -> Markup:
    """A step in one line, and the tensors that go in and out of it by name."""
    tensors = f"{', '.join(segment.inputs)} → {', '.join(segment.outputs)}"
    return joined([named(segment_line(segment)), element("small", named(tensors), class_="ends")])


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
    return element("p", words, *between(named_shares, ", "), ".", class_="longest")


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
