"""What would the latency be if one resource were twice as large, or one algorithm or dataflow were missing?

Every answer is a proven optimum. There are two per question: on the plan's own overlay, where only the mapping is
decided again, and with the overlay sized again. The change that gains most is where the bottleneck is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from dynamap.cost.device import Resources
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.overlay.machine import Machine
from dynamap.planner.mapping.overlay_costs import LayerCosts, Restriction
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Network
from dynamap.planner.plan.extras import holding
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.replanning import given_overlay, stored_device, stored_request
from dynamap.planner.request.space import restrictions_for, search_space, solver_of, target
from dynamap.planner.search.candidates import ArrayCandidates, FixedCandidates
from dynamap.planner.search.joint import joint_search
from dynamap.planner.studies.relaxations import Question, Relaxations, Setting

SCHEMA = "dynamap.whatif/1"

NOT_A_BOTTLENECK = ("clock",)
"""What speeds up all of the chip at once says nothing about which part of it the others wait for."""


@dataclass(frozen=True)
class Answer:
    """The least latency under a change; ``proven``: no mapping (and, re-sized, no overlay) takes fewer cycles."""

    cycles: int
    latency_ms: float
    rows: int
    columns: int
    proven: bool


@dataclass(frozen=True)
class Change:
    """One resource relaxed or one choice removed, everything else held.

    ``same`` is the answer on the plan's overlay, of which ``held`` is kept; ``resized`` that with the overlay sized
    again. None: the question makes no sense there, or nothing runs, and ``note`` says why. ``options`` ask ``dynamap
    plan --from`` for the ``resized`` one, where options can. Gains: the share of the plan's latency that is saved,
    negative where it grows.
    """

    key: str
    title: str
    held: str
    options: str | None
    same: Answer | None
    resized: Answer | None
    same_gain: float | None
    resized_gain: float | None
    note: str

    @property
    def gain(self) -> float:
        """The larger gain; minus infinity where nothing runs."""
        return max((gain for gain in (self.same_gain, self.resized_gain) if gain is not None), default=float("-inf"))


@dataclass(frozen=True)
class WhatIf:
    """The plan mapped again as it is (``same``), its overlay sized again, and all changes, the best gain first.

    ``resized`` is None where the plan's overlay was given to it or sized for several networks.
    """

    model: str
    device: str
    same: Answer
    resized: Answer | None
    changes: tuple[Change, ...]

    def __repr__(self) -> str:
        """One line: ``changes`` has all answers."""
        best = self.bottleneck
        what = f"{best.title} saves {best.gain:.1%}" if best else "no change saves anything"
        return f"<WhatIf: {self.model} on {self.device}, {what}>"

    @property
    def proven(self) -> bool:
        """Whether every latency is a proven optimum."""
        answers = [self.same, self.resized, *(a for change in self.changes for a in (change.same, change.resized))]
        return all(answer.proven for answer in answers if answer is not None)

    @property
    def bottleneck(self) -> Change | None:
        """The change that saves most, the clock aside; None where none saves anything."""
        best = next((change for change in self.changes if change.key not in NOT_A_BOTTLENECK), None)
        return best if best is not None and best.gain > 0 else None

    def document(self) -> dict[str, Any]:
        """Plain JSON data."""
        bottleneck = self.bottleneck
        return {
            "schema": SCHEMA,
            "model": self.model,
            "device": self.device,
            "same": _plain(self.same),
            "resized": _plain(self.resized),
            "bottleneck": None if bottleneck is None else bottleneck.key,
            "changes": [
                {**vars(change), "same": _plain(change.same), "resized": _plain(change.resized)}
                for change in self.changes
            ],
        }


def _plain(answer: Answer | None) -> dict[str, Any] | None:
    return None if answer is None else dict(vars(answer))


def what_if(
    plan: Plan,
    network: Network,
    *,
    time_limit: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> WhatIf:
    """Relaxes one resource of a plan at a time, and removes each algorithm and each dataflow.

    Args:
        plan: a plan by the overlay's cost model.
        network: its network.
        time_limit: seconds for each search; what it ends is not proven.
        progress: told how many questions are answered, and of how many.

    Raises:
        InputError: the plan is by the published cost model, was changed by hand, or is of another version's costs.
        InfeasibleError: a search found nothing in the time limit.
    """
    return _Asking(plan, network, time_limit).run(progress)


class _Asking:
    def __init__(self, plan: Plan, network: Network, time_limit: float | None) -> None:
        if plan.cost_model != "overlay":
            raise InputError("what-if needs a plan by the overlay's cost model: the published one has no buffers")
        self.plan, self.network, self.time_limit = plan, network, time_limit
        self.request, self.board = stored_request(plan), stored_device(plan)
        self.overlay, self.storages = given_overlay(plan), find_storages(network)
        _, machine, candidates = target(self.board, self.request, network)
        if self.request.together is not None:
            machine = holding(machine, network, plan.layers)
        self.overlay.require_fit(candidates)
        self.room = candidates.room
        not_its_own = self.request.overlay is not None or self.request.together is not None
        self.base = Setting(
            board=self.board,
            machine=machine,
            restrictions=restrictions_for(network, self.request),
            own=(self.overlay.buffers,),
            space=None if not_its_own else lambda: search_space(candidates, self.request),
        )
        self._costs: dict[tuple[Resources, Machine, tuple[tuple[str, Restriction], ...]], LayerCosts] = {}

    def run(self, progress: Callable[[int, int], None] | None) -> WhatIf:
        same, said = self._on_own(self.base), self.plan.solver
        assert same is not None
        if said.status == "optimal" and same.cycles != said.objective:
            raise InputError(
                f"the plan says {said.objective:,} cycles, and its overlay takes {same.cycles:,} mapped again: it was "
                "made by another version or changed by hand; plan the model again (`dynamap plan --from`)"
            )
        resized = self._resized(self.base, self._within(same))
        questions = list(Relaxations(self.network, self.request, self.board, self.base).questions())
        changes = []
        for number, question in enumerate(questions):
            if progress is not None:
                progress(number, len(questions))
            changes.append(self._answer(question, same, resized))
        changes.sort(key=lambda change: -change.gain)
        return WhatIf(self.plan.model.name, self.board.name, same, resized, tuple(changes))

    def _answer(self, question: Question, same: Answer, resized: Answer | None) -> Change:
        setting, reasons = question.setting, []
        here = there = None
        try:
            here = self._on_own(setting)
        except InfeasibleError as error:
            reasons.append(str(error))
        # What has fewer choices and still reaches the optimum of all choices cannot do better.
        if question.fewer_choices and here and resized and resized.proven and here.cycles == resized.cycles:
            there = resized
        else:
            try:
                known = [self._within(here), resized.cycles if resized and question.more_choices else None]
                there = self._resized(setting, min((n for n in known if n is not None), default=None))
            except InfeasibleError as error:
                reasons = [str(error)]  # on all overlays, so also on the plan's
        if question.besides is not None:
            with suppress(InfeasibleError):  # then what was found before stands
                there = _better(there, self._resized(question.besides, None))
        return Change(
            key=question.key,
            title=question.title,
            held=question.held,
            options=question.options,
            same=here,
            resized=there,
            same_gain=gain(same, here),
            resized_gain=gain(same, there),
            note="; ".join([question.note] * bool(question.note) + reasons),
        )

    def _within(self, here: Answer | None) -> int | None:
        """Cycles of an answer on the plan's overlay, where that is one of those among which it may be sized again."""
        return here.cycles if here is not None and self._own_is_candidate else None

    @cached_property
    def _own_is_candidate(self) -> bool:
        if self.base.space is None:
            return False
        space, overlay = self.base.space(), self.overlay
        array = (space.rows == overlay.rows) & (space.columns == overlay.columns)
        return bool(array.any()) and overlay.buffers in space.buffers_for(overlay.rows, overlay.columns)

    def _on_own(self, setting: Setting) -> Answer | None:
        """The answer on the plan's array."""
        if not setting.own:
            return None
        return self._search(setting, FixedCandidates.of(self.overlay.rows, self.overlay.columns, setting.own), None)

    def _resized(self, setting: Setting, at_most: int | None) -> Answer | None:
        """The answer over all overlays, of which one is known to reach ``at_most`` cycles."""
        return None if setting.space is None else self._search(setting, setting.space(), at_most)

    def _search(self, setting: Setting, space: ArrayCandidates, at_most: int | None) -> Answer:
        key = setting.board.resources, setting.machine, tuple(setting.restrictions.items())
        if key not in self._costs:
            room = self.room and replace(self.room, device=setting.board, machine=setting.machine)
            self._costs[key] = LayerCosts(self.network, self.storages, setting.machine, setting.restrictions, room=room)
        found = joint_search(
            self._costs[key],
            self.storages,
            space,
            solver=self.request.solver,
            solve=solver_of(self.request),
            time_limit=self.time_limit,
            at_most=at_most,
        )
        return Answer(
            cycles=found.objective_cycles,
            latency_ms=setting.machine.milliseconds(found.objective_cycles),
            rows=found.rows,
            columns=found.columns,
            proven=found.objective_cycles == found.bound_cycles,
        )


def _better(one: Answer | None, other: Answer | None) -> Answer | None:
    """The answer of fewer cycles, of two of one clock."""
    return min((answer for answer in (one, other) if answer), key=lambda answer: answer.cycles, default=None)


def gain(before: Answer, after: Answer | None) -> float | None:
    """The share of the latency that is saved, rounded to a millionth; negative where it grows."""
    if after is None:
        return None
    return round(float(1 - Fraction(str(after.latency_ms)) / Fraction(str(before.latency_ms))), 6)
