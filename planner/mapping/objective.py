"""What is least when several networks share one overlay: the weighted sum of their cycles, or the largest of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from dynamap.cost.errors import InputError
from dynamap.cost.overlay.bounding.bounds import NEVER
from dynamap.cost.overlay.transfer import Ints

MOST_WEIGHT = 4096
"""Of all weights together, so that sums of costs that mean "never" stay within 64 bits."""


class Aggregate(Enum):
    """How the weighted cycles of several networks become one number."""

    SUM = "sum"
    WORST = "worst"


@dataclass(frozen=True)
class Objective:
    """One positive weight per network; the default is a single network's own cycles.

    >>> int(Objective((2, 1)).value(np.array([100, 30])))
    230
    >>> int(Objective((2, 1), Aggregate.WORST).value(np.array([100, 30])))
    200

    Raises:
        InputError: a weight is not positive, or the weights are too large.
    """

    weights: tuple[int, ...] = (1,)
    aggregate: Aggregate = Aggregate.SUM

    def __post_init__(self) -> None:
        for weight in self.weights:
            if weight < 1:
                raise InputError(f"--weights must be positive, found {weight}")
        if sum(self.weights) > MOST_WEIGHT:
            raise InputError(
                f"--weights must add up to {MOST_WEIGHT} at most as whole numbers, found {sum(self.weights)}: "
                "give fewer digits"
            )

    def value(self, cycles: Ints) -> Ints:
        """The objective of cycles per network (the last axis)."""
        weighted = np.minimum(cycles, NEVER) * np.array(self.weights, np.int64)
        value: Ints = weighted.sum(axis=-1) if self.aggregate is Aggregate.SUM else weighted.max(axis=-1)
        return value

    def slack(self, best: int, cycles: Ints) -> Ints:
        """Cycles by which each network (the last axis) alone may grow while the objective does not exceed ``best``.

        All are negative where it does already, or where ``cycles`` are lower bounds that no solution can meet.
        """
        weights = np.array(self.weights, np.int64)
        if self.aggregate is Aggregate.SUM:
            return (best - self.value(cycles))[..., None] // weights
        room = best // weights - cycles
        exceeded = (room < 0).any(axis=-1, keepdims=True)
        return np.where(exceeded, np.minimum(room, -1), room)
