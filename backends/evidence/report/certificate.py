"""The certificate in words: for which choices, under which model and by whom the plan is the best."""

from __future__ import annotations

from collections.abc import Sequence

from dynamap.backends.evidence.report.markup import Markup, element, joined, named, prose
from dynamap.backends.evidence.report.words import integer, percent, seconds, size
from dynamap.planner.mapping.objective import Aggregate
from dynamap.planner.plan.parts import TogetherInfo
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request, Together

_SOLVERS = {
    "dp": "dynamic programming over the network's graph",
    "ilp": "an integer programme",
    "cpsat": "the constraint solver CP-SAT",
    "exhaustive": "exhaustive search",
}


def proven(plan: Plan) -> bool:
    """Whether the plan is an optimum: its mapping, and its overlay where that was sized for several networks."""
    solver, together = plan.solver, plan.together
    mapping = solver.status == "optimal" and solver.bound == solver.objective
    return mapping and (together is None or (together.status == "optimal" and together.bound == together.objective))


def certificate(plan: Plan, request: Request) -> Markup:
    """For what, in which sense and by whom the plan is optimal, as sentences."""
    solver, best = plan.solver, proven(plan)
    rows = [
        ("Status", solver.status),
        ("Objective", f"{integer(solver.objective)} {solver.unit}"),
        ("Bound", f"{integer(solver.bound)} {solver.unit}"),
        ("Gap", _gap(solver.objective, solver.bound)),
        ("Arrays considered", integer(solver.arrays_considered)),
        ("Arrays solved", integer(solver.arrays_solved)),
        ("Treewidth", "not stated" if solver.treewidth is None else str(solver.treewidth)),
        ("Solver", solver.name),
        ("Search", seconds(solver.seconds)),
    ]
    shared = None
    if plan.together is not None and request.together is not None:
        shared = element("p", *_together(plan, plan.together, request.together))
        rows += [
            ("Together: status", plan.together.status),
            ("Together: objective", integer(plan.together.objective)),
            ("Together: gap", _gap(plan.together.objective, plan.together.bound)),
        ]
    return element(
        "div",
        element("h3", "Proven optimal" if best else "Not proven optimal", class_="proven" if best else "open"),
        element("p", _verdict(plan)),
        element("p", *_scope(plan, request)),
        shared,
        element("p", prose(_method(plan))),
        element("dl", [element("div", element("dt", key), element("dd", value)) for key, value in rows], class_="row"),
        class_="certificate " + ("good" if best else "caution"),
    )


def _gap(objective: int, bound: int) -> str:
    return percent(objective - bound, objective) if objective != bound else "0"


def _verdict(plan: Plan) -> str:
    solver = plan.solver
    gap = solver.objective - solver.bound
    if solver.status == "optimal" and not gap:
        return (
            f"No choice among those below takes fewer than {integer(solver.objective)} {solver.unit}: "
            "the bound equals the objective."
        )
    return (
        f"The plan takes {integer(solver.objective)} {solver.unit}; the search ended with the bound "
        f"{integer(solver.bound)}, so that at most {percent(gap, solver.objective)} ({integer(gap)} {solver.unit}) "
        "can be saved."
    )


def _together(plan: Plan, found: TogetherInfo, asked: Together) -> list[Markup | str]:
    """That the overlay was chosen for several networks, and how well for all of them."""
    worst = asked.objective is Aggregate.WORST
    what = "the largest weighted latency" if worst else "the weighted sum of the latencies"
    models = [
        joined([named(model.name), f" (weight {model.weight}, {integer(cycles)} cycles)"])
        for model, cycles in zip(asked.models, found.cycles, strict=False)
    ]
    optimal = found.status == "optimal" and found.bound == found.objective
    verdict = (
        f"none of the {integer(plan.solver.arrays_considered)} arrays that fit the device, with any buffers, has less"
        if optimal
        else f"the search ended with the bound {integer(found.bound)}, so this choice is not proven"
    )
    first = f"The overlay was sized for {len(asked.models)} networks together: "
    return [first, *between(models, ", "), f". It has {what}, {integer(found.objective)} cycles: {verdict}."]


