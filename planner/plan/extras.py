"""Which parts of a kernel a plan's layers ask for, of those that are built only then, and which it does without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.overlay.fitting.extras import Extras, KernelParts
from dynamap.cost.overlay.fitting.memory.kernel import built_vector_buffers
from dynamap.cost.overlay.fitting.room import Room
from dynamap.cost.overlay.machine import NO_VECTOR_BUFFERS, Machine, VectorBuffers
from dynamap.cost.overlay.pooling import sweeps
from dynamap.cost.overlay.transfer import Format
from dynamap.cost.overlay.vector import POOLING, VectorShape, strip_rows, vector_work
from dynamap.planner.network.network import Layer, Network
from dynamap.planner.network.work import can_transform, work_of
from dynamap.planner.plan.layers import OnArray, OnVectorUnit, Operation, PlannedLayer


def parts_of(network: Network, layers: Sequence[PlannedLayer], machine: Machine) -> KernelParts:
    """What a kernel for ``layers`` has, those of the network in its order; buffers if the vector unit has its own."""
    if machine.vector is None:
        return KernelParts(_extras_of(network, layers))
    taken = vector_buffers_of(network, layers, machine)
    return KernelParts(_extras_of(network, layers), built_vector_buffers(machine, taken))


def _extras_of(network: Network, layers: Sequence[PlannedLayer]) -> Extras:
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


def vector_buffers_of(network: Network, layers: Sequence[PlannedLayer], machine: Machine) -> VectorBuffers:
    """What the blocks of ``layers`` take of the vector unit's own buffers."""
    taken = NO_VECTOR_BUFFERS
    for layer, planned in zip(network.layers, layers, strict=True):
        if isinstance(planned, OnVectorUnit) and planned.blocking is not None:
            shape = work_of(layer, network)
            assert isinstance(shape, VectorShape)
            read, written = planned.input_format, planned.output_format
            assert isinstance(read, Format) and isinstance(written, Format)
            work = vector_work(machine, shape.of_channels(planned.blocking.channels), read, written)
            own = work.own.at(int(np.searchsorted(strip_rows(shape), planned.blocking.rows)))
            taken = taken.covering(own)
    return taken


def holding(machine: Machine, network: Network, layers: Sequence[PlannedLayer]) -> Machine:
    """The machine with buffers of the vector unit for the planned blocks, of an overlay for other networks too."""
    if machine.vector is None:
        return machine
    return replace(machine, vector=machine.vector.covering(vector_buffers_of(network, layers, machine)))


def left_out_notice(
    room: Room | None, rows: int, columns: int, network: Network, given: KernelParts | None
) -> tuple[str, ...]:
    """What a user is told where a layer could use Winograd, if its transforms had room beside the array.

    Or, on an overlay that was ``given``, if its kernel had them.
    """
    if not can_transform(network):
        return ()
    if given is not None and not given.extras.winograd:
        return ("Winograd is left out: the overlay was planned without its transforms",)
    if room is None or room.beside(rows, columns):
        return ()
    return (
        "Winograd is left out: its transforms have no room in the logic and memory that device "
        f"{room.device.name!r} leaves beside an array of {rows}x{columns}; a smaller --array may leave it, and --pin "
        "asks for it all the same",
    )
