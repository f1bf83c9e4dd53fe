"""From a network and a device to a plan: the joint search on the overlay, written out layer by layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.device import Device, load_device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.overlay.fitting.candidates import Candidates, require_array
from dynamap.cost.overlay.fitting.report import report
from dynamap.cost.overlay.fitting.target import array_limit, machine_of
from dynamap.cost.overlay.machine import UNIT_BYTES, Machine, Overlay
from dynamap.cost.overlay.options import ALGORITHMS, DATAFLOWS, FORMATS, applicable
from dynamap.cost.overlay.timing import INFEASIBLE, Times
from dynamap.cost.overlay.transfer import Format
from dynamap.cost.overlay.vector import VectorShape
from dynamap.planner import solvers
from dynamap.planner.mapping.blocking import MODES, Choice
from dynamap.planner.mapping.overlay_costs import LayerCosts, Restriction
from dynamap.planner.mapping.storage import Storages, find_storages
from dynamap.planner.network.network import Concat, Conv, HostLayer, Layer, Network, Pool
from dynamap.planner.network.work import work_of
from dynamap.planner.pbqp.problem import Solution
from dynamap.planner.plan.plan import (
    Blocking,
    LayerShape,
    ModelInfo,
    OptionCost,
    OverlayInfo,
    Plan,
    PlannedLayer,
    ResourceUse,
    RunnerUp,
    SolverInfo,
    TogetherInfo,
)
from dynamap.planner.request.request import Request
from dynamap.planner.search.candidates import ArrayCandidates, FixedCandidates
from dynamap.planner.search.joint import Found, Progress, joint_search


def restrictions_for(network: Network, request: Request) -> dict[str, Restriction]:
    """What each convolution may use.

    Raises:
        InputError: a pin names a layer that does not exist or that the array does not run.
    """
    convs = {layer.name: layer for layer in network.layers if isinstance(layer, Conv)}
    pins = request.pins
    if request.together is not None:
        pins = {name: choice for name, choice in pins.items() if name in convs}
    for name in pins:
        if name not in convs:
            close = [other for other in convs if name.lower() in other.lower()][:3]
            hint = f"; did you mean {', '.join(map(repr, close))}?" if close else ""
            raise InputError(
                f"--pin names {name!r}, which is not a convolution of {network.name!r}{hint} "
                "(`dynamap check` lists the layers)"
            )
        if request.cost_model == "overlay" and not isinstance(work_of(convs[name], network), ConvShape):
            raise InputError(
                f"--pin {name!r}: a depthwise convolution runs on the vector unit and has no algorithm to choose"
            )
    restrictions = {}
    for name in convs:
        algorithms, dataflows = request.algorithms, request.dataflows
        if name in pins:
            algorithm, dataflow = pins[name]
            algorithms = (algorithm,)
            dataflows = (dataflow,) if dataflow else dataflows
        restrictions[name] = Restriction(algorithms, dataflows)
        work = work_of(convs[name], network)
        if request.cost_model == "overlay" and isinstance(work, ConvShape):
            _require_algorithm(name, work, algorithms)
    return restrictions


def _require_algorithm(name: str, shape: ConvShape, allowed: tuple[Algorithm, ...]) -> None:
    possible = [algorithm for algorithm in Algorithm if applicable(shape, algorithm)]
    if not set(possible) & set(allowed):
        kernel, stride = ("x".join(map(str, pair)) for pair in (shape.window.kernel, shape.window.stride))
        raise InfeasibleError(
            f"layer {name!r} (kernel {kernel}, stride {stride}) can run by "
            f"{', '.join(a.value for a in possible)} only, and {', '.join(a.value for a in allowed)} is allowed: "
            "widen --algorithms or its --pin"
        )


def target(device: str | Device, request: Request) -> tuple[Device, Machine, Candidates]:
    """The device with the request's overrides, its machine, and every array that fits."""
    board = load_device(device) if isinstance(device, str) else device
    board = request.overriding(board)
    machine = machine_of(board, request.packing)
    if request.multipliers is not None and request.multipliers < 1:
        raise InputError(f"--multipliers must be positive, found {request.multipliers}")
    limit = array_limit(board, machine) if request.multipliers is None else request.multipliers
    return board, machine, Candidates.of(board, machine, limit)


def search_space(candidates: Candidates, request: Request) -> ArrayCandidates:
    """The overlays among which a request leaves the choice: all that fit, those of one array, or a single one.

    Raises:
        InputError, InfeasibleError: the array or the overlay that it asks for cannot be.
    """
    if request.overlay is not None:
        request.overlay.require_fit(candidates)
        return FixedCandidates.of(request.overlay.rows, request.overlay.columns, [request.overlay.buffers])
    if request.array is not None:
        require_array(candidates, *request.array)
        return candidates.only(*request.array)
    return candidates


