"""The time line: what each engine did when, from the event simulator.

A drawing shows the whole inference: for each unit how busy it was in every slice of time, and above them the layers.
The page's script draws the exact spans in its place and lets the reader zoom in.
"""

from __future__ import annotations

from collections.abc import Sequence

from dynamap.backends.evidence.report.axes import line, nice_ticks, text
from dynamap.backends.evidence.report.evidence import Absent, Evidence
from dynamap.backends.evidence.report.kinds import kind_of
from dynamap.backends.evidence.report.markup import Markup, element, isolated, prose
from dynamap.backends.evidence.report.words import counted, digits, integer, milliseconds, percent
from dynamap.backends.simulator import Simulation
from dynamap.backends.simulator.engine import Unit
from dynamap.planner.plan.plan import Plan

UNITS = tuple(Unit)
MEANINGS = {
    Unit.LOAD: "memory to the input and weight buffers",
    Unit.PLACE: "laying out, and transforming for Winograd, while data arrives",
    Unit.COMPUTE: "the array or the vector unit",
    Unit.POST: "requantisation and output transform",
    Unit.STORE: "output buffer to memory",
}
_SLICES = 480
_WIDTH, _LEFT, _ROW, _LAYERS, _AXIS = 1000, 74, 34, 22, 26
_MOST_SPANS = 24_000
"""Spans that a page carries; beyond, neighbours of a layer are joined."""


