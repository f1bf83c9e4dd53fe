"""What a mapping decides: the cheapest way of every layer in the formats that it gives, and the next best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dynamap.cost.algorithms import Algorithm, Dataflow, WinogradTile
from dynamap.cost.errors import InfeasibleError
from dynamap.cost.overlay.machine import Overlay
from dynamap.cost.overlay.options import ALGORITHMS, DATAFLOWS, FORMATS
from dynamap.cost.overlay.timing import INFEASIBLE, Times
from dynamap.cost.overlay.transfer import Format, Ints
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import Storages
from dynamap.planner.plan.layers import (
    MODES,
    ArrayDecision,
    Blocking,
    Bound,
    Choice,
    Decision,
    Mode,
    OptionCost,
    RunnerUp,
)


def decide(
    costs: LayerCosts, jobs: Ints, storages: Storages, overlay: Overlay, formats: Sequence[Format]
) -> tuple[Decision, ...]:
    """The decision for each executed layer, in the order of ``storages.executed``.

    ``jobs`` are the layers' jobs, ``formats`` one per storage vertex. Layers of one job in the same formats are decided
    once, so that a chain of thousands takes no longer than its parts.

    Raises:
        InfeasibleError: a layer fits no buffer of the overlay in its formats.
    """
    known: dict[tuple[int, Format, Format], Decision | None] = {}
    decisions = []
    timed = costs.all_times(jobs, overlay.buffers, overlay.rows, overlay.columns)
    for layer, job in zip(storages.executed, jobs.tolist(), strict=True):
        fi, fo = formats[storages.vertex[layer.inputs[0]]], formats[storages.vertex[layer.output]]
        decision = known.get((job, fi, fo))
        if decision is None:
            if job in timed:
                decision = _array(costs, timed[job], overlay, fi, fo)
            else:
                decision = _vector(costs, job, overlay, fi, fo)
            if decision is None:
                raise InfeasibleError(f"layer {layer.name!r} fits no buffer configuration of the overlay")
            known[job, fi, fo] = decision
        decisions.append(decision)
    return tuple(decisions)


def _vector(costs: LayerCosts, job: int, overlay: Overlay, fi: Format, fo: Format) -> Decision:
    times = costs.vector_all(job, overlay.buffers, fi, fo)
    best = int(np.argmin(times.cycles))
    rows = int(costs.vector_blocks(job)[best])
    blocking = Blocking(Mode.STREAM_INPUTS, rows, int(times.channels[best]), int(times.units[best]))
    return Decision(blocking=blocking, input_format=fi, output_format=fo, **_costs(times, best))


def _array(
    costs: LayerCosts, timed: tuple[Ints, Times], overlay: Overlay, fi: Format, fo: Format
) -> ArrayDecision | None:
    """The decision by the times of all of a job's cases; None where nothing fits."""
    case, times = timed
    cases, variants = costs.cases, costs.variants
    here = (cases.format_in[case] == FORMATS.index(fi)) & (cases.format_out[case] == FORMATS.index(fo))
    best = int(np.argmin(np.where(here, times.cycles, INFEASIBLE)))
    if times.cycles[best] >= INFEASIBLE:
        return None
    number = int(case[best])
    key = variants.algorithm[cases.variant[case]] * len(DATAFLOWS) + cases.dataflow[case]
    others = np.where(here & (key != key[best]), times.cycles, INFEASIBLE)
    second = int(np.argmin(others))
    runner_up = None
    if others[second] < INFEASIBLE:
        other = _choice(costs, int(case[second]))
        runner_up = RunnerUp(other.algorithm, other.dataflow, int(others[second] - times.cycles[best]))
    return ArrayDecision(
        choice=_choice(costs, number),
        blocking=Blocking(
            MODES[cases.mode[number]], int(cases.rows[number]), int(times.channels[best]), int(times.units[best])
        ),
        input_format=fi,
        output_format=fo,
        runner_up=runner_up,
        options=_options(costs, case, times, overlay),
        **_costs(times, best),
    )


def _choice(costs: LayerCosts, case: int) -> Choice:
    variants, variant = costs.variants, costs.cases.variant[case]
    tile = int(variants.tile[variant])
    return Choice(
        algorithm=ALGORITHMS[variants.algorithm[variant]],
        winograd=WinogradTile(tile) if tile else None,
        dataflow=DATAFLOWS[costs.cases.dataflow[case]],
    )


def _options(costs: LayerCosts, case: Ints, times: Times, overlay: Overlay) -> tuple[OptionCost, ...]:
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
    for _, position in sorted(best.items(), key=lambda item: (item[0][0].value, item[0][1].value)):
        number, cycles = int(case[position]), int(times.cycles[position])
        options.append(
            OptionCost(
                choice=_choice(costs, number),
                input_format=FORMATS[costs.cases.format_in[number]],
                output_format=FORMATS[costs.cases.format_out[number]],
                cost=cycles,
                cost_ms=overlay.machine.milliseconds(cycles),
            )
        )
    return tuple(options)


def _costs(times: Times, best: int) -> dict[str, Any]:
    """The cycles and bytes of a decision, by the names of its fields."""
    compute, load, inputs = int(times.compute[best]), int(times.load[best]), int(times.input_load[best])
    shares = {
        Bound.COMPUTE: compute,
        Bound.INPUT: inputs,
        Bound.WEIGHTS: load - inputs,
        Bound.OUTPUT: int(times.store[best]),
    }
    return {
        "compute_cycles": compute,
        "load_cycles": load,
        "store_cycles": int(times.store[best]),
        "cycles": int(times.cycles[best]),
        "bytes_read": int(times.bytes_read[best]),
        "bytes_written": int(times.bytes_written[best]),
        "bound_by": max(shares, key=lambda bound: shares[bound]),
    }
