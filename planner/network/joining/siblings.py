"""Sibling convolutions: those that read one tensor through one window are one convolution, and each a slice of it.

The array then reads the tensor once, and what a pass costs beside its products is paid once. The slices are read where
they lie (docs/overlay.md, section 7). A concatenation has a place for each of its inputs, so siblings that end in one
stay apart, but for those that it begins with: they are the last slices, behind which the concatenation goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dynamap.cost.geometry import TensorShape
from dynamap.cost.overlay.limits import LARGEST_SIDE
from dynamap.cost.overlay.machine import UNIT_BYTES
from dynamap.planner.network.joining.in_place import concats_in_place, divided
from dynamap.planner.network.network import (
    Activation,
    ActivationKind,
    Concat,
    Conv,
    FloatArray,
    Layer,
    Network,
    Quantisation,
    Slice,
    WeightQuantisation,
)
from dynamap.planner.network.scales import spread_scales
from dynamap.planner.network.whole import OverlayPart, Whole

Kind = tuple[object, ...]
"""What siblings have in common."""


def joined(network: Network) -> Network:
    """The network with its siblings as one convolution each, called by their names joined by ``+``."""
    place = {layer.name: index for index, layer in enumerate(network.layers)}
    groups = {min((layer.name for layer in group), key=place.__getitem__): group for group in _siblings(network)}
    if not groups:
        return network
    in_groups = {layer.name for group in groups.values() for layer in group}
    names, tensors = set(place), dict(network.tensors)
    layers: list[Layer] = []
    together: dict[str, str] = {}
    for layer in network.layers:
        if layer.name in groups:
            made = _together(groups[layer.name], tensors, names)
            layers += made
            together[layer.name] = made[0].name
        elif layer.name not in in_groups:
            layers.append(layer)

    def in_front(name: str) -> Iterable[str]:
        return (together[name], name) if name in together else (name,)

    return replace(network, layers=tuple(layers), tensors=tensors, whole=_in_parts(network.whole, in_front))


def apart(network: Network) -> Network:
    """The network with every convolution of which only slices are read as the convolutions that these are."""
    slices = divided(network)
    layers: list[Layer] = []
    for layer in network.layers:
        if layer.output in slices:
            assert isinstance(layer, Conv)
            layers += (_alone(layer, part, network) for part in slices[layer.output])
        elif not (isinstance(layer, Slice) and layer.inputs[0] in slices):
            layers.append(layer)
    gone = {layer.name for layer in network.layers if layer.output in slices}
    return replace(
        network,
        layers=tuple(layers),
        tensors={name: shape for name, shape in network.tensors.items() if name not in slices},
        whole=_in_parts(network.whole, lambda name: () if name in gone else (name,)),
    )


def channel_scales(network: Network, schemes: Mapping[str, Quantisation], tensor: str) -> npt.NDArray[np.float64]:
    """The scale of each channel of a stored tensor; one for all, but where each of its slices has its own."""
    scales = np.full(network.tensors[tensor].channels, schemes[tensor].scale, np.float64)
    for part in divided(network).get(tensor, ()):
        end = part.first + network.tensors[part.output].channels
        scales[part.first : end] = schemes[part.output].scale
    return scales


def any_scale(activation: Activation | None) -> bool:
    """Whether an activation is the same integers whatever the scale: it has no table, and clamps at zero at most."""
    return activation is None or activation.kind in (ActivationKind.RELU, ActivationKind.LEAKY_RELU)


def convolutions(network: Network) -> list[Conv]:
    """Its convolutions, in order."""
    return [layer for layer in network.layers if isinstance(layer, Conv)]


class Named(Protocol):
    """A layer, of a network or of a plan."""

    @property
    def name(self) -> str: ...


def as_planned(network: Network, layers: Sequence[Named]) -> Network:
    """The network as a plan with these layers has it: with its siblings together, or apart."""
    names = [layer.name for layer in layers]
    alone = apart(network)
    return alone if [layer.name for layer in alone.layers] == names else network


def _siblings(network: Network) -> Iterator[list[Conv]]:
    """Convolutions that can be one, two or more, in the order in which their channels then lie."""
    readers, scales = network.readers(), spread_scales(network)
    kinds = {
        layer.output: _kind(layer, scales.get(layer.output)) for layer in convolutions(network) if _may_be_joined(layer)
    }
    alike: dict[Kind, list[Conv]] = {kind: [] for kind in kinds.values()}
    for layer in convolutions(network):
        if layer.output in kinds and not any(isinstance(reader, Concat) for reader in readers[layer.output]):
            alike[kinds[layer.output]].append(layer)
    begins = _begins(network, kinds)
    for kind, group in alike.items():
        whole = [layer for layer in group if len(layer.bias) % UNIT_BYTES == 0]
        broken = [layer for layer in group if len(layer.bias) % UNIT_BYTES]
        # Behind these lies one that ends within a unit, or what a concatenation begins with, whichever are more.
        together = whole + max(broken[:1], begins.get(kind, []), key=len)
        if len(together) > 1 and sum(len(layer.bias) for layer in together) <= LARGEST_SIDE:
            yield together


def _begins(network: Network, kinds: Mapping[str, Kind]) -> dict[Kind, list[Conv]]:
    """The convolutions of one kind that a concatenation in place begins with, those of the first such concatenation.

    No other concatenation reads them, and none reads what this one makes.
    """
    in_place = concats_in_place(network)
    makers = {layer.output: layer for layer in convolutions(network)}
    joins = Counter(name for layer in network.layers if isinstance(layer, Concat) for name in layer.inputs)

    def begin_of(concat: Layer) -> list[Conv]:
        kind = kinds.get(concat.inputs[0])
        begin = takewhile(lambda name: name in kinds and kinds[name] == kind and joins[name] == 1, concat.inputs)
        return [makers[name] for name in begin]

    found: dict[Kind, list[Conv]] = {}
    for layer in network.layers:
        begin = begin_of(layer) if layer.name in in_place and not joins[layer.output] else []
        if begin:
            found.setdefault(kinds[begin[0].output], begin)
    return found


def _may_be_joined(layer: Conv) -> bool:
    """Whether its channels may have others beside them: all are made alike, from all of the input."""
    slopes = layer.activation is not None and layer.activation.slopes
    return layer.groups == 1 and layer.output_order is None and not slopes


def _kind(layer: Conv, scale: Quantisation | None) -> Kind:
    """What its siblings share, also the zero point of a quantised model, and its scale where an activation needs it."""
    known = layer.weight_quantisation is None
    stored = scale.zero_point if scale and any_scale(layer.activation) else scale
    return layer.inputs, layer.window, layer.activation, layer.fully_connected, known, stored


def _together(group: Sequence[Conv], tensors: dict[str, TensorShape], names: set[str]) -> list[Layer]:
    """The convolution and its slices; ``tensors`` gets its output."""
    first = group[0]
    weights, bias = _stacked([layer.weights for layer in group]), np.concatenate([layer.bias for layer in group])
    known = [layer.weight_quantisation for layer in group if layer.weight_quantisation is not None]
    output = _fresh("+".join(layer.output for layer in group), tensors)
    tensors[output] = replace(tensors[first.output], channels=len(bias))
    whole = replace(
        first,
        name=_fresh("+".join(layer.name for layer in group), names),
        output=output,
        weights=weights,
        bias=bias,
        weight_quantisation=_quantised(known) if known else None,
    )
    names.add(whole.name)
    starts = np.cumsum([0, *(len(layer.bias) for layer in group)]).tolist()
    return [
        whole,
        *(Slice(part.name, (output,), part.output, start) for part, start in zip(group, starts, strict=False)),
    ]


def _stacked(weights: Sequence[FloatArray]) -> FloatArray:
    """All weights, one behind the other; placeholders of models without weights take no memory, and stay so."""
    if any(any(one.strides) or one.size < 2 for one in weights):
        return np.concatenate(weights)
    return np.broadcast_to(weights[0].flat[0], (sum(map(len, weights)), *weights[0].shape[1:]))


def _quantised(known: Sequence[WeightQuantisation]) -> WeightQuantisation:
    scales = [np.broadcast_to(one.scales, len(one.values_oihw)).tolist() for one in known]
    return WeightQuantisation(
        np.concatenate([one.values_oihw for one in known]), tuple(scale for some in scales for scale in some)
    )


def _alone(layer: Conv, part: Slice, network: Network) -> Conv:
    """What a slice is by itself."""
    span = slice(part.first, part.first + network.tensors[part.output].channels)
    known = layer.weight_quantisation
    return replace(
        layer,
        name=part.name,
        output=part.output,
        weights=layer.weights[span],
        bias=layer.bias[span],
        weight_quantisation=known and WeightQuantisation(known.values_oihw[span], known.scales[span]),
    )


def _fresh(name: str, taken: Mapping[str, object] | set[str]) -> str:
    while name in taken:
        name += "'"
    return name


def _in_parts(whole: Whole | None, layers_of: Callable[[str], Iterable[str]]) -> Whole | None:
    """The model's parts with other layers for each of theirs."""

    def changed(part: OverlayPart) -> OverlayPart:
        return replace(part, layers=tuple(name for layer in part.layers for name in layers_of(layer)))

    return whole and replace(
        whole, steps=tuple(changed(step) if isinstance(step, OverlayPart) else step for step in whole.steps)
    )
