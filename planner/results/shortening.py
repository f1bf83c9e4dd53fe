"""Names in less room: they lose their middle, and different ones stay different."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

_ELLIPSIS = "…"


def shortened(names: Sequence[str], width: int) -> list[str]:
    """Each name within ``width`` cells: longer ones lose their middle, and different ones stay different.

    All lose it at the place that leaves the most of them apart, the halves where it makes no difference; those that
    it does not are numbered.

    >>> shortened(["inception_4a/3x3_reduce", "inception_4b/3x3_reduce", "pool"], 13)
    ['inception_4a…', 'inception_4b…', 'pool']
    >>> shortened(["a_left_long_name", "a_right_long_name"], 8)
    ['a_le…ame', 'a_ri…ame']
    """
    order = list(dict.fromkeys(names))
    half = (width - 1) // 2
    tails = sorted(range(width), key=lambda tail: abs(tail - half))
    best = max((_cut(order, width, tail) for tail in tails), key=lambda cut: len(set(cut)))
    found: dict[str, str] = {}
    taken = {name for name in order if cell_len(name) <= width}
    for name, short in zip(order, best, strict=True):
        number = 2
        while name != short and short in taken:
            mark = f"~{number}"
            short, number = _without_middle(name, width - len(mark), half // 2) + mark, number + 1
        taken.add(short)
        found[name] = short
    return [found[name] for name in names]


def _cut(names: Sequence[str], width: int, tail: int) -> list[str]:
    return [name if cell_len(name) <= width else _without_middle(name, width, tail) for name in names]


def _without_middle(name: str, width: int, tail: int) -> str:
    return _start(name, width - 1 - tail) + _ELLIPSIS + _start(name[::-1], tail)[::-1]


def _start(text: str, width: int) -> str:
    """As many letters as have room."""
    used = 0
    for at, letter in enumerate(text):
        used += cell_len(letter)
        if used > width:
            return text[:at]
    return text
