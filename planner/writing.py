"""What a search found, written as a plan."""

from __future__ import annotations

from collections.abc import Sequence

from dynamap.cost.convolution import ConvShape
from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.candidates import Candidates
from dynamap.cost.overlay.fitting.report import report
from dynamap.cost.overlay.machine import Machine, Overlay
from dynamap.planner.footprint import require_memory
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import Storages
from dynamap.planner.network.network import (
    Activate,
    Add,
    Concat,
    Conv,
    HostLayer,
    Layer,
    Lrn,
    Mul,
    Network,
    Pool,
    PoolKind,
    Resize,
)
from dynamap.planner.network.work import work_of
from dynamap.planner.plan.document import decision_fields
from dynamap.planner.plan.layers import (
    ArrayDecision,
    Decision,
    InPlace,
    LayerShape,
    OnArray,
    OnHost,
    OnVectorUnit,
    Operation,
    PlannedLayer,
)
from dynamap.planner.plan.parts import ModelInfo, OverlayInfo, ResourceUse, SolverInfo, TogetherInfo
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request
from dynamap.planner.search.found import Found


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
    """The found overlay and mapping as a plan; ``together``: what proves an overlay that several networks share.

    Raises:
        InfeasibleError: the program of the plan does not fit the device's memory.
    """
    machine = costs.machine
    overlay = Overlay(machine, found.rows, found.columns, found.buffers)
    decisions = dict(zip((layer.name for layer in storages.executed), found.decisions, strict=True))
    layers = [_planned(layer, network, overlay, decisions.get(layer.name)) for layer in network.layers]
    total = sum(layer.cycles for layer in layers)
    if total != found.objective_cycles:
        raise AssertionError(f"the layers take {total} cycles and the solver says {found.objective_cycles}")
    require_memory(network, storages, layers, machine, board.name, board.system.memory_bytes)
    return Plan(
        model=model_info(network),
        device=board.document(),
        overlay=OverlayInfo.of(overlay),
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
        latency_ms=machine.milliseconds(total),
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


def _limits(layers: Sequence[PlannedLayer], overlay: Overlay, machine: Machine) -> dict[str, float]:
    """Latency if the array always worked at its direct peak; if memory moved the plan's bytes at full rate."""
    macs = sum(layer.macs for layer in layers)
    moved = sum(layer.bytes_read + layer.bytes_written for layer in layers)
    rate = min(machine.bandwidth_bytes_per_ms, machine.word_bytes * machine.clock_khz)
    return {
        "compute": round(macs / (overlay.peak_macs_per_cycle * machine.clock_khz), 6),
        "bandwidth": round(moved / rate, 6),
    }


_OPERATIONS = {
    Add: Operation.ADD,
    Mul: Operation.MUL,
    Concat: Operation.CONCAT,
    Lrn: Operation.LRN,
    Resize: Operation.RESIZE,
    Activate: Operation.ACTIVATION,
}
_POOLS = {PoolKind.MAX: Operation.MAX_POOL, PoolKind.AVERAGE: Operation.AVERAGE_POOL}


def operation_of(layer: Layer, network: Network) -> Operation:
    """What the overlay does in a layer that is not the host's."""
    if isinstance(layer, Conv):
        if layer.fully_connected:
            return Operation.FC
        return Operation.CONV if isinstance(work_of(layer, network), ConvShape) else Operation.DEPTHWISE_CONV
    return _POOLS[layer.kind] if isinstance(layer, Pool) else _OPERATIONS[type(layer)]


def op_of(layer: Layer, network: Network) -> str:
    """The plan's word for what a layer does."""
    return layer.op.lower() if isinstance(layer, HostLayer) else operation_of(layer, network).value


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


def free_layer(layer: Layer, network: Network) -> InPlace | OnHost | None:
    """A layer without cost: the host's, or a concatenation, which can be in place; None for others."""
    shape = layer_shape(layer, network)
    if isinstance(layer, HostLayer):
        return OnHost(name=layer.name, shape=shape, macs=0, op=layer.op.lower())
    if isinstance(layer, Concat):
        return InPlace(name=layer.name, shape=shape, macs=0, operation=Operation.CONCAT)
    return None


def executed_layer(layer: Layer, network: Network, decision: Decision, utilization: float) -> OnArray | OnVectorUnit:
    """A layer that the overlay runs as was decided."""
    kind = OnArray if isinstance(decision, ArrayDecision) else OnVectorUnit
    return kind(
        name=layer.name,
        operation=operation_of(layer, network),
        shape=layer_shape(layer, network),
        macs=network.macs(layer),
        utilization=utilization,
        **decision_fields(decision),
    )


def _planned(layer: Layer, network: Network, overlay: Overlay, decision: Decision | None) -> PlannedLayer:
    if decision is not None:
        return executed_layer(layer, network, decision, _utilization(layer, decision, network, overlay))
    free = free_layer(layer, network)
    assert free is not None, f"nothing was decided for {layer.name!r}"
    return free


def _utilization(layer: Layer, decision: Decision, network: Network, overlay: Overlay) -> float:
    """Useful products on the array (with Winograd those of its tiles, real channels) of those that it could do."""
    if not isinstance(decision, ArrayDecision):
        return 0.0
    products, peak = network.macs(layer), overlay.peak_macs_per_cycle
    if decision.choice.winograd is not None:
        shape = work_of(layer, network)
        assert isinstance(shape, ConvShape)
        products, peak = shape.winograd_products(decision.choice.winograd.outputs), overlay.array_multipliers
    return round(products / (decision.cycles * peak), 6)
