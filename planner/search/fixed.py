"""The search on one array: its buffers, or one given overlay, and the mappings."""

from __future__ import annotations

from collections.abc import Iterable

from dynamap.cost.overlay.machine import Buffers
from dynamap.planner import solvers
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import Storages
from dynamap.planner.search.candidates import FixedCandidates
from dynamap.planner.search.found import Found
from dynamap.planner.search.joint import Solve, joint_search


def fixed_search(
    costs: LayerCosts,
    storages: Storages,
    rows: int,
    columns: int,
    buffers: Iterable[Buffers],
    *,
    solver: str = "dp",
    solve: Solve = solvers.solve,
    time_limit: float | None = None,
) -> Found:
    """The best mapping on one array with one of the ``buffers`` (one element: one given overlay).

    Raises:
        InfeasibleError: the network does not run on it.
    """
    only = FixedCandidates.of(rows, columns, buffers)
    return joint_search(costs, storages, only, solver=solver, solve=solve, time_limit=time_limit)
