"""The roofline: every layer by how much it computes for a byte that it moves, and how fast it does.

Williams, Waterman, Patterson, "Roofline" (CACM 52(4), 2009). The roofs are the array's direct peak, packed and not, and
the rate of memory. Layers without multiplications have no place there; their rate of bytes stands on an axis below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dynamap.backends.evidence.report.axes import LogScale, line, log_scale, text
from dynamap.backends.evidence.report.evidence import Evidence
from dynamap.backends.evidence.report.kinds import LABELS, Kind, kind_of, way_of
from dynamap.backends.evidence.report.legend import SHAPES, legend
from dynamap.backends.evidence.report.markup import Markup, element, isolated, joined
from dynamap.backends.evidence.report.words import digits
from dynamap.planner.plan.layers import OnArray, PlannedLayer
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.words import op_word

_STRIP = 96
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 26, 40


@dataclass(frozen=True)
class Frame:
    """The size of a drawing, and the class by which the style sheet shows it where there is room for it."""

    width: int
    height: int
    shown: str


BROAD, NARROW = Frame(1000, 440, "broad"), Frame(340, 320, "narrow")
"""Each chart is drawn twice, so that its letters can be read and nothing scrolls on a telephone either."""


@dataclass(frozen=True)
class Point:
    """A layer: multiply-accumulates per byte, and per nanosecond (= GMAC/s); ``rate``: bytes per nanosecond."""

    index: int
    layer: PlannedLayer
    intensity: float
    speed: float
    rate: float


@dataclass(frozen=True)
class Roofs:
    """GMAC/s of the array at its direct peak and with one product per multiplier; GB/s of memory."""

    packed: float
    single: float
    memory: float


def roofs_of(plan: Plan) -> Roofs:
    """The roofs of a plan's overlay; memory is bounded by its banks and by the width of the ports."""
    overlay = plan.overlay
    single = overlay.rows * overlay.columns * overlay.clock_mhz / 1000
    ports = overlay.word_bytes * overlay.clock_mhz / 1000
    memory = min(overlay.bandwidth_gbs, ports) if ports else overlay.bandwidth_gbs
    return Roofs(single * overlay.packing, single, memory)


def points_of(plan: Plan) -> tuple[Point, ...]:
    """Every layer that takes time and moves bytes."""
    found = []
    for index, layer in enumerate(plan.layers):
        moved = layer.bytes_read + layer.bytes_written
        if layer.cycles and moved:
            nanoseconds = layer.cycles * 1000 / plan.overlay.clock_mhz
            found.append(Point(index, layer, layer.macs / moved, layer.macs / nanoseconds, moved / nanoseconds))
    return tuple(found)


def roofline(evidence: Evidence, prefix: str) -> Markup:
    """The chart, the axis of layers without multiplications, and how to read them."""
    plan = evidence.plan
    points = points_of(plan)
    if not points:
        words = "The plan states no bytes, so its layers have no place under a roof."
        if plan.cost_model == "paper":
            words = "The published cost model counts no bytes, so its layers have no place under a roof."
        return element("p", words, class_="absent")
    roofs = roofs_of(plan)
    working = [point for point in points if point.layer.macs]
    moving = [point for point in points if not point.layer.macs]
    charts = [_chart(working, roofs, frame) for frame in (BROAD, NARROW)] if working else []
    strips = [_strip(moving, roofs, frame) for frame in (BROAD, NARROW)] if moving else []
    return element(
        "figure",
        legend(plan),
        *charts,
        *strips,
        element("figcaption", _caption(working, roofs)),
        class_="card chart",
    )


def _caption(points: list[Point], roofs: Roofs) -> str:
    ridge = roofs.packed / roofs.memory if roofs.memory else 0.0
    left = sum(1 for point in points if point.intensity < ridge)
    words = (
        f"Of {len(points)} layers with multiplications {left} lie left of the ridge ({digits(ridge)} MAC/byte), where "
        "memory could be the limit. The bytes are those that the plan moves, counted as often as they are moved."
    )
    if any(kind_of(point.layer) is Kind.WINOGRAD for point in points):
        words += " Winograd needs fewer products than are counted here, so it may lie above the roofs of the array."
    return words


