"""What a user asks of a plan, and how its words are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, TypeVar

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.device import Device
from dynamap.cost.errors import InputError
from dynamap.planner import solvers
from dynamap.planner.mapping.objective import Aggregate, Objective
from dynamap.planner.request.given_overlay import GivenOverlay

E = TypeVar("E", bound=Enum)


@dataclass(frozen=True)
class SharingModel:
    """One of the networks that share an overlay: how to find it again, and its weight in the objective."""

    name: str
    source: str
    sha256: str
    seed: int
    weight: int


@dataclass(frozen=True)
class Together:
    """Several networks for which one overlay is asked; a plan is that of ``models[this]``."""

    objective: Aggregate
    models: tuple[SharingModel, ...]
    this: int

    def shared_objective(self) -> Objective:
        """What is least.

        Raises:
            InputError: a weight is not positive, or the weights are too large.
        """
        return Objective(tuple(model.weight for model in self.models), self.objective)

    def document(self) -> dict[str, object]:
        """Plain JSON data; ``of`` reads it back."""
        return {"objective": self.objective.value, "models": [asdict(m) for m in self.models], "this": self.this}

    @staticmethod
    def of(document: Mapping[str, Any]) -> Together:
        """The networks of a ``document``.

        Raises:
            KeyError, TypeError, ValueError: a key is missing, one too many, or of a wrong value.
        """
        data = dict(document)
        models = tuple(SharingModel(**model) for model in data.pop("models"))
        together = Together(Aggregate(data.pop("objective")), models, data.pop("this"))
        if data:
            raise ValueError(f"together has the unknown key {sorted(data)[0]!r}")
        if not 0 <= together.this < len(models):
            raise ValueError(f"together.this is {together.this}, of {len(models)} models")
        return together


@dataclass(frozen=True)
class Request:
    """What the user asks of a plan; None leaves a choice to the search.

    ``pins`` maps a layer to an algorithm and possibly a dataflow; ``multipliers`` is the budget of the array,
    ``on_chip_bytes`` that of its memory blocks. ``overlay`` is one that exists and is kept as it is; ``array`` and
    ``multipliers`` are then None. ``together`` names all networks for which one overlay was asked; ``pins`` then hold
    in every network that has a layer of the name.
    """

    solver: str = "dp"
    cost_model: str = "overlay"
    array: tuple[int, int] | None = None
    clock_mhz: float | None = None
    bandwidth_gbs: float | None = None
    multipliers: int | None = None
    on_chip_bytes: int | None = None
    packing: bool | None = None
    algorithms: tuple[Algorithm, ...] = tuple(Algorithm)
    dataflows: tuple[Dataflow, ...] = tuple(Dataflow)
    pins: Mapping[str, tuple[Algorithm, Dataflow | None]] = field(default_factory=dict)
    overlay: GivenOverlay | None = None
    together: Together | None = None
    time_limit: float | None = None
    ilp_engine: str = "cbc"
    memory_limit_bytes: int = solvers.DEFAULT_MEMORY_LIMIT_BYTES

    def overriding(self, board: Device) -> Device:
        """The board with the clock, the bandwidth and the on-chip memory that are asked for.

        Raises:
            InputError: one of them is out of range.
        """
        return board.with_overrides(self.clock_mhz, self.bandwidth_gbs, on_chip_bytes=self.on_chip_bytes)

    def document(self) -> dict[str, object]:
        """Plain JSON data; ``request_of`` reads it back."""
        document: dict[str, object] = {
            "solver": self.solver,
            "array": None if self.array is None else list(self.array),
            "clock_mhz": self.clock_mhz,
            "bandwidth_gbs": self.bandwidth_gbs,
            "multipliers": self.multipliers,
            **({} if self.on_chip_bytes is None else {"on_chip_bytes": self.on_chip_bytes}),
            "packing": self.packing,
            "algorithms": [a.value for a in self.algorithms],
            "dataflows": [d.value for d in self.dataflows],
            "pins": {
                name: [algorithm.value, dataflow.value if dataflow else None]
                for name, (algorithm, dataflow) in sorted(self.pins.items())
            },
        }
        if self.overlay is not None:
            document["overlay"] = self.overlay.document()
        if self.together is not None:
            document["together"] = self.together.document()
        return document


def request_of(document: Mapping[str, object], cost_model: str) -> Request:
    """The request that a plan was made for, from its JSON data."""
    data = dict(document)
    array, pins, overlay, together = data["array"], data["pins"], data.get("overlay"), data.get("together")
    assert isinstance(pins, Mapping)
    return Request(
        solver=str(data["solver"]),
        cost_model=cost_model,
        array=None if array is None else (array[0], array[1]),  # type: ignore[index]
        clock_mhz=data["clock_mhz"],  # type: ignore[arg-type]
        bandwidth_gbs=data["bandwidth_gbs"],  # type: ignore[arg-type]
        multipliers=data["multipliers"],  # type: ignore[arg-type]
        on_chip_bytes=data.get("on_chip_bytes"),  # type: ignore[arg-type]
        packing=data["packing"],  # type: ignore[arg-type]
        algorithms=tuple(Algorithm(a) for a in data["algorithms"]),  # type: ignore[attr-defined]
        dataflows=tuple(Dataflow(d) for d in data["dataflows"]),  # type: ignore[attr-defined]
        pins={name: (Algorithm(a), Dataflow(d) if d else None) for name, (a, d) in pins.items()},
        overlay=None if overlay is None else GivenOverlay.of(overlay),  # type: ignore[arg-type]
        together=None if together is None else Together.of(together),  # type: ignore[arg-type]
    )


def parse_choices(option: str, words: Iterable[str] | None, kind: type[E]) -> tuple[E, ...]:
    """Values of an enum by their words, in the enum's order; all of them where nothing is given.

    Raises:
        InputError: a word is unknown, or there is none; the message names ``option``.
    """
    if words is None:
        return tuple(kind)
    known = {member.value: member for member in kind}
    chosen = [word.lower() for word in words]
    for word in chosen:
        if word not in known:
            raise InputError(f"{option} does not know {word!r}: choose from {', '.join(known)}")
    if not chosen:
        raise InputError(f"{option} needs at least one of {', '.join(known)}")
    return tuple(member for member in kind if member.value in chosen)


def parse_choice(layer: str, text: str) -> tuple[Algorithm, Dataflow | None]:
    """``ALGORITHM[/DATAFLOW]``, what a layer is pinned to.

    Raises:
        InputError: a word is unknown.
    """
    algorithm, slash, dataflow = text.partition("/")
    where = f"the pin of {layer!r}"
    flow = parse_choices(where, [dataflow], Dataflow)[0] if slash else None
    return parse_choices(where, [algorithm], Algorithm)[0], flow
