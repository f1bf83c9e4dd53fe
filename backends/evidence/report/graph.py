"""The network as a graph, coloured by algorithm: cut where a single tensor passes, a card for each piece.

A piece is a few ranks deep, so that it can be read on a phone and is not cut by the edge of a sheet of paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len

from dynamap.backends.evidence.report.evidence import Absent, Evidence
from dynamap.backends.evidence.report.kinds import LABELS, Kind, kind_of, layer_costs, unit_ms, way_of
from dynamap.backends.evidence.report.layering import depth, draw
from dynamap.backends.evidence.report.legend import legend
from dynamap.backends.evidence.report.markup import Markup, element, isolated, named, prose
from dynamap.backends.evidence.report.words import milliseconds, percent, times
from dynamap.planner.network.network import Network
from dynamap.planner.plan.layers import PlannedLayer
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.words import dataflow_word, op_word
from dynamap.planner.results.shortening import shortened

_DEEPEST = 10
"""Ranks that neighbouring pieces may have together to share a card."""

_NODE, _HEIGHT, _GAP, _PITCH, _MARGIN = 118, 36, 10, 58, 6
"""Pixels: a node's width and height, the gap beside it, from rank to rank, around the drawing."""

_LETTERS, _END_LETTERS, _TITLE_LETTERS = 16, 13, 22
"""Of a layer's name in its box, of a tensor's where it comes in or goes out, of a layer's in the title of a card."""

Edge = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """Consecutive layers; ``entries`` are the layers outside that they read (-1 - i: input i of the network)."""

    layers: range
    entries: tuple[int, ...]


@dataclass(frozen=True)
class _Labels:
    """What is written for names: the same for the same name, another for another.

    ``titles`` and ``entries`` by layer; ``entering`` and ``leaving`` by tensor of the network: its words and its hint.
    """

    titles: Sequence[str]
    entries: Sequence[str]
    entering: Mapping[str, tuple[str, str]]
    leaving: Mapping[str, tuple[str, str]]


def graph(evidence: Evidence, prefix: str) -> Markup:
    """The legend and the cards; the sentence of what is missing where the model is."""
    network, plan = evidence.network, evidence.plan
    if isinstance(network, Absent):
        return element(
            "p", prose(network.reason), " The plan alone does not say which layer reads which.", class_="absent"
        )
    sources = producers(network)
    labels = _labels(plan, network)
    cards = [_card(plan, network, sources, piece, labels) for piece in pieces(sources)]
    return element(
        "div",
        legend(plan, wordy=True),
        element(
            "p",
            "The bar in a box is the layer's time against the longest layer's. The cards are read row by row.",
            class_="muted",
        ),
        element("div", *cards, class_="cards"),
    )


def _labels(plan: Plan, network: Network) -> _Labels:
    """Tensors have the names of the model where the host runs parts of it, and say which of them the host has."""
    names = [layer.name for layer in plan.layers]
    whole = network.whole
    model_names = (
        {t: name for part in whole.parts for name, t in {**part.reads, **part.writes}.items()} if whole else {}
    )
    inputs = {port.name for port in whole.inputs} if whole else set(network.inputs)
    outputs = {port.name for port in whole.outputs} if whole else set(network.outputs)
    entering: dict[str, tuple[str, str]] = {}
    leaving: dict[str, tuple[str, str]] = {}
    for tensors, ends, found, outer, inner in (
        (network.inputs, inputs, entering, "input", "from host"),
        (network.outputs, outputs, leaving, "output", "to host"),
    ):
        full = [model_names.get(tensor, tensor) for tensor in tensors]
        for tensor, name, short in zip(tensors, full, shortened(full, _END_LETTERS), strict=True):
            end = outer if name in ends else inner
            found[tensor] = (f"{end} {short}", f"{isolated(name)}\n{end}")
    return _Labels(
        titles=shortened(names, _TITLE_LETTERS),
        entries=shortened(names, _END_LETTERS),
        entering=entering,
        leaving=leaving,
    )


def producers(network: Network) -> tuple[tuple[int, ...], ...]:
    """For each layer the layers that it reads, in order; input i of the network is -1 - i."""
    maker = {tensor: -1 - index for index, tensor in enumerate(network.inputs)}
    sources = []
    for index, layer in enumerate(network.layers):
        sources.append(tuple(dict.fromkeys(maker[tensor] for tensor in layer.inputs)))
        maker[layer.output] = index
    return tuple(sources)