def _chart(points: list[Point], roofs: Roofs, frame: Frame) -> Markup:
    ridge = roofs.packed / roofs.memory if roofs.memory else 1.0
    x = log_scale([*(p.intensity for p in points), ridge * 2, ridge / 4], _LEFT, frame.width - _RIGHT)
    y = log_scale([*(p.speed for p in points), roofs.packed, roofs.single / 20], frame.height - _BOTTOM, _TOP, 1.4)
    parts, labels = [_grid(x, y)], []
    for peak, css, words in (
        (roofs.packed, "roof", f"direct peak, {digits(roofs.packed / 1000)} TMAC/s"),
        (roofs.single, "roof thin", f"one product per multiplier, {digits(roofs.single / 1000)} TMAC/s"),
    ):
        if css == "roof thin" and roofs.single == roofs.packed:
            continue
        start = min(max(peak / roofs.memory if roofs.memory else x.low, x.low), x.high)
        parts.append(line(x(start), y(peak), x(x.high), y(peak), css))
        labels.append(text(words, x(x.high) - 6, y(peak) - 5, "label end"))
    if roofs.memory:
        parts.extend(_memory_roof(x, y, roofs))
    parts += [
        text("multiply-accumulates per byte moved", (_LEFT + frame.width - _RIGHT) / 2, frame.height - 6, "axis"),
        text("GMAC/s", _LEFT - 6, 14, "axis end"),
        *(_mark(point, x(point.intensity), y(point.speed), _hint(point)) for point in points),
    ]
    return element(
        "svg", *parts, *labels, viewBox=f"0 0 {frame.width} {frame.height}", class_=f"plot {frame.shown}", role="group"
    )


def _memory_roof(x: LogScale, y: LogScale, roofs: Roofs) -> list[Markup]:
    ridge = roofs.packed / roofs.memory
    low = max(x.low, y.low / roofs.memory)
    high = min(ridge, x.high)
    if low >= high:
        return []
    x1, y1, x2, y2 = x(low), y(low * roofs.memory), x(high), y(high * roofs.memory)
    angle = round(math.degrees(math.atan2(y2 - y1, x2 - x1)), 1)
    words = text(f"memory, {digits(roofs.memory)} GB/s", 0, -6, "label")
    place = f"translate({round(x1 + 0.3 * (x2 - x1), 1)} {round(y1 + 0.3 * (y2 - y1), 1)}) rotate({angle})"
    return [line(x1, y1, x2, y2, "roof"), element("g", words, transform=place)]


def _grid(x: LogScale, y: LogScale) -> Markup:
    parts = []
    for tick in x.ticks():
        parts.append(line(x(tick), y.start, x(tick), y.end, "grid"))
        parts.append(text(digits(tick, 1), x(tick), y.start + 16, "tick middle"))
    for tick in y.ticks():
        parts.append(line(x.start, y(tick), x.end, y(tick), "grid"))
        parts.append(text(digits(tick, 1), x.start - 6, y(tick) + 4, "tick end"))
    return joined(parts)


def _strip(points: list[Point], roofs: Roofs, frame: Frame) -> Markup:
    """Layers without multiplications on one axis of GB/s."""
    x = log_scale([*(p.rate for p in points), roofs.memory or 1.0], _LEFT, frame.width - _RIGHT)
    middle, bottom = 42, _STRIP - 36
    parts = [text("without multiplications: GB/s moved", _LEFT, 14, "axis start")]
    for tick in x.ticks():
        parts.append(line(x(tick), 26, x(tick), bottom, "grid"))
        parts.append(text(digits(tick, 1), x(tick), bottom + 16, "tick middle"))
    if roofs.memory:
        parts.append(line(x(roofs.memory), 22, x(roofs.memory), bottom, "roof"))
        parts.append(text("memory", x(roofs.memory) - 5, 18, "label end"))
    parts += [_mark(point, x(point.rate), middle, f"{_title(point)}\n{digits(point.rate)} GB/s") for point in points]
    return element("svg", *parts, viewBox=f"0 0 {frame.width} {_STRIP}", class_=f"plot {frame.shown}", role="group")


def _title(point: Point) -> str:
    layer = point.layer
    how = f", {way_of(layer)}" if isinstance(layer, OnArray) else ""
    return f"{isolated(layer.name)}\n{op_word(layer)}{how}"


def _hint(point: Point) -> str:
    return f"{_title(point)}\n{digits(point.speed)} GMAC/s at {digits(point.intensity)} MAC/byte"


def _mark(point: Point, x: float, y: float, hint: str) -> Markup:
    kind = kind_of(point.layer)
    return element(
        "path",
        element("title", hint),
        d=SHAPES.get(kind, SHAPES[Kind.VECTOR]),
        transform=f"translate({x} {y})",
        class_=f"mark k-{kind.value}",
        data_layer=point.index,
        tabindex=0,
        role="button",
        aria_label=f"{point.layer.name}, {LABELS[kind]}",
    )
