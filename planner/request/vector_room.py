"""The machine for a request: what the device makes of it, and the vector unit's own buffers for some networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace

from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.memory.kernel import in_rtl
from dynamap.cost.overlay.fitting.target import machine_of
from dynamap.cost.overlay.machine import Machine
from dynamap.cost.overlay.vector import VectorShape
from dynamap.cost.overlay.vector_layer import least_vector_buffers, smallest_blocks
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Network
from dynamap.planner.network.work import work_of
from dynamap.planner.request.request import Request
from dynamap.planner.search.shortage import vector_bytes

VECTOR_SHARE = 32
"""Of the on-chip memory, rounded up to a power of two, that the vector unit's inputs have at the least."""

MOST_VECTOR_SHARE = 8
"""Of the on-chip memory, rounded down to a power of two: layers that would take more are done in several passes."""


def machine_for(board: Device, request: Request, networks: Sequence[Network]) -> Machine:
    """What the device makes of the overlay, with buffers of the vector unit for what ``networks`` need.

    Larger ones make layers a few percent faster. Within a budget of on-chip memory they are no larger, so that more of
    it never makes a plan slower. An overlay that is kept has its own.
    """
    machine = machine_of(board, request.packing)
    if not in_rtl(board):
        return machine  # one set of buffers for both engines
    if request.overlay is not None:
        return replace(machine, vector=request.overlay.parts.vector)
    least = board.resources.kernel_on_chip_bytes // VECTOR_SHARE if board.resources.on_chip_bytes is None else 0
    shapes = [shape for _, shape in _vector_layers(networks)]
    return replace(machine, vector=least_vector_buffers(machine, shapes, least, _most_inputs(board)))


def largest_layer(board: Device, machine: Machine, networks: Sequence[Network]) -> str | None:
    """What to say of the layer that takes most of the vector unit's own buffers; None where no layer takes any."""
    if machine.vector is None:
        return None
    needs = {name: smallest_blocks(machine, shape, _most_inputs(board)) for name, shape in _vector_layers(networks)}
    if not needs:
        return None
    name, most = max(needs.items(), key=lambda item: sum(astuple(item[1])))
    return f"layer {name!r} takes at least {vector_bytes(most)} in the vector unit"


def _vector_layers(networks: Sequence[Network]) -> Iterator[tuple[str, VectorShape]]:
    for network in networks:
        for layer in find_storages(network).executed:
            work = work_of(layer, network)
            if isinstance(work, VectorShape):
                yield layer.name, work


def _most_inputs(board: Device) -> int:
    """The largest power of two that is no more than the share; 0 of 0."""
    return 1 << (board.resources.kernel_on_chip_bytes // MOST_VECTOR_SHARE).bit_length() >> 1
