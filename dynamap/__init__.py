"""DYNAMAP: plan a CNN for an FPGA overlay, prove the plan, and generate the project that builds it.

>>> import dynamap
>>> network = dynamap.load("squeezenet")
>>> plan = dynamap.plan(network, device="u200", solver="dp")
>>> plan.solver.status
'optimal'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dynamap.cost.errors import DynamapError, InfeasibleError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from dynamap.planner.network.network import Network
    from dynamap.planner.plan.plan import Plan
    from dynamap.planner.studies.whatif import WhatIf

__all__ = ["DynamapError", "InfeasibleError", "InputError", "load", "load_plan", "plan", "plan_together", "what_if"]


def load(model: str | Path, *, seed: int = 0) -> Network:
    """A network from an ONNX file or a built-in name (with random weights of ``seed``).

    Raises:
        InputError: there is no such model, or it cannot run; the message names every unsupported node.
    """
    from dynamap.planner.models import resolve

    return resolve(str(model), seed=seed)


def plan(  # noqa: PLR0913 - every option of a plan is an argument
    network: Network,
    device: str | None = None,
    solver: str = "dp",
    *,
    cost_model: str = "overlay",
    array: tuple[int, int] | None = None,
    clock_mhz: float | None = None,
    bandwidth_gbs: float | None = None,
    multipliers: int | None = None,
    packing: bool | None = None,
    algorithms: tuple[str, ...] | None = None,
    dataflows: tuple[str, ...] | None = None,
    pins: Mapping[str, str] | None = None,
    time_limit: float | None = None,
    overlay: Plan | None = None,
) -> Plan:
    """The plan of least latency, with its proof; every option as in ``dynamap plan``.

    ``device`` is u200 where none is given. With ``overlay``, a plan, the network is mapped on that plan's overlay,
    whose device, array, buffers, packing and clock are kept.

    Raises:
        InputError: an option cannot be understood, or contradicts the overlay.
        InfeasibleError: nothing fits; the message says what is short and which option to change.
    """
    from dynamap.cost.algorithms import Algorithm, Dataflow
    from dynamap.cost.device import DEFAULT_DEVICE, load_device
    from dynamap.planner.planning import plan_network
    from dynamap.planner.request.replanning import on_overlay_of
    from dynamap.planner.request.request import Request, parse_choice, parse_choices

    request = Request(
        solver=solver,
        cost_model=cost_model,
        array=array,
        clock_mhz=clock_mhz,
        bandwidth_gbs=bandwidth_gbs,
        multipliers=multipliers,
        packing=packing,
        algorithms=parse_choices("algorithms", algorithms, Algorithm),
        dataflows=parse_choices("dataflows", dataflows, Dataflow),
        pins={name: parse_choice(name, choice) for name, choice in (pins or {}).items()},
        time_limit=time_limit,
    )
    if overlay is None:
        return plan_network(network, device or DEFAULT_DEVICE, request)
    board, request = on_overlay_of(overlay, request, load_device(device) if device else None)
    return plan_network(network, board, request)


def plan_together(  # noqa: PLR0913 - every option of a plan is an argument
    networks: Sequence[Network],
    device: str = "u200",
    solver: str = "dp",
    *,
    weights: Sequence[int] | None = None,
    objective: str = "sum",
    array: tuple[int, int] | None = None,
    clock_mhz: float | None = None,
    bandwidth_gbs: float | None = None,
    multipliers: int | None = None,
    packing: bool | None = None,
    time_limit: float | None = None,
) -> tuple[Plan, ...]:
    """One plan per network, all on the one overlay that is best for them together, with its proof.

    ``objective`` is ``sum``, of the networks' cycles times their ``weights`` (1 where none are given), or ``worst``,
    the largest of them.

    Raises:
        InputError: an option cannot be understood.
        InfeasibleError: no overlay of the device runs all networks.
    """
    from dynamap.planner.mapping.objective import Aggregate
    from dynamap.planner.request.request import Request, parse_choices
    from dynamap.planner.studies.together import plan_together as together

    request = Request(
        solver=solver,
        array=array,
        clock_mhz=clock_mhz,
        bandwidth_gbs=bandwidth_gbs,
        multipliers=multipliers,
        packing=packing,
        time_limit=time_limit,
    )
    (aggregate,) = parse_choices("objective", (objective,), Aggregate)
    return together(networks, device, request, weights=weights, objective=aggregate)


def what_if(plan: Plan, network: Network | None = None, *, time_limit: float | None = None) -> WhatIf:
    """What the latency would be with one resource relaxed at a time, or one algorithm or dataflow removed.

    ``network``: that of the plan; without it the model is loaded from where the plan says. ``time_limit``: seconds for
    each search.

    Raises:
        InputError: the model is gone or another one, or the plan is not one that can be asked about.
    """
    from dynamap.backends.planned_model import network_of_plan
    from dynamap.planner.studies.whatif import what_if as ask

    return ask(plan, network or network_of_plan(plan, weights=False), time_limit=time_limit)


def load_plan(path: str | Path) -> Plan:
    """A plan that was saved.

    Raises:
        InputError: the file is missing, is not a plan, or is of another version.
    """
    from dynamap.planner.plan.plan import load_plan as read

    return read(path)