def pieces(sources: Sequence[Sequence[int]]) -> list[Piece]:
    """The layers cut where at most one tensor passes, shallow neighbours together."""
    last = {source: index for index, reads in enumerate(sources) for source in reads}
    count = len(sources)
    passing = [sum(1 for source, use in last.items() if source <= index < use) for index in range(count)]
    cuts = [0, *(index + 1 for index in range(count - 1) if passing[index] <= 1), count]
    found: list[range] = []
    for start, end in pairwise(cuts):
        if found and _depth(sources, range(found[-1].start, end)) <= _DEEPEST:
            found[-1] = range(found[-1].start, end)
        else:
            found.append(range(start, end))
    return [Piece(layers, _entries(sources, layers)) for layers in found]


def _entries(sources: Sequence[Sequence[int]], layers: range) -> tuple[int, ...]:
    return tuple(dict.fromkeys(source for index in layers for source in sources[index] if source < layers.start))


def _edges(sources: Sequence[Sequence[int]], layers: range, entries: Sequence[int]) -> list[Edge]:
    """Edges among the vertices of a piece: first its entries, then its layers."""
    vertex = {source: number for number, source in enumerate(entries)}
    vertex.update({index: len(entries) + number for number, index in enumerate(layers)})
    return [(vertex[source], vertex[index]) for index in layers for source in sources[index]]


def _depth(sources: Sequence[Sequence[int]], layers: range) -> int:
    entries = _entries(sources, layers)
    return depth(len(entries) + len(layers), _edges(sources, layers, entries))


def _card(plan: Plan, network: Network, sources: Sequence[Sequence[int]], piece: Piece, labels: _Labels) -> Markup:
    costs, unit = layer_costs(plan), unit_ms(plan)
    cost = sum(costs[index] for index in piece.layers)
    share = percent(cost, plan.solver.objective)
    first, last = labels.titles[piece.layers.start], labels.titles[piece.layers.stop - 1]
    title = [named(first)] if len(piece.layers) == 1 else [named(first), " … ", named(last)]
    return element(
        "figure",
        element(
            "figcaption",
            element("span", *title),
            element("b", share),
            element("span", milliseconds(cost * unit), class_="muted"),
        ),
        element("div", _svg(plan, network, sources, piece, labels), class_="scroll"),
        class_="card piece",
    )


def _svg(plan: Plan, network: Network, sources: Sequence[Sequence[int]], piece: Piece, labels: _Labels) -> Markup:
    """The piece's entries, its layers, and below them the outputs of the network that they make."""
    maker = {layer.output: index for index, layer in enumerate(network.layers)}
    exits = [tensor for tensor in network.outputs if maker.get(tensor, -1) in piece.layers]
    inner = len(piece.entries) + len(piece.layers)
    below = [(len(piece.entries) + maker[tensor] - piece.layers.start, inner + n) for n, tensor in enumerate(exits)]
    drawing = draw(inner + len(exits), [*_edges(sources, piece.layers, piece.entries), *below])
    width = round(drawing.width * (_NODE + _GAP) - _GAP + 2 * _MARGIN)
    names = _boxed([plan.layers[index].name for index in piece.layers])
    used = {source for index in range(piece.layers.stop, len(sources)) for source in sources[index]}
    goes_on = any(index in used for index in piece.layers)
    height = drawing.ranks * _PITCH - (_PITCH - _HEIGHT) + 2 * _MARGIN + (14 if goes_on else 0)
    lines = [element("path", d=_path(points), class_="edge") for points in drawing.edges.values()]
    boxes = []
    most = max((*layer_costs(plan), 1))
    costs = layer_costs(plan)
    for number, source in enumerate(piece.entries):
        if source < 0:
            words, hint = labels.entering[network.inputs[-1 - source]]
        else:
            words, hint = f"from {labels.entries[source]}", isolated(plan.layers[source].name)
        boxes.append(_end(drawing.places[number], words, hint, 12))
    boxes += [_end(drawing.places[inner + n], *labels.leaving[tensor], 0) for n, tensor in enumerate(exits)]
    for number, index in enumerate(piece.layers):
        place = drawing.places[len(piece.entries) + number]
        boxes.append(
            _node(
                place,
                index,
                plan.layers[index],
                names[number],
                (costs[index] / most, percent(costs[index], plan.solver.objective)),
            )
        )
        if index in used:
            x, y = _corner(place)
            lines.append(element("path", d=f"M{x + _NODE // 2} {y + _HEIGHT}V{height - 2}", class_="edge on"))
    return element(
        "svg",
        *lines,
        *boxes,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        class_="network",
        role="group",
    )


