"""What the kernel of an overlay that is kept has not, and what a network then does without."""

from __future__ import annotations

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.errors import InfeasibleError
from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.pooling import sweeps
from dynamap.cost.overlay.vector import POOLING, VectorOp, VectorShape, strip_rows
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Network
from dynamap.planner.network.work import work_of
from dynamap.planner.request.request import Request
from dynamap.planner.search.shortage import OTHER_OVERLAY


def allowed_algorithms(request: Request) -> tuple[Algorithm, ...]:
    """Those that are asked for, without what the kernel of a kept overlay was built without."""
    if request.overlay is None or request.overlay.parts.extras.winograd:
        return request.algorithms
    return tuple(algorithm for algorithm in request.algorithms if algorithm is not Algorithm.WINOGRAD)


def require_parts(there: Extras, network: Network, request: Request) -> None:
    """Asks whether a kernel with ``there`` can do the layers of a network, and what the request wants of Winograd.

    Raises:
        InfeasibleError: it cannot; the message names the layer.
    """
    if not there.winograd:
        pinned = [name for name, (algorithm, _) in request.pins.items() if algorithm is Algorithm.WINOGRAD]
        if pinned or not allowed_algorithms(request):
            asked = f"--pin {pinned[0]!r}" if pinned else "--algorithms winograd"
            raise InfeasibleError(f"{asked}: the overlay was planned without Winograd's transforms; {OTHER_OVERLAY}")
    for layer in find_storages(network).executed:
        work = work_of(layer, network)
        if isinstance(work, VectorShape) and (what := _lacking(there, work)):
            raise InfeasibleError(
                f"layer {layer.name!r} needs {what}, which the overlay was planned without; {OTHER_OVERLAY}"
            )


def _lacking(there: Extras, work: VectorShape) -> str | None:
    if work.op is VectorOp.LRN and not there.normalisation:
        return "local response normalisation"
    if work.op in POOLING and not there.sweeps:
        output, rows = work.output, strip_rows(work)
        if sweeps(work.window, output, rows, by_taps=work.own_slopes).any():
            return "windows of poolings that take each pixel once"
    return None
