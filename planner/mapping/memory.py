"""Where the activations lie: blocks placed by lifetime, first fit by decreasing size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dynamap.cost.errors import InfeasibleError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.machine import BEAT_BYTES, UNIT_BYTES, round_up
from dynamap.planner.mapping.storage import Storages
from dynamap.planner.network.network import HostLayer, Network

FOREVER = 2**32 - 1
"""The last step of what the host reads when all is done."""


@dataclass(frozen=True)
class Block:
    """Memory of a tensor and of all that lie in it or go on behind it, live from step ``first`` to step ``last``."""

    tensor: str
    size: int
    first: int
    last: int


def place(blocks: Sequence[Block]) -> dict[str, int]:
    """The offset of each block, so that blocks that live at the same time do not overlap.

    Larger blocks first, each at the lowest offset that is free throughout its life.

    >>> place([Block("a", 64, 0, 1), Block("b", 128, 1, 2), Block("c", 64, 2, 3)])
    {'b': 0, 'a': 128, 'c': 128}
    """
    order = sorted(blocks, key=lambda b: (-b.size, b.first, b.tensor))
    first, last, start, size = np.zeros((4, len(order)), np.int64)
    for count, block in enumerate(order):
        rivals = np.flatnonzero((first[:count] <= block.last) & (block.first <= last[:count]))
        rivals = rivals[np.argsort(start[rivals], kind="stable")]
        # Before each rival all that begin earlier have ended: the lowest gap that is large enough.
        ends = np.maximum.accumulate(np.concatenate([[0], start[rivals] + size[rivals]]))
        gaps = np.flatnonzero(np.append(start[rivals], np.iinfo(np.int64).max) - ends >= block.size)
        first[count], last[count], start[count], size[count] = block.first, block.last, ends[gaps[0]], block.size
    return {block.tensor: int(offset) for block, offset in zip(order, start, strict=True)}


def blocks_of(network: Network, storages: Storages, sizes: Mapping[str, int]) -> list[Block]:
    """One block per root tensor that the overlay stores, to the end of all that lies in it or goes on behind it.

    ``sizes`` are in bytes; what begins behind its root's first channel is c16, so whole planes are in front of it.
    """
    first: dict[str, int] = {}
    last: dict[str, int] = {}

    def touch(tensor: str, step: int) -> None:
        root = storages.placement[tensor].root
        first[root] = min(first.get(root, step), step)
        last[root] = max(last.get(root, step), step)

    for tensor in network.inputs:
        if tensor in sizes:
            touch(tensor, -1)
    for step, layer in enumerate(network.layers):
        if isinstance(layer, HostLayer) or layer.name in storages.in_place:
            continue
        for tensor in (*layer.inputs, layer.output):
            touch(tensor, step)
    for tensor in read_back(network):
        if tensor in sizes:
            touch(tensor, FOREVER)
    ends = dict.fromkeys(first, 0)
    for tensor, size in sizes.items():
        placement = storages.placement[tensor]
        if placement.root in ends:
            plane = size // ceil_div(network.tensors[tensor].channels, UNIT_BYTES)
            ends[placement.root] = max(ends[placement.root], placement.offset // UNIT_BYTES * plane + size)
    return [Block(root, round_up(ends[root], BEAT_BYTES), first[root], last[root]) for root in first]


def read_back(network: Network) -> tuple[str, ...]:
    """The tensors that the host reads from the overlay's memory; the network's inputs it has already."""
    given = set(network.inputs)
    return tuple(tensor for tensor in host_reads(network) if tensor not in given)


def host_reads(network: Network) -> tuple[str, ...]:
    """The stored tensors that the host needs: outputs, and inputs of its own layers."""
    made = {layer.output for layer in network.layers if isinstance(layer, HostLayer)}
    read = [tensor for layer in network.layers if isinstance(layer, HostLayer) for tensor in layer.inputs]
    return tuple(tensor for tensor in dict.fromkeys((*network.outputs, *read)) if tensor not in made)


def check_fits(blocks: Sequence[Block], offsets: Mapping[str, int], base: int, available: int, device: str) -> int:
    """The end of the activations, which begin at ``base``.

    Raises:
        InfeasibleError: that is more than the device has; the message names the largest tensor at the peak.
    """
    top = max(blocks, key=lambda block: offsets[block.tensor] + block.size)
    end = base + offsets[top.tensor] + top.size
    if end > available:
        together = [block for block in blocks if block.first <= top.last and top.first <= block.last]
        largest = max(together, key=lambda block: block.size)
        raise InfeasibleError(
            f"the program needs {end} bytes of device memory and {device!r} has {available}: "
            f"weights and tables take {base}, activations {end - base}, of which tensor {largest.tensor!r} alone "
            f"{largest.size}; use a device with more memory or a smaller input image"
        )
    return end
