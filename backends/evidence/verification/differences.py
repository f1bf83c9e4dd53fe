"""The first difference between two JSON documents."""

from __future__ import annotations

from collections.abc import Mapping


def first_difference(said: object, found: object, where: str = "") -> str | None:
    """A sentence that names the first key whose value differs, None where all agree. Lists and keys in their order.

    >>> first_difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]})
    'a[1].b is 2 in the plan, recomputed 3'
    """
    if isinstance(said, Mapping) and isinstance(found, Mapping):
        return _of_objects(said, found, where)
    if isinstance(said, list) and isinstance(found, list):
        if len(said) != len(found):
            return f"{where} has {len(said)} entries in the plan, recomputed {len(found)}"
        for index, (left, right) in enumerate(zip(said, found, strict=True)):
            difference = first_difference(left, right, f"{where}[{index}]")
            if difference:
                return difference
        return None
    if said == found and isinstance(said, bool) == isinstance(found, bool):
        return None
    return f"{where} is {said!r:.80} in the plan, recomputed {found!r:.80}"


def _of_objects(said: Mapping[str, object], found: Mapping[str, object], where: str) -> str | None:
    prefix = f"{where}." if where else ""
    for key in found:
        if key not in said:
            return f"{prefix}{key} is missing in the plan"
        difference = first_difference(said[key], found[key], f"{prefix}{key}")
        if difference:
            return difference
    for key in said:
        if key not in found:
            return f"{prefix}{key} is in the plan and should not be"
    return None