def spans(simulation: Simulation) -> list[list[int]]:
    """For each unit its spans, each as five numbers: start after the last one's end, length, layer, block, idle cycles.

    The block is -1 for the operand that stays, and -2 where spans of a layer were joined because there were too many.
    """
    rows: list[list[list[int]]] = [[] for _ in UNITS]
    for step in simulation.passes:
        for span in step.run.spans:
            block = -1 if span.block is None else span.block
            start, end = step.start + span.start, step.start + span.end
            rows[UNITS.index(span.unit)].append([start, end, step.layer, block, span.waited])
    count = sum(map(len, rows))
    if count > _MOST_SPANS:
        gap = max(1, simulation.cycles // (_MOST_SPANS // len(UNITS)))
        rows = [_joined(row, gap) for row in rows]
    return [_flat(row) for row in rows]


def _joined(row: list[list[int]], gap: int) -> list[list[int]]:
    """Spans of the same layer that are close to each other, as one; what it idles is what was between them."""
    found: list[list[int]] = []
    for start, end, layer, block, waited in row:
        if found and found[-1][2] == layer and start - found[-1][1] <= gap and end - found[-1][0] <= 4 * gap:
            last = found[-1]
            found[-1] = [last[0], end, layer, -2, last[4] + waited + max(0, start - last[1])]
        else:
            found.append([start, end, layer, block, waited])
    return found


def _flat(row: list[list[int]]) -> list[int]:
    flat: list[int] = []
    before = 0
    for start, end, layer, block, waited in row:
        flat += [start - before, end - start, layer, block, waited]
        before = end
    return flat


def busy_cycles(simulation: Simulation) -> dict[Unit, int]:
    """Cycles in which each unit works, without those that it waits."""
    busy = dict.fromkeys(UNITS, 0)
    for step in simulation.passes:
        for span in step.run.spans:
            busy[span.unit] += span.end - span.start - span.waited
    return busy


def timeline(evidence: Evidence, prefix: str) -> Markup:
    """The drawing with its controls, and how busy each unit is."""
    replay = evidence.replay
    if isinstance(replay, Absent):
        return element("p", prose(replay.reason), class_="absent")
    simulation = replay.simulation
    if not simulation.cycles:
        return element("p", "The program takes no time.", class_="absent")
    busy = busy_cycles(simulation)
    rows = [
        element(
            "tr",
            element("th", unit.value, scope="row"),
            element("td", MEANINGS[unit]),
            element("td", integer(busy[unit]), class_="number"),
            element("td", percent(busy[unit], simulation.cycles), class_="number"),
        )
        for unit in UNITS
    ]
    heads = (("Unit", ""), ("What it does", ""), ("Busy, cycles", "number"), ("of the time", "number"))
    head = element("tr", *(element("th", title, scope="col", class_=css or None) for title, css in heads))
    buttons = [
        element("button", label, type="button", data_zoom=action, title=hint)
        for label, action, hint in (
            ("−", "out", "Zoom out"),
            ("+", "in", "Zoom in"),
            ("whole network", "all", "Show all"),
        )
    ]
    differs = None
    if replay.differences:
        differing = counted(len(replay.differences), "counter differs", "counters differ")
        words = f"This is not what the plan says: {differing} (see the last section)."
        differs = element("p", words, class_="absent")
    return element(
        "figure",
        differs,
        element("div", *buttons, element("output", ""), class_="zoom", hidden=True),
        element("div", _drawing(evidence.plan, simulation), class_="scroll drawing"),
        element(
            "figcaption",
            f"{integer(simulation.cycles)} cycles in {integer(len(simulation.passes))} passes, simulated block by "
            "block. Height is how busy a unit is in its slice of time; LOAD and STORE share the memory. ",
            element("span", "Drag to move, scroll with Ctrl or pinch to zoom.", class_="screen"),
        ),
        element(
            "div", element("table", element("thead", head), element("tbody", *rows), class_="plain"), class_="wide"
        ),
        class_="card chart time",
        data_cycles=simulation.cycles,
    )


def _drawing(plan: Plan, simulation: Simulation) -> Markup:
    scale = (_WIDTH - _LEFT) / simulation.cycles
    height = _LAYERS + len(UNITS) * _ROW + _AXIS
    parts = [text("LAYER", 4, 15, "tick start"), *_layer_boxes(plan, simulation, scale)]
    occupancy = _occupancy(simulation)
    for row, unit in enumerate(UNITS):
        top = _LAYERS + row * _ROW + 4
        parts.append(text(unit.value, 4, top + 18, "tick start"))
        parts.append(line(_LEFT, top + _ROW - 6, _WIDTH, top + _ROW - 6, "grid"))
        parts.append(element("path", d=_area(occupancy[row], top, _ROW - 6), class_=f"busy u-{unit.value.lower()}"))
    latency = simulation.latency_ms
    for tick in nice_ticks(latency, 8):
        x = round(_LEFT + (_WIDTH - _LEFT) * tick / latency, 1)
        parts.append(line(x, _LAYERS, x, height - _AXIS + 4, "grid"))
        css = "tick middle" if x < _WIDTH - 30 else "tick end"
        parts.append(text(f"{digits(tick, 2)} ms" if tick else "0", x, height - 8, css))
    return element("svg", *parts, viewBox=f"0 0 {_WIDTH} {height}", class_="plot lines", role="group")


def _layer_boxes(plan: Plan, simulation: Simulation, scale: float) -> list[Markup]:
    boxes = []
    start = 0
    for index, layer in enumerate(simulation.layers):
        x, width = _LEFT + start * scale, layer.cycles * scale
        start += layer.cycles
        if layer.cycles:
            planned = plan.layers[index]
            hint = f"{isolated(layer.name)}\n{milliseconds(layer.cycles / simulation.clock_khz)}"
            boxes.append(
                element(
                    "rect",
                    element("title", hint),
                    x=round(x, 2),
                    y=3,
                    width=round(width, 2),
                    height=_LAYERS - 6,
                    class_=f"slot k-{kind_of(planned).value}",
                    data_layer=index,
                )
            )
    return boxes


def _occupancy(simulation: Simulation) -> list[list[float]]:
    """For each unit the share of every slice of time in which it works."""
    total = simulation.cycles
    busy = [[0] * _SLICES for _ in UNITS]
    for step in simulation.passes:
        for span in step.run.spans:
            row = busy[UNITS.index(span.unit)]
            start, end = step.start + span.start, step.start + span.end
            for place in range(start * _SLICES // total, min(_SLICES - 1, (end * _SLICES - 1) // total) + 1):
                low, high = max(start * _SLICES, place * total), min(end * _SLICES, (place + 1) * total)
                row[place] += max(0, high - low)
    return [[min(1.0, value / total) for value in row] for row in busy]


def _area(shares: Sequence[float], top: float, height: float) -> str:
    """A path over the slices whose height is the share."""
    step = (_WIDTH - _LEFT) / len(shares)
    bottom = top + height
    words = [f"M{_LEFT} {bottom:g}"]
    last = 0.0
    for index, share in enumerate(shares):
        if share != last:
            words.append(f"H{_LEFT + index * step:.1f}V{bottom - share * height:.1f}")
            last = share
    words.append(f"H{_WIDTH}V{bottom:g}Z")
    return "".join(words)
