"""Budgets as a user writes them: everything, a share of what the device has, or an amount."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from dynamap.cost.errors import InputError
from dynamap.planner.request.kinds import UNITS

_MOST = 10**15


@dataclass(frozen=True)
class Budget:
    """``percent`` of what there is, or at most ``amount``; with neither, all there is."""

    percent: Decimal | None = None
    amount: int | None = None

    def of(self, available: int) -> int:
        """The budget where so much is available: never more than that, and at least 1 of anything."""
        if self.amount is not None:
            return min(self.amount, available)
        if self.percent is not None:
            return min(available, max(1, int(available * self.percent / 100)))
        return available

    def __str__(self) -> str:
        if self.amount is not None:
            return str(self.amount)
        return "all" if self.percent is None else f"{self.percent.normalize():f}%"


ALL = Budget()


def parse_budgets(option: str, words: Iterable[str], *, bytes_allowed: bool) -> tuple[Budget, ...]:
    """Budgets from words such as ``all``, ``25%``, ``2048`` and, where bytes are meant, ``512KiB`` or ``4MiB``.

    Raises:
        InputError: a word is none of these, is not positive, or comes twice; or there is none. Names ``option``.
    """
    budgets = tuple(_parse(option, word.strip(), bytes_allowed) for word in words if word.strip())
    if not budgets:
        raise InputError(f"{option} needs at least one budget, such as all, 50% or {'4MiB' if bytes_allowed else 2048}")
    for budget in budgets:
        if budgets.count(budget) > 1:
            raise InputError(f"{option} names the budget {budget} twice")
    return budgets


def _parse(option: str, word: str, bytes_allowed: bool) -> Budget:
    examples = "all, 25%, 4194304 or 4MiB" if bytes_allowed else "all, 25% or 2048"
    wrong = InputError(f"{option} must be a list of budgets, each such as {examples}; found {word!r}")
    if word.lower() == "all":
        return ALL
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?)\s*(%|[a-zA-Z]*)", word)
    if not match:
        raise wrong
    number, unit = Decimal(match[1]), match[2].lower()
    if unit == "%":
        if not 0 < number <= 100:
            raise InputError(f"{option}: a share must be above 0% and at most 100%, found {word!r}")
        return Budget(percent=number.normalize()) if number < 100 else ALL
    if unit not in UNITS or (unit and not bytes_allowed):
        raise wrong
    amount = number * UNITS[unit]
    if amount != int(amount) or not 0 < amount <= _MOST:
        raise InputError(f"{option}: a budget must be a whole positive number, found {word!r}")
    return Budget(amount=int(amount))
