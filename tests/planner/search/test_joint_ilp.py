"""The joint integer programme against the joint search, and against every candidate solved by itself."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Add, Concat, Conv, Network
from dynamap.planner.pbqp.problem import Edge, Problem
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import target
from dynamap.planner.search.joint import joint_search
from dynamap.planner.search.joint_ilp import choose, joint_programme
from dynamap.planner.solvers import solve


def _conv(name: str, source: str, channels: int, out: int, kernel: tuple[int, int]) -> Conv:
    pads = (kernel[0] // 2, kernel[1] // 2, kernel[0] // 2, kernel[1] // 2)
    weights = np.zeros((out, channels, *kernel), np.float32)
    return Conv(name, (source,), name, Window(kernel, pads=pads), weights, np.zeros(out, np.float32))


def _small_network() -> Network:
    """A stem, three branches joined by a concatenation and by an addition."""
    layers = (
        _conv("stem", "image", 8, 32, (3, 3)),
        _conv("left", "stem", 32, 32, (1, 1)),
        _conv("middle", "stem", 32, 32, (3, 3)),
        _conv("right", "stem", 32, 32, (1, 5)),
        Concat("join", ("left", "middle"), "join"),
        Add("sum", ("middle", "right"), "sum"),
        _conv("tail", "join", 64, 16, (3, 3)),
        _conv("head", "sum", 32, 16, (3, 3)),
    )
    wide = {"image": 8, "join": 64, "tail": 16, "head": 16}
    tensors = {name: TensorShape(wide.get(name, 32), 12, 12) for name in ("image", *(layer.output for layer in layers))}
    return Network("small", "0" * 64, layers, tensors, ("image",), ("tail", "head"))


@pytest.mark.parametrize("engine", ["cbc", "highs"])
@pytest.mark.parametrize(("device", "multipliers"), [("u200", 40), ("pynq-z2", 24)])
def test_the_programme_finds_the_search_s_optimum(device: str, multipliers: int, engine: str) -> None:
    network = _small_network()
    _, machine, candidates = target(device, Request(multipliers=multipliers), network)
    storages = find_storages(network)
    costs = LayerCosts(network, storages, machine, {})
    found = joint_search(costs, storages, candidates)
    programme = joint_programme(costs, storages, candidates, engine)
    assert programme.objective_cycles == found.objective_cycles == found.bound_cycles


def test_choose_takes_the_cheapest_of_several_problems() -> None:
    rng = np.random.default_rng(5)

    def problem(base: int) -> Problem:
        vectors = tuple(rng.integers(base, base + 50, size).astype(np.int64) for size in (2, 3, 2))
        edges = tuple(
            Edge(u, v, rng.integers(0, 40, (len(vectors[u]), len(vectors[v]))).astype(np.int64))
            for u, v in ((0, 1), (1, 2), (0, 2))
        )
        return Problem(vectors, edges)

    problems = [problem(base) for base in (20, 5, 11, 6)]
    each = [solve(p, "exhaustive").objective for p in problems]
    optimum = choose(problems)
    assert optimum.objective == min(each)
    assert each[optimum.candidate] == min(each)
    assert problems[optimum.candidate].evaluate(optimum.assignment) == optimum.objective
