"""The shapes that a user gives to inputs whose dimensions a model leaves open: ``INPUT=1x3x320x320``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dynamap.cost.errors import InputError

Shapes = Mapping[str, tuple[int, ...]]
"""The dimensions of inputs, batch included, by their names."""

_MOST_AXES = 8
_LONGEST = 2**31 - 1


def read_shapes(option: str, given: Any) -> Shapes:
    """From texts ``INPUT=1x3x320x320`` or from a mapping of inputs to dimensions; the names may contain anything.

    >>> read_shapes("--shape", ["x=1x3x320x320"])
    {'x': (1, 3, 320, 320)}

    Raises:
        InputError: something is not of that form, or an input is named twice.
    """
    if isinstance(given, Mapping):
        return {str(name): _dimensions(option, sizes) for name, sizes in given.items()}
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes)):
        raise InputError(f"{option} must be a mapping of inputs to dimensions, or texts INPUT=1x3x320x320")
    shapes: dict[str, tuple[int, ...]] = {}
    for text in given:
        name, separator, sizes = str(text).rpartition("=")
        if not separator or not name:
            raise InputError(
                f"{option} must be INPUT=1x3x320x320, the name of an input and numbers; found {text!r:.80}"
            )
        if name in shapes:
            raise InputError(f"{option} names the input {name!r} twice")
        shapes[name] = _dimensions(option, sizes)
    return shapes


def written_shapes(shapes: Shapes | None) -> dict[str, list[int]] | None:
    """JSON data, in the order of the names; ``loaded_shapes`` reads it back."""
    return None if shapes is None else {name: list(sizes) for name, sizes in sorted(shapes.items())}


def loaded_shapes(data: Any) -> Shapes | None:
    """The shapes in a document.

    Raises:
        ValueError: they are no lists of positive integers.
    """
    if data is None:
        return None
    try:
        return read_shapes("shapes", data)
    except InputError as error:
        raise ValueError(str(error)) from None


def words_of(name: str, sizes: Iterable[int]) -> str:
    """What a command line says for a shape.

    >>> words_of("x", (1, 3, 320, 320))
    "--shape 'x=1x3x320x320'"
    """
    return f"--shape '{name}={'x'.join(map(str, sizes))}'"


def _dimensions(option: str, given: Any) -> tuple[int, ...]:
    sizes: Any = given
    if isinstance(given, str):
        found = re.fullmatch(r"\s*\d{1,10}(\s*[xX,]\s*\d{1,10})*\s*", given)
        sizes = [int(word) for word in re.split(r"[xX,]", given)] if found else None
    plain = isinstance(sizes, (tuple, list)) and 1 <= len(sizes) <= _MOST_AXES
    if not plain or not all(isinstance(size, int) and 0 < size <= _LONGEST for size in sizes):
        raise InputError(
            f"{option} needs positive numbers with x between them, such as 1x3x320x320; found {given!r:.80}"
        )
    return tuple(sizes)
