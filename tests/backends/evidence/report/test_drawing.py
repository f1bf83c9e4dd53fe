"""The drawing of the graph: whatever the network, nothing overlaps, nothing is lost, nothing points upwards."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamap.backends.evidence.report.axes import log_scale, nice_ticks
from dynamap.backends.evidence.report.graph import pieces, producers
from dynamap.backends.evidence.report.layering import depth, draw
from dynamap.planner.models import resolve

Graph = tuple[int, list[tuple[int, int]]]


@st.composite
def graphs(draw_value: st.DrawFn) -> Graph:
    count = draw_value(st.integers(1, 24))
    pairs = [(tail, head) for head in range(count) for tail in range(head)]
    edges = draw_value(st.lists(st.sampled_from(pairs), unique=True, max_size=40)) if pairs else []
    return count, sorted(edges, key=lambda edge: (edge[1], edge[0]))


@given(graphs())
@settings(max_examples=120, deadline=None)
def test_vertices_stand_apart_and_edges_go_down_rank_by_rank(graph: Graph) -> None:
    count, edges = graph
    drawing = draw(count, edges)
    assert len(drawing.places) == count and set(drawing.edges) == set(edges)
    rows: dict[int, list[float]] = {}
    for x, rank in drawing.places:
        rows.setdefault(rank, []).append(x)
        assert -1e-6 <= x <= drawing.width - 1 + 1e-6 and 0 <= rank < drawing.ranks
    for row in rows.values():
        assert all(right - left >= 1 - 1e-3 for left, right in pairwise(sorted(row)))
    for (tail, head), points in drawing.edges.items():
        assert points[0] == drawing.places[tail] and points[-1] == drawing.places[head]
        assert [rank for _, rank in points] == list(range(points[0][1], points[-1][1] + 1))
    assert depth(count, edges) == drawing.ranks


def test_a_diamond_is_drawn_as_one() -> None:
    drawing = draw(4, [(0, 1), (0, 2), (1, 3), (2, 3)])
    assert drawing.places == ((0.5, 0), (0.0, 1), (1.0, 1), (0.5, 2))


def test_branches_do_not_cross() -> None:
    """Vertices of two ranks numbered against each other: the order undoes it."""
    drawing = draw(6, [(0, 5), (1, 4), (2, 3)])
    tops = sorted(range(3), key=lambda v: drawing.places[v][0])
    bottoms = sorted(range(3, 6), key=lambda v: drawing.places[v][0])
    assert [5 - top for top in tops] == bottoms


@given(graphs())
@settings(max_examples=120, deadline=None)
def test_pieces_hold_every_layer_and_one_tensor_passes_between_them(graph: Graph) -> None:
    count, edges = graph
    sources = [tuple(tail for tail, head in edges if head == vertex) or (-1,) for vertex in range(count)]
    found = pieces(sources)
    assert [index for piece in found for index in piece.layers] == list(range(count))
    for piece in found:
        outside = {s for index in piece.layers for s in sources[index] if s < piece.layers.start}
        assert set(piece.entries) == outside
        if piece.layers.start:
            passing = {
                s for index in range(piece.layers.start, count) for s in sources[index] if s < piece.layers.start
            }
            assert len(passing) <= 1


@pytest.mark.parametrize("name", ["inception-v4", "densenet121", "vgg19"])
def test_pieces_of_networks_are_small(name: str) -> None:
    """Inception modules stay whole; long chains are cut so that a card fits a sheet of paper."""
    network = resolve(name, weights=False)
    sources = producers(network)
    found = pieces(sources)
    assert max(len(piece.layers) for piece in found) <= 24
    assert sum(len(piece.layers) for piece in found) == len(network.layers)
    if name == "inception-v4":
        names = [{network.layers[i].name.split("/")[0] for i in piece.layers} for piece in found]
        for module in ("inception_a1", "inception_b4", "inception_c3", "reduction_a"):
            assert sum(module in piece for piece in names) == 1


def test_scales_hold_their_values() -> None:
    scale = log_scale([1.0, 100.0], 0, 100)
    assert 0 < scale(1.0) < 50 and scale(10.0) == 50.0 and 50 < scale(100.0) < 100
    assert scale.ticks() == (1.0, 10.0, 100.0)
    assert log_scale([5.0], 0, 100).ticks() == (5.0, 10.0)
    assert nice_ticks(0.0, 5) == (0.0,)
    assert nice_ticks(7.0, 7) == (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