def _arrays(plan: Plan, request: Request) -> str:
    """The overlays among which the plan is the best."""
    array = f"{plan.overlay.rows} × {plan.overlay.columns}"
    if request.overlay is not None:
        return f"On the overlay that was given, {array} with its buffers"
    if request.together is not None:
        return f"On the overlay that was sized for several networks, {array} with its buffers"
    buffers = " and the buffer sizes that fit beside each" if plan.cost_model == "overlay" else ""
    if request.array is not None:
        return f"On the array that was asked for, {array}{buffers.replace('each', 'it')}"
    return f"Over all {integer(plan.solver.arrays_considered)} arrays that fit the device{buffers}"


def _scope(plan: Plan, request: Request) -> list[Markup | str]:
    """The choices among which, and the model under which, the plan is the best."""
    model, choices = "the published cost model, which describes no machine that is built", "every tensor format"
    if plan.cost_model == "overlay":
        model = "the overlay's cost model, whose cycles and bytes are those of the machine (docs/overlay.md)"
        choices = "every tensor format and blocking"
    algorithms = ", ".join(algorithm.value for algorithm in request.algorithms)
    dataflows = ", ".join(dataflow.value for dataflow in request.dataflows)
    parts: list[Markup | str] = [
        f"{_arrays(plan, request)}, and all mappings with the algorithms {algorithms}, the dataflows {dataflows}, and "
        f"{choices}, under {model}."
    ]
    asked = _asked(request)
    if asked:
        parts.append(f" Asked for: {', '.join(asked)}.")
    if request.pins:
        parts.append(f" Pinned by request: {len(request.pins)} layer{'s' if len(request.pins) > 1 else ''} (")
        parts.extend(between([named(name) for name in sorted(request.pins)], ", "))
        parts.append(").")
    return parts


def _asked(request: Request) -> list[str]:
    """What the request fixes of the machine."""
    asked = []
    if request.clock_mhz is not None:
        asked.append(f"a clock of {request.clock_mhz:g} MHz")
    if request.bandwidth_gbs is not None:
        asked.append(f"{request.bandwidth_gbs:g} GB/s")
    if request.multipliers is not None:
        asked.append(f"at most {integer(request.multipliers)} multipliers")
    if request.on_chip_bytes is not None:
        asked.append(f"at most {size(request.on_chip_bytes)} of on-chip memory")
    if request.packing is not None:
        asked.append("packing" if request.packing else "no packing")
    return asked


def between(parts: Sequence[Markup], separator: str) -> list[Markup | str]:
    """The parts with the separator between each two."""
    found: list[Markup | str] = []
    for part in parts:
        found.extend([separator, part] if found else [part])
    return found


def _method(plan: Plan) -> str:
    solver = plan.solver
    method = _SOLVERS.get(solver.name, solver.name)
    words = (
        f"{integer(solver.arrays_solved)} of {integer(solver.arrays_considered)} arrays had to be solved, by {method}; "
        "every other one has a lower bound that is not below the plan."
    )
    if plan.together is not None:
        words = f"The mapping was solved by {method}, for each of the networks on each of the overlays that were tried."
    elif solver.arrays_considered == 1:
        words = f"The mapping was solved by {method}."
    elif solver.status != "optimal":
        words = (
            f"{integer(solver.arrays_solved)} of {integer(solver.arrays_considered)} arrays were solved, by {method}, "
            "before the search ended."
        )
    if solver.treewidth is not None and solver.certificate is not None:
        words += (
            f" The graph of the mapping problem has treewidth {solver.treewidth}; the plan carries the order of "
            "elimination as a certificate, which `dynamap verify` replays."
        )
    return words
