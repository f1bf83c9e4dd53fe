"""The model that a plan was made for, found again and recognised by its digest."""

from __future__ import annotations

from pathlib import Path

from dynamap.cost.errors import InputError
from dynamap.planner.models import CATALOGUE, resolve
from dynamap.planner.network import Network
from dynamap.planner.plan import Plan


def network_of_plan(plan: Plan, *, weights: bool = True, folder: Path | None = None) -> Network:
    """The network of a plan: its built-in model with its seed, or its file, where the plan says or in ``folder``.

    ``weights``: as for ``models.resolve``; without them a built-in network is good for planning only.

    Raises:
        InputError: the file is gone, or it is not the model that was planned.
    """
    source = plan.model.source
    if source not in CATALOGUE:
        source = str(_file_of(plan, folder))
    network = resolve(source, seed=plan.model.seed, weights=weights)
    if network.sha256 != plan.model.sha256:
        raise InputError(
            f"the plan was made for another model than {source!r} is now: its SHA-256 is {network.sha256[:16]}..., "
            f"the plan's {plan.model.sha256[:16]}...; bring the old model back, or plan the new one"
        )
    return network


def _file_of(plan: Plan, folder: Path | None) -> Path:
    path = Path(plan.model.source)
    places = [path] if folder is None else [path, folder / path, folder / path.name]
    for place in places:
        if place.is_file():
            return place
    raise InputError(
        f"the plan's model {plan.model.source!r} is not there: put the file back (beside the plan will do), "
        "or plan the model again"
    )
