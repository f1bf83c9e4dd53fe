"""Ranges that leave out outer values: by their share, or where it costs least information.

Few values far out widen the steps of all others. The percentile cuts the outermost values off. Entropy tries ranges
from one level per bin upwards and takes the one whose 8-bit histogram is least divergent (Kullback and Leibler) from
that of the values: S. Migacz, 8-bit Inference with TensorRT, GTC 2017, s7310, as onnxruntime's entropy calibrator has
it, with three deviations: zeros, which every range holds exactly and of which a ReLU makes any number, count as
little as what lies beside them (as in NVIDIA's pytorch-quantization); bins are shared evenly among levels, where
onnxruntime gives the last one all that is left; and a tensor of one sign has all levels on its side, since the
overlay's zero point can be anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InputError

Range = tuple[float, float]
Floats = npt.NDArray[np.float64]

BINS = 8192
"""Of a histogram: 32 of them for each of 256 levels."""

LEVELS = 256
ENTROPY_STEP = 32
"""Bins from one range that is tried to the next."""

UNLIKELY = 1e-4
"""The count that smoothing gives an empty bin."""


class Histogram:
    """How many values lie in each of `BINS` equal parts of a range."""

    def __init__(self, found: Range) -> None:
        self.low, self.high = found
        self.counts = np.zeros(BINS, np.int64)

    @property
    def edges(self) -> Floats:
        """The ends of the bins."""
        return np.linspace(self.low, self.high, BINS + 1)

    def add(self, values: npt.NDArray[np.floating[Any]]) -> None:
        """Counts values, which lie in the range."""
        if self.high > self.low:
            places = (values.astype(np.float64).ravel() - self.low) / (self.high - self.low) * BINS
            bins = np.clip(places, 0, BINS - 1).astype(np.int64)
            self.counts += np.bincount(bins, minlength=BINS)


@dataclass(frozen=True)
class Percentile:
    """Leaves out the share 100 - ``percentile`` of the values at either end.

    Raises:
        InputError: the percentile is not above 50 and at most 100.
    """

    percentile: float

    def __post_init__(self) -> None:
        if not 50 < self.percentile <= 100:
            raise InputError(f"the percentile must be above 50 and at most 100, found {self.percentile}")

    def counted(self, extremes: Range) -> Range:
        """The range whose values are counted."""
        return extremes

    def clipped(self, histogram: Histogram, extremes: Range) -> Range:
        """The range that is kept of a tensor."""
        if extremes[0] >= extremes[1]:
            return extremes
        outside = 1 - self.percentile / 100
        share = np.cumsum(histogram.counts) / histogram.counts.sum()
        edges = histogram.edges
        first = int(np.searchsorted(share, outside, side="right"))
        last = int(np.searchsorted(share, 1 - outside, side="left"))
        return float(edges[first]), float(edges[min(last, BINS - 1) + 1])


@dataclass(frozen=True)
class Entropy:
    """Leaves out what costs least information: ranges around zero, in steps of `ENTROPY_STEP` bins."""

    def counted(self, extremes: Range) -> Range:
        """Zero lies in the middle of the bins."""
        reach = max(abs(extremes[0]), abs(extremes[1]))
        return -reach, reach

    def clipped(self, histogram: Histogram, extremes: Range) -> Range:
        """The range that is kept of a tensor."""
        low, high = extremes
        if low >= high:
            return extremes
        width = max(high, 0.0) - min(low, 0.0)
        levels = min(round(LEVELS * 2 * histogram.high / width), BINS)  # in the histogram, of which half may be empty
        half = BINS // 2
        counts = histogram.counts.copy()
        counts[half] = counts[half + 1]
        candidates = [*range(max(levels // 2, ENTROPY_STEP), half, ENTROPY_STEP), half]
        costs = [divergence(counts, half - reach, half + reach, levels) for reach in candidates]
        reach = histogram.high * candidates[int(np.argmin(costs))] / half
        return max(low, -reach), min(high, reach)


def divergence(counts: npt.NDArray[np.int64], start: int, end: int, levels: int) -> float:
    """Of the values clipped to the bins ``start`` .. ``end`` from the same in ``levels`` equal steps; in nats."""
    inside = counts[start:end].astype(np.float64)
    reference = inside.copy()
    reference[0] += counts[:start].sum()
    reference[-1] += counts[end:].sum()
    present = reference > 0
    starts = np.arange(levels) * len(inside) // levels
    sizes = np.diff(np.append(starts, len(inside)))
    filled = np.add.reduceat(present.astype(np.float64), starts)
    mean = np.add.reduceat(inside, starts) / np.maximum(filled, 1)
    found = np.where(present, np.repeat(mean, sizes), 0.0)
    p, q = _smoothed(reference), _smoothed(found)
    if q is None or p is None:
        return float("inf")
    return float((p * np.log(p / q)).sum())


def _smoothed(counts: Floats) -> Floats | None:
    """As probabilities, none of them zero: empty bins get `UNLIKELY` from the others; None where it cannot be."""
    empty = counts == 0
    filled = len(counts) - int(empty.sum())
    if not filled:
        return None
    taken = UNLIKELY * float(empty.sum()) / filled
    if taken >= 1:
        return None
    moved = np.where(empty, UNLIKELY, counts - taken)
    result: Floats = moved / moved.sum()
    return result
