"""Plans by the published model on whole networks: the formulas in floating point, the optimum, saving, limits."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.device import load_device
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.models import resolve
from dynamap.planner.network.network import Conv, Network
from dynamap.planner.paper.planning import objective_of, plan_by_paper, problem_on
from dynamap.planner.plan.layers import OnArray, PlannedLayer
from dynamap.planner.plan.plan import Plan, load_plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from dynamap.planner.solvers import solve


def _formula_ms(layer: PlannedLayer, algorithm: str, dataflow: str, plan: Plan) -> float:
    """docs/paper-model.md in floating point, from the plan's shapes alone."""
    p1, p2 = plan.overlay.rows, plan.overlay.columns
    freq, bw = plan.overlay.clock_mhz * 1e3, plan.overlay.bandwidth_gbs * 1e6
    (c_in, h1, h2), (c_out, o1, o2) = layer.shape.input, layer.shape.output
    k1, k2 = layer.shape.kernel

    def cycles(a: float, b: int, c: int) -> float:
        if dataflow == "ns":
            return math.ceil(a / p1) * math.ceil(c / p2) * b
        if dataflow == "ws":
            return math.ceil(b / p1) * math.ceil(c / p2) * a
        return math.ceil(b / p1) * math.ceil(a / p2) * c

    if algorithm == "im2col":
        a, b = o1 * o2, k1 * k2 * c_in
        return cycles(a, b, c_out) / freq + (a * b + b * c_out) / bw
    if algorithm == "kn2row":
        return k1 * k2 * cycles(h1 * h2, c_in, c_out) / freq
    return (k1 / 3) ** 2 * 16 * (cycles(o1 * o2 / 4, c_in, c_out) + 3) / freq


@pytest.fixture(scope="module")
def googlenet() -> Network:
    return resolve("googlenet", weights=False)


def test_googlenet_options_are_the_formulas(googlenet: Network) -> None:
    request = Request(cost_model="paper", array=(92, 66), clock_mhz=286)
    plan = plan_network(googlenet, "u200", request)
    assert plan.cost_model == "paper" and (plan.overlay.rows, plan.overlay.columns) == (92, 66)
    convs = [layer for layer in plan.layers if isinstance(layer, OnArray)]
    assert len(convs) == 58  # 57 convolutions and the fully connected layer
    for layer in convs:
        assert {option.choice.algorithm.value for option in layer.options} == _algorithms(layer)
        assert len(layer.options) == 3 * len(_algorithms(layer))
        for option in layer.options:
            expected = _formula_ms(layer, option.choice.algorithm.value, option.choice.dataflow.value, plan)
            assert option.cost_ms == pytest.approx(expected, abs=1e-6)
            assert option.cost == pytest.approx(expected * 1e9, abs=1)
    assert all(layer.cycles == 0 for layer in plan.layers if not isinstance(layer, OnArray))


def _algorithms(layer: PlannedLayer) -> set[str]:
    kernel, output = layer.shape.kernel, layer.shape.output
    if kernel == (1, 1) or layer.shape.stride != (1, 1) or output[1:] == (1, 1):
        return {"im2col"}
    return {"im2col", "kn2row", "winograd"}


def test_googlenet_joint_optimum(googlenet: Network) -> None:
    """No array can be better: its own optimum, by another solver, on arrays around the best and at random."""
    plan = plan_by_paper(googlenet, "u200")
    assert plan.solver.status == "optimal" and plan.solver.treewidth == 2
    assert plan.solver.arrays_considered == sum(6833 // rows for rows in range(1, 6834))
    rows, columns = plan.overlay.rows, plan.overlay.columns
    assert rows * columns <= 6833
    again = solve(problem_on(googlenet, "u200", Request(), rows, columns), "ilp")
    assert again.objective == plan.solver.objective == objective_of(googlenet, plan)
    rng = np.random.default_rng(0)
    near = [(rows + i, columns + j) for i in range(-4, 5) for j in range(-4, 5) if (rows + i) * (columns + j) <= 6833]
    others = [(int(r), int(rng.integers(6833 // r // 2, 6833 // r) + 1)) for r in rng.integers(20, 300, 20)]
    for other in near + others:
        assert solve(problem_on(googlenet, "u200", Request(), *other)).objective >= plan.solver.objective


def test_plan_survives_saving(googlenet: Network, tmp_path: Path) -> None:
    plan = plan_by_paper(googlenet, "zcu104")
    plan.save(tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json").document() == plan.document()
    again = plan_by_paper(googlenet, "zcu104").document()
    first = plan.document()
    for document in (first, again):
        document["solver"]["seconds"] = 0
    assert first == again


def test_depthwise_layers_are_groups_of_the_array() -> None:
    """A depthwise 3 x 3 layer has all three algorithms, costs its groups one by one, and can be pinned."""
    window = Window((3, 3), pads=(1, 1, 1, 1))
    layer = Conv("dw", ("x",), "y", window, np.zeros((8, 1, 3, 3), np.float32), np.zeros(8, np.float32), groups=8)
    shape = TensorShape(8, 6, 6)
    network = Network("tiny", "0" * 64, (layer,), {"x": shape, "y": shape}, ("x",), ("y",))
    pins = {"dw": (Algorithm.KN2ROW, Dataflow.WS)}
    plan = plan_network(network, "pynq-z2", Request(cost_model="paper", array=(4, 4), pins=pins))
    # WS: 8 groups of 9 unit convolutions of ceil(1/4) ceil(1/4) 36 cycles.
    assert plan.layers[0].compute_cycles == 8 * 9 * 36
    assert plan.solver.objective == round(8 * 9 * 36 * 10**9 / load_device("pynq-z2").clock_khz)


def test_time_limit_gives_a_bound(googlenet: Network) -> None:
    best = plan_by_paper(googlenet, "u200").solver.objective
    plan = plan_by_paper(googlenet, "u200", Request(time_limit=1e-6))
    assert plan.solver.status == "feasible" and plan.solver.arrays_solved == 1
    assert plan.solver.bound <= best <= plan.solver.objective
