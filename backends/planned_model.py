"""The model that a plan was made for, found again and recognised by its digest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dynamap.cost.errors import InputError
from dynamap.planner.importer.reading.files import files_of_model
from dynamap.planner.models import CATALOGUE, resolve
from dynamap.planner.network.given_shapes import Shapes
from dynamap.planner.network.joining.siblings import as_planned
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
    found = _Model(model.source, model.seed, model.sha256, stored_request(plan).shapes)
    return as_planned(found.network(weights, folder), plan.layers)


def networks_together(
    plan: Plan, *, weights: bool = True, folder: Path | None = None, shapes: Shapes | None = None
) -> tuple[Network, ...]:
    """All networks for which the overlay of a plan was sized, in the order of its request; just its own for others.

    ``shapes``: the dimensions of inputs, those of the plan where none are given.

    Raises:
        InputError: as ``network_of_plan``, for any of them.
    """
    request = stored_request(plan)
    together, asked = request.together, request.shapes if shapes is None else shapes
    if together is None:
        return (_Model(plan.model.source, plan.model.seed, plan.model.sha256, asked).network(weights, folder),)
    known: dict[str, Network] = {}
    for model in together.models:
        if model.sha256 not in known:
            known[model.sha256] = _Model(model.source, model.seed, model.sha256, asked).network(weights, folder)
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


@dataclass(frozen=True)
class _Model:
    """How a plan finds a model again: a built-in name or a file, its seed and digest, the shapes that were given."""

    source: str
    seed: int
    sha256: str
    shapes: Shapes | None

    def network(self, weights: bool, folder: Path | None) -> Network:
        source = self.source if self.source in CATALOGUE else str(_file_of(self.source, folder))
        network = resolve(source, seed=self.seed, weights=weights, shapes=self.shapes)
        if network.sha256 != self.sha256:
            raise InputError(
                f"the plan was made for another model than {source!r} is now: its SHA-256 is "
                f"{network.sha256[:16]}..., the plan's {self.sha256[:16]}...; bring the old model back, or plan "
                "the new one"
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
