"""A mapping in the published model, written out as a plan.

The model knows the array's cycles and one time per layer; it has no loads, stores, buffers or bytes per engine, so
those entries are 0. A layer's cost in picoseconds stands in its ``options``; the objective is the sum of the chosen
ones and of the transfers between layers, which a notice states.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from dynamap.cost import paper
from dynamap.cost.algorithms import Algorithm, Dataflow, WinogradTile
from dynamap.cost.device import Device
from dynamap.planner.network.network import Conv, HostLayer, Layer, Network
from dynamap.planner.paper.costs import Job, PaperCosts
from dynamap.planner.paper.graph import PLAIN, Reading
from dynamap.planner.pbqp.problem import CostArray, Problem, Solution, Status
from dynamap.planner.plan.described import executed_layer, free_layer, model_info
from dynamap.planner.plan.layers import (
    ArrayDecision,
    Bound,
    Choice,
    Decision,
    InPlace,
    OnHost,
    OptionCost,
    PlannedLayer,
    PublishedFormat,
    RunnerUp,
)
from dynamap.planner.plan.parts import PARTS, OverlayInfo, ResourceUse, SolverInfo
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.segments import planned_segments
from dynamap.planner.request.request import Request


@dataclass(frozen=True)
class PaperMapping:
    """An array and the solution of its mapping problem; ``bound_ps``: no array considered can cost less."""

    rows: int
    columns: int
    budget: int
    solution: Solution
    bound_ps: int
    arrays_considered: int
    arrays_solved: int
    seconds: float


@dataclass(frozen=True)
class _Chosen:
    """What a convolution was given, and its alternatives: ``costs[algorithm, dataflow]`` in the job's order."""

    job: Job
    algorithm: int
    dataflow: int
    costs: CostArray
    around: CostArray
    """Cost per algorithm, with the cheapest dataflow and its transfers, everything else unchanged."""


def write_paper_plan(
    network: Network, board: Device, request: Request, costs: PaperCosts, mapping: PaperMapping
) -> Plan:
    """The mapping as a plan; ``unit`` is ``ps``."""
    problem = costs.problem(mapping.rows, mapping.columns)
    chosen = _choices(costs, problem, mapping)
    layers = tuple(_layer(layer, network, costs, mapping, chosen) for layer in network.layers)
    objective = mapping.solution.objective
    in_layers = sum(int(c.costs[c.algorithm, c.dataflow]) for c in chosen.values())
    if problem.evaluate(mapping.solution.assignment) != objective:
        raise AssertionError(f"the mapping does not cost the {objective} ps that the solver says")
    macs = sum(layer.macs for layer in layers)
    return Plan(
        model=model_info(network),
        device=board.document(),
        overlay=_overlay(costs, mapping),
        cost_model="paper",
        solver=SolverInfo(
            name=request.solver,
            status=(Status.OPTIMAL if mapping.bound_ps == objective else Status.FEASIBLE).value,
            objective=objective,
            unit="ps",
            bound=mapping.bound_ps,
            seconds=round(mapping.seconds, 4),
            arrays_considered=mapping.arrays_considered,
            arrays_solved=mapping.arrays_solved,
            treewidth=mapping.solution.treewidth,
            certificate=mapping.solution.certificate,
        ),
        latency_ms=objective / paper.PS_PER_MS,
        limits_ms={"compute": round(macs / (mapping.rows * mapping.columns * costs.clock_khz), 6)},
        resources=(ResourceUse("multipliers", mapping.rows * mapping.columns, mapping.budget, 0),),
        request=request.document(),
        notices=(
            *network.notices,
            f"the paper's model: layers take {in_layers / paper.PS_PER_MS:.6f} ms and transfers between them "
            f"{(objective - in_layers) / paper.PS_PER_MS:.6f} ms; nothing is generated from its plans",
        ),
        layers=layers,
        segments=planned_segments(network.whole),
    )


def _overlay(costs: PaperCosts, mapping: PaperMapping) -> OverlayInfo:
    return OverlayInfo(
        rows=mapping.rows,
        columns=mapping.columns,
        packing=1,
        clock_mhz=costs.clock_khz / 1000,
        bandwidth_gbs=costs.bandwidth_bytes_per_ms / 10**6,
        word_bytes=0,
        lanes=0,
        input_buffer=0,
        weight_buffer=0,
        output_buffer=0,
        accumulator_rows=0,
        row_buffer=0,
        **PARTS,
        multipliers=mapping.rows * mapping.columns,
        crossings=0,
        machine=0,
    )


def _choices(costs: PaperCosts, problem: Problem, mapping: PaperMapping) -> dict[str, _Chosen]:
    """What each convolution was given, by name."""
    assignment = mapping.solution.assignment
    around = [vector.copy() for vector in problem.vectors]
    for edge in problem.edges:
        around[edge.first] += edge.costs[:, assignment[edge.second]]
        around[edge.second] += edge.costs[assignment[edge.first]]
    chosen = {}
    for number, (vertex, job) in enumerate(zip(costs.graph.vertices, costs.jobs, strict=True)):
        if vertex.layer is None or job is None:
            continue
        array = mapping.rows, mapping.columns
        table = np.array([[costs.option_ps(job, a, d, *array) for d in job.dataflows] for a in job.algorithms])
        algorithm = assignment[number]
        chosen[vertex.layer.name] = _Chosen(job, algorithm, int(table[algorithm].argmin()), table, around[number])
    return chosen


