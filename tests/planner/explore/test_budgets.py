"""Budgets as words, and what they are of a device."""

from __future__ import annotations

import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.explore.budgets import ALL, Budget, parse_budgets
from dynamap.planner.request.kinds import parse_amount


@pytest.mark.parametrize(
    ("word", "of_1000"),
    [
        ("all", 1000),
        ("ALL", 1000),
        ("100%", 1000),
        ("25%", 250),
        ("12.5 %", 125),
        ("0.01%", 1),
        ("64", 64),
        ("2000", 1000),
    ],
)
def test_words(word: str, of_1000: int) -> None:
    (budget,) = parse_budgets("--multipliers", [word], bytes_allowed=False)
    assert budget.of(1000) == of_1000


@pytest.mark.parametrize(
    ("word", "amount"),
    [
        ("4096", 4096),
        ("4KiB", 4096),
        ("1.5KiB", 1536),
        ("4MiB", 4 << 20),
        ("4 MB", 4_000_000),
        ("2kB", 2000),
        ("7B", 7),
    ],
)
def test_bytes(word: str, amount: int) -> None:
    assert parse_budgets("--on-chip", [word], bytes_allowed=True) == (Budget(amount=amount),)
    assert parse_amount("--on-chip", word) == amount


def test_a_share_is_rounded_down_and_never_nothing() -> None:
    third = Budget(percent=parse_budgets("x", ["33.3%"], bytes_allowed=False)[0].percent)
    assert [third.of(available) for available in (0, 1, 2, 3, 10)] == [0, 1, 1, 1, 3]
    assert str(third) == "33.3%" and str(ALL) == "all" and str(Budget(amount=5)) == "5"


@pytest.mark.parametrize(
    "word", ["0", "-5", "0%", "101%", "nan", "1e3", "4GiB", "12KiB", "50%%", "half", "1.5", "9" * 20, "0.0000000001%"]
)
def test_wrong_words(word: str) -> None:
    with pytest.raises(InputError, match="--multipliers"):
        parse_budgets("--multipliers", [word], bytes_allowed=False)


def test_lists() -> None:
    with pytest.raises(InputError, match=r"--multipliers needs at least one budget"):
        parse_budgets("--multipliers", [" ", ""], bytes_allowed=False)
    with pytest.raises(InputError, match=r"--on-chip names the budget 4096 twice"):
        parse_budgets("--on-chip", ["4096", "4KiB"], bytes_allowed=True)
    with pytest.raises(InputError, match=r"--on-chip must be a number of bytes, such as 4MiB"):
        parse_amount("--on-chip", "50%")
