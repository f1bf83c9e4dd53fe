"""Ranges of the least expected squared error, with room for what an unseen image brings.

A range of 255 steps rounds what lies inside, which costs step^2 / 12 of each value, and cuts off what lies outside.
Of a grid of ranges inside the extremes the one of the least sum is taken (M. Nagel and others, A White Paper on
Neural Network Quantization, 2021, section 3.1; PyTorch's HistogramObserver does the same). Zeros cost nothing: every
range holds zero exactly. Before a table an error counts as what the function makes of it.

A few images do not show how far the next one reaches. The largest values of single images have a mean m and a
deviation s; where m + 2 s is beyond the largest of all, the range is widened in that proportion. Of many images
about one in forty lies beyond, and nothing is widened.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Range = tuple[float, float]
Floats = npt.NDArray[np.float64]
Values = npt.NDArray[np.floating[Any]]
Function = Callable[[Values], Values]

HALF = 4096
"""Bins on either side of zero, of a power of two in width."""

MOST_VALUES = 1 << 16
"""Of one tensor of one image that are counted: of more, every n-th."""

CANDIDATES = 64
NARROWEST = 0.3
"""The ends that are tried: from the extreme to this part of it."""


class Spread:
    """How often which values occur, over images one after the other; bins are joined in pairs to reach further."""

    def __init__(self) -> None:
        self._width = 0.0
        self._counts = np.zeros(2 * HALF, np.int64)
        self._lows: list[float] = []
        self._highs: list[float] = []

    def add(self, values: Values) -> None:
        """Counts the values of one image."""
        low, high = float(values.min()), float(values.max())
        self._lows.append(min(low, 0.0))
        self._highs.append(max(high, 0.0))
        reach = max(-low, high)
        if reach <= 0:
            return
        if not self._width:
            self._width = 2.0 ** (math.frexp(reach / HALF)[1])
        while reach >= self._width * HALF:
            self._join_pairs()
        every = values.size // MOST_VALUES | 1  # odd, so that it falls into step with no row of even length
        some = values.ravel()[::every].astype(np.float64)
        bins = np.floor(some[some != 0] / self._width).astype(np.int64) + HALF
        self._counts += np.bincount(bins, minlength=2 * HALF)

    def _join_pairs(self) -> None:
        self._width *= 2
        pairs = self._counts.reshape(-1, 2).sum(axis=1)
        self._counts = np.pad(pairs, HALF // 2)

    def extremes(self) -> Range:
        """The lowest and the highest value, and zero."""
        return min(self._lows), max(self._highs)

    def best(self, function: Function | None = None) -> Range:
        """The range of the least squared error, of ``function`` of the values where one is given, widened."""
        low, high = self.extremes()
        if self._counts.any():
            low, high = self._least(low, high, function)
        return low * _room(self._lows), high * _room(self._highs)

    def _least(self, low: float, high: float, function: Function | None) -> Range:
        parts = np.linspace(1, NARROWEST, CANDIDATES)
        lows, highs = (end * parts if end else np.zeros(1) for end in (low, high))
        used = np.flatnonzero(self._counts)
        counts = self._counts[used].astype(np.float64)
        centres = np.clip((used - HALF + 0.5) * self._width, low, high)
        image = centres if function is None else function(centres)
        slopes = np.ones(len(used)) if function is None else _slopes(function, centres, (high - low) / 255)
        first, last = np.searchsorted(centres, lows, "left"), np.searchsorted(centres, highs, "right")
        below = _cut_off(counts, image, first, lows if function is None else function(lows))
        total = _cut_off(counts, image, np.full(len(highs), len(used)), highs if function is None else function(highs))
        above = total - _cut_off(counts, image, last, highs if function is None else function(highs))
        rounded = np.concatenate([[0.0], np.cumsum(counts * slopes**2)])
        steps = (highs[None, :] - lows[:, None]) / 255
        inside = np.maximum(rounded[last][None, :] - rounded[first][:, None], 0.0)
        costs = below[:, None] + above[None, :] + steps**2 / 12 * inside
        row, column = np.unravel_index(int(np.argmin(costs)), costs.shape)
        return float(lows[row]), float(highs[column])


def _cut_off(counts: Floats, image: Values, ends: npt.NDArray[np.int64], bounds: Values) -> Values:
    """The squared error of the first ``ends`` bins where each becomes the bound."""
    zeroth, first, second = (np.concatenate([[0.0], np.cumsum(counts * image**power)]) for power in range(3))
    found: Values = second[ends] - 2 * bounds * first[ends] + bounds**2 * zeroth[ends]
    return found


def _slopes(function: Function, places: Floats, step: float) -> Values:
    """Over a step, so that a function with jumps counts as often as a rounding crosses one."""
    slopes: Values = (function(places + step / 2) - function(places - step / 2)) / step
    return slopes


def _room(ends: list[float]) -> float:
    """The factor by which a new image is expected to reach further than all seen."""
    reach = np.abs(ends)
    largest = float(reach.max())
    if len(ends) < 2 or largest == 0:
        return 1.0
    return max(1.0, float(reach.mean() + 2 * reach.std(ddof=1)) / largest)