def _layer(
    layer: Layer, network: Network, costs: PaperCosts, mapping: PaperMapping, chosen: dict[str, _Chosen]
) -> PlannedLayer:
    free = None if isinstance(layer, Conv) else free_layer(layer, network)
    if isinstance(free, OnHost):
        return free
    formats = _formats(layer, network, costs, mapping)
    if isinstance(free, InPlace):
        return replace(free, **formats)
    this = chosen.get(layer.name)
    decision = Decision(**formats, **_NOTHING) if this is None else _decision(this, formats, costs, mapping)
    utilization = 0.0 if this is None else _utilization(this, decision.cycles, mapping)
    return executed_layer(layer, network, decision, utilization)


_NOTHING: dict[str, Any] = {
    "blocking": None,
    "compute_cycles": 0,
    "load_cycles": 0,
    "store_cycles": 0,
    "cycles": 0,
    "bytes_read": 0,
    "bytes_written": 0,
    "bound_by": None,
}
"""What the model does not know, and what costs nothing in it."""


def _decision(this: _Chosen, formats: dict[str, Any], costs: PaperCosts, mapping: PaperMapping) -> ArrayDecision:
    choice = _choice(this.job.algorithms[this.algorithm], this.job.dataflows[this.dataflow])
    one = np.array([mapping.rows]), np.array([mapping.columns])
    cycles = int(paper.node_cycles(this.job.shape, choice.algorithm, choice.dataflow, *one)[0])
    own = {"compute_cycles": cycles, "cycles": cycles, "bound_by": _bound_by(this, choice.algorithm, cycles, costs)}
    return ArrayDecision(
        choice=choice, runner_up=_runner_up(this), options=_options(this), **formats, **(_NOTHING | own)
    )


def _choice(algorithm: Algorithm, dataflow: Dataflow) -> Choice:
    tile = WinogradTile(paper.WINOGRAD_M) if algorithm is Algorithm.WINOGRAD else None
    return Choice(algorithm, tile, dataflow)


def _formats(layer: Layer, network: Network, costs: PaperCosts, mapping: PaperMapping) -> dict[str, Any]:
    """The fields of the formats that a layer reads and writes; a layer without a vertex changes nothing."""
    vertices, assignment = costs.graph.vertices, mapping.solution.assignment
    numbers = {vertex.layer.name: number for number, vertex in enumerate(vertices) if vertex.layer is not None}
    stored = {vertex.tensor: number for number, vertex in enumerate(vertices) if vertex.layer is None}

    def name(vertex: int) -> str:
        return vertices[vertex].choices[assignment[vertex]].format_name

    def of(tensor: str) -> str:
        if tensor in stored:
            return name(stored[tensor])
        readers = [reader for reader in network.consumers(tensor) if not isinstance(reader, HostLayer)]
        if not readers:
            return PLAIN.format_name
        return name(numbers[readers[0].name]) if readers[0].name in numbers else of(readers[0].output)

    source = name(numbers[layer.name]) if layer.name in numbers else of(layer.inputs[0])
    return {"input_format": PublishedFormat(source), "output_format": PublishedFormat(of(layer.output))}


def _options(this: _Chosen) -> tuple[OptionCost, ...]:
    return tuple(
        OptionCost(
            choice=_choice(algorithm, dataflow),
            input_format=PublishedFormat(Reading(algorithm, _kernel(this, algorithm)).format_name),
            output_format=None,
            cost=int(this.costs[i, j]),
            cost_ms=int(this.costs[i, j]) / paper.PS_PER_MS,
        )
        for i, algorithm in enumerate(this.job.algorithms)
        for j, dataflow in enumerate(this.job.dataflows)
    )


def _kernel(this: _Chosen, algorithm: Algorithm) -> tuple[int, int]:
    return this.job.shape.window.kernel if algorithm is Algorithm.IM2COL else (1, 1)


def _runner_up(this: _Chosen) -> RunnerUp | None:
    """The best other algorithm and dataflow, transfers included, while all other layers stay as they are."""
    least = this.costs.min(axis=1)
    totals = this.around[:, None] + this.costs - least[:, None]
    best = int(totals[this.algorithm, this.dataflow])
    others = [
        (int(totals[i, j]) - best, i, j)
        for i in range(len(this.job.algorithms))
        for j in range(len(this.job.dataflows))
        if (i, j) != (this.algorithm, this.dataflow)
    ]
    if not others:
        return None
    extra, i, j = min(others)
    return RunnerUp(this.job.algorithms[i], this.job.dataflows[j], extra)


def _utilization(this: _Chosen, cycles: int, mapping: PaperMapping) -> float:
    """Multiply-accumulates (Winograd: the products of its tiles) / (cycles x multipliers of the array)."""
    algorithm = this.job.algorithms[this.algorithm]
    products = Fraction(this.job.shape.macs)
    if algorithm is Algorithm.WINOGRAD:
        work = paper.work_of(this.job.shape, algorithm)
        products = work.a * work.b * work.c * work.repeats
    return round(float(products / (cycles * mapping.rows * mapping.columns)), 6)


def _bound_by(this: _Chosen, algorithm: Algorithm, cycles: int, costs: PaperCosts) -> Bound:
    """The largest part of the layer's own time: compute, or im2col's loads of its Toeplitz matrix or its weights."""
    work = paper.work_of(this.job.shape, algorithm)
    parts = {Bound.COMPUTE: Fraction(cycles, costs.clock_khz)}
    if work.loaded_bytes:
        inputs = this.job.shape.groups * int(work.a) * work.b
        parts[Bound.INPUT] = Fraction(inputs, costs.bandwidth_bytes_per_ms)
        parts[Bound.WEIGHTS] = Fraction(work.loaded_bytes - inputs, costs.bandwidth_bytes_per_ms)
    return max(parts, key=lambda part: parts[part])
