"""Horizontal bars that fit any width: a name, a bar, and the words beside it."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.backends.evidence.report.markup import Markup, element


@dataclass(frozen=True)
class Bar:
    """One bar. ``low`` and ``high`` are the ends of an interval of uncertainty, ``mark`` a second value, or None."""

    name: Markup | str
    value: float
    words: Markup | str
    css: str = ""
    hint: str = ""
    low: float | None = None
    high: float | None = None
    mark: float | None = None


def bars(rows: list[Bar], full: float, label: str) -> Markup:
    """All bars on one scale, on which ``full`` fills the width."""
    return element("ul", *(_bar(row, full or 1.0) for row in rows), class_="bars", aria_label=label)


def _bar(row: Bar, full: float) -> Markup:
    parts = [element("i", class_="fill", style=f"width:{_place(row.value, full)}")]
    if row.low is not None and row.high is not None:
        left = 100 * min(1.0, row.low / full)
        right = 100 * min(1.0, row.high / full)
        parts.append(element("i", class_="interval", style=f"left:{left:.2f}%;width:{right - left:.2f}%"))
    if row.mark is not None:
        parts.append(element("i", class_="mark", style=f"left:{_place(row.mark, full)}"))
    return element(
        "li",
        element("span", row.name, class_="who"),
        element("span", *parts, class_="track"),
        element("span", row.words, class_="what"),
        class_=row.css or None,
        title=row.hint or None,
    )


def _place(value: float, full: float) -> str:
    return f"{100 * max(0.0, min(1.0, value / full)):.2f}%"
