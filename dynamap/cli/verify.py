"""``dynamap verify``: whether a saved plan is true."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group
from rich.text import Text

from dynamap.backends.evidence.verification import Verdict, Verification, verify_plan
from dynamap.cli.output import show, show_json
from dynamap.cli.tables import Column, Content, FittedTable
from dynamap.planner.plan.plan import load_plan

_STYLES = {
    Verdict.PASSED: "green",
    Verdict.FAILED: "bold red",
    Verdict.NOT_REACHED: "yellow",
    Verdict.NOT_ASKED: "dim",
}


def verify_command(plan: Path, as_json: bool, full: bool) -> int:
    """Verifies a saved plan and prints every check; 1 where one of them fails. ``full``: search all arrays again.

    Raises:
        InputError: the plan cannot be read, or its model is gone or another one.
    """
    loaded = load_plan(plan)
    verification = verify_plan(loaded, full=full, folder=plan.parent)
    if as_json:
        show_json(verification.document(), indent=1)
    else:
        show(verification_report(str(plan), verification))
    return 0 if verification.verified else 1


_COLUMNS = (Column("check"), Column("outcome"), Column("what was found", content=Content.PROSE))


def verification_report(plan: str, verification: Verification) -> Group:
    """One row per check, and the verdict."""
    rows = [
        (check.name, Text(check.outcome.value, style=_STYLES[check.outcome]), check.detail)
        for check in verification.checks
    ]
    table = FittedTable(_COLUMNS, rows, title=f"verification of {plan}")
    failed = sum(check.outcome is Verdict.FAILED for check in verification.checks)
    asked = sum(check.outcome is Verdict.NOT_ASKED for check in verification.checks)
    verdict = f"NOT TRUE: {failed} of {len(verification.checks)} checks failed"
    if verification.verified:
        verdict = f"verified: {len(verification.checks) - asked} checks passed"
    return Group(table, Text(verdict))
