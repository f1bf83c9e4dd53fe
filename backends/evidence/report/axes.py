"""Axes of the page's charts: logarithmic scales, their ticks, and the lines of a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dynamap.backends.evidence.report.markup import Markup, element


@dataclass(frozen=True)
class LogScale:
    """A logarithmic scale from ``low`` to ``high`` (both above 0) on the pixels ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value, rounded to a tenth."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self) -> tuple[float, ...]:
        """Powers of ten; with fewer than three of them, also twice and five times."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        powers = [10.0**decade for decade in decades]
        found = [power for power in powers if self.low <= power <= self.high]
        if len(found) < 3:
            found = [step * power for power in powers for step in (1, 2, 5) if self.low <= step * power <= self.high]
        return tuple(found)


def log_scale(values: Sequence[float], start: float, end: float, room: float = 1.25) -> LogScale:
    """A scale that holds all values (above 0), with some room at both ends."""
    low, high = min(values) / room, max(values) * room
    return LogScale(low, max(high, low * 4), start, end)


def nice_ticks(high: float, count: int) -> tuple[float, ...]:
    """Round steps from 0 to ``high``, about so many.

    >>> nice_ticks(0.9, 5)
    (0.0, 0.2, 0.4, 0.6, 0.8)
    """
    if high <= 0:
        return (0.0,)
    rough = high / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    return tuple(round(index * step, 12) for index in range(int(high / step * 1.000001) + 1))


def text(words: str, x: float, y: float, css: str = "", **more: object) -> Markup:
    """A text of a drawing."""
    return element("text", words, x=x, y=y, class_=css or None, **more)


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> Markup:
    """A straight line of a drawing."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=css)
