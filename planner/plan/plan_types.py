"""Whether a value that was read from JSON has the types that its dataclass declares, all the way down."""

from __future__ import annotations

import math
import types
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from dynamap.cost.words import shown

MOST_BITS = 63
LONGEST_TEXT = 100_000
_WORDS = {int: "an integer", float: "a finite number", str: "a string", bool: "true or false"}


def require_plain(document: Any) -> None:
    """Checks all numbers and texts of JSON data, whatever they stand for.

    Raises:
        ValueError: an integer does not fit 64 bits, a text is very long or no Unicode; the message names the key.
    """
    left: list[tuple[str, Any]] = [("", document)]
    while left:
        where, value = left.pop()
        if isinstance(value, Mapping):
            for key in value:
                _require_text(where or "the document", key)
            left += [(f"{where}.{key}" if where else key, part) for key, part in value.items()]
        elif isinstance(value, list):
            left += [(f"{where}[{index}]", part) for index, part in enumerate(value)]
        elif isinstance(value, str):
            _require_text(where, value)
        elif isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise ValueError(f"{where} is {shown(value)}; an integer of at most {MOST_BITS} bits is expected")
        elif isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{where} must be a finite number, found {value!r}")


def _require_text(where: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"{where} has a text of {len(text):,} characters; at most {LONGEST_TEXT:,} are expected")
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError(f"{where} has half of a character (a lone surrogate): {shown(text)}")


def require_types(value: Any, where: str = "") -> None:
    """Checks every field of a dataclass value; integers count as numbers, true and false do not.

    Raises:
        ValueError: naming the first key whose value is of another type.
    """
    for name, declared in _hints(cast(Hashable, type(value))).items():
        _check(getattr(value, name), declared, f"{where}{name}")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}


def _check(value: Any, declared: Any, where: str) -> None:
    if declared is Any:
        return
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in (Union, types.UnionType):
        if value is not None:
            kinds = [part for part in arguments if part is not types.NoneType]
            fitting = kinds if len(kinds) == 1 else [kind for kind in kinds if isinstance(value, kind)]
            _check(value, (fitting or kinds)[0], where)
        elif types.NoneType not in arguments:
            raise ValueError(f"{where} is missing")
    elif origin is tuple:
        _check_tuple(value, arguments, where)
    elif isinstance(origin, type) and issubclass(Mapping, origin):
        if not isinstance(value, Mapping):
            raise ValueError(f"{where} must be an object")
        for key, part in value.items():
            _check(part, arguments[1], f"{where}.{key}")
    elif is_dataclass(declared):
        if not isinstance(value, declared):  # type: ignore[arg-type]
            raise ValueError(f"{where} must be an object")
        require_types(value, f"{where}.")
    elif not _is_plain(value, declared):
        raise ValueError(f"{where} must be {_WORDS[declared]}, found {value!r:.60}")


def _check_tuple(value: Any, arguments: tuple[Any, ...], where: str) -> None:
    if not isinstance(value, (tuple, list)):
        raise ValueError(f"{where} must be a list")
    many = len(arguments) == 2 and arguments[1] is Ellipsis
    if not many and len(value) != len(arguments):
        raise ValueError(f"{where} must have {len(arguments)} entries, found {len(value)}")
    for index, part in enumerate(value):
        _check(part, arguments[0] if many else arguments[index], f"{where}[{index}]")


def _is_plain(value: Any, declared: type) -> bool:
    if declared is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if declared is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, declared)
