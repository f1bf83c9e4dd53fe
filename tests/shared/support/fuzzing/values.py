"""Values at and beyond the ends of what a field may hold, and mutations of bytes, that all kinds of files share."""

from __future__ import annotations

import random

INTEGERS = (
    *(0, 1, -1, 2, 3, 5, 7, 8, 15, 16, 17, 63, 64, 65, 127, 128, 255, 256, 1000, 4097, 65535, 65536, 10**6),
    *(2**22 + 1, 2**29 + 1, 2**31 - 1, -(2**31), 2**32, 2**40, 10**12, 2**53 + 1, 2**63 - 1, -(2**63)),
)
FLOATS = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, 3.0, 1e-3, 1e3, 1e-40, 1e-45, 1e-300, 1e30, -1e30, 3.5e38, 1e300),
    *(float("nan"), float("inf"), -float("inf")),
)
TEXTS = (
    *("", " ", "a", "x", "y", "../x", "/etc/passwd", "a/b", "a b", "$(id)", "`id`", "%s%n", "{0}", '"', "'", "\\"),
    *("a\nerror: b", "\u202e\u2066", "\U0001f600", "\u0000", "\u001b[31m", "<script>", "]]>", "a" * 5000, "NaN", "-1"),
)


def some_integer(rng: random.Random) -> int:
    return rng.choice(INTEGERS) if rng.random() < 0.8 else rng.randint(-70, 5000)


def near(rng: random.Random, number: float) -> float:
    """A number that differs a little, so that it may well be taken: of the type of ``number``."""
    if isinstance(number, int):
        return rng.choice((number + 1, number - 1, number * 2, number // 2, -number, number * 1000, number + 64))
    return rng.choice((number * 1.01, number * 0.5, number * 2, -number, number * 1e6, number / 1e6))


def few(rng: random.Random) -> int:
    """How many mutations: mostly one, so that what is read first does not hide the rest."""
    return rng.choice((1, 1, 1, 1, 2, 3))


def mutated_bytes(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """One to four small damages: bits, runs, lengths, pieces of the ``other`` file."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(found) + 1)
        length = min(rng.choice((1, 1, 2, 4, 8, 32, 200)), len(found) - at)
        what = rng.randrange(7)
        if what == 0 and at < len(found):
            found[at] ^= 1 << rng.randrange(8)
        elif what == 1 and at < len(found):
            found[at] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        elif what == 2:
            del found[at : at + length]
        elif what == 3:
            found[at:at] = found[at : at + length] * rng.choice((1, 1, 3, 100))
        elif what == 4:
            start = rng.randrange(len(other))
            found[at:at] = other[start : start + rng.choice((1, 8, 64, 512))]
        elif what == 5:
            found[at : at + length] = rng.randbytes(length)
        elif rng.random() < 0.3:
            del found[at:]
    return bytes(found)
