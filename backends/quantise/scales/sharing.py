"""Which calibrated tensors share a scale: those that a concatenation, a max pooling or a resize joins.

Copies between tensors of one scale round nothing. But the widest tensor of a concatenation decides, and a narrow
one beside it would have few of the 256 levels left, also for those who read it alone. So an input of a concatenation
keeps a scale of its own where the shared one leaves its values less than `LEAST_LEVELS` levels; the copy into the
concatenation then requantises. A concatenation in place copies nothing: its tensors share one scale in any case.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from dynamap.backends.quantise.activations import has_table
from dynamap.backends.quantise.calibrating.calibration import Range
from dynamap.backends.quantise.scales.schemes import from_range
from dynamap.planner.network.joining.in_place import divided
from dynamap.planner.network.joining.siblings import any_scale
from dynamap.planner.network.network import Add, Concat, Layer, Network, Pool, PoolKind, Resize, Slice, activation_of

LEAST_LEVELS = 64
"""Levels that a shared scale leaves to a tensor: two of its 8 bits may be lost."""

FEW_LEVELS = 16
"""Levels of an input in the output of a concatenation that are worth a notice: its readers see no more."""

FINEST_SUM = 1024
"""Levels of a sum for one level of its widest term: far more than its own rounding leaves exact."""

Edge = tuple[str, str]


def shared_ranges(
    network: Network, ranges: Mapping[str, Range], given: Collection[str], in_place: Collection[str]
) -> dict[str, Range]:
    """The range by which each tensor in ``ranges`` is stored, those in ``given`` aside.

    ``in_place``: the names of the concatenations that are not copied.
    """
    own = {name: found for name, found in ranges.items() if name not in given}
    edges = [edge for layer in network.layers for edge in _joins(layer) if set(edge) <= own.keys()]
    copied = {
        (name, layer.output)
        for layer in network.layers
        if isinstance(layer, Concat) and layer.name not in in_place
        for name in layer.inputs
    }
    fixed, loose = [edge for edge in edges if edge not in copied], [edge for edge in edges if edge in copied]
    divisions = list(_stored_slices(network, own))
    while True:
        shared = _shared(own, fixed, loose)
        unlike = [edge for slices in divisions for edge in _unlike(network, slices, shared)]
        if not unlike:
            return shared | {part.inputs[0]: shared[part.output] for part, *_ in divisions}
        fixed += unlike


def _shared(own: Mapping[str, Range], fixed: list[Edge], loose: list[Edge]) -> dict[str, Range]:
    """The ranges of what the edges join; of the ``loose`` ones those that leave both ends levels enough."""
    within = _unions(own, fixed)
    while True:
        shared = _unions(own, fixed + loose)
        kept = [edge for edge in loose if enough_levels(within[edge[0]], shared[edge[1]])]
        if len(kept) == len(loose):
            return shared
        loose = kept


def sums_no_finer_than_terms(network: Network, ranges: Mapping[str, Range]) -> dict[str, Range]:
    """The ranges, those of sums widened to the `FINEST_SUM`-th part of their widest term.

    Terms that cancel but for rounding errors leave a range in which one level of a term is thousands of the sum.
    """
    widened = dict(ranges)
    for layer in network.layers:
        if isinstance(layer, Add):
            low, high = min(widened[layer.output][0], 0.0), max(widened[layer.output][1], 0.0)
            least = max(_width(widened[name]) for name in layer.inputs) / FINEST_SUM
            if high - low < least:
                widened[layer.output] = (low, low + least)
    return widened


def few_levels(
    network: Network, ranges: Mapping[str, Range], shared: Mapping[str, Range], in_place: Collection[str]
) -> tuple[str, ...]:
    """A sentence for each concatenation, and each slice, whose scale leaves some of its inputs few levels."""
    sentences = []
    for layer in network.layers:
        if not isinstance(layer, Concat) or layer.output not in shared:
            continue
        placed = layer.name in in_place
        least = LEAST_LEVELS if placed else FEW_LEVELS
        found = {name: math.ceil(levels(ranges[name], shared[layer.output])) for name in dict.fromkeys(layer.inputs)}
        narrow = ", ".join(f"{name!r} {count}" for name, count in found.items() if 0 < count < least)
        if narrow:
            whose = "its inputs share one scale" if placed else "its output has one scale"
            sentences.append(
                f"layer {layer.name!r}: {whose}, which leaves of 256 levels: {narrow}; "
                "scale the tensors that it joins alike (in training, or by a factor before and after)"
            )
    return (*sentences, *_narrow_slices(network, ranges, shared))


def _stored_slices(network: Network, own: Mapping[str, Range]) -> Iterator[list[Slice]]:
    """The slices of each divided convolution that are stored by a range of their own."""
    for slices in divided(network).values():
        stored = [part for part in slices if part.output in own]
        if stored:
            yield stored


def _unlike(network: Network, slices: Sequence[Slice], shared: Mapping[str, Range]) -> list[Edge]:
    """Joins of slices that must have one range and do not: a layer has a place for one zero point, and one scale where
    its activation needs it. A slice of zeros takes the range of another one, which loses nothing by it."""
    activations = {layer.output: activation_of(layer) for layer in network.layers}
    schemes = {part.output: from_range(shared[part.output]) for part in slices}
    first, *others = [part.output for part in slices if _width(shared[part.output])] or list(schemes)
    zero_points = {schemes[name].zero_point for name in (first, *others)}
    if len(zero_points) == 1 and any_scale(activations[slices[0].inputs[0]]):
        return [(first, name) for name, own in schemes.items() if own.zero_point not in zero_points]
    return [(first, name) for name in schemes if shared[name] != shared[first]]


def _narrow_slices(network: Network, ranges: Mapping[str, Range], shared: Mapping[str, Range]) -> Iterator[str]:
    for layer in network.layers:
        if isinstance(layer, Slice) and layer.output in shared:
            found = math.ceil(levels(ranges[layer.output], shared[layer.output]))
            if 0 < found < LEAST_LEVELS:
                yield (
                    f"layer {layer.name!r}: it shares one scale with the other channels of {layer.inputs[0]!r}, which "
                    f"leaves it {found} of 256 levels; scale them alike (in training, or by a factor before and after)"
                )


def levels(own: Range, shared: Range) -> float:
    """How many of 256 levels for ``shared`` the values of ``own`` reach; zero where there is but one value."""
    width = _width(shared)
    return 256 * _width(own) / width if width > 0 else 0.0


def enough_levels(own: Range, shared: Range) -> bool:
    """True where sharing a scale costs little; a tensor of zeros loses nothing."""
    return levels(own, shared) >= LEAST_LEVELS or _width(own) == 0


def _joins(layer: Layer) -> list[Edge]:
    """From each input to the output of a layer that only moves values."""
    moves = isinstance(layer, (Concat, Resize)) or (isinstance(layer, Pool) and layer.kind is PoolKind.MAX)
    return [(name, layer.output) for name in layer.inputs] if moves and not has_table(layer) else []


def _width(found: Range) -> float:
    return max(found[1], 0.0) - min(found[0], 0.0)


def _unions(own: Mapping[str, Range], edges: Iterable[Edge]) -> dict[str, Range]:
    """For each tensor the range of all that the edges join it with."""
    parent = {name: name for name in own}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for first, second in edges:
        parent[root(first)] = root(second)
    whole: dict[str, Range] = {}
    for name, (low, high) in own.items():
        known = whole.get(root(name), (low, high))
        whole[root(name)] = (min(low, known[0]), max(high, known[1]))
    return {name: whole[root(name)] for name in own}
