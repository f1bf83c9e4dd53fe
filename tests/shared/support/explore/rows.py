"""Made-up rows of a sweep, for tests that need no plans."""

from __future__ import annotations

from pathlib import Path

from dynamap.planner.explore.budgets import Budget
from dynamap.planner.explore.row import Row, RowStatus, row_without_plan
from dynamap.planner.explore.sweep import Sweep, Swept
from support.explore.small import tiny_device, tiny_network


def small_sweep(folder: Path, count: int = 5) -> Sweep:
    """A sweep of ``count`` combinations: budgets of 1, 2, ... multipliers."""
    budgets = tuple(Budget(amount=n + 1) for n in range(count))
    return Sweep.of([tiny_network(folder)], [tiny_device(folder)], Swept(multipliers=budgets))


def made_up(sweep: Sweep, number: int, reason: str = 'a "layer", too = large;\n does not fit') -> Row:
    """An infeasible row with a reason that needs quotes."""
    return row_without_plan(sweep.combinations[number], RowStatus.INFEASIBLE, reason, 0.25)
