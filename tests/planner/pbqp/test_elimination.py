"""Elimination orders: their scopes, their scores, and how near they come to the treewidth."""

from __future__ import annotations

from itertools import combinations, permutations

import networkx as nx
import pytest

from dynamap.planner.pbqp.elimination import Elimination, min_degree, min_fill, restrict
from dynamap.planner.pbqp.obstruction import is_series_parallel


def as_graph(graph: nx.Graph) -> dict[int, set[int]]:
    return {int(v): {int(u) for u in graph[v]} for v in graph}


def random_graphs(count: int, vertices: int) -> list[nx.Graph]:
    return [nx.gnm_random_graph(vertices, vertices // 2 + seed % (2 * vertices), seed=seed) for seed in range(count)]


def replay(graph: nx.Graph, order: tuple[int, ...]) -> list[set[int]]:
    """The neighbours of each vertex at its elimination, on networkx's graph."""
    left = graph.copy()
    scopes = []
    for vertex in order:
        around = set(left[vertex])
        scopes.append(around)
        left.add_edges_from(combinations(around, 2))
        left.remove_node(vertex)
    return scopes


def missing_pairs(graph: nx.Graph, vertex: int) -> int:
    return sum(not graph.has_edge(a, b) for a, b in combinations(graph[vertex], 2))


@pytest.mark.parametrize("heuristic", [min_fill, min_degree])
def test_scopes_are_the_neighbours_at_elimination(heuristic: object) -> None:
    for graph in random_graphs(60, 12):
        elimination: Elimination = heuristic(as_graph(graph))  # type: ignore[operator]
        scopes = replay(graph, elimination.order)
        assert [set(scope) for scope in elimination.scopes] == scopes
        turn = {v: i for i, v in enumerate(elimination.order)}
        assert all(list(s) == sorted(s, key=turn.__getitem__) for s in elimination.scopes)
        assert elimination.width == max(map(len, scopes))


def test_each_vertex_is_the_best_of_those_left() -> None:
    """The counts are kept up to date from step to step; here they are counted anew each time."""
    for graph in random_graphs(60, 12):
        left = graph.copy()
        for vertex in min_fill(as_graph(graph)).order:
            scores = {v: (missing_pairs(left, v), left.degree(v), v) for v in left}
            assert scores[vertex] == min(scores.values())
            left.add_edges_from(combinations(list(left[vertex]), 2))
            left.remove_node(vertex)
        left = graph.copy()
        for vertex in min_degree(as_graph(graph)).order:
            assert (left.degree(vertex), vertex) == min((left.degree(v), v) for v in left)
            left.add_edges_from(combinations(list(left[vertex]), 2))
            left.remove_node(vertex)


def test_widths_against_the_treewidth_by_brute_force() -> None:
    """No order is narrower than the best of all 720; one of the two finds it on nearly all small graphs."""
    exact = 0
    graphs = random_graphs(40, 6)
    for graph in graphs:
        treewidth = min(max(map(len, replay(graph, order))) for order in permutations(range(6)))
        found = min(min_fill(as_graph(graph)).width, min_degree(as_graph(graph)).width)
        assert found >= treewidth
        exact += found == treewidth
    assert exact == len(graphs)


def test_chordal_graphs_get_their_treewidth() -> None:
    """Min-fill adds no edge to a k-tree, so its width is k."""
    for k in range(1, 9):
        graph = nx.complete_graph(k + 1)
        for v in range(k + 1, 40):
            graph.add_edges_from((v, u) for u in range(v - k, v))
        assert min_fill(as_graph(graph)).width == k


def test_table_entries() -> None:
    """A path 0 - 1 - 2 with 2, 3 and 5 choices: eliminating 0 leaves 3 entries, 1 leaves 5, 2 leaves 1."""
    path = Elimination((0, 1, 2), ((1,), (2,), ()))
    assert path.table_entries({0: 2, 1: 3, 2: 5}) == [3, 5, 1]


def test_restrict() -> None:
    assert restrict({0: {1, 2}, 1: {0}, 2: {0}}, [0, 2]) == {0: {2}, 2: {0}}


def test_series_parallel_recognition() -> None:
    """Against networkx: treewidth two or less, which min-degree elimination decides exactly."""
    for graph in random_graphs(200, 9):
        edges = [(int(u), int(v)) for u, v in graph.edges]
        assert is_series_parallel(edges) == (nx.approximation.treewidth_min_degree(graph)[0] <= 2)
