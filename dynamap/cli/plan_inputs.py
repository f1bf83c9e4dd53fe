"""What ``dynamap plan`` is to plan: networks, device and request, from models, from plans, and from the options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dynamap.backends.planned_model import networks_together
from dynamap.cli.requests import Options, parse_weights
from dynamap.cost.device import DEFAULT_DEVICE, Device, load_device
from dynamap.cost.errors import InputError
from dynamap.planner.mapping.objective import Aggregate
from dynamap.planner.models import resolve
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan, load_plan
from dynamap.planner.request.replanning import on_overlay_of, stored_device, stored_request
from dynamap.planner.request.request import Request


@dataclass(frozen=True)
class Task:
    """Networks to be planned, each with a weight: ``together``, on one overlay, or a single one by itself."""

    networks: tuple[Network, ...]
    device: Device
    request: Request
    together: bool
    weights: tuple[int, ...] | None
    objective: Aggregate


def read_task(models: Sequence[str], options: Options, from_plan: Path | None, overlay: Path | None) -> Task:
    """The task: from the arguments, or from a plan with what the options change.

    Raises:
        InputError: there is no model or one too many, or a plan, a model, the device or an option is wrong.
    """
    if models and from_plan is not None:
        raise InputError("a MODEL and --from cannot be combined: a plan names its own model")
    if not models and from_plan is None:
        raise InputError("what should be planned? Give a MODEL (an ONNX file or a built-in name), or a plan by --from")
    named = None if options.device is None else load_device(options.device)
    kept = None if overlay is None else load_plan(overlay)
    if from_plan is None:
        weights = None if options.weights is None else parse_weights(options.weights)
        task = Task(
            networks=(),
            device=named or load_device(DEFAULT_DEVICE),
            request=options.request(),
            together=len(models) > 1,
            weights=weights,
            objective=Aggregate(options.objective or Aggregate.SUM.value),
        )
        _require_several(task, options, len(models))
        task = replace(task, networks=tuple(resolve(model, weights=False) for model in models))
    else:
        task = _from_plan(from_plan, load_plan(from_plan), options, named, kept)
    if kept is not None:
        device, request = on_overlay_of(kept, task.request, named)
        task = replace(task, device=device, request=request)
    return task


def _require_several(task: Task, options: Options, count: int) -> None:
    for option, value in (("--weights", options.weights), ("--objective", options.objective)):
        if value is not None and not task.together:
            raise InputError(f"{option} is for several MODELs that share an overlay, and there is one")
    if task.weights is not None and len(task.weights) != count:
        raise InputError(f"--weights gives {len(task.weights)} for {count} models: give one per model, in their order")


def _from_plan(path: Path, plan: Plan, options: Options, named: Device | None, kept: Plan | None) -> Task:
    stored = stored_request(plan)
    if stored.overlay is not None and kept is None:
        given = {
            "--array": options.array,
            "--multipliers": options.multipliers,
            "--on-chip": options.on_chip,
            "--device": options.device,
        }
        refused = next((option for option, value in given.items() if value is not None), None)
        if refused:
            raise InputError(
                f"{refused} cannot be changed in {str(path)!r}, which maps the model on a given overlay: "
                "plan the MODEL itself"
            )
    together = stored.together
    if kept is not None:
        # What the plan's own overlay was asked to be does not hold for the one that is kept.
        stored = replace(
            stored,
            overlay=None,
            array=None,
            multipliers=None,
            on_chip_bytes=None,
            packing=None,
            clock_mhz=None,
            bandwidth_gbs=None,
        )
    weights = None if together is None else tuple(model.weight for model in together.models)
    objective = Aggregate.SUM if together is None else together.objective
    task = Task(
        networks=(),
        device=named or stored_device(plan),
        request=options.request(replace(stored, together=None)),
        together=together is not None,
        weights=weights if options.weights is None else parse_weights(options.weights),
        objective=objective if options.objective is None else Aggregate(options.objective),
    )
    _require_several(task, options, 1 if together is None else len(together.models))
    return replace(task, networks=networks_together(plan, weights=False, folder=path.parent))