def plan_network(
    network: Network,
    device: str | Device = "u200",
    request: Request | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """The plan of least latency for a network on a device, with its proof.

    Raises:
        InputError: the request cannot be understood.
        InfeasibleError: nothing fits; the message says what is short.
    """
    request = request or Request()
    if request.cost_model == "paper":
        if request.overlay is not None:
            raise InputError("the published cost model knows no buffers, so it cannot keep a given overlay")
        from dynamap.planner.paper.planning import plan_by_paper

        return plan_by_paper(network, device, request, progress)
    if request.cost_model != "overlay":
        raise InputError(f"unknown cost model {request.cost_model!r}: choose overlay or paper")
    board, machine, candidates = target(device, request)
    storages = find_storages(network)
    if not storages.executed:
        raise InputError(f"network {network.name!r} has no layer that the overlay runs")
    costs = LayerCosts(network, storages, machine, restrictions_for(network, request))
    found = joint_search(
        costs,
        storages,
        search_space(candidates, request),
        solver=request.solver,
        solve=solver_of(request),
        time_limit=request.time_limit,
        progress=progress,
    )
    return write_plan(network, board, request, costs, storages, candidates, found)


def solver_of(request: Request) -> Callable[..., Solution]:
    """``solvers.solve`` with the request's engine and memory limit."""
    return partial(solvers.solve, ilp_engine=request.ilp_engine, memory_limit_bytes=request.memory_limit_bytes)


def write_plan(
    network: Network,
    board: Device,
    request: Request,
    costs: LayerCosts,
    storages: Storages,
    candidates: Candidates,
    found: Found,
    together: TogetherInfo | None = None,
) -> Plan:
    """The found overlay and mapping as a plan; ``together``: what proves an overlay that several networks share."""
    machine = costs.machine
    overlay = Overlay(machine, found.rows, found.columns, found.buffers)
    jobs = {layer.name: int(job) for layer, job in zip(storages.executed, costs.jobs, strict=True)}
    layers = []
    for layer in network.layers:
        if layer.name not in jobs:
            layers.append(_free_layer(layer, network))
            continue
        fi = found.formats[storages.vertex[layer.inputs[0]]]
        fo = found.formats[storages.vertex[layer.output]]
        layers.append(_planned_layer(layer, network, costs, overlay, jobs[layer.name], fi, fo))
    total = sum(layer.cycles for layer in layers)
    if total != found.objective_cycles:
        raise AssertionError(f"the layers take {total} cycles and the solver says {found.objective_cycles}")
    return Plan(
        model=model_info(network),
        device=board.document(),
        overlay=_overlay_info(overlay),
        cost_model="overlay",
        solver=SolverInfo(
            name=request.solver,
            status=found.status.value,
            objective=found.objective_cycles,
            unit="cycles",
            bound=found.bound_cycles,
            seconds=round(found.seconds, 4),
            arrays_considered=found.arrays_considered,
            arrays_solved=found.arrays_solved,
            treewidth=found.solution.treewidth,
            certificate=found.solution.certificate,
        ),
        latency_ms=milliseconds(total, machine),
        limits_ms=_limits(layers, overlay, machine),
        resources=tuple(
            ResourceUse(use.name, use.used, use.available, use.uncertainty_percent)
            for use in report(board, overlay, candidates.limit)
        ),
        request=request.document(),
        notices=network.notices,
        layers=tuple(layers),
        together=together,
    )


def model_info(network: Network) -> ModelInfo:
    """What identifies the network in a plan."""
    return ModelInfo(
        name=network.name,
        source=network.source or network.name,
        sha256=network.sha256,
        seed=network.seed,
        macs=sum(network.macs(layer) for layer in network.layers),
        parameters=network.parameters,
    )


def milliseconds(cycles: int, machine: Machine) -> float:
    """Cycles as milliseconds, rounded to a nanosecond."""
    return round(cycles / machine.clock_khz, 6)


def _overlay_info(overlay: Overlay) -> OverlayInfo:
    machine, buffers = overlay.machine, overlay.buffers
    return OverlayInfo(
        rows=overlay.rows,
        columns=overlay.columns,
        packing=machine.packing,
        clock_mhz=machine.clock_khz / 1000,
        bandwidth_gbs=machine.bandwidth_bytes_per_ms / 1e6,
        word_bytes=machine.word_bytes,
        lanes=machine.lanes,
        input_buffer=buffers.input_bytes,
        weight_buffer=buffers.weight_bytes,
        output_buffer=buffers.output_bytes,
        accumulator_rows=buffers.accumulator_rows,
        row_buffer=buffers.row_bytes,
        multipliers=overlay.multipliers,
    )


def _limits(layers: Sequence[PlannedLayer], overlay: Overlay, machine: Machine) -> dict[str, float]:
    """Latency if the array always worked at its direct peak; if memory moved the plan's bytes at full rate."""
    macs = sum(layer.macs for layer in layers)
    moved = sum(layer.bytes_read + layer.bytes_written for layer in layers)
    rate = min(machine.bandwidth_bytes_per_ms, machine.word_bytes * machine.clock_khz)
    return {
        "compute": round(macs / (overlay.peak_macs_per_cycle * machine.clock_khz), 6),
        "bandwidth": round(moved / rate, 6),
    }


_OPS = {
    "Add": "add",
    "Mul": "mul",
    "Concat": "concat",
    "Lrn": "lrn",
    "Resize": "resize",
    "Activate": "activation",
    "HostLayer": "host",
}


def op_of(layer: Layer, network: Network) -> str:
    """The plan's word for a layer's operation."""
    if isinstance(layer, Conv):
        if layer.fully_connected:
            return "fc"
        return "conv" if isinstance(work_of(layer, network), ConvShape) else "depthwise_conv"
    if isinstance(layer, HostLayer):
        return layer.op.lower()
    name = type(layer).__name__
    return layer.kind.value if isinstance(layer, Pool) else _OPS[name]


def layer_shape(layer: Layer, network: Network) -> LayerShape:
    """The shape of a layer as a plan states it; layers without a window have one of 1 x 1."""
    source, output = network.tensors[layer.inputs[0]], network.tensors[layer.output]
    window = getattr(layer, "window", None)
    return LayerShape(
        input=(source.channels, source.height, source.width),
        output=(output.channels, output.height, output.width),
        kernel=window.kernel if window else (1, 1),
        stride=window.stride if window else (1, 1),
        pads=window.pads if window else (0, 0, 0, 0),
        dilation=window.dilation if window else (1, 1),
        groups=layer.groups if isinstance(layer, Conv) else 1,
    )


def _free_layer(layer: Layer, network: Network) -> PlannedLayer:
    """A layer without cost: the host's, or a concatenation in place."""
    host = isinstance(layer, HostLayer)
    assert host or isinstance(layer, Concat)
    return PlannedLayer(
        name=layer.name,
        op=op_of(layer, network),
        host=host,
        in_place=not host,
        shape=layer_shape(layer, network),
        macs=0,
        algorithm=None,
        dataflow=None,
        winograd_tile=None,
        blocking=None,
        input_format=None,
        output_format=None,
        compute_cycles=0,
        load_cycles=0,
        store_cycles=0,
        cycles=0,
        bytes_read=0,
        bytes_written=0,
        utilization=0.0,
        bound_by=None,
        runner_up=None,
        options=(),
    )


def _planned_layer(
    layer: Layer, network: Network, costs: LayerCosts, overlay: Overlay, job: int, fi: Format, fo: Format
) -> PlannedLayer:
    if job >= costs.conv_jobs:
        times = costs.vector_all(job, overlay.buffers, fi, fo)
        best = int(np.argmin(times.cycles))
        shape = work_of(layer, network)
        assert isinstance(shape, VectorShape)
        rows = int(costs.vector_blocks(job)[best])
        blocking = Blocking(MODES[0], rows, shape.output.channels, math.ceil(shape.inputs[0].channels / UNIT_BYTES))
        return _assemble(layer, network, overlay, times, best, fi, fo, None, blocking, None, ())
    case, times = costs.all_times(job, overlay.buffers, overlay.rows, overlay.columns)
    cases, variants = costs.cases, costs.variants
    here = (cases.format_in[case] == FORMATS.index(fi)) & (cases.format_out[case] == FORMATS.index(fo))
    best = int(np.argmin(np.where(here, times.cycles, INFEASIBLE)))
    if times.cycles[best] >= INFEASIBLE:
        raise InfeasibleError(f"layer {layer.name!r} fits no buffer configuration of the overlay")
    chosen = _choice(costs, int(case[best]))
    options = _options(costs, case, times, overlay.machine)
    blocking = Blocking(MODES[chosen.mode], chosen.rows, int(times.channels[best]), int(times.units[best]))
    key = variants.algorithm[cases.variant[case]] * len(DATAFLOWS) + cases.dataflow[case]
    others = np.where(here & (key != key[best]), times.cycles, INFEASIBLE)
    second = int(np.argmin(others))
    runner_up = None
    if others[second] < INFEASIBLE:
        other = _choice(costs, int(case[second]))
        extra = int(others[second] - times.cycles[best])
        runner_up = RunnerUp(other.algorithm.value, other.dataflow.value, extra)
    return _assemble(layer, network, overlay, times, best, fi, fo, chosen, blocking, runner_up, options)


def _choice(costs: LayerCosts, case: int) -> Choice:
    c, v = costs.cases, costs.variants
    variant = c.variant[case]
    return Choice(
        algorithm=ALGORITHMS[v.algorithm[variant]],
        tile=int(v.tile[variant]),
        toeplitz=bool(v.toeplitz[variant]),
        dataflow=DATAFLOWS[c.dataflow[case]],
        mode=int(c.mode[case]),
        rows=int(c.rows[case]),
        tiles=int(c.tiles[case]),
    )


def _options(costs: LayerCosts, case: np.ndarray, times: Times, machine: Machine) -> tuple[OptionCost, ...]:
    """The least cost of every algorithm and dataflow, over all formats and blockings that fit."""
    best: dict[tuple[Algorithm, Dataflow], int] = {}
    for position in np.argsort(times.cycles, kind="stable"):
        if times.cycles[position] >= INFEASIBLE:
            break
        choice = _choice(costs, int(case[position]))
        best.setdefault((choice.algorithm, choice.dataflow), int(position))
        if len(best) == len(ALGORITHMS) * len(DATAFLOWS):
            break
    options = []
    for (algorithm, dataflow), position in sorted(best.items(), key=lambda item: (item[0][0].value, item[0][1].value)):
        choice = _choice(costs, int(case[position]))
        cycles = int(times.cycles[position])
        options.append(
            OptionCost(
                algorithm=algorithm.value,
                dataflow=dataflow.value,
                winograd_tile=choice.tile or None,
                input_format=FORMATS[costs.cases.format_in[case[position]]].value,
                output_format=FORMATS[costs.cases.format_out[case[position]]].value,
                cost=cycles,
                cost_ms=milliseconds(cycles, machine),
            )
        )
    return tuple(options)


def _assemble(
    layer: Layer,
    network: Network,
    overlay: Overlay,
    times: Times,
    best: int,
    fi: Format,
    fo: Format,
    choice: Choice | None,
    blocking: Blocking,
    runner_up: RunnerUp | None,
    options: tuple[OptionCost, ...],
) -> PlannedLayer:
    cycles, compute = int(times.cycles[best]), int(times.compute[best])
    inputs = int(times.input_load[best])
    shares = {
        "compute": compute,
        "input": inputs,
        "weights": int(times.load[best]) - inputs,
        "output": int(times.store[best]),
    }
    macs = network.macs(layer)
    array_macs = macs if choice else 0
    return PlannedLayer(
        name=layer.name,
        op=op_of(layer, network),
        host=False,
        in_place=False,
        shape=layer_shape(layer, network),
        macs=macs,
        algorithm=choice.algorithm.value if choice else None,
        dataflow=choice.dataflow.value if choice else None,
        winograd_tile=choice.tile if choice and choice.tile else None,
        blocking=blocking,
        input_format=fi.value,
        output_format=fo.value,
        compute_cycles=compute,
        load_cycles=int(times.load[best]),
        store_cycles=int(times.store[best]),
        cycles=cycles,
        bytes_read=int(times.bytes_read[best]),
        bytes_written=int(times.bytes_written[best]),
        utilization=round(_products(layer, array_macs, choice, network) / (cycles * _peak(overlay, choice)), 6),
        bound_by=max(shares, key=lambda name: shares[name]),
        runner_up=runner_up,
        options=options,
    )


def _products(layer: Layer, macs: int, choice: Choice | None, network: Network) -> int:
    """Useful products on the array: multiply-accumulates, or with Winograd those of its tiles (real channels)."""
    if choice is None or choice.algorithm is not Algorithm.WINOGRAD:
        return macs
    shape = work_of(layer, network)
    assert isinstance(shape, ConvShape)
    return shape.winograd_products(choice.tile)


def _peak(overlay: Overlay, choice: Choice | None) -> int:
    """Products per cycle that the array can do for this choice."""
    if choice is not None and choice.algorithm is Algorithm.WINOGRAD:
        return overlay.array_multipliers
    return overlay.peak_macs_per_cycle
