"""What texts from a stranger's file may hold: names that a vendor's tool is called with, and lines for a reader.

Device files and plans are passed on from one person to another, and their texts end in files of other languages: a
Makefile, Tcl, the tools' configuration. A name that some of them would take for a command is refused where it is read.
"""

from __future__ import annotations

import re
from decimal import Decimal

from dynamap.cost.errors import InputError

LONGEST_NAME = 200
LONGEST_LINE = 1_000

_NAME = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./:+\[\]-]*", re.ASCII)
_TITLE = re.compile(r"(?!-)[^\"'\\$`<>|;&#]+")


def require_name(where: str, text: str) -> str:
    """A name that tools are called with (a part, a board, a bank), as it is.

    Raises:
        InputError: it is too long, begins like an option, or holds what a Makefile, Tcl or a shell reads as more than
            a letter; the message names ``where``.
    """
    return _required(
        where, text, _NAME, "letters without accents, digits and _ . / : + - [ ]; a letter, digit, _ . or / comes first"
    )


def require_title(where: str, text: str) -> str:
    """The name of a device, as it is: words in any script without what some language quotes or calls by.

    Raises:
        InputError: it is too long, begins like an option, or holds a quote, a backslash or the like, or what is not
            printable; the message names ``where``.
    """
    require_line(where, text)
    return _required(where, text, _TITLE, "words without quotes and \\ $ ` < > | ; & #, and no - comes first")


def _required(where: str, text: str, pattern: re.Pattern[str], words: str) -> str:
    if not text:
        raise InputError(f"{where}: a name is expected, found nothing")
    if len(text) > LONGEST_NAME:
        raise InputError(f"{where}: a name of at most {LONGEST_NAME} characters is expected, found {len(text):,}")
    if not pattern.fullmatch(text):
        inside = [letter for letter in text if not pattern.fullmatch(f"a{letter}")]
        refused = inside[0] if inside else text[0]
        raise InputError(f"{where}: {shown(text)} cannot be a name because of {refused!r}: accepted are {words}")
    return text


def require_line(where: str, text: str) -> str:
    """A line for a reader, in any script.

    Raises:
        InputError: it is too long, or holds what is not printable: control characters, ends of lines, what turns the
            direction of writing, lone surrogates.
    """
    if len(text) > LONGEST_LINE:
        raise InputError(f"{where}: at most {LONGEST_LINE:,} characters are expected, found {len(text):,}")
    if not text.isprintable():
        refused = next(c for c in text if not c.isprintable())
        raise InputError(f"{where}: {shown(text)} is not one printable line because of {refused!r}")
    return text


def shown(value: object, most: int = 60) -> str:
    """A value for a message, cut where it is long; a number may have more digits than Python is willing to write.

    >>> shown("a" * 100, most=10)
    "'aaaaaaaaa..."
    >>> shown(1 << 100_000)
    'an integer of 100,001 bits'
    """
    if isinstance(value, int) and value.bit_length() > 256:
        return f"an integer of {value.bit_length():,} bits"
    try:
        text = str(value) if isinstance(value, Decimal) else repr(value)
    except ValueError:
        return "a value with an integer of too many digits"
    return text if len(text) <= most else f"{text[:most]}..."