def _corner(place: tuple[float, int]) -> tuple[int, int]:
    return round(place[0] * (_NODE + _GAP)) + _MARGIN, place[1] * _PITCH + _MARGIN


def _path(points: Sequence[tuple[float, int]]) -> str:
    """From the bottom of the first point's box, by the middles of the bends, to the top of the last one's."""
    words = []
    for step, place in enumerate(points):
        x, y = _corner(place)
        x += _NODE // 2
        if step == 0:
            words.append(f"M{x} {y + _HEIGHT}")
            previous = (x, y + _HEIGHT)
            continue
        middle = (previous[1] + y) // 2
        words.append(f"C{previous[0]} {middle} {x} {middle} {x} {y}")
        if step < len(points) - 1:
            words.append(f"V{y + _HEIGHT}")
        previous = (x, y + _HEIGHT)
    return "".join(words)


def _boxed(names: Sequence[str]) -> list[str]:
    """The names of a card's layers in the room of a box: the last part of a path where that tells them apart.

    >>> _boxed(["inception_a1/branch3x3", "inception_a1/branch1x1", "stem/pool"])
    ['…/branch3x3', '…/branch1x1', 'stem/pool']
    >>> _boxed(["/layer1/layer1.0/conv1/Conv", "/layer1/layer1.1/conv1/Conv"])
    ['/la…0/conv1/Conv', '/la…1/conv1/Conv']
    """
    ends = [name if cell_len(name) <= _LETTERS else f"…/{name.rpartition('/')[2]}" for name in names]
    fit = len(set(ends)) == len(set(names)) and all(cell_len(end) <= _LETTERS for end in ends)
    return ends if fit else shortened(names, _LETTERS)


def _end(place: tuple[float, int], words: str, hint: str, top: int) -> Markup:
    """Where a tensor comes in or goes out."""
    x, y = _corner(place)
    y += top
    return element(
        "g",
        element("title", hint),
        element("rect", x=x, y=y, width=_NODE, height=_HEIGHT - 12, rx=12),
        element("text", isolated(words), x=x + _NODE // 2, y=y + 16, class_="line two"),
        class_="entry",
    )


def _node(place: tuple[float, int], index: int, layer: PlannedLayer, name: str, part: tuple[float, str]) -> Markup:
    """``part``: the layer's time against the longest one's, and its share of all in words."""
    share, words = part
    x, y = _corner(place)
    kind = kind_of(layer)
    how = f"{op_word(layer)}, {way_of(layer)}"
    hint = f"{isolated(layer.name)}\n{how}\n{times(layer.shape.output)}, {words}"
    meter = element(
        "rect", x=x + 4, y=y + _HEIGHT - 6, width=round(max(1.0, share * (_NODE - 8)), 1), height=3, class_="meter"
    )
    return element(
        "g",
        element("title", hint),
        element("rect", x=x, y=y, width=_NODE, height=_HEIGHT, rx=6, class_="box"),
        element("text", isolated(name), x=x + _NODE // 2, y=y + 14, class_="line one"),
        element("text", _second_line(layer), x=x + _NODE // 2, y=y + 26, class_="line two"),
        meter if share else None,
        class_=f"node k-{kind.value}",
        data_layer=index,
        tabindex=0,
        role="button",
        aria_label=isolated(f"{layer.name}, {words}"),
    )


def _second_line(layer: PlannedLayer) -> str:
    kind = kind_of(layer)
    if kind in (Kind.HOST, Kind.FREE, Kind.VECTOR):
        return op_word(layer) if kind is Kind.VECTOR else f"{op_word(layer)}, {LABELS[kind]}"
    rows, columns = layer.shape.kernel
    return f"{rows}×{columns} {LABELS[kind]}/{dataflow_word(layer)}"
