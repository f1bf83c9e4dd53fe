"""Pareto fronts of a sweep: the least latency against multipliers, and against on-chip memory.

A front is made of proven optima only. With L(b) the least latency within budget b, a row of budget b that is optimal
says L(b) = its latency, and its overlay uses u <= b. Budgets are constraints, so L never rises with b; therefore
L(u) = L(b): the row is the optimum within what it *uses*, and that is where its point stands. Docs/explore.md has the
proof, and why a point against multipliers is Pareto-optimal among all overlays and not only among those of the sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from dynamap.planner.explore.row import Row, RowStatus

SETTING_UNITS = ("MHz", "GB/s", "% fill", "packing", "algorithms", "dataflows", "solver")


class Axis(Enum):
    """What latency is set against: the column that is used, and the column that is its budget."""

    MULTIPLIERS = ("multipliers", "multipliers_budget")
    ON_CHIP = ("on_chip_bytes", "on_chip_budget_bytes")

    @property
    def used(self) -> str:
        return self.value[0]

    @property
    def budget(self) -> str:
        return self.value[1]

    @property
    def other(self) -> Axis:
        return Axis.ON_CHIP if self is Axis.MULTIPLIERS else Axis.MULTIPLIERS


@dataclass(frozen=True)
class Front:
    """The front of one model on one device in one setting: clock, bandwidth, fill, packing, algorithms, ..., solver.

    ``points`` rise in what they use and fall in latency. ``swept`` counts the different budgets that were asked,
    ``unproven`` the rows whose optimum is not known.
    """

    axis: Axis
    model: str
    device: str
    setting: tuple[object, ...]
    points: tuple[Row, ...]
    swept: int
    unproven: int

    @property
    def places(self) -> tuple[tuple[int, float], ...]:
        """(what is used, latency in ms) of every point."""
        return tuple((_used(row, self.axis), row.latency_ms or 0.0) for row in self.points)


def fronts_of(rows: Iterable[Row]) -> tuple[Front, ...]:
    """The fronts of all models, devices and settings, in the order of the sweep, multipliers before on-chip memory.

    Where both budgets are swept, a front takes the rows in which the other budget is largest: a smaller one never
    makes a plan faster.
    """
    groups: dict[tuple[str, str, tuple[object, ...]], list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.combination):
        groups.setdefault((row.model, row.device, row.setting), []).append(row)
    fronts = []
    for (model, device, setting), members in groups.items():
        for axis in Axis:
            most = max(getattr(row, axis.other.budget) for row in members)
            some = [row for row in members if getattr(row, axis.other.budget) == most]
            unproven = sum(not row.answer.proven for row in some)
            budgets = {getattr(row, axis.budget) for row in some}
            fronts.append(Front(axis, model, device, setting, undominated(some, axis), len(budgets), unproven))
    return tuple(fronts)


def varying_settings(fronts: Iterable[Front]) -> tuple[int, ...]:
    """Which parts of the setting differ between fronts of one model, device and axis."""
    groups: dict[tuple[object, ...], list[tuple[object, ...]]] = {}
    for front in fronts:
        groups.setdefault((front.model, front.device, front.axis), []).append(front.setting)
    parts = range(len(SETTING_UNITS))
    return tuple(i for i in parts if any(len({setting[i] for setting in some}) > 1 for some in groups.values()))


def setting_words(front: Front, which: Iterable[int]) -> list[str]:
    """Some parts of a front's setting, with units."""
    words = []
    for i in which:
        value, unit = front.setting[i], SETTING_UNITS[i]
        if isinstance(value, (int, float)):
            words.append(f"{value:g}{'' if unit.startswith('%') else ' '}{unit}")
        else:
            words.append(f"{unit} {value}")
    return words


def undominated(rows: Sequence[Row], axis: Axis) -> tuple[Row, ...]:
    """The proven optima that no other uses as little as and is as fast as; of equal ones, the first of the sweep."""
    optima = [row for row in rows if row.answer is RowStatus.OPTIMAL]
    kept: list[Row] = []
    for row in sorted(optima, key=lambda row: (_used(row, axis), _cycles(row), row.combination)):
        if not kept or _cycles(row) < _cycles(kept[-1]):
            kept.append(row)
    return tuple(kept)


def _used(row: Row, axis: Axis) -> int:
    return int(getattr(row, axis.used))


def _cycles(row: Row) -> int:
    assert row.objective_cycles is not None, "an optimal row has a latency"
    return row.objective_cycles
