"""What a kernel has for some networks beside array and engines: Winograd's transforms where they have room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.overlay.fitting.candidates import Candidates
from dynamap.cost.overlay.fitting.extras import LEAST_EXTRAS, Extras
from dynamap.cost.overlay.fitting.logic import logic_fits
from dynamap.planner.network.network import Lrn, Network
from dynamap.planner.request.request import Request

ROOM_PERCENT = 90


def least_extras(networks: Iterable[Network]) -> Extras:
    """What a kernel for the networks cannot do without."""
    normalisation = any(isinstance(layer, Lrn) for network in networks for layer in network.layers)
    return replace(LEAST_EXTRAS, normalisation=normalisation)


def with_transforms(candidates: Candidates, request: Request) -> Candidates:
    """The arrays beside which Winograd's transforms fit, or all where they have no room.

    They have room where the array or the overlay that is asked for leaves it, or else where the largest array that
    does has nearly as many PEs as the largest of all. A request for Winograd alone, or that pins a layer to it, keeps
    all arrays.
    """
    if not _leaves_open(request):
        return candidates
    extras = replace(candidates.extras, winograd=True)
    fits = logic_fits(candidates.device, candidates.machine, candidates.rows, candidates.columns, extras)
    pes = candidates.rows * candidates.columns
    asked = request.array
    if request.overlay is not None:
        asked = request.overlay.rows, request.overlay.columns
    if asked is not None:
        room = bool(logic_fits(candidates.device, candidates.machine, *asked, extras))
    else:
        room = bool(fits.any()) and int(pes[fits].max()) * 100 >= int(pes.max()) * ROOM_PERCENT
    if not room:
        return replace(candidates, leaves_out_winograd=True)
    return replace(candidates, rows=candidates.rows[fits], columns=candidates.columns[fits], extras=extras)


def _leaves_open(request: Request) -> bool:
    pinned = any(algorithm is Algorithm.WINOGRAD for algorithm, _ in request.pins.values())
    return not pinned and Algorithm.WINOGRAD in request.algorithms and len(request.algorithms) > 1


def without_winograd(algorithms: Sequence[Algorithm]) -> tuple[Algorithm, ...]:
    """The others."""
    return tuple(algorithm for algorithm in algorithms if algorithm is not Algorithm.WINOGRAD)
