"""What the joint optimum is compared with: fixed strategies, the two-step procedure, and the physical limit.

All of them are planned on the same machine by the same cost model and, except for the two-step procedure, with the same
joint search: a fixed strategy gets the best array, buffers and formats for itself, not a straw man's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from types import MappingProxyType

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.candidates import Candidates, require_array
from dynamap.cost.overlay.fitting.room import Transforms
from dynamap.cost.overlay.options import WINOGRAD_TILES, applicable, fewest_multiplier_cycles, winograd_fits
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.mapping.overlay_costs import LayerCosts, Restriction
from dynamap.planner.mapping.storage import Storages, find_storages
from dynamap.planner.network.network import Conv, HostLayer, Network
from dynamap.planner.network.work import conv_shape, work_of
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import restrictions_for, solver_of, target
from dynamap.planner.search.fixed import fixed_search
from dynamap.planner.search.joint import joint_search

JOINT = "joint"
TWO_STEP = "two-step"

STRATEGIES: Mapping[str, str] = MappingProxyType(
    {
        JOINT: "array, buffers, algorithms, dataflows and formats together: the plan",
        TWO_STEP: "the array by the sum of the layers' least costs, then the mapping on it",
        "im2col": "im2col everywhere",
        "kn2row": "kn2row wherever it applies, im2col elsewhere",
        "winograd": "Winograd wherever it applies, im2col elsewhere",
        "ns": "one dataflow for all layers: non-stationary",
        "ws": "one dataflow for all layers: weight-stationary",
        "is": "one dataflow for all layers: input-stationary",
    }
)
"""Every strategy and what it means."""


@dataclass(frozen=True)
class Baseline:
    """The best overlay of a strategy. ``proven``: nothing within the strategy takes fewer cycles."""

    strategy: str
    rows: int
    columns: int
    cycles: int
    latency_ms: float
    proven: bool
    seconds: float


@dataclass(frozen=True)
class PhysicalLimits:
    """Milliseconds that no plan on the device can beat, in compute and in memory traffic."""

    compute_ms: float
    bandwidth_ms: float


def fixed_restrictions(network: Network) -> dict[str, dict[str, Restriction]]:
    """What each fixed strategy of ``STRATEGIES`` leaves every convolution of the array, by strategy and layer name.

    The strategies are ``im2col``, ``kn2row``, ``winograd``, ``ns``, ``ws`` and ``is``.
    """
    shapes = {
        layer.name: conv_shape(layer, network)
        for layer in network.layers
        if isinstance(layer, Conv) and isinstance(work_of(layer, network), ConvShape)
    }

    def preferring(algorithm: Algorithm) -> dict[str, Restriction]:
        return {
            name: Restriction((algorithm if can_run(shape, algorithm) else Algorithm.IM2COL,))
            for name, shape in shapes.items()
        }

    by_algorithm = {algorithm.value: preferring(algorithm) for algorithm in Algorithm}
    by_dataflow = {dataflow.value: dict.fromkeys(shapes, Restriction(dataflows=(dataflow,))) for dataflow in Dataflow}
    return {**by_algorithm, **by_dataflow}


def _transforms(strategy: str, restrictions: Mapping[str, Restriction]) -> Transforms:
    """Beside which arrays a fixed strategy has Winograd."""
    if strategy == Algorithm.WINOGRAD.value:
        uses = any(own.algorithms == (Algorithm.WINOGRAD,) for own in restrictions.values())
        return Transforms.ANYWHERE if uses else Transforms.NOWHERE
    may = any(Algorithm.WINOGRAD in own.algorithms and Dataflow.WS in own.dataflows for own in restrictions.values())
    return Transforms.WHERE_ROOM if may else Transforms.NOWHERE


def can_run(shape: ConvShape, algorithm: Algorithm) -> bool:
    """Whether the array can run a convolution by an algorithm, buffers aside."""
    if not applicable(shape, algorithm):
        return False
    return algorithm is not Algorithm.WINOGRAD or winograd_fits(shape, WINOGRAD_TILES[0])


def plan_baseline(network: Network, device: str | Device, strategy: str, request: Request | None = None) -> Baseline:
    """The best overlay and mapping of one strategy of ``STRATEGIES``.

    Of the request count the array, the overrides of the device, the solver and the time limit; ``joint`` and
    ``two-step`` also keep to its algorithms, dataflows and pins, which the fixed strategies replace by their own.

    Raises:
        InputError: the request cannot be understood.
        InfeasibleError: nothing fits.
    """
    request = request or Request()
    board, machine, candidates = target(device, request, network)
    restrictions = restrictions_for(network, request)
    if strategy not in (JOINT, TWO_STEP):
        restrictions = fixed_restrictions(network)[strategy]
        transforms = _transforms(strategy, restrictions)
        candidates = Candidates.of(board, machine, candidates.limit, candidates.extras, transforms)
    if request.array is not None:
        require_array(candidates, *request.array)
        candidates = candidates.only(*request.array)
    room = candidates.room
    storages = find_storages(network)
    solver, solve, limit = request.solver, solver_of(request), request.time_limit
    search = partial(joint_search, solver=solver, solve=solve, time_limit=limit)
    seconds = 0.0
    costs = LayerCosts(network, storages, machine, restrictions, room=room)
    if strategy == TWO_STEP:
        alone, apart = uncoupled(network, storages)
        sized = search(LayerCosts(alone, apart, machine, restrictions, room=room), apart, candidates)
        seconds = sized.seconds
        buffers = candidates.buffers_for(sized.rows, sized.columns)
        array = sized.rows, sized.columns
        found = fixed_search(costs, storages, *array, buffers, solver=solver, solve=solve, time_limit=limit)
        proven = sized.objective_cycles == sized.bound_cycles
    else:
        found = search(costs, storages, candidates)
        proven = True
    return Baseline(
        strategy=strategy,
        rows=found.rows,
        columns=found.columns,
        cycles=found.objective_cycles,
        latency_ms=machine.milliseconds(found.objective_cycles),
        proven=proven and found.objective_cycles == found.bound_cycles,
        seconds=seconds + found.seconds,
    )


def uncoupled(network: Network, storages: Storages) -> tuple[Network, Storages]:
    """The same layers without their neighbours: each has tensors of its own, so its formats bind no other layer.

    The optimum of this problem is the sum of the layers' least costs, which the two-step procedure minimises first.
    """
    layers = []
    tensors = {}
    vertex: dict[str, int] = {}
    formats: list[tuple[Format, ...]] = []
    for number, layer in enumerate(storages.executed):
        own: dict[int, int] = {}
        names = {}
        for tensor in dict.fromkeys((*layer.inputs, layer.output)):
            names[tensor] = f"{number}: {tensor}"
            tensors[names[tensor]] = network.tensors[tensor]
            shared = storages.vertex[tensor]
            if shared not in own:
                own[shared] = len(formats)
                formats.append(storages.formats[shared])
            vertex[names[tensor]] = own[shared]
        inputs = tuple(names[tensor] for tensor in layer.inputs)
        layers.append(replace(layer, inputs=inputs, output=names[layer.output]))  # type: ignore[arg-type]
    outputs = tuple(layer.output for layer in layers)
    inputs = tuple(tensor for tensor in tensors if tensor not in outputs)
    alone = Network(network.name, network.sha256, tuple(layers), tensors, inputs, outputs)
    return alone, Storages(vertex, tuple(formats), {}, storages.in_place, tuple(layers))


def physical_limits(network: Network, device: str | Device, request: Request | None = None) -> PhysicalLimits:
    """Limits that hold for any overlay of this kind on the device.

    Compute: every multiplier of the device busy in every cycle, two direct products at once where it can pack them
    (Winograd's products do not pack), and for every layer the algorithm and Winograd tile of the fewest multiplier
    cycles, with nothing for tiles of the array that are not full. Bandwidth: all weights, and the network's inputs and
    outputs as the overlay sees them, a byte each, moved once at the rate of the memory or of its ports, the lower one.
    """
    board, machine, _ = target(device, request or Request())
    busy = Fraction(0)
    moved = sum(network.tensors[tensor].elements for tensor in network.inputs)
    for layer in network.layers:
        if not isinstance(layer, Conv):
            continue
        busy += fewest_multiplier_cycles(conv_shape(layer, network), tuple(Algorithm), machine.packing)
        moved += layer.weights.size
    moved += sum(network.tensors[tensor].elements for tensor in _results(network))
    rate = min(machine.bandwidth_bytes_per_ms, machine.word_bytes * machine.clock_khz)
    compute = busy / board.resources.multipliers / machine.clock_khz
    return PhysicalLimits(round(float(compute), 6), round(moved / rate, 6))


def _results(network: Network) -> set[str]:
    """The tensors that leave the overlay: outputs that it computes, and what the host reads of it."""
    on_host = {layer.output for layer in network.layers if isinstance(layer, HostLayer)}
    read = {tensor for layer in network.layers if isinstance(layer, HostLayer) for tensor in layer.inputs}
    return (read | set(network.outputs)) - on_host
