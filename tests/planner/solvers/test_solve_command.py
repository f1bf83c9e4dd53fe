"""``dynamap solve``: what it prints, what it returns, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dynamap.cli.solve import solve_command, solve_document
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.planner.pbqp.certificates import CertificateError, check_certificate
from dynamap.planner.pbqp.instances import instance
from dynamap.planner.pbqp.text_format import write_pbqp
from dynamap.planner.request.options import Options
from dynamap.planner.solvers import SOLVERS, solve

# 0+1+9 = 10, 0+0+4 = 4, 2+1+0 = 3, 2+0+8 = 10: the optimum is 3, at choices 1 and 0.
TEXT = "2 1\n2\n0 2\n2\n1 0\n0 1\n2 2\n9 4\n0 8\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "two.pbqp"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize("solver", sorted(SOLVERS))
def test_json(solver: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert solve_command(file, Options(solver=solver), as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "optimal"
    assert document["objective"] == document["bound"] == 3
    assert document["assignment"] == [1, 0]
    assert document["seconds"] >= 0
    assert document["treewidth"] == (1 if solver == "dp" else None)
    assert (document["certificate"] is not None) == SOLVERS[solver].certificate
    assert document["statistics"]


def test_text(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert solve_command(file, Options(), as_json=False) == 0
    output = capsys.readouterr().out
    assert "optimal" in output
    assert "objective   3" in output
    assert "assignment  1 0" in output
    assert "certificate replayed" in output


def test_not_optimal_is_status_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wide.pbqp"
    write_pbqp(instance("width 6", 60, 1, choices=(6, 6), costs=(0, 1000)), path)
    assert solve_command(path, Options(time_limit=1e-6), as_json=False) == 1
    output = capsys.readouterr().out
    assert "feasible" in output
    assert "gap" in output
    assert solve_command(path, Options(time_limit=1e-6), as_json=True) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["gap"] == document["objective"] - document["bound"] > 0


def test_the_certificate_of_a_wide_problem_is_in_the_document() -> None:
    problem = instance("width 4", 20, 1, choices=(2, 3), costs=(0, 100))
    document = json.loads(json.dumps(solve_document(problem, solve(problem))))
    assert check_certificate(problem, document["certificate"]) == (document["objective"], 4, False)


def test_a_wrong_solution_is_not_printed() -> None:
    problem = instance("tree", 4, 1, choices=(2, 2), costs=(0, 100))
    other = solve(instance("tree", 4, 2, choices=(2, 2), costs=(200, 300)))
    with pytest.raises(CertificateError, match="the assignment costs"):
        solve_document(problem, other)


def test_bad_input(tmp_path: Path, file: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        solve_command(tmp_path / "absent.pbqp", Options(), as_json=True)
    with pytest.raises(InputError, match="unknown solver"):
        solve_command(file, Options(solver="rn"), as_json=True)
    for limit in (0.0, -3.0):
        with pytest.raises(InputError, match="time limit must be more than 0"):
            solve_command(file, Options(time_limit=limit), as_json=True)
    with pytest.raises(InputError, match="memory limit"):
        solve_command(file, Options(memory_limit_mb=0), as_json=True)


def test_a_problem_too_wide_for_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "wide.pbqp"
    write_pbqp(instance("width 6", 20, 1, choices=(8, 8), costs=(0, 1000)), path)
    with pytest.raises(InfeasibleError, match="width 6; its largest table would have 262144 entries"):
        solve_command(path, Options(memory_limit_mb=1), as_json=True)
