"""``dynamap solve FILE.pbqp``: any PBQP in the text format, by any solver."""

from __future__ import annotations

from pathlib import Path

from dynamap.cli.output import show, show_json
from dynamap.cli.tables import LabelledLines
from dynamap.planner.pbqp.certificates import DEFAULT_MAX_TABLE_ENTRIES, check
from dynamap.planner.pbqp.problem import Problem, Solution, Status
from dynamap.planner.pbqp.text_format import read_pbqp
from dynamap.planner.request.options import Options
from dynamap.planner.solvers import solve

_SHOWN_CHOICES = 40


def solve_document(
    problem: Problem, solution: Solution, *, max_table_entries: int = DEFAULT_MAX_TABLE_ENTRIES
) -> dict[str, object]:
    """The solution as plain JSON data, after its certificate has been replayed.

    Raises CertificateError (a DynamapError) where the solution does not stand up to the check.
    """
    check(problem, solution, max_table_entries=max_table_entries)
    return {
        "solver": solution.solver,
        "status": solution.status.value,
        "objective": solution.objective,
        "bound": solution.bound,
        "gap": solution.objective - solution.bound,
        "assignment": list(solution.assignment),
        "seconds": solution.seconds,
        "treewidth": solution.treewidth,
        "certificate": solution.certificate,
        "statistics": dict(solution.statistics),
    }


def solve_command(file: Path, asked: Options, as_json: bool) -> int:
    """Solve a PBQP file and print the result to stdout; 0 when it is optimal, 1 when it is not.

    Raises DynamapError (which the command line turns into a message and an exit status) for a file or
    an option that is wrong, and where the solver's limits do not allow an answer.
    """
    problem = read_pbqp(file)
    solution = solve(
        problem,
        asked.solver,
        time_limit=asked.time_limit,
        memory_limit_bytes=asked.memory_limit_mb << 20,
        ilp_engine=asked.ilp_engine,
    )
    replayable = max(DEFAULT_MAX_TABLE_ENTRIES, asked.memory_limit_mb << 17)  # entries of eight bytes
    document = solve_document(problem, solution, max_table_entries=replayable)
    if as_json:
        show_json(document)
    else:
        _print(problem, solution)
    return 0 if solution.status is Status.OPTIMAL else 1


def _print(problem: Problem, solution: Solution) -> None:
    lines = [
        ("problem", f"{len(problem.vectors)} vertices, {len(problem.edges)} edges"),
        ("solver", solution.solver),
        ("status", solution.status.value),
        ("objective", str(solution.objective)),
        ("bound", _bound(solution)),
        ("treewidth", _width(solution)),
        ("seconds", f"{solution.seconds:.6f}"),
        ("assignment", _assignment(solution)),
    ]
    show(LabelledLines(lines))


def _bound(solution: Solution) -> str:
    if solution.bound == solution.objective:
        return f"{solution.bound} (equal: no assignment is cheaper)"
    gap = solution.objective - solution.bound
    share = f", {gap / abs(solution.objective):.3%}" if solution.objective else ""
    hint = ""
    if solution.statistics.get("ended_by") == "float precision":
        hint = "; float arithmetic cannot prove more here, use --solver dp or cpsat"
    return f"{solution.bound} (gap {gap}{share}{hint})"


def _width(solution: Solution) -> str:
    if solution.treewidth is None:
        return "not used by this solver"
    if solution.certificate is None:
        return f"{solution.treewidth} (of the order that was begun)"
    if solution.treewidth <= 2:
        return f"{solution.treewidth} (reduced by R0, RI and RII; certificate replayed)"
    return f"{solution.treewidth} (of the elimination order; certificate replayed, obstruction checked)"


def _assignment(solution: Solution) -> str:
    shown = " ".join(str(choice) for choice in solution.assignment[:_SHOWN_CHOICES])
    left = len(solution.assignment) - _SHOWN_CHOICES
    return shown if left <= 0 else f"{shown} ... ({left} more; all with --json)"
