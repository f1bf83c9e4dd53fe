"""The name that somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CUTOFF = 0.7
"""Above the 0.6 of `difflib.get_close_matches`, at which mobilenet is like googlenet."""

_MOST = 3
"""More names than these are no help."""


def nearest(found: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names that are most like what was found: one, several that are alike, or none.

    Letters count alike in both cases and ``-``, ``_`` and blanks not at all; what begins or ends a name is as good as
    one with a slip.

    >>> nearest("GoogleNet", ["squeezenet", "googlenet"]), nearest("zcu10", ["zcu102", "u200", "zcu104"])
    (('googlenet',), ('zcu102', 'zcu104'))
    >>> nearest("resnet", ["resnet50"]), nearest("x", ["googlenet"])
    (('resnet50',), ())
    """
    names: dict[str, str] = {}
    for name in known:
        names.setdefault(_plain(name), name)
    wanted = _plain(found)
    if wanted in names:
        return (names[wanted],)
    likeness = _likeness(wanted, names)
    if likeness:
        best = max(likeness.values())
        return tuple(names[plain] for plain, like in likeness.items() if like == best)
    if len(wanted) >= 3:
        return tuple(name for plain, name in names.items() if plain.startswith(wanted) or plain.endswith(wanted))
    return ()


def suggestion(found: str, known: Iterable[str]) -> str:
    """`; did you mean 'X' or 'Y'?` for the known names nearest to what was found, or nothing."""
    near = nearest(found, known)[:_MOST]
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def choices(found: str, known: Iterable[str]) -> str:
    """`choose from A, B` and a suggestion, for what is none of these.

    >>> choices("high", ["cbc", "highs"])
    "choose from cbc, highs; did you mean 'highs'?"
    """
    names = list(known)
    return f"choose from {', '.join(names)}{suggestion(found, names)}"


def _likeness(wanted: str, names: Iterable[str]) -> dict[str, float]:
    """Of the names that are like enough: how much, from 0 to 1."""
    matcher = difflib.SequenceMatcher(b=wanted)
    found = {}
    for name in names:
        matcher.set_seq1(name)
        bounds = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)  # the first two are upper, and fast
        if all(bound() >= _CUTOFF for bound in bounds):
            found[name] = matcher.ratio()
    return found


def _plain(name: str) -> str:
    return name.casefold().translate({ord(letter): None for letter in "-_ "})
