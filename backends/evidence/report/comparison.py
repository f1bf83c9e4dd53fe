"""Several plans side by side: their figures, their latencies, and what each layer takes in each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from dynamap.backends.evidence.report.bars import Bar, bars
from dynamap.backends.evidence.report.evidence import Evidence
from dynamap.backends.evidence.report.kinds import Kind, kind_of, layer_costs, unit_ms, way_of
from dynamap.backends.evidence.report.layer_table import NAME, Cell, controls, heading, row_of
from dynamap.backends.evidence.report.markup import Markup, element, joined, named
from dynamap.backends.evidence.report.resources import NAMES
from dynamap.backends.evidence.report.words import change, digits, integer, letter, milliseconds, percent, size
from dynamap.planner.plan.layers import PlannedLayer
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.words import op_word


@dataclass(frozen=True)
class Match:
    """A layer in several plans, None where a plan has no layer of that name; each with its milliseconds."""

    name: str
    layers: tuple[PlannedLayer | None, ...]
    ms: tuple[float | None, ...]


def matches(plans: Sequence[Plan]) -> tuple[Match, ...]:
    """Layers of one name, in the order in which the plans first have them; a name twice in a plan is two layers."""
    found: dict[tuple[str, int], list[tuple[PlannedLayer, float] | None]] = {}
    for number, plan in enumerate(plans):
        seen: dict[str, int] = {}
        for layer, cost in zip(plan.layers, layer_costs(plan), strict=True):
            seen[layer.name] = seen.get(layer.name, 0) + 1
            entry = found.setdefault((layer.name, seen[layer.name]), [None] * len(plans))
            entry[number] = layer, cost * unit_ms(plan)
    return tuple(
        Match(name, tuple(e and e[0] for e in entries), tuple(e and e[1] for e in entries))
        for (name, _), entries in found.items()
    )


def comparison(plans: Sequence[Evidence], titles: Sequence[str]) -> Markup:
    """The bars of latency, the figures side by side, and the layers; plan A is what the others are compared with."""
    return joined(
        [
            _bars(plans, titles),
            _warning(plans),
            element("div", _figures(plans, titles), class_="wide card"),
            element("h3", "Layer by layer"),
            _layers([evidence.plan for evidence in plans]),
        ]
    )


def _warning(plans: Sequence[Evidence]) -> Markup | None:
    """What makes the times of the plans no fair comparison."""
    if len({evidence.plan.cost_model for evidence in plans}) == 1:
        return None
    words = "The plans were made with different cost models: their times are answers to different questions."
    return element("p", words, class_="absent")


def _bars(plans: Sequence[Evidence], titles: Sequence[str]) -> Markup:
    first = plans[0].plan.latency_ms
    rows = []
    for number, (evidence, title) in enumerate(zip(plans, titles, strict=True)):
        plan = evidence.plan
        words = [element("b", milliseconds(plan.latency_ms))]
        if number and first:
            words.append(element("span", f" {change(plan.latency_ms, first)}", class_=_better(plan.latency_ms, first)))
        label = joined([element("span", named(title)), element("small", named(evidence.name))])
        rows.append(Bar(label, plan.latency_ms, joined(words), "mine" if not number else ""))
    full = max(row.value for row in rows)
    return element("div", bars(rows, full, "Latency of each plan"), class_="card")


def _better(new: float, old: float) -> str:
    return "better" if new < old else "worse" if new > old else "same"


def _figures(plans: Sequence[Evidence], titles: Sequence[str]) -> Markup:
    rows: list[tuple[str, Callable[[Evidence], Markup | str]]] = [
        ("Plan file", lambda e: named(e.name)),
        ("Network", lambda e: named(e.plan.model.name)),
        ("Device", lambda e: named(e.board.name)),
        ("Cost model", lambda e: e.plan.cost_model),
        ("Latency", lambda e: f"{e.plan.latency_ms:.6f} ms"),
        ("Images/s", lambda e: integer(round(1000 / e.plan.latency_ms)) if e.plan.latency_ms else "–"),
        ("Status", lambda e: e.plan.solver.status),
        ("Gap", lambda e: percent(e.plan.solver.objective - e.plan.solver.bound, e.plan.solver.objective)),
        ("Array", lambda e: f"{e.plan.overlay.rows} × {e.plan.overlay.columns}"),
        ("Products per multiplier", lambda e: str(e.plan.overlay.packing)),
        ("Clock", lambda e: f"{e.plan.overlay.clock_mhz:g} MHz"),
        ("Memory", lambda e: f"{e.plan.overlay.bandwidth_gbs:g} GB/s"),
        ("Input, weight, output buffer", lambda e: _buffers(e.plan)),
        ("Accumulators, windows that stay", lambda e: _small_buffers(e.plan)),
        ("Multiply-accumulates", lambda e: integer(e.plan.model.macs)),
        ("Bytes moved", lambda e: _moved(e.plan)),
    ]
    names = dict.fromkeys(use.name for evidence in plans for use in evidence.plan.resources)
    rows += [(NAMES.get(name, name), partial(_use, name)) for name in names]
    body = []
    for label, value in rows:
        cells = [value(evidence) for evidence in plans]
        differs = len(set(map(str, cells))) > 1
        body.append(
            element(
                "tr",
                element("th", named(label), scope="row"),
                *(element("td", cell) for cell in cells),
                class_="differs" if differs else None,
            )
        )
    head = element(
        "tr", element("th", "", scope="col"), *(element("th", named(title), scope="col") for title in titles)
    )
    return element("table", element("thead", head), element("tbody", *body), class_="plain figures-table")


def _buffers(plan: Plan) -> str:
    overlay = plan.overlay
    if plan.cost_model != "overlay":
        return "–"
    return ", ".join(size(value) for value in (overlay.input_buffer, overlay.weight_buffer, overlay.output_buffer))


def _small_buffers(plan: Plan) -> str:
    overlay = plan.overlay
    if plan.cost_model != "overlay":
        return "–"
    return f"2 × {integer(overlay.accumulator_rows)} rows, up to {size(overlay.row_buffer)}"


def _moved(plan: Plan) -> str:
    moved = sum(layer.bytes_read + layer.bytes_written for layer in plan.layers)
    return size(moved) if moved else "–"


def _use(name: str, evidence: Evidence) -> str:
    for use in evidence.plan.resources:
        if use.name == name:
            return f"{integer(use.used)} ({percent(use.used, use.available)})"
    return "–"


def _layers(plans: Sequence[Plan]) -> Markup:
    found = matches(plans)
    if not any(sum(layer is not None for layer in match.layers) > 1 for match in found):
        return element("p", "The plans have no layers of the same name.", class_="absent")
    letters = [letter(number) for number in range(len(plans))]
    columns: list[tuple[str, bool, str]] = [(NAME, False, "the ONNX node's name"), ("Op", False, "operation")]
    for number, name in enumerate(letters):
        columns.append((f"{name}: how", False, f"algorithm and dataflow in plan {name}"))
        columns.append((f"{name}, µs", True, f"microseconds in plan {name}"))
        if number:
            columns.append((f"{name} − A, µs", True, f"microseconds that plan {name} takes more than plan A"))
            columns.append((f"{name} ÷ A", True, "how much longer or shorter than in plan A"))
    headings = [heading(title, index, number=number, hint=hint) for index, (title, number, hint) in enumerate(columns)]
    rows = [_row(match, letters) for match in found]
    kinds = {kind_of(layer) for match in found for layer in match.layers if layer is not None}
    return joined(
        [
            controls("compared", [kind for kind in Kind if kind in kinds], [], len(rows)),
            element(
                "div",
                element(
                    "table",
                    element("thead", element("tr", *headings)),
                    element("tbody", *rows),
                    id="compared",
                    class_="layers",
                ),
                class_="wide",
                tabindex=0,
            ),
        ]
    )


def _row(match: Match, letters: Sequence[str]) -> Markup:
    known = [layer for layer in match.layers if layer is not None]
    ways = [way_of(layer) if layer is not None else "" for layer in match.layers]
    cells = [Cell(named(match.name), match.name, "name"), Cell(op_word(known[0]), op_word(known[0]))]
    first = match.ms[0]
    for number, (way, ms) in enumerate(zip(ways, match.ms, strict=True)):
        changed = number and match.layers[0] is not None and way and way != ways[0]
        cells.append(Cell(way or ("–" if match.layers[number] is None else ""), way, "changed" if changed else ""))
        cells.append(Cell("–" if ms is None else digits(ms * 1000), -1.0 if ms is None else ms, "number"))
        if number:
            if ms is None or first is None:
                cells += [Cell("–", -1e18, "number"), Cell("–", -1.0, "number")]
                continue
            css = f"number {_better(ms, first)}"
            more = (ms - first) * 1000
            cells.append(Cell(("+" if more > 0 else "") + digits(more), more, css))
            cells.append(Cell(change(ms, first), ms / first if first else -1.0, css))
    words = f"{match.name} {op_word(known[0])} {' '.join(ways)}"
    return row_of(cells, number=None, kind=kind_of(known[0]).value, op=op_word(known[0]), words=words)
