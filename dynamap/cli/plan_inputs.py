"""What ``dynamap plan`` is to plan: networks, device and request, from models, from plans, and from the options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dynamap.backends.planned_model import networks_together
from dynamap.cli.requests import Asked, parse_weights
from dynamap.cost.device import DEFAULT_DEVICE, Device, load_device
from dynamap.cost.errors import InputError
from dynamap.planner.mapping.objective import Aggregate
from dynamap.planner.models import resolve
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan, load_plan
from dynamap.planner.request.options import Decides, deciding
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


def read_task(models: Sequence[str], asked: Asked, from_plan: Path | None, overlay: Path | None) -> Task:
    """The task: from the arguments, or from a plan with what is asked anew.

    Raises:
        InputError: there is no model or one too many, or a plan, a model, the device or an option is wrong.
    """
    if models and from_plan is not None:
        raise InputError("a MODEL and --from cannot be combined: a plan names its own model")
    if not models and from_plan is None:
        raise InputError("what should be planned? Give a MODEL (an ONNX file or a built-in name), or a plan by --from")
    named = None if asked.device is None else load_device(asked.device)
    kept = None if overlay is None else load_plan(overlay)
    if from_plan is None:
        weights = None if asked.weights is None else parse_weights(asked.weights)
        task = Task(
            networks=(),
            device=named or load_device(DEFAULT_DEVICE),
            request=asked.request(),
            together=len(models) > 1,
            weights=weights,
            objective=Aggregate(asked.objective or Aggregate.SUM.value),
        )
        _require_several(task, asked, len(models))
        networks = [resolve(model, weights=False, shapes=task.request.shapes, host=asked.host) for model in models]
        task = replace(task, networks=tuple(networks))
    else:
        task = _from_plan(from_plan, load_plan(from_plan, to_plan_again=True), asked, named, kept)
    if kept is not None:
        device, request = on_overlay_of(kept, task.request, named)
        task = replace(task, device=device, request=request)
    return task


def _require_several(task: Task, asked: Asked, count: int) -> None:
    for option, value in (("--weights", asked.weights), ("--objective", asked.objective)):
        if value is not None and not task.together:
            raise InputError(f"{option} is for several MODELs that share an overlay, and there is one")
    if task.weights is not None and len(task.weights) != count:
        raise InputError(f"--weights gives {len(task.weights)} for {count} models: give one per model, in their order")


def _from_plan(path: Path, plan: Plan, asked: Asked, named: Device | None, kept: Plan | None) -> Task:
    stored = stored_request(plan)
    if stored.overlay is not None and kept is None:
        given = {option.called: asked.options.get(option.name) for option in deciding(Decides.SIZES)}
        given["--device"] = asked.device
        refused = next((option for option, value in given.items() if value is not None), None)
        if refused:
            raise InputError(
                f"{refused} cannot be changed in {str(path)!r}, which maps the model on a given overlay: "
                "plan the MODEL itself"
            )
    together = stored.together
    if kept is not None:
        # What the plan's own overlay was asked to be does not hold for the one that is kept.
        left_open: dict[str, Any] = {option.name: None for option in deciding(*Decides)}
        stored = replace(stored, overlay=None, **left_open)
    weights = None if together is None else tuple(model.weight for model in together.models)
    objective = Aggregate.SUM if together is None else together.objective
    task = Task(
        networks=(),
        device=named or stored_device(plan),
        request=asked.request(replace(stored, together=None)),
        together=together is not None,
        weights=weights if asked.weights is None else parse_weights(asked.weights),
        objective=objective if asked.objective is None else Aggregate(asked.objective),
    )
    _require_several(task, asked, 1 if together is None else len(together.models))
    return replace(
        task, networks=networks_together(plan, weights=False, folder=path.parent, shapes=task.request.shapes)
    )
