"""What a verification found: one sentence per check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from dynamap.cost.errors import DynamapError


class Verdict(Enum):
    """``NOT_REACHED``: what the check builds on has failed. ``NOT_ASKED``: only a full verification makes it."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not reached"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Check:
    """One check; ``detail`` says what was compared, or what does not hold."""

    name: str
    outcome: Verdict
    detail: str

    def document(self) -> dict[str, object]:
        return {"name": self.name, "outcome": self.outcome.value, "detail": self.detail}


@dataclass(frozen=True)
class Verification:
    """All checks of a plan, in order."""

    checks: tuple[Check, ...]

    def __repr__(self) -> str:
        """One line: ``checks`` has what was found."""
        passed = sum(check.outcome is Verdict.PASSED for check in self.checks)
        failed = [check.name for check in self.checks if check.outcome is Verdict.FAILED]
        wrong = f", failed: {', '.join(failed)}" if failed else ""
        return f"<Verification: {passed} checks passed{wrong}>"

    @property
    def verified(self) -> bool:
        """True if no check failed."""
        return all(check.outcome in (Verdict.PASSED, Verdict.NOT_ASKED) for check in self.checks)

    def document(self) -> dict[str, object]:
        """Plain JSON data."""
        return {"verified": self.verified, "checks": [check.document() for check in self.checks]}


class Mismatch(Exception):
    """A check does not hold; the message is a sentence for the user."""


def require_equal(what: str, said: object, found: object) -> None:
    """Checks one value of the plan.

    Raises:
        Mismatch: the plan says something else than was found.
    """
    if said != found:
        raise Mismatch(f"{what} is {said!r} in the plan, recomputed {found!r}")


class Checks:
    """Checks that are made one after the other; those that build on a failed one are not reached."""

    def __init__(self) -> None:
        self.made: list[Check] = []

    def make(self, name: str, check: Callable[[], str], *needs: str) -> None:
        """Makes a check that returns its sentence or raises, if all that it needs have passed."""
        passed = {done.name for done in self.made if done.outcome is Verdict.PASSED}
        missing = [need for need in needs if need not in passed]
        if missing:
            self.made.append(Check(name, Verdict.NOT_REACHED, f"it builds on the check {missing[0]!r}"))
            return
        try:
            self.made.append(Check(name, Verdict.PASSED, check()))
        except (Mismatch, DynamapError) as error:
            self.made.append(Check(name, Verdict.FAILED, str(error)))

    def leave_out(self, name: str, reason: str) -> None:
        """Notes a check that was not asked for."""
        self.made.append(Check(name, Verdict.NOT_ASKED, reason))
