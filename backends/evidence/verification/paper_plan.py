"""The checks of a plan that was made with the published cost model."""

from __future__ import annotations

from dataclasses import replace

from dynamap.backends.evidence.verification.differences import first_difference
from dynamap.backends.evidence.verification.report import Checks, Mismatch, require_equal
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
)
from dynamap.cost.errors import InfeasibleError
from dynamap.planner.paper.costs import PaperCosts
from dynamap.planner.paper.planning import objective_of, plan_by_paper
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.segments import timed_as
from dynamap.planner.request.space import restrictions_for
from dynamap.planner.solvers import SOLVERS


def paper_checks(subject: Subject, *, full: bool) -> Checks:
    """Every check of the plan; ``full`` searches all arrays again."""
    verifier = _PaperVerifier(subject)
    checks = Checks()
    checks.make("model", lambda: check_model(subject))
    checks.make("request", lambda: check_request(subject))
    checks.make("device", lambda: check_device(subject), "request")
    checks.make("layers", lambda: check_layers(subject))
    checks.make("overlay", verifier.check_overlay, "device")
    considered = 1 if subject.request.array is not None else subject.plan.solver.arrays_considered
    checks.make("proof", lambda: check_proof(subject, considered), "overlay")
    checks.make("objective", verifier.check_objective, "overlay", "layers")
    checks.make("certificate", verifier.check_certificate, "overlay", "layers")
    checks.make("second solver", verifier.check_second_solver, "overlay", "layers")
    checks.make("document", verifier.check_document, "overlay", "layers")
    checks.leave_out("simulator", "the published model describes no machine that could be simulated")
    if subject.request.array is None and full:
        checks.make("all arrays", verifier.check_all_arrays, "device", "layers")
    elif subject.request.array is None:
        checks.leave_out("all arrays", "only a full verification searches all arrays again")
    return checks


class _PaperVerifier:
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.plan, self.network, self.request = subject.plan, subject.network, subject.request

    def _at_array(self, solver: str) -> Plan:
        """The mapping solved again on the plan's array."""
        array = (self.plan.overlay.rows, self.plan.overlay.columns)
        return plan_by_paper(self.network, self.subject.board, replace(self.request, array=array, solver=solver))

    def check_overlay(self) -> str:
        overlay, board = self.plan.overlay, self.subject.board
        if min(overlay.rows, overlay.columns) < 1:
            raise Mismatch(f"overlay.rows x overlay.columns is {overlay.rows} x {overlay.columns}")
        require_equal("overlay.clock_mhz", overlay.clock_mhz, board.clock_khz / 1000)
        require_equal("overlay.bandwidth_gbs", overlay.bandwidth_gbs, board.bandwidth_bytes_per_ms / 10**6)
        budget = self.request.multipliers or board.resources.multipliers
        if overlay.rows * overlay.columns > budget:
            raise Mismatch(f"overlay: {overlay.rows} x {overlay.columns} multipliers are more than {budget}")
        return f"a {overlay.rows} x {overlay.columns} array is within {budget} multipliers"

    def check_objective(self) -> str:
        """The objective from the layers' algorithms and dataflows alone."""
        require_equal("solver.unit", self.plan.solver.unit, "ps")
        require_equal("solver.objective", self.plan.solver.objective, objective_of(self.network, self.plan))
        return (
            "the published formulas, evaluated again for the layers' algorithms and dataflows, give "
            f"{self.plan.solver.objective:,} ps"
        )

    def check_certificate(self) -> str:
        solver = self.plan.solver
        if solver.certificate is None:
            if SOLVERS[self.request.solver].certificate and solver.status == "optimal":
                raise Mismatch(f"solver.certificate is missing, and solver {self.request.solver} always gives one")
            return f"solver {self.request.solver} gives none; the second solver stands in"
        board = self.subject.board
        restrictions = restrictions_for(self.network, self.request)
        costs = PaperCosts(self.network, restrictions, board.clock_khz, board.bandwidth_bytes_per_ms)
        problem = costs.problem(self.plan.overlay.rows, self.plan.overlay.columns)
        optimum, width, series_parallel = replayed(problem, solver.certificate)
        require_equal("solver.treewidth", solver.treewidth, width)
        require_equal("solver.objective", solver.objective, optimum)
        shape = "series-parallel" if series_parallel else "not series-parallel"
        return f"replayed: the graph is {shape}, of width {width}, and no mapping costs less than {optimum:,} ps"

    def check_second_solver(self) -> str:
        last: InfeasibleError | None = None
        for name in OTHER_SOLVERS[self.request.solver]:
            try:
                again = self._at_array(name)
            except InfeasibleError as error:  # beyond the limits of this solver: the next one
                last = error
                continue
            if again.solver.status == "optimal":
                return require_optimum(self.subject, again.solver.objective, name)
        raise last or Mismatch(f"none of {', '.join(OTHER_SOLVERS[self.request.solver])} proves an optimum")

    def check_document(self) -> str:
        """Every other value, by planning again on this array; what tells of other arrays is left to ``all arrays``."""
        again = _with_own_words(self._at_array(self.request.solver), self.plan)
        if self.request.array is None:
            said = self.plan.solver
            solver = replace(
                again.solver,
                status=said.status,
                bound=said.bound,
                arrays_considered=said.arrays_considered,
                arrays_solved=said.arrays_solved,
            )
            again = replace(again, solver=solver, request=self.plan.request)
        difference = first_difference(self.plan.document(), again.document())
        if difference:
            raise Mismatch(difference)
        return "every other value, planned again on this array, is the same"

    def check_all_arrays(self) -> str:
        again = plan_by_paper(self.network, self.subject.board, self.request)
        if self.plan.solver.status != "optimal":
            return require_optimum(self.subject, again.solver.objective, "the search, repeated without a time limit,")
        difference = first_difference(self.plan.document(), _with_own_words(again, self.plan).document())
        if difference:
            raise Mismatch(difference)
        return f"the search, repeated over {again.solver.arrays_considered:,} arrays, gives the same plan"


def _with_own_words(written: Plan, plan: Plan) -> Plan:
    return replace(
        written,
        model=replace(written.model, source=plan.model.source, seed=plan.model.seed),
        solver=replace(written.solver, seconds=plan.solver.seconds),
        segments=timed_as(written.segments, plan.segments),
    )
