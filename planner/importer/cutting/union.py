"""The parts of the overlay as one network, in which no two of them share a tensor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.network.network import Layer, Network
from dynamap.planner.network.parting import part_of
from dynamap.planner.network.whole import OverlayPart

Held = TypeVar("Held")


@dataclass(frozen=True, eq=False)
class LoweredPart:
    """A part that was imported by itself: the model's own nodes, and what became of them."""

    originals: tuple[Node, ...]
    lowering: Lowering
    names: dict[int, str]
    layers: tuple[Layer, ...]


def united(networks: Sequence[Network], parts: Sequence[LoweredPart]) -> tuple[Network, tuple[OverlayPart, ...]]:
    """One network of all parts; where two use a name, the later one's gets the number of its part behind it."""
    plain = [
        part_of(network, number, tuple(node.name for node in part.originals))
        for number, (network, part) in enumerate(zip(networks, parts, strict=True), 1)
    ]
    if len(networks) == 1:
        return networks[0], tuple(plain)
    layers: set[str] = set()
    tensors: set[str] = set()
    renamed: list[Network] = []
    found: list[OverlayPart] = []
    for number, (network, part) in enumerate(zip(networks, plain, strict=True), 1):
        new_layers = _fresh((layer.name for layer in network.layers), layers, number)
        new_tensors = _fresh(network.tensors, tensors, number)
        renamed.append(_renamed(network, new_layers, new_tensors))
        found.append(
            replace(
                part,
                layers=tuple(new_layers[name] for name in part.layers),
                reads={name: new_tensors[name] for name in part.reads},
                writes={name: new_tensors[name] for name in part.writes},
            )
        )
    first = renamed[0]
    network = replace(
        first,
        layers=tuple(layer for network in renamed for layer in network.layers),
        tensors=_joined(network.tensors for network in renamed),
        inputs=tuple(name for network in renamed for name in network.inputs),
        outputs=tuple(name for network in renamed for name in network.outputs),
        types=_joined(network.types for network in renamed),
        shapes=_joined(network.shapes for network in renamed),
        quantisation=_joined(network.quantisation for network in renamed),
        notices=tuple(dict.fromkeys(notice for network in renamed for notice in network.notices)),
    )
    return _scales_carried(network, found), tuple(found)


def _fresh(names: Iterable[str], taken: set[str], number: int) -> dict[str, str]:
    """A name of its own for each; ``taken`` gets them all."""
    own = list(names)
    wanted = taken.union(own)
    result = {}
    for name in own:
        new = name
        if name in taken:
            new = f"{name} (part {number})"
            while new in wanted:
                new += "'"
            wanted.add(new)
        result[name] = new
    taken.update(result.values())
    return result


def _renamed(network: Network, layers: dict[str, str], tensors: dict[str, str]) -> Network:
    return replace(
        network,
        layers=tuple(
            replace(
                layer,
                name=layers[layer.name],
                inputs=tuple(tensors[name] for name in layer.inputs),  # type: ignore[arg-type]
                output=tensors[layer.output],
            )
            for layer in network.layers
        ),
        tensors={tensors[name]: shape for name, shape in network.tensors.items()},
        inputs=tuple(tensors[name] for name in network.inputs),
        outputs=tuple(tensors[name] for name in network.outputs),
        types={tensors[name]: kind for name, kind in network.types.items()},
        shapes={tensors[name]: shape for name, shape in network.shapes.items()},
        quantisation={tensors[name]: known for name, known in network.quantisation.items()},
    )


def _joined(maps: Iterable[Mapping[str, Held]]) -> dict[str, Held]:
    return {name: held for one in maps for name, held in one.items()}


def _scales_carried(network: Network, parts: Sequence[OverlayPart]) -> Network:
    """A tensor that one part reads from another has the scale that the model gives it there."""
    known = dict(network.quantisation)
    written = {name: tensor for part in parts for name, tensor in part.writes.items()}
    for part in parts:
        for name, tensor in part.reads.items():
            if name in written and written[name] in known:
                known.setdefault(tensor, known[written[name]])
    return replace(network, quantisation=known)
