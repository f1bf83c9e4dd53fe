"""Where tensors live: which share memory, which must share a format, and which formats each may have.

A tensor is stored once, in one format, and every consumer reads that one (docs/overlay.md, sections 2 and 7).
Tensors are grouped into *storages*, one per vertex of the mapping problem: a concatenation written in place and
its inputs are one storage, a tensor and its slices are one, with the concatenation that goes on behind them; the
tensors that one element-wise layer reads are tied to one format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dynamap.cost.overlay.limits import LARGEST_PITCH
from dynamap.cost.overlay.machine import BEAT_BYTES, UNIT_BYTES, round_up
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.network.joining.in_place import Front, concats_in_place
from dynamap.planner.network.network import Add, Concat, Conv, HostLayer, Layer, Mul, Network, Slice
from dynamap.planner.network.work import conv_shape


@dataclass(frozen=True)
class Placement:
    """Where a tensor lies: in the memory that begins with tensor ``root``, from channel ``offset`` on."""

    root: str
    offset: int


@dataclass(frozen=True)
class Storages:
    """``vertex`` of each tensor, ``formats`` of each vertex, ``placement`` of each tensor.

    ``in_place``: the concatenations and slices, which cost nothing; ``executed``: the layers that the overlay runs, in
    order.
    """

    vertex: Mapping[str, int]
    formats: tuple[tuple[Format, ...], ...]
    placement: Mapping[str, Placement]
    in_place: frozenset[str]
    executed: tuple[Layer, ...]


def sliced(layer: Conv, network: Network) -> bool:
    """Whether the convolution runs group by group on channel slices, which only c16 has."""
    if layer.output_order is not None:
        return False
    shape = conv_shape(layer, network)
    return not shape.depthwise and shape.split_groups(UNIT_BYTES)[1] > 1


def _placements(
    network: Network, concats: Mapping[str, Front | None], free: Iterable[Concat | Slice]
) -> dict[str, Placement]:
    inside: dict[str, tuple[str, int]] = {}
    for layer in free:
        if isinstance(layer, Slice):
            inside[layer.output] = layer.inputs[0], layer.first
            continue
        offset, front = 0, concats[layer.name]
        if front is not None:
            inside[layer.output] = front.tensor, front.first
        for number, tensor in enumerate(layer.inputs):
            if front is None or number >= front.count:
                inside[tensor] = layer.output, offset
            offset += network.tensors[tensor].channels
    placements = {}
    for tensor in network.tensors:
        root, offset = tensor, 0
        while root in inside:
            root, step = inside[root]
            offset += step
        placements[tensor] = Placement(root, offset)
    return placements


def _vertices(executed: Iterable[Layer], placements: Mapping[str, Placement]) -> dict[str, int]:
    """The vertex of each tensor that the layers read or write: one for all that share memory or must share a format."""
    parent: dict[str, str] = {}

    def find(tensor: str) -> str:
        tensor = placements[tensor].root
        while parent.setdefault(tensor, tensor) != tensor:
            tensor = parent[tensor]
        return tensor

    touched: list[str] = []
    for layer in executed:
        touched += (*layer.inputs, layer.output)
        if isinstance(layer, (Add, Mul, Concat)):
            for tensor in layer.inputs[1:]:
                parent[find(tensor)] = find(layer.inputs[0])
    numbers: dict[str, int] = {}
    return {tensor: numbers.setdefault(find(tensor), len(numbers)) for tensor in dict.fromkeys(touched)}


def _only_c16(executed: Iterable[Layer], in_place: Iterable[Concat | Slice], network: Network) -> Iterator[str]:
    """The tensors that must have planes of 16 channels: of concatenations in place, of slices, of groups' slices."""
    for free in in_place:
        yield from (*free.inputs, free.output)
    for layer in executed:
        if isinstance(layer, Conv) and sliced(layer, network):
            yield from (layer.inputs[0], layer.output)


def find_storages(network: Network) -> Storages:
    """Groups the tensors that the overlay reads or writes, and finds the formats that each group may have."""
    concats = concats_in_place(network)
    in_place: dict[str, Concat | Slice] = {
        layer.name: layer
        for layer in network.layers
        if isinstance(layer, Slice) or (isinstance(layer, Concat) and layer.name in concats)
    }
    placements = _placements(network, concats, in_place.values())
    executed = tuple(
        layer for layer in network.layers if not isinstance(layer, HostLayer) and layer.name not in in_place
    )
    vertex = _vertices(executed, placements)
    members = Counter(vertex.values())
    allowed: list[tuple[Format, ...]] = [(Format.C16, Format.HWC)] * len(members)
    for tensor in _only_c16(executed, in_place.values(), network):
        if tensor in vertex:
            allowed[vertex[tensor]] = (Format.C16,)
    for tensor in network.inputs:
        if tensor in vertex and members[vertex[tensor]] == 1 and _takes_toeplitz(tensor, network):
            allowed[vertex[tensor]] += (Format.TOEPLITZ,)
    return Storages(vertex, tuple(allowed), placements, frozenset(in_place), executed)


def _takes_toeplitz(tensor: str, network: Network) -> bool:
    """Whether a tensor has one reader, a convolution that can take the matrix that the host has laid out."""
    readers = [layer for layer in network.layers if tensor in layer.inputs]
    if len(readers) != 1 or not isinstance(readers[0], Conv):
        return False
    layer = readers[0]
    if conv_shape(layer, network).depthwise or sliced(layer, network):
        return False
    window = layer.window.kernel[0] * layer.window.kernel[1] * network.tensors[tensor].channels
    row = round_up(window, UNIT_BYTES) * network.tensors[layer.output].width
    return round_up(row, BEAT_BYTES) <= LARGEST_PITCH
