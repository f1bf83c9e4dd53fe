"""Plans by the published cost model: the array and the mapping that together take the fewest picoseconds.

Every array within the budget of multipliers is a candidate. The sum of the layers' minima and of the least transfers
bounds each from below; arrays are solved in the order of their bounds until the bound passes the best found. Ties go
to fewer multipliers, then to fewer rows. ``two_step`` is the publication's own procedure, for comparison: it sizes the
array by the sum of the layers' minima and then maps. Source: DYNAMAP (FPGA 2021); docs/paper-model.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.device import Device, load_device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.planner.network.joining.siblings import apart
from dynamap.planner.network.network import Network
from dynamap.planner.paper.costs import PaperCosts
from dynamap.planner.paper.plan import PaperMapping, write_paper_plan
from dynamap.planner.pbqp.problem import CostArray, Problem, Solution, Status
from dynamap.planner.plan.layers import OnArray
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import restrictions_for, solver_of
from dynamap.planner.search.joint import Progress

_Key = tuple[int, int, int]


@dataclass(frozen=True)
class Arrays:
    """Candidate arrays of ``rows[i]`` x ``columns[i]``, within ``budget`` multipliers."""

    rows: CostArray
    columns: CostArray
    budget: int


def plan_by_paper(
    network: Network,
    device: str | Device = "u200",
    request: Request | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """The plan of least latency in the published model, over all arrays and mappings, with its proof.

    Raises:
        InputError: the request cannot be understood, or asks for what the model does not have.
        InfeasibleError: the array does not fit, or a layer has no algorithm left.
    """
    request = request or Request()
    network = apart(network)
    started = time.perf_counter()
    board, costs, arrays = _set_up(network, device, request)
    bounds = costs.bounds_ps(arrays.rows, arrays.columns)
    mapping = _search(costs, arrays, bounds, request, started, progress)
    return write_paper_plan(network, board, request, costs, mapping)


def two_step(network: Network, device: str | Device = "u200", request: Request | None = None) -> Plan:
    """The publication's procedure: the array of the least sum of layer minima, then the best mapping on it.

    ``solver.bound`` is still that of all arrays, so it says how far from the joint optimum the plan may be.

    Raises:
        InputError, InfeasibleError: as ``plan_by_paper``.
    """
    request = request or Request()
    network = apart(network)
    started = time.perf_counter()
    board, costs, arrays = _set_up(network, device, request)
    minima = costs.layer_minima_ps(arrays.rows, arrays.columns)
    chosen = int(np.lexsort((arrays.rows, arrays.rows * arrays.columns, minima))[0])
    rows, columns = int(arrays.rows[chosen]), int(arrays.columns[chosen])
    solution = _solve(costs, rows, columns, request, request.time_limit)
    least = int(costs.bounds_ps(arrays.rows, arrays.columns).min())
    elapsed = time.perf_counter() - started
    bound = min(least, solution.bound)
    mapping = PaperMapping(rows, columns, arrays.budget, solution, bound, len(arrays.rows), 1, elapsed)
    return write_paper_plan(network, board, request, costs, mapping)


def problem_on(network: Network, device: str | Device, request: Request, rows: int, columns: int) -> Problem:
    """The mapping problem on one array, in picoseconds; vertices and edges in the order of ``paper_graph``.

    Raises:
        InputError, InfeasibleError: as ``plan_by_paper``.
    """
    _, costs, _ = _set_up(apart(network), device, replace(request, array=(rows, columns)))
    return costs.problem(rows, columns)


def objective_of(network: Network, plan: Plan) -> int:
    """The objective of a plan by this model, recomputed from the network and the layers' algorithms and dataflows.

    Every convolution is pinned to what the plan says; storages, which have no layer, take their best format.

    Raises:
        InputError, InfeasibleError: the plan's device, layers or choices do not fit the network.
    """
    pins: Mapping[str, tuple[Algorithm, Dataflow | None]] = {
        layer.name: (layer.choice.algorithm, layer.choice.dataflow)
        for layer in plan.layers
        if isinstance(layer, OnArray)
    }
    network = apart(network)
    request = Request(cost_model="paper", pins=pins)
    clock_khz = round(plan.overlay.clock_mhz * 1000)
    bandwidth = round(plan.overlay.bandwidth_gbs * 10**6)
    costs = PaperCosts(network, restrictions_for(network, request), clock_khz, bandwidth)
    return _solve(costs, plan.overlay.rows, plan.overlay.columns, request, None).objective


def _set_up(network: Network, device: str | Device, request: Request) -> tuple[Device, PaperCosts, Arrays]:
    board = load_device(device) if isinstance(device, str) else device
    if request.on_chip_bytes is not None:
        raise InputError("the paper's model has no on-chip memory: leave --on-chip out, or use --cost-model overlay")
    if request.fill_percent is not None:
        raise InputError(
            "the paper's model counts the multipliers of the array alone: leave --fill out and say --multipliers, or "
            "use --cost-model overlay"
        )
    board = request.overriding(board)
    request = replace(request, cost_model="paper")
    if request.packing:
        raise InputError(
            "the paper's model does one product per multiplier: leave --packing out, or use --cost-model overlay"
        )
    if request.multipliers is not None and request.multipliers < 1:
        raise InputError(f"--multipliers must be positive, found {request.multipliers}")
    budget = board.resources.multipliers if request.multipliers is None else request.multipliers
    restrictions = restrictions_for(network, request)
    if not restrictions:
        raise InputError(f"network {network.name!r} has no convolution: the paper's model has nothing to plan")
    costs = PaperCosts(network, restrictions, board.clock_khz, board.bandwidth_bytes_per_ms)
    return board, costs, _arrays(board, request, budget)


def _arrays(board: Device, request: Request, budget: int) -> Arrays:
    if request.array is None:
        sides = np.arange(1, budget + 1, dtype=np.int64)
        counts = budget // sides
        columns = np.concatenate([np.arange(1, count + 1, dtype=np.int64) for count in counts])
        return Arrays(np.repeat(sides, counts), columns, budget)
    rows, columns_wanted = request.array
    if min(rows, columns_wanted) < 1:
        raise InputError(f"--array needs a positive number of rows and columns, found {rows}x{columns_wanted}")
    if rows * columns_wanted > budget:
        raise InfeasibleError(
            f"array {rows}x{columns_wanted} needs {rows * columns_wanted} multipliers and device {board.name!r} "
            f"has {budget} ({rows * columns_wanted - budget} too many); "
            "choose a smaller --array, raise --multipliers, or use a larger --device"
        )
    return Arrays(np.array([rows], np.int64), np.array([columns_wanted], np.int64), budget)


def _solve(costs: PaperCosts, rows: int, columns: int, request: Request, time_limit: float | None) -> Solution:
    problem = costs.problem(rows, columns)
    return solver_of(request)(problem, request.solver, time_limit=time_limit)


def _search(
    costs: PaperCosts,
    arrays: Arrays,
    bounds: CostArray,
    request: Request,
    started: float,
    progress: Callable[[Progress], None] | None,
) -> PaperMapping:
    order = np.lexsort((arrays.rows, arrays.rows * arrays.columns, bounds))
    best: tuple[_Key, Solution] | None = None
    unproven: list[int] = []
    solved = 0
    for index in order:
        rows, columns, bound = int(arrays.rows[index]), int(arrays.columns[index]), int(bounds[index])
        if best is not None and (bound, rows * columns, rows) >= best[0]:
            break
        elapsed = time.perf_counter() - started
        if request.time_limit is not None and best is not None and elapsed > request.time_limit:
            unproven.append(bound)
            break
        left = None if request.time_limit is None else max(1e-3, request.time_limit - elapsed)
        solution = _solve(costs, rows, columns, request, left)
        solved += 1
        if solution.status is not Status.OPTIMAL:
            unproven.append(solution.bound)
        key = (solution.objective, rows * columns, rows)
        if best is None or key < best[0]:
            best = key, solution
        if progress is not None:
            progress(Progress(len(order) - solved, solved, None))
    assert best is not None, "a budget of one multiplier has one array"
    (objective, size, rows), solution = best
    proven = min([objective, *unproven])
    elapsed = time.perf_counter() - started
    return PaperMapping(rows, size // rows, arrays.budget, solution, proven, len(arrays.rows), solved, elapsed)
