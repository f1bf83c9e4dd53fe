"""Numbers as a reader wants them: few digits, a unit, no more precision than is meant."""

from __future__ import annotations

from fractions import Fraction

_STEPS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
MINUS = "\u2212"


def integer(value: int) -> str:
    """With separators of thousands.

    >>> integer(-1234567)
    '−1,234,567'
    """
    return f"{value:,}".replace("-", MINUS)


def digits(value: float, count: int = 3) -> str:
    """A number with about ``count`` digits and no exponent.

    >>> digits(0.89699), digits(12.3456), digits(1234.5), digits(0.00012345)
    ('0.897', '12.3', '1,234', '0.000123')
    """
    if value == 0:
        return "0"
    size = abs(value)
    places = count
    while size < 1 and places < count + 9:
        size *= 10
        places += 1
    leading = len(str(int(size))) if abs(value) >= 1 else 1
    shown = f"{value:,.{max(0, places - leading)}f}"
    return shown.replace("-", MINUS)


def scaled(value: float, unit: str) -> str:
    """A number with the prefix that fits.

    >>> scaled(1431556352, "MAC"), scaled(950, "B")
    ('1.43 GMAC', '950 B')
    """
    for step, prefix in _STEPS:
        if abs(value) >= step:
            return f"{digits(value / step)} {prefix}{unit}"
    return f"{digits(value)} {unit}"


def size(count: int) -> str:
    """Bytes in binary units, exact where it is a whole number of them.

    >>> size(4194304), size(8192), size(1536), size(100)
    ('4 MiB', '8 KiB', '1.5 KiB', '100 B')
    """
    for step, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= step:
            return f"{count / step:.4g} {unit}"
    return f"{count} B"


def percent(part: float, whole: float = 1.0) -> str:
    """A share of a whole; an empty whole has none.

    >>> percent(1, 8), percent(1, 3000), percent(1, 10**6), percent(0, 0)
    ('12.5%', '0.03%', '< 0.01%', '–')
    """
    if not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 0.005:
        return "< 0.01%"
    places = 1 if abs(share) >= 1 or share == 0 else 2
    return f"{share:.{places}f}%".replace("-", MINUS)


def more(extra: float, whole: float) -> str:
    """What is added to a whole, as a share of it.

    >>> more(1, 8), more(1, 10**6)
    ('+12.5%', '< 0.01%')
    """
    share = percent(extra, whole)
    return f"+{share}" if share[0].isdigit() else share


def milliseconds(value: float) -> str:
    """Milliseconds, or microseconds where they are few.

    >>> milliseconds(0.89699), milliseconds(0.012345), milliseconds(5.39584)
    ('0.897 ms', '12.3 µs', '5.396 ms')
    """
    if value and abs(value) < 0.1:
        return f"{digits(value * 1000)} µs"
    return f"{value:,.3f} ms".replace("-", MINUS)


def seconds(value: float) -> str:
    """How long a search took.

    >>> seconds(0.6017), seconds(75.2)
    ('0.60 s', '75.2 s')
    """
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def times(pair: tuple[int, ...] | list[int]) -> str:
    """Sizes joined by a cross.

    >>> times((64, 56, 56))
    '64 × 56 × 56'
    """
    return " × ".join(map(str, pair))


def counted(count: int, one: str, many: str) -> str:
    """A number and the words for one or for many.

    >>> counted(1, "counter is", "counters are"), counted(2000, "counter is", "counters are")
    ('1 counter is', '2,000 counters are')
    """
    return f"{integer(count)} {one if count == 1 else many}"


def change(new: float, old: float) -> str:
    """How much larger or smaller than ``old``, in percent, with its sign.

    >>> change(110, 100), change(1, 4), change(3, 3)
    ('+10.0%', '−75.0%', '0.0%')
    """
    if not old:
        return "–"
    share = float(100 * (Fraction(new) - Fraction(old)) / Fraction(old))
    return f"{share:+.1f}%".replace("-", MINUS) if round(share, 1) else "0.0%"


def letter(index: int) -> str:
    """A, B, ..., Z, AA: what plans are called on a page.

    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'AA')
    """
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
