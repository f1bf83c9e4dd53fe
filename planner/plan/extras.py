"""Which parts of a kernel a plan's layers ask for, of those that are built only then, and which it does without."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.convolution import ConvShape
from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.fitting.room import Room
from dynamap.cost.overlay.options import applicable
from dynamap.cost.overlay.pooling import sweeps
from dynamap.cost.overlay.vector import POOLING, VectorShape
from dynamap.planner.network.network import Conv, Layer, Network
from dynamap.planner.network.work import work_of
from dynamap.planner.plan.layers import OnArray, OnVectorUnit, Operation, PlannedLayer


def extras_of(network: Network, layers: Sequence[PlannedLayer]) -> Extras:
    """What ``layers``, those of the network in its order, ask for."""
    return Extras(
        winograd=any(isinstance(x, OnArray) and x.choice.algorithm is Algorithm.WINOGRAD for x in layers),
        normalisation=any(isinstance(x, OnVectorUnit) and x.operation is Operation.LRN for x in layers),
        sweeps=any(_sweeps(layer, network, x) for layer, x in zip(network.layers, layers, strict=True)),
    )


def _sweeps(layer: Layer, network: Network, planned: PlannedLayer) -> bool:
    if not isinstance(planned, OnVectorUnit) or planned.blocking is None:
        return False
    shape = work_of(layer, network)
    if not isinstance(shape, VectorShape) or shape.op not in POOLING:
        return False
    rows = np.array([planned.blocking.rows])
    return bool(sweeps(shape.window, shape.output, rows, by_taps=shape.own_slopes)[0])


def left_out_notice(room: Room | None, rows: int, columns: int, network: Network) -> tuple[str, ...]:
    """What a user is told where a layer could use Winograd, if its transforms had room beside the array."""
    shapes = (work_of(layer, network) for layer in network.layers if isinstance(layer, Conv))
    useful = any(isinstance(shape, ConvShape) and applicable(shape, Algorithm.WINOGRAD) for shape in shapes)
    if not useful or room is None or room.beside(rows, columns):
        return ()
    return (
        f"Winograd is left out: its transforms have no room in the logic that device {room.device.name!r} leaves "
        f"beside an array of {rows}x{columns}; a smaller --array may leave it, and --pin asks for it all the same",
    )
