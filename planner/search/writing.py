"""What a search found, written as a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from dynamap.cost.convolution import ConvShape
from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.candidates import Candidates
from dynamap.cost.overlay.fitting.report import fit_notices, report
from dynamap.cost.overlay.machine import Machine, Overlay
from dynamap.cost.overlay.options import fewest_multiplier_cycles
from dynamap.planner.mapping.footprint import require_memory
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import Storages
from dynamap.planner.network.network import Layer, Network
from dynamap.planner.network.work import work_of
from dynamap.planner.plan.described import executed_layer, free_layer, model_info
from dynamap.planner.plan.extras import left_out_notice, parts_of
from dynamap.planner.plan.layers import ArrayDecision, Decision, OnArray, PlannedLayer
from dynamap.planner.plan.parts import BatchInfo, OverlayInfo, ResourceUse, SolverInfo, TogetherInfo
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.segments import planned_segments
from dynamap.planner.search.found import Found


def write_plan(
    network: Network,
    board: Device,
    asked: Mapping[str, Any],
    costs: LayerCosts,
    storages: Storages,
    candidates: Candidates,
    found: Found,
    together: TogetherInfo | None = None,
) -> Plan:
    """The found overlay and mapping as a plan.

    ``asked``: the document of the request; ``together``: what proves an overlay that several networks share.

    Raises:
        InfeasibleError: the program of the plan does not fit the device's memory.
    """
    machine = costs.machine
    overlay = Overlay(machine, found.rows, found.columns, found.buffers)
    layers = planned_layers(network, storages, machine, found)
    total = sum(layer.cycles for layer in layers)
    if total != found.objective_cycles:
        raise AssertionError(f"the layers take {total} cycles and the solver says {found.objective_cycles}")
    require_memory(network, storages, layers, board.name, board.system.memory_bytes)
    parts = parts_of(network, layers, machine).covering(found.kept)
    built = overlay
    if machine.vector is not None:
        built = replace(overlay, machine=replace(machine, vector=parts.vector))
    return Plan(
        model=model_info(network),
        device=board.document(),
        overlay=OverlayInfo.of(overlay, parts),
        cost_model="overlay",
        solver=SolverInfo(
            name=found.solution.solver,
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
        limits_ms=_limits(network, layers, overlay, machine),
        resources=tuple(
            ResourceUse(use.name, use.used, use.available, use.uncertainty_percent)
            for use in report(board, built, candidates.limit, parts.extras)
        ),
        request=asked,
        notices=(
            *network.notices,
            *fit_notices(board, overlay, asked["fill_percent"]),
            *left_out_notice(
                costs.room, found.rows, found.columns, network, found.kept if "overlay" in asked else None
            ),
        ),
        layers=tuple(layers),
        together=together,
        segments=planned_segments(network.whole),
        batch=BatchInfo.of(asked["batch"], total, machine.clock_khz) if asked.get("batch") and total else None,
    )


def _limits(network: Network, layers: Sequence[PlannedLayer], overlay: Overlay, machine: Machine) -> dict[str, float]:
    """Latency if the array had the fewest products of the allowed algorithms and nothing else to do; if memory moved
    the plan's bytes at full rate and nothing waited."""
    busy = Fraction(0)
    for layer, planned in zip(network.layers, layers, strict=True):
        if isinstance(planned, OnArray):
            shape = work_of(layer, network)
            assert isinstance(shape, ConvShape)
            busy += fewest_multiplier_cycles(
                shape, {option.choice.algorithm for option in planned.options}, machine.packing
            )
    moved = sum(layer.bytes_read + layer.bytes_written for layer in layers)
    rate = min(machine.bandwidth_bytes_per_ms, machine.word_bytes * machine.clock_khz)
    return {
        "compute": round(float(busy / overlay.array_multipliers / machine.clock_khz), 6),
        "bandwidth": round(moved / rate, 6),
    }


def planned_layers(network: Network, storages: Storages, machine: Machine, found: Found) -> list[PlannedLayer]:
    """All layers of the network, in its order, as they were decided."""
    overlay = Overlay(machine, found.rows, found.columns, found.buffers)
    decisions = dict(zip((layer.name for layer in storages.executed), found.decisions, strict=True))
    return [_planned(layer, network, overlay, decisions.get(layer.name)) for layer in network.layers]


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
