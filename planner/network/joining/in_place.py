"""What costs nothing because its values lie where they belong: slices of a tensor, and concatenations in place.

The channels of a slice are read where they lie, those of a concatenation are written there. A concatenation may also
begin with slices: it then goes on behind the tensor that they are the last channels of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dynamap.cost.overlay.machine import UNIT_BYTES
from dynamap.planner.network.network import Concat, Conv, HostLayer, Network, Slice
from dynamap.planner.network.scales import spread_scales


@dataclass(frozen=True)
class Front:
    """What a concatenation begins with that is there already: ``count`` inputs, slices of ``tensor`` from channel
    ``first`` to its last one."""

    tensor: str
    first: int
    count: int


def divided(network: Network) -> dict[str, list[Slice]]:
    """The slices of each convolution's output of which nothing else is read: each has a scale of its own."""
    readers, found = network.readers(), {}
    for layer in network.layers:
        parts = [reader for reader in readers[layer.output] if isinstance(reader, Slice)]
        alone = len(parts) == len(readers[layer.output]) and layer.output not in network.outputs
        if parts and alone and isinstance(layer, Conv):
            found[layer.output] = parts
    return found


def _front_of(concat: Concat, network: Network, slices: Mapping[str, Slice]) -> Front | None:
    """The slices that a concatenation begins with, if they follow each other and end where their tensor does."""
    begin = slices.get(concat.inputs[0])
    if begin is None:
        return None
    end = begin.first
    for count, name in enumerate(concat.inputs, start=1):
        part = slices.get(name)
        if part is None or part.inputs != begin.inputs or part.first != end:
            return None
        end += network.tensors[name].channels
        if end == network.tensors[begin.inputs[0]].channels:
            return Front(begin.inputs[0], begin.first, count)
    return None


def concats_in_place(network: Network) -> dict[str, Front | None]:
    """Concatenations whose inputs can be written where they belong, by name, with what is there already.

    Where a quantised model gives their tensors different scales the values must be rescaled, that is, copied.
    """
    known, readers = spread_scales(network), network.readers()
    produced = {layer.output for layer in network.layers if not isinstance(layer, (HostLayer, Slice))}
    slices = {part.output: part for parts in divided(network).values() for part in parts}
    placed: set[str] = set()
    chosen: dict[str, Front | None] = {}
    for layer in network.layers:
        if not isinstance(layer, Concat):
            continue
        offset, aligned = 0, True
        for tensor in layer.inputs:
            aligned &= offset % UNIT_BYTES == 0
            offset += network.tensors[tensor].channels
        front = _front_of(layer, network, slices)
        if front is not None and any(isinstance(reader, Concat) for reader in readers[layer.output]):
            continue  # it lies behind the tensor of its slices, and in no other concatenation
        needed = (front.tensor, *layer.inputs[front.count :]) if front else layer.inputs
        free = len(set(layer.inputs)) == len(layer.inputs) and not placed.intersection(needed)
        scales = {known.get(tensor) for tensor in (*layer.inputs, layer.output)}
        if aligned and free and len(scales) == 1 and produced.issuperset(needed):
            chosen[layer.name] = front
            placed.update(needed)
    return chosen
