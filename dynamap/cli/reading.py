"""What a user types as values; where it cannot be one, an error that names the option and says what can."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from dynamap.cost.errors import InputError
from dynamap.cost.likeness import choices

E = TypeVar("E", bound=Enum)


def one_of(called: str, kind: type[E]) -> dict[str, Any]:
    """What typer.Option needs for one of the words of an enum."""
    return one_word(called, {member.value: member for member in kind})


def one_word(called: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """What typer.Option needs for one of some words, each with its value."""

    def word(given: Any) -> Any:
        if given not in known:
            raise InputError(f"{called} does not know {given!r:.60}: {choices(given, known)}")
        return known[given]

    def offered(incomplete: str) -> list[str]:
        return [each for each in known if each.startswith(incomplete)]

    return {"metavar": "|".join(known), "parser": word, "autocompletion": offered}


def a_number(
    called: str, kind: type[int] | type[float], value: str, within: tuple[int, int] | None = None
) -> dict[str, Any]:
    """What typer.Option needs for a number; ``value``: what the help calls it; ``within``: the least and the most."""
    wanted = ("a whole number" if kind is int else "a number") + (f" from {within[0]} to {within[1]}" if within else "")

    def number(given: Any) -> Any:
        try:
            read = kind(given)
        except ValueError:
            read = None
        if read is None or (within and not within[0] <= read <= within[1]):
            raise InputError(f"{called} must be {wanted}, found {given!r:.60}")
        return read

    return {"metavar": value, "parser": number}
