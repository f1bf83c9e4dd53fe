"""A linear or mixed-integer model, independent of any engine, and what an engine answers.

Columns are numbered as they are added, rows likewise. An engine file (``cbc``, ``mathopt_engine``) turns the
model into its library's own objects; nothing else in the package knows these libraries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

ABSOLUTE_GAP = 0.5
"""Engines stop when objective and bound are this close: between integers that is a proof."""

TOLERANCE = 1e-9
"""How far a column may be off an integer, or a row off its bounds, in what an engine calls a solution."""


@dataclass(frozen=True)
class Row:
    """lower <= sum of coefficients * columns <= upper."""

    columns: tuple[int, ...]
    coefficients: tuple[float, ...]
    lower: float
    upper: float


@dataclass
class LinearModel:
    """Minimise sum of ``costs`` * columns over the rows; each column lies between its bounds."""

    costs: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def add_columns(self, costs: Sequence[float], *, integer: bool, lower: float = 0.0, upper: float = 1.0) -> range:
        """One column per cost; returns their numbers."""
        start = len(self.costs)
        self.costs.extend(float(cost) for cost in costs)
        self.lower.extend([lower] * len(costs))
        self.upper.extend([upper] * len(costs))
        self.integer.extend([integer] * len(costs))
        return range(start, len(self.costs))

    def add_row(self, columns: Sequence[int], coefficients: Sequence[float], lower: float, upper: float) -> int:
        """Bound a linear expression (infinite bounds allowed); returns the row's number."""
        self.rows.append(Row(tuple(columns), tuple(coefficients), lower, upper))
        return len(self.rows) - 1


class LinearOutcome(Enum):
    """How an engine ended."""

    OPTIMAL = "optimal"  # within ABSOLUTE_GAP for integer programmes
    FEASIBLE = "feasible"  # stopped early, with values
    INFEASIBLE = "infeasible"
    NOTHING = "nothing"  # stopped early, without values


@dataclass(frozen=True)
class LinearResult:
    """``values`` per column; ``duals`` per row, for a relaxation that was solved to its optimum."""

    outcome: LinearOutcome
    values: FloatArray | None = None
    duals: FloatArray | None = None
