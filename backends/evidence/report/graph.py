"""The network as a graph, coloured by algorithm: cut where a single tensor passes, a card for each piece.

A piece is a few ranks deep, so that it can be read on a phone and is not cut by the edge of a sheet of paper.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dynamap.backends.evidence.report.evidence import Absent, Evidence
from dynamap.backends.evidence.report.kinds import LABELS, Kind, kind_of, layer_costs, unit_ms, way_of
from dynamap.backends.evidence.report.layering import Drawing, depth, draw
from dynamap.backends.evidence.report.legend import legend
from dynamap.backends.evidence.report.markup import Markup, element, isolated, named, prose
from dynamap.backends.evidence.report.words import milliseconds, percent, times
from dynamap.planner.network.network import Network
from dynamap.planner.plan.layers import PlannedLayer
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.words import dataflow_word, op_word

_DEEPEST = 10
"""Ranks that neighbouring pieces may have together to share a card."""

_NODE, _HEIGHT, _GAP, _PITCH, _MARGIN = 118, 36, 10, 58, 6
"""Pixels: a node's width and height, the gap beside it, from rank to rank, around the drawing."""

_LETTERS = 17

Edge = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """Consecutive layers; ``entries`` are the layers outside that they read (-1 - i: input i of the network)."""

    layers: range
    entries: tuple[int, ...]


def graph(evidence: Evidence, prefix: str) -> Markup:
    """The legend and the cards; the sentence of what is missing where the model is."""
    network, plan = evidence.network, evidence.plan
    if isinstance(network, Absent):
        return element(
            "p", prose(network.reason), " The plan alone does not say which layer reads which.", class_="absent"
        )
    sources = producers(network)
    cards = [_card(plan, network, sources, piece) for piece in pieces(sources)]
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


def _card(plan: Plan, network: Network, sources: Sequence[Sequence[int]], piece: Piece) -> Markup:
    costs, unit = layer_costs(plan), unit_ms(plan)
    drawing = draw(len(piece.entries) + len(piece.layers), _edges(sources, piece.layers, piece.entries))
    cost = sum(costs[index] for index in piece.layers)
    share = percent(cost, plan.solver.objective)
    first, last = plan.layers[piece.layers.start].name, plan.layers[piece.layers.stop - 1].name
    title = (
        [named(shortened(first, 22))]
        if len(piece.layers) == 1
        else [named(shortened(first, 22)), " … ", named(shortened(last, 22))]
    )
    return element(
        "figure",
        element(
            "figcaption",
            element("span", *title),
            element("b", share),
            element("span", milliseconds(cost * unit), class_="muted"),
        ),
        element("div", _svg(plan, network, sources, piece, drawing), class_="scroll"),
        class_="card piece",
    )


def _svg(plan: Plan, network: Network, sources: Sequence[Sequence[int]], piece: Piece, drawing: Drawing) -> Markup:
    width = round(drawing.width * (_NODE + _GAP) - _GAP + 2 * _MARGIN)
    used = {source for index in range(piece.layers.stop, len(sources)) for source in sources[index]}
    goes_on = any(index in used for index in piece.layers)
    height = drawing.ranks * _PITCH - (_PITCH - _HEIGHT) + 2 * _MARGIN + (14 if goes_on else 0)
    lines = [element("path", d=_path(points), class_="edge") for points in drawing.edges.values()]
    boxes = []
    most = max((*layer_costs(plan), 1))
    costs = layer_costs(plan)
    for number, source in enumerate(piece.entries):
        name = network.inputs[-1 - source] if source < 0 else plan.layers[source].name
        boxes.append(_entry(drawing.places[number], name, source < 0))
    for number, index in enumerate(piece.layers):
        place = drawing.places[len(piece.entries) + number]
        boxes.append(
            _node(place, index, plan.layers[index], costs[index] / most, percent(costs[index], plan.solver.objective))
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


def _entry(place: tuple[float, int], name: str, is_input: bool) -> Markup:
    x, y = _corner(place)
    words = f"{'input' if is_input else 'from'} {shortened(name, 13)}"
    return element(
        "g",
        element("title", isolated(name)),
        element("rect", x=x, y=y + 12, width=_NODE, height=_HEIGHT - 12, rx=12),
        element("text", isolated(words), x=x + _NODE // 2, y=y + 28, class_="line two"),
        class_="entry",
    )


def _node(place: tuple[float, int], index: int, layer: PlannedLayer, share: float, words: str) -> Markup:
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
        element("text", isolated(shortened(layer.name, _LETTERS)), x=x + _NODE // 2, y=y + 14, class_="line one"),
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


def shortened(name: str, letters: int) -> str:
    """A name in so many letters at most; its end is kept, for that is where names of layers differ.

    >>> shortened("mixed_5b/conv2d_1x1", 14), shortened("mixed_5b/conv2d_0a_1x1", 12)
    ('…/conv2d_1x1', '…nv2d_0a_1x1')
    """
    if _columns(name) <= letters:
        return name
    last = name.rpartition("/")[2]
    if last and _columns(last) <= letters:
        return f"…/{last}" if _columns(last) <= letters - 2 else last
    kept = ""
    for letter in reversed(last or name):
        if _columns(letter + kept) > letters - 1:
            break
        kept = letter + kept
    return f"…{kept}"


def _columns(text: str) -> int:
    """The width of a text, in which letters of East Asia count twice."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
