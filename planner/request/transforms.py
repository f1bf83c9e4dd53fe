"""What a kernel has for some networks beside array and engines, and whether Winograd's transforms need room there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.overlay.fitting.extras import LEAST_EXTRAS, Extras
from dynamap.cost.overlay.fitting.room import Transforms
from dynamap.planner.network.network import Lrn, Network, Pool
from dynamap.planner.network.work import can_transform
from dynamap.planner.request.request import Request


def least_extras(networks: Iterable[Network], request: Request) -> Extras:
    """What a kernel for the networks cannot do without, or has as part of an overlay that is kept."""
    if request.overlay is not None:
        return request.overlay.parts.extras
    layers = [layer for network in networks for layer in network.layers]
    normalisation, pooling = (any(isinstance(layer, kind) for layer in layers) for kind in (Lrn, Pool))
    return replace(LEAST_EXTRAS, normalisation=normalisation, sweeps=pooling)


def asks_for_winograd(request: Request) -> bool:
    """Whether a layer is to have Winograd whatever its transforms take: it is pinned, or all that is allowed."""
    pinned = any(algorithm is Algorithm.WINOGRAD for algorithm, _ in request.pins.values())
    return pinned or request.algorithms == (Algorithm.WINOGRAD,)


def transforms_for(networks: Iterable[Network], request: Request) -> Transforms:
    """Beside which arrays a layer of the networks may be done by Winograd."""
    if request.overlay is not None:
        return Transforms.ANYWHERE if request.overlay.parts.extras.winograd else Transforms.NOWHERE
    if asks_for_winograd(request):
        return Transforms.ANYWHERE
    may = Algorithm.WINOGRAD in request.algorithms and any(map(can_transform, networks))
    return Transforms.WHERE_ROOM if may else Transforms.NOWHERE
