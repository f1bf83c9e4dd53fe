"""Everything that a report shows beside the plan itself: network, simulation, baselines, checks, runs, measurements.

A part that is not there is ``Absent``, with the sentence that its section prints instead: a report says what it lacks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from dynamap.backends.evidence.report.measurement import Measurement
from dynamap.backends.evidence.report.run_result import RunResult
from dynamap.backends.evidence.report.soundness import require_sound
from dynamap.backends.evidence.verification import Verification, verify_plan
from dynamap.backends.evidence.verification.report import Mismatch
from dynamap.backends.evidence.verification.subject import Subject, check_layers
from dynamap.backends.planned_model import network_of_plan
from dynamap.backends.simulator import Simulation, differing_layers, simulate_plan
from dynamap.cost.device import Device
from dynamap.cost.errors import DynamapError, InfeasibleError, InputError
from dynamap.planner.network.joining.siblings import as_planned
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.replanning import stored_device, stored_request
from dynamap.planner.request.request import Request
from dynamap.planner.studies.baselines import (
    JOINT,
    STRATEGIES,
    TWO_STEP,
    Baseline,
    PhysicalLimits,
    physical_limits,
    plan_baseline,
)


class Scope(Enum):
    """Where the fixed strategies are planned: on the plan's array, on any array, or not at all."""

    ARRAY = "array"
    FULL = "full"
    NONE = "none"


@dataclass(frozen=True)
class Absent:
    """A part of the report that cannot be made, and why; a whole sentence."""

    reason: str


@dataclass(frozen=True)
class Baselines:
    """Fixed strategies on the plan's device, those that found no plan with the reason, and the limits of the device."""

    scope: Scope
    strategies: tuple[Baseline, ...]
    failed: tuple[tuple[str, str], ...]
    limits: PhysicalLimits


@dataclass(frozen=True)
class Replay:
    """The plan's program in the event simulator, and every counter in which it differs from the plan."""

    simulation: Simulation
    differences: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """One plan with all that is known about it. ``name`` is the plan's file name, ``sha256`` that of its bytes."""

    name: str
    sha256: str
    plan: Plan
    request: Request
    board: Device
    network: Network | Absent
    replay: Replay | Absent
    baselines: Baselines | Absent
    checks: Verification | Absent
    run: RunResult | Absent
    measurement: Measurement | Absent


@dataclass(frozen=True)
class Wanted:
    """What to gather. ``time_limit``: seconds for the search of each fixed strategy."""

    scope: Scope = Scope.ARRAY
    time_limit: float | None = None
    verify: bool = False


def gather(
    plan: Plan,
    name: str,
    sha256: str,
    wanted: Wanted,
    *,
    network: Network | None = None,
    folder: Path | None = None,
    run: RunResult | None = None,
    measurement: Measurement | None = None,
) -> Evidence:
    """Makes everything that needs the plan's model: ``network``, or what is found where the plan says.

    Raises:
        InputError: the plan's own words cannot be understood (its device, request or cost model).
    """
    if plan.cost_model not in ("overlay", "paper"):
        raise InputError(f"{name!r}: the plan's cost model is {plan.cost_model!r}, which is unknown: overlay or paper")
    require_sound(plan, name)
    request, board = stored_request(plan), stored_device(plan)
    model = as_planned(network, plan.layers) if network else _network(plan, folder)
    subject = model if isinstance(model, Absent) else _subject(Subject(plan, model, request, board))
    if isinstance(subject, Absent):
        model = subject
    return Evidence(
        name=name,
        sha256=sha256,
        plan=plan,
        request=request,
        board=board,
        network=model,
        replay=_replay(subject),
        baselines=_baselines(subject, wanted),
        checks=_checks(subject, wanted),
        run=run
        or Absent("No run was given: `dynamap run PLAN --json > run.json`, then `dynamap report --run run.json`."),
        measurement=measurement
        or Absent(
            "No vendor tool's report was given: `dynamap report import PROJECT`, then `dynamap report --measured`."
        ),
    )


def _network(plan: Plan, folder: Path | None) -> Network | Absent:
    try:
        return network_of_plan(plan, weights=False, folder=folder)
    except DynamapError as error:
        return Absent(f"The model could not be used: {error}.")


def _subject(subject: Subject) -> Subject | Absent:
    try:
        check_layers(subject)
    except Mismatch as error:
        return Absent(f"The plan's layers are not the model's: {error}.")
    return subject


def _replay(subject: Subject | Absent) -> Replay | Absent:
    if isinstance(subject, Absent):
        return subject
    if subject.plan.cost_model == "paper":
        return Absent(
            "The plan was made with the published cost model, which describes no machine that could be simulated."
        )
    try:
        simulation = simulate_plan(subject.plan, subject.network)
    except DynamapError as error:
        return Absent(f"The simulator refuses the plan: {error}.")
    return Replay(simulation, differing_layers(subject.plan, simulation))


def _baselines(subject: Subject | Absent, wanted: Wanted) -> Baselines | Absent:
    if wanted.scope is Scope.NONE:
        return Absent("Fixed strategies were not asked for (`--baselines none`).")
    if isinstance(subject, Absent):
        return subject
    plan = subject.plan
    if plan.cost_model == "paper":
        return Absent("Fixed strategies are planned with the overlay's cost model; this plan is of the published one.")
    request = replace(subject.request, overlay=None, together=None, time_limit=wanted.time_limit)
    strategies = [strategy for strategy in STRATEGIES if strategy != JOINT]
    if wanted.scope is Scope.ARRAY:
        request = replace(request, array=(plan.overlay.rows, plan.overlay.columns))
        strategies.remove(TWO_STEP)
    planned, failed = [], []
    for strategy in strategies:
        try:
            planned.append(plan_baseline(subject.network, subject.board, strategy, request))
        except InfeasibleError as error:
            failed.append((strategy, str(error)))
        except DynamapError as error:
            return Absent(f"The fixed strategies could not be planned: {error}.")
    limits = physical_limits(subject.network, subject.board, request)
    return Baselines(wanted.scope, tuple(planned), tuple(failed), limits)


def _checks(subject: Subject | Absent, wanted: Wanted) -> Verification | Absent:
    if not wanted.verify:
        return Absent("The checks of `dynamap verify` were not asked for (`--verify`).")
    if isinstance(subject, Absent):
        return subject
    try:
        return verify_plan(subject.plan, subject.network, full=False)
    except DynamapError as error:
        return Absent(f"The plan cannot be verified: {error}.")
