"""DYNAMAP: plan a CNN for an FPGA overlay, prove the plan, and generate the project that builds it.

>>> import dynamap
>>> network = dynamap.load("squeezenet")
>>> plan = dynamap.plan(network, device="u200", solver="dp")
>>> plan.solver.status
'optimal'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynamap.cost.errors import DynamapError, InfeasibleError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto
    from typing_extensions import Unpack

    from dynamap.planner.network.network import Network
    from dynamap.planner.plan.plan import Plan as StoredPlan
    from dynamap.planner.request.plan_options import PlanOptions
    from dynamap.planner.studies.whatif import WhatIf
    from dynamap.plans import Comparison, Plan

__all__ = [
    "Comparison",
    "DynamapError",
    "InfeasibleError",
    "InputError",
    "Network",
    "Plan",
    "PlanOptions",
    "compare",
    "load",
    "load_plan",
    "plan",
    "plan_together",
    "what_if",
]


_TYPES = {
    "Comparison": "dynamap.plans",
    "Network": "dynamap.planner.network.network",
    "Plan": "dynamap.plans",
    "PlanOptions": "dynamap.planner.request.plan_options",
}
"""Where the types of what the functions take and return are; they are imported when they are asked for."""


def __getattr__(name: str) -> Any:
    """``__version__``, read from the installed package, or a type, when it is asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("dynamap")
    if name in _TYPES:
        from importlib import import_module

        return getattr(import_module(_TYPES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load(
    model: ModelProto | str | Path,
    *,
    seed: int = 0,
    shapes: Mapping[str, Sequence[int]] | None = None,
    host: bool = True,
) -> Network:
    """A network from an ONNX file, an ``onnx.ModelProto`` or a built-in name (with random weights of ``seed``).

    ``shapes`` are the dimensions, batch included, of inputs that the model leaves open. ``host``: what the overlay
    cannot run is left to the host, where onnxruntime can; else it is refused.

    Raises:
        InputError: there is no such model, or it cannot run; the message names every unsupported node.
    """
    from pathlib import Path

    from dynamap.planner.network.given_shapes import read_shapes

    given = None if shapes is None else read_shapes("shapes", shapes)
    if isinstance(model, (str, Path)):
        from dynamap.planner.models import resolve

        return resolve(str(model), seed=seed, shapes=given, host=host)
    from dynamap.planner.importer.importing import import_in_memory

    return import_in_memory(model, given, host=host)


def plan(
    model: Network | ModelProto | str | Path,
    device: str | None = None,
    solver: str = "dp",
    *,
    overlay: StoredPlan | None = None,
    host: bool = True,
    **options: Unpack[PlanOptions],
) -> Plan:
    """The plan of least latency, with its proof.

    Args:
        model: a loaded network, a built-in name, the path of an ONNX file, or an ``onnx.ModelProto``.
        device: a name or the path of a TOML file; u200 where none is given.
        solver: dp, ilp, cpsat or exhaustive; all of them are exact.
        overlay: a plan whose overlay (device, array, buffers, packing, clock) is kept; the network is mapped on it.
        host: as to ``load``, for a model that is not loaded yet.
        options: those of ``dynamap plan``, each as a value or in its words (`PlanOptions` lists them), such as
            ``array=(92, 66)``, ``clock_mhz=250``, ``fill_percent=60``, ``algorithms="im2col,winograd"``, ``batch=100``,
            ``shapes={"x": (1, 3, 320, 320)}``, ``pins={"conv1": "winograd/ws"}``, ``time_limit=10``.

    Raises:
        InputError: the model or an option cannot be understood, or an option contradicts the overlay.
        InfeasibleError: nothing fits; the message says what is short and which option to change.
    """
    from dynamap.backends.host.estimate import with_host_seconds
    from dynamap.cost.device import DEFAULT_DEVICE, load_device
    from dynamap.planner.planning import plan_network
    from dynamap.planner.request.replanning import on_overlay_of
    from dynamap.planner.request.request import Request
    from dynamap.plans import Plan

    request = Request().asking({"solver": solver, **options})
    network = _network_of(model, request.shapes, host)
    if overlay is None:
        found = plan_network(network, device or DEFAULT_DEVICE, request)
    else:
        board, request = on_overlay_of(overlay, request, load_device(device) if device else None)
        found = plan_network(network, board, request)
    return Plan.of(with_host_seconds(found, network.whole), network)


def plan_together(
    models: Sequence[Network | ModelProto | str | Path],
    device: str = "u200",
    solver: str = "dp",
    *,
    weights: Sequence[int] | None = None,
    objective: str = "sum",
    host: bool = True,
    **options: Unpack[PlanOptions],
) -> tuple[Plan, ...]:
    """One plan per network, all on the one overlay that is best for them together, with its proof.

    ``objective`` is ``sum``, of the networks' cycles times their ``weights`` (1 where none are given), or ``worst``,
    the largest of them. Models, ``host`` and ``options`` are given as to ``plan``.

    Raises:
        InputError: a model or an option cannot be understood.
        InfeasibleError: no overlay of the device runs all networks.
    """
    from dynamap.backends.host.estimate import with_host_seconds
    from dynamap.planner.mapping.objective import Aggregate
    from dynamap.planner.request.kinds import parse_choices
    from dynamap.planner.request.request import Request
    from dynamap.planner.studies.together import plan_together as together
    from dynamap.plans import Plan

    request = Request().asking({"solver": solver, **options})
    (aggregate,) = parse_choices("objective", (objective,), Aggregate)
    networks = [_network_of(model, request.shapes, host) for model in models]
    plans = together(networks, device, request, weights=weights, objective=aggregate)
    return tuple(
        Plan.of(with_host_seconds(found, network.whole), network)
        for found, network in zip(plans, networks, strict=True)
    )


def compare(plans: Sequence[Plan]) -> Comparison:
    """Several plans side by side: a table with bars in a notebook, ``to_dataframe()`` for more.

    Raises:
        InputError: there are none.
    """
    from dynamap.plans import Comparison

    return Comparison(plans)


def _network_of(
    model: Network | ModelProto | str | Path, shapes: Mapping[str, Sequence[int]] | None, host: bool
) -> Network:
    from dynamap.planner.network.network import Network

    if isinstance(model, Network):
        return model
    return load(model, shapes=shapes, host=host)


def what_if(plan: StoredPlan, network: Network | None = None, *, time_limit: float | None = None) -> WhatIf:
    """What the latency would be with one resource relaxed at a time, or one algorithm or dataflow removed.

    ``network``: that of the plan; without it the model is loaded from where the plan says. ``time_limit``: seconds for
    each search.

    Raises:
        InputError: the model is gone or another one, or the plan is not one that can be asked about.
    """
    from dynamap.backends.planned_model import network_of_plan
    from dynamap.planner.network.joining.siblings import as_planned
    from dynamap.planner.studies.whatif import what_if as ask

    same = as_planned(network, plan.layers) if network else None
    return ask(plan, same or network_of_plan(plan, weights=False), time_limit=time_limit)


def load_plan(path: str | Path) -> Plan:
    """A plan that was saved.

    Raises:
        InputError: the file is missing, is not a plan, or is of another version.
    """
    from pathlib import Path

    from dynamap.planner.plan.plan import load_plan as read
    from dynamap.plans import Plan

    return Plan.of(read(path), folder=Path(path).parent)
