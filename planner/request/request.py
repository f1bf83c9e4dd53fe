"""What a user asks of a plan: its options, an overlay that is kept, networks that share one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from dynamap.cost.device import Device
from dynamap.planner.mapping.objective import Aggregate, Objective
from dynamap.planner.request.given_overlay import GivenOverlay
from dynamap.planner.request.options import Options, given_options, options_document, stored_options


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
class Request(Options):
    """What the user asks of a plan: its options, and what goes with them.

    ``overlay`` is one that exists and is kept as it is; ``array`` and ``multipliers`` are then None. ``together`` names
    all networks for which one overlay was asked; ``pins`` then hold in every network that has a layer of the name.
    """

    overlay: GivenOverlay | None = None
    together: Together | None = None

    def asking(self, given: Mapping[str, Any], *, flags: bool = False) -> Request:
        """This request with the options that are given, in words or as values; None is what was not given.

        ``flags``: messages call options as the command line does.

        Raises:
            InputError: an option is unknown or cannot be understood.
        """
        return replace(self, **given_options(given, self, flags=flags))

    def overriding(self, board: Device) -> Device:
        """The board with the clock, the bandwidth and the on-chip memory that are asked for.

        Raises:
            InputError: one of them is out of range.
        """
        return board.with_overrides(self.clock_mhz, self.bandwidth_gbs, on_chip_bytes=self.on_chip_bytes)

    def document(self) -> dict[str, object]:
        """Plain JSON data; ``request_of`` reads it back."""
        document = options_document(self)
        if self.overlay is not None:
            document["overlay"] = self.overlay.document()
        if self.together is not None:
            document["together"] = self.together.document()
        return document


def request_of(document: Mapping[str, Any], cost_model: str) -> Request:
    """The request that a plan was made for, from its JSON data.

    Raises:
        KeyError, TypeError, ValueError: a key is missing or of a wrong value.
    """
    data = dict(document)
    overlay, together = data.pop("overlay", None), data.pop("together", None)
    return Request(
        **stored_options(data),
        cost_model=cost_model,
        overlay=None if overlay is None else GivenOverlay.of(overlay),
        together=None if together is None else Together.of(together),
    )
