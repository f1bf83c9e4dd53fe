"""The name that somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CUTOFF = 0.7
"""Above the 0.6 of `difflib.get_close_matches`, at which mobilenet is like googlenet."""


def nearest(found: str, known: Iterable[str]) -> str | None:
    """The known name that is most like what was found, or none that is.

    Letters count alike in both cases and ``-``, ``_`` and blanks not at all; what begins or ends a name is as good as
    one with a slip.

    >>> nearest("GoogleNet", ["squeezenet", "googlenet"]), nearest("resnet", ["resnet50"]), nearest("x", ["googlenet"])
    ('googlenet', 'resnet50', None)
    """
    names: dict[str, str] = {}
    for name in known:
        names.setdefault(_plain(name), name)
    wanted = _plain(found)
    if wanted in names:
        return names[wanted]
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=_CUTOFF)
    if close:
        return names[close[0]]
    if len(wanted) >= 3:
        return next((name for plain, name in names.items() if plain.startswith(wanted) or plain.endswith(wanted)), None)
    return None


def suggestion(found: str, known: Iterable[str]) -> str:
    """`; did you mean 'X'?` for the known name nearest to what was found, or nothing."""
    near = nearest(found, known)
    return f"; did you mean {near!r}?" if near else ""


def _plain(name: str) -> str:
    return name.casefold().translate({ord(letter): None for letter in "-_ "})
