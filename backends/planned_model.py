"""The model that a plan was made for, found again and recognised by its digest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dynamap.cost.errors import InputError
from dynamap.planner.importer.reading.files import files_of_model
from dynamap.planner.models import CATALOGUE, resolve
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.replanning import stored_request


def network_of_plan(plan: Plan, *, weights: bool = True, folder: Path | None = None) -> Network:
    """The network of a plan: its built-in model with its seed, or its file, where the plan says or in ``folder``.

    ``weights``: as for ``models.resolve``; without them a built-in network is good for planning only.

    Raises:
        InputError: the file is gone, or it is not the model that was planned.
    """
    model = plan.model
    return _network(model.source, model.seed, model.sha256, weights, folder)


def networks_together(plan: Plan, *, weights: bool = True, folder: Path | None = None) -> tuple[Network, ...]:
    """All networks for which the overlay of a plan was sized, in the order of its request; just its own for others.

    Raises:
        InputError: as ``network_of_plan``, for any of them.
    """
    together = stored_request(plan).together
    if together is None:
        return (network_of_plan(plan, weights=weights, folder=folder),)
    known: dict[str, Network] = {}
    for model in together.models:
        if model.sha256 not in known:
            known[model.sha256] = _network(model.source, model.seed, model.sha256, weights, folder)
    return tuple(known[model.sha256] for model in together.models)


def files_of_plan(plan: Plan, folder: Path | None = None) -> Iterator[Path]:
    """Every file from which the models of a plan are read; none for built-in networks.

    Raises:
        InputError: the plan's request cannot be read.
    """
    together = stored_request(plan).together
    sources = [plan.model.source, *(model.source for model in (together.models if together else ()))]
    for source in dict.fromkeys(sources):
        if source not in CATALOGUE:
            for place in _places(source, folder):
                yield from files_of_model(place)


def _network(source: str, seed: int, sha256: str, weights: bool, folder: Path | None) -> Network:
    if source not in CATALOGUE:
        source = str(_file_of(source, folder))
    network = resolve(source, seed=seed, weights=weights)
    if network.sha256 != sha256:
        raise InputError(
            f"the plan was made for another model than {source!r} is now: its SHA-256 is {network.sha256[:16]}..., "
            f"the plan's {sha256[:16]}...; bring the old model back, or plan the new one"
        )
    return network


def _file_of(source: str, folder: Path | None) -> Path:
    for place in _places(source, folder):
        return place
    raise InputError(
        f"the plan's model {source!r} is not there: put the file back (beside the plan will do), "
        "or plan the model again"
    )


def _places(source: str, folder: Path | None) -> Iterator[Path]:
    path = Path(source)
    places = [path] if folder is None else [path, folder / path, folder / path.name]
    return (place for place in places if place.is_file())
