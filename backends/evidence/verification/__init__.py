"""Verification: whether a saved plan is true, found out without trusting it (docs/verification.md)."""

from dynamap.backends.evidence.verification.report import Check, Verdict, Verification
from dynamap.backends.evidence.verification.verify import verify_plan

__all__ = ["Check", "Verdict", "Verification", "verify_plan"]
