"""The checks of a plan that was made with the overlay's own cost model."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property

import numpy as np

from dynamap.backends.evidence.verification.differences import first_difference
from dynamap.backends.evidence.verification.report import Checks, Mismatch, require_equal
from dynamap.backends.evidence.verification.shared_overlay import check_shared_search, check_together
from dynamap.backends.evidence.verification.subject import (
    OTHER_SOLVERS,
    Subject,
    check_device,
    check_layers,
    check_model,
    check_proof,
    check_request,
    replayed,
    require_optimum,
    with_own_words,
)
from dynamap.backends.program.lowering.compile import executed_layers
from dynamap.backends.simulator import COUNTERS, differing_layers, simulate_plan
from dynamap.cost.errors import InfeasibleError
from dynamap.cost.overlay.fitting.candidates import Candidates, require_array
from dynamap.cost.overlay.fitting.extras import NO_PARTS, KernelParts
from dynamap.cost.overlay.machine import Buffers, Machine, Overlay
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.mapping.decisions import decide
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.problem import mapping_problem
from dynamap.planner.mapping.storage import Storages, find_storages
from dynamap.planner.pbqp.problem import Problem, Solution, Status
from dynamap.planner.plan.extras import holding
from dynamap.planner.plan.plan import Plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.space import restrictions_for, search_space, solver_of, target
from dynamap.planner.search.candidates import ArrayCandidates
from dynamap.planner.search.fixed import fixed_search
from dynamap.planner.search.joint import Found
from dynamap.planner.search.writing import write_plan
from dynamap.planner.solvers import SOLVERS


def overlay_checks(subject: Subject, *, full: bool) -> Checks:
    """Every check of the plan; ``full`` searches all arrays again."""
    verifier = _OverlayVerifier(subject)
    checks = Checks()
    checks.make("model", lambda: check_model(subject))
    checks.make("request", lambda: check_request(subject))
    checks.make("device", lambda: check_device(subject), "request")
    checks.make("overlay", verifier.check_overlay, "device")
    checks.make("layers", lambda: check_layers(subject))
    checks.make("formats", verifier.check_formats, "layers")
    checks.make("proof", lambda: check_proof(subject, verifier.considered), "overlay")
    checks.make("objective", verifier.check_objective, "overlay", "formats")
    checks.make("certificate", verifier.check_certificate, "overlay", "formats")
    checks.make("second solver", verifier.check_second_solver, "overlay", "formats")
    checks.make("simulator", verifier.check_simulator, "overlay", "formats")
    checks.make("document", verifier.check_document, "overlay", "formats", "objective")
    together = subject.request.together is not None
    if together or subject.plan.together is not None:
        checks.make("together", lambda: check_together(subject), "request")
    free = subject.request.array is None and subject.request.overlay is None
    if together and full:
        checks.make("all arrays", lambda: check_shared_search(subject), "device", "layers", "together")
    elif free and full:
        checks.make("all arrays", verifier.check_all_arrays, "device", "layers")
    elif free or together:
        checks.leave_out("all arrays", "only a full verification searches all arrays again")
    return checks


class _OverlayVerifier:
    """What the checks of one plan share; everything is made when it is first needed."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.plan, self.network, self.request = subject.plan, subject.network, subject.request
        overlay = self.plan.overlay
        self.rows, self.columns = overlay.rows, overlay.columns
        self.buffers = overlay.buffers

    @cached_property
    def _target(self) -> tuple[Machine, Candidates]:
        _, machine, candidates = target(self.subject.board, self.request, self.network)
        if self.request.together is not None:
            machine = holding(machine, self.network, self.plan.layers)
        return machine, candidates

    @property
    def machine(self) -> Machine:
        return self._target[0]

    @property
    def candidates(self) -> Candidates:
        return self._target[1]

    @cached_property
    def space(self) -> ArrayCandidates:
        """The overlays among which the request left the choice."""
        return search_space(self.candidates, self.request)

    @property
    def _buffer_choices(self) -> tuple[Buffers, ...]:
        """Buffers of which this network could have had the best; those of a shared overlay are chosen for all."""
        if self.request.together is not None:
            return (self.buffers,)
        return self.space.buffers_for(self.rows, self.columns)

    @property
    def considered(self) -> int:
        return len(self.space.rows)

    @cached_property
    def storages(self) -> Storages:
        return find_storages(self.network)

    @cached_property
    def costs(self) -> LayerCosts:
        restrictions = restrictions_for(self.network, self.request)
        return LayerCosts(self.network, self.storages, self.machine, restrictions, room=self.candidates.room)

    @cached_property
    def formats(self) -> tuple[Format, ...]:
        """The format of each storage, by the layers that read and write it."""
        chosen: dict[int, tuple[Format, str]] = {}
        executed = executed_layers(self.plan, self.network, self.storages)
        for layer in self.storages.executed:
            planned = executed[layer.name]
            ends = [(tensor, "input_format", planned.input_format) for tensor in layer.inputs]
            for tensor, key, here in [*ends, (layer.output, "output_format", planned.output_format)]:
                vertex = self.storages.vertex[tensor]
                allowed = self.storages.formats[vertex]
                if not isinstance(here, Format) or here not in allowed:
                    raise Mismatch(
                        f"{key} of layer {layer.name!r} is {here.value!r}; tensor {tensor!r} can be stored as "
                        f"{', '.join(f.value for f in allowed)}"
                    )
                known, other = chosen.setdefault(vertex, (here, layer.name))
                if known is not here:
                    raise Mismatch(
                        f"{key} of layer {layer.name!r} is {here.value!r}, and layer {other!r} has the same tensor "
                        f"{tensor!r} in {known.value!r}"
                    )
        return tuple(chosen[vertex][0] for vertex in range(len(self.storages.formats)))

    @cached_property
    def problem(self) -> Problem:
        """The mapping problem on the plan's overlay, built again."""
        rows, columns = np.array([self.rows]), np.array([self.columns])
        table = self.costs.exact(self.buffers, rows, columns)[0]
        return mapping_problem(self.storages, table[self.costs.jobs])

    @cached_property
    def assignment(self) -> tuple[int, ...]:
        choices = zip(self.formats, self.storages.formats, strict=True)
        return tuple(options.index(chosen) for chosen, options in choices)

    def check_overlay(self) -> str:
        """The machine that the device makes, the array that fits it, the buffers that fit beside the array."""
        overlay, machine = self.plan.overlay, self.machine
        if min(self.rows, self.columns) < 1:
            raise Mismatch(f"overlay.rows x overlay.columns is {self.rows} x {self.columns}")
        for key, here, there in overlay.differences(machine):
            require_equal(f"overlay.{key}", here, there)
        require_array(self.candidates, self.rows, self.columns)
        if self.buffers not in self.space.buffers_for(self.rows, self.columns):
            sizes = ", ".join(f"{key} {size}" for key, size in asdict(self.buffers).items())
            raise Mismatch(f"overlay: {sizes} are none of the choices of buffers that fit beside this array")
        return f"a {self.rows} x {self.columns} array and its buffers fit {self.subject.board.name}"

    def check_formats(self) -> str:
        return f"{len(self.formats)} stored tensors, each in one format that all its layers agree on"

    def check_objective(self) -> str:
        """The objective from the rebuilt problem, from the layers, and as time."""
        plan = self.plan
        require_equal("solver.unit", plan.solver.unit, "cycles")
        require_equal("solver.objective", plan.solver.objective, self.problem.evaluate(self.assignment))
        require_equal(
            "the sum of the layers' cycles", sum(layer.cycles for layer in plan.layers), plan.solver.objective
        )
        require_equal("latency_ms", plan.latency_ms, self.machine.milliseconds(plan.solver.objective))
        size = f"{len(self.problem.vectors)} vertices, {len(self.problem.edges)} edges"
        cycles = f"{plan.solver.objective:,} cycles"
        return f"the mapping problem, built again ({size}), gives these formats {cycles}; so do the layers together"

    def check_certificate(self) -> str:
        """The certificate, replayed on the rebuilt problem."""
        solver = self.plan.solver
        if solver.certificate is None:
            if SOLVERS[self.request.solver].certificate and solver.status == "optimal":
                raise Mismatch(f"solver.certificate is missing, and solver {self.request.solver} always gives one")
            require_equal("solver.treewidth", solver.treewidth, None)
            return f"solver {self.request.solver} gives none; the second solver stands in"
        optimum, width, series_parallel = replayed(self.problem, solver.certificate)
        require_equal("solver.treewidth", solver.treewidth, width)
        require_equal("solver.objective", solver.objective, optimum)
        shape = "series-parallel" if series_parallel else "not series-parallel"
        return f"replayed: the graph is {shape}, of width {width}, and no formats cost less than {optimum:,} cycles"

    def check_second_solver(self) -> str:
        """The mapping solved again on the plan's array, with all buffers that fit, by another solver."""
        name, found = self._solved_again()
        return require_optimum(self.subject, found.objective_cycles, name)

    def _solved_again(self) -> tuple[str, Found]:
        last: InfeasibleError | None = None
        for name in OTHER_SOLVERS[self.request.solver]:
            try:
                found = fixed_search(
                    self.costs,
                    self.storages,
                    self.rows,
                    self.columns,
                    self._buffer_choices,
                    solver=name,
                    solve=solver_of(self.request),
                )
            except InfeasibleError as error:  # beyond the limits of this solver: the next one
                last = error
                continue
            if found.status is Status.OPTIMAL:
                return name, found
        raise last or Mismatch(f"none of {', '.join(OTHER_SOLVERS[self.request.solver])} proves an optimum")

    def check_simulator(self) -> str:
        """Every counter of every layer, from the program, block by block."""
        differing = differing_layers(self.plan, simulate_plan(self.plan, self.network))
        if differing:
            more = f" (and {len(differing) - 1} more)" if len(differing) > 1 else ""
            raise Mismatch(differing[0] + more)
        words = ", ".join(name.replace("_", " ") for name in COUNTERS)
        return f"the program, simulated block by block, takes what the plan says, layer by layer: {words}"

    def check_document(self) -> str:
        """Every other value of the plan, written again from its array, buffers and formats."""
        difference = first_difference(self.plan.document(), self._written_again().document())
        if difference:
            raise Mismatch(difference)
        return "every other value, written again from the array, the buffers and the formats, is the same"

    def _written_again(self) -> Plan:
        solver = self.plan.solver
        solution = Solution(
            solver=solver.name,
            status=Status.OPTIMAL,
            assignment=self.assignment,
            objective=solver.objective,
            bound=solver.objective,
            seconds=solver.seconds,
            treewidth=solver.treewidth,
            certificate=solver.certificate,
        )
        found = Found(
            rows=self.rows,
            columns=self.columns,
            buffers=self.buffers,
            formats=self.formats,
            decisions=decide(
                self.costs,
                self.costs.jobs,
                self.storages,
                Overlay(self.machine, self.rows, self.columns, self.buffers),
                self.formats,
            ),
            objective_cycles=solver.objective,
            bound_cycles=solver.bound,
            solution=solution,
            arrays_considered=self.considered,
            arrays_solved=solver.arrays_solved,
            seconds=solver.seconds,
            kept=self._kept,
        )
        written = write_plan(
            self.network,
            self.subject.board,
            self.request.document(),
            self.costs,
            self.storages,
            self.candidates,
            found,
            self.plan.together,
        )
        return with_own_words(written, self.plan)

    @property
    def _kept(self) -> KernelParts:
        """What the kernel has for other networks too; of networks that share one, only a search for all says it."""
        if self.request.overlay is not None:
            return self.request.overlay.parts
        return self.plan.overlay.parts if self.request.together is not None else NO_PARTS

    def check_all_arrays(self) -> str:
        """The whole search again, over every array that fits."""
        again = plan_network(self.network, self.subject.board, self.request)
        if self.plan.solver.status != "optimal":
            return require_optimum(self.subject, again.solver.objective, "the search, repeated without a time limit,")
        difference = first_difference(self.plan.document(), with_own_words(again, self.plan).document())
        if difference:
            raise Mismatch(difference)
        return f"the search, repeated over {again.solver.arrays_considered:,} arrays, gives the same plan"
