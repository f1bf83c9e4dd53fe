"""What a search found, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.cost.overlay.fitting.extras import NO_PARTS, KernelParts
from dynamap.cost.overlay.machine import Buffers
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.pbqp.problem import Solution, Status
from dynamap.planner.plan.layers import Decision


@dataclass(frozen=True)
class Progress:
    """How far a search is: arrays not yet excluded, arrays solved, the best cycles found (None: none yet)."""

    arrays_left: int
    arrays_solved: int
    best_cycles: int | None


@dataclass(frozen=True)
class Found:
    """The best overlay and mapping: ``bound_cycles <= optimum <= objective_cycles``, equal when proven.

    ``formats`` is one format per storage vertex, ``decisions`` one per executed layer, in the order of
    ``Storages.executed``; ``solution`` is the solver's answer for this overlay. ``kept``: what its kernel has, whether
    this mapping takes it or not.
    """

    rows: int
    columns: int
    buffers: Buffers
    formats: tuple[Format, ...]
    decisions: tuple[Decision, ...]
    objective_cycles: int
    bound_cycles: int
    solution: Solution
    arrays_considered: int
    arrays_solved: int
    seconds: float
    kept: KernelParts = NO_PARTS

    @property
    def status(self) -> Status:
        return Status.OPTIMAL if self.bound_cycles == self.objective_cycles else Status.FEASIBLE


@dataclass(frozen=True)
class FoundTogether:
    """The best overlay for several networks and their mappings on it: ``bound <= optimum <= objective``.

    ``parts``: what was found for each network; their bounds are those of the mapping on this overlay alone.
    """

    objective: int
    bound: int
    parts: tuple[Found, ...]

    @property
    def status(self) -> Status:
        return Status.OPTIMAL if self.bound == self.objective else Status.FEASIBLE
