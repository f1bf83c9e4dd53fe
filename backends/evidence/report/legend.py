"""The key of colours and shapes."""

from __future__ import annotations

from dynamap.backends.evidence.report.kinds import LABELS, MEANINGS, Kind, kind_of
from dynamap.backends.evidence.report.markup import Markup, element
from dynamap.planner.plan.plan import Plan

SHAPES = {
    Kind.IM2COL: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z",
    Kind.KN2ROW: "M-4.5-4.5h9v9h-9Z",
    Kind.WINOGRAD: "M0-6L5.6 4.5H-5.6Z",
    Kind.VECTOR: "M0-6L6 0L0 6L-6 0Z",
}
"""Marks of charts around their origin, so that paper without colours tells kinds apart."""


def kinds_in(plan: Plan) -> tuple[Kind, ...]:
    """The kinds that a plan's layers have, in the order of ``Kind``."""
    present = {kind_of(layer) for layer in plan.layers}
    return tuple(kind for kind in Kind if kind in present)


def legend(plan: Plan, *, wordy: bool = False) -> Markup:
    """The kinds of a plan's layers; ``wordy``: with what they mean, otherwise with the shapes of their marks."""
    if wordy:
        entries = [(kind, element("i", class_=f"swatch k-{kind.value}")) for kind in kinds_in(plan)]
    else:
        entries = [(kind, _mark(kind)) for kind in kinds_in(plan) if kind in SHAPES]
    rows = [
        element("li", sign, element("b", LABELS[kind]), element("span", MEANINGS[kind]) if wordy else None)
        for kind, sign in entries
    ]
    return element("ul", *rows, class_="legend wordy" if wordy else "legend")


def _mark(kind: Kind) -> Markup:
    shape = element("path", d=SHAPES[kind], class_=f"mark k-{kind.value}")
    return element("svg", shape, viewBox="-7 -7 14 14", width=14, height=14, aria_hidden="true")
