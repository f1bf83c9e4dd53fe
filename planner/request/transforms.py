"""What a kernel has for some networks beside array and engines, and whether Winograd's transforms need room there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.overlay.fitting.extras import LEAST_EXTRAS, Extras
from dynamap.planner.network.network import Lrn, Network
from dynamap.planner.request.request import Request


def least_extras(networks: Iterable[Network]) -> Extras:
    """What a kernel for the networks cannot do without."""
    normalisation = any(isinstance(layer, Lrn) for network in networks for layer in network.layers)
    return replace(LEAST_EXTRAS, normalisation=normalisation)


def asks_for_winograd(request: Request) -> bool:
    """Whether a layer is to have Winograd whatever its transforms take: it is pinned, or all that is allowed."""
    pinned = any(algorithm is Algorithm.WINOGRAD for algorithm, _ in request.pins.values())
    return pinned or request.algorithms == (Algorithm.WINOGRAD,)
