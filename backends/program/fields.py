"""Records of little-endian 32-bit words, described by the dataclasses that hold them.

A record is a frozen dataclass whose fields are made by `word`: the field's place in the record, its
limits and its meaning are data, read by the encoder, the decoder and docs/program.md alike.
"""

from __future__ import annotations

import dataclasses
import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache
from typing import Any, TypeVar

from dynamap.cost.errors import InputError
from dynamap.cost.overlay.limits import LARGEST_ADDRESS, LARGEST_SIDE, WORD_BYTES

U16 = LARGEST_SIDE
U32 = 2**32 - 1
ADDRESS = LARGEST_ADDRESS

R = TypeVar("R")


@dataclass(frozen=True)
class Word:
    """One field: ``words`` 32-bit words from ``index`` on, the less significant first; signed where ``low`` < 0."""

    name: str
    index: int
    words: int
    low: int
    high: int
    meaning: str
    enumeration: type[IntEnum] | type[IntFlag] | None


def word(
    meaning: str,
    low: int = 0,
    high: int = U32,
    *,
    words: int = 1,
    enumeration: type[IntEnum] | type[IntFlag] | None = None,
    default: Any = dataclasses.MISSING,
) -> Any:
    """A dataclass field with its place and limits, which are inclusive, and the value that it has where not used."""
    about = {"meaning": meaning, "low": low, "high": high, "words": words, "enumeration": enumeration}
    return dataclasses.field(default=default, metadata=about)


def long_word(meaning: str, low: int = 0, *, default: Any = dataclasses.MISSING) -> Any:
    """A field of two words."""
    return word(meaning, low, ADDRESS, words=2, default=default)


def flag_set(kind: type[IntFlag], meaning: str, *, default: Any = dataclasses.MISSING) -> Any:
    """A word of flags."""
    return word(meaning, 0, sum(kind), enumeration=kind, default=default)


def choice(kind: type[IntEnum], meaning: str, *, default: Any = dataclasses.MISSING) -> Any:
    """A word that holds a member of ``kind``."""
    return word(meaning, min(kind), max(kind), enumeration=kind, default=default)


def words_of(kind: type[Any]) -> tuple[Word, ...]:
    """The fields of a record type in order; what is left of the record is zero."""
    described: Any = kind
    return _words_of(described)


@cache
def _words_of(kind: Any) -> tuple[Word, ...]:
    found, index = [], 0
    for field in dataclasses.fields(kind):
        about = dict(field.metadata)
        found.append(Word(name=field.name, index=index, **about))
        index += about["words"]
    return tuple(found)


def encode_record(record: Any, size_words: int, where: str) -> bytes:
    """The record as ``size_words`` words.

    Raises:
        InputError: a value is beyond its field's limits; the message starts with ``where`` and names the field.
    """
    data = bytearray(size_words * WORD_BYTES)
    for field in words_of(type(record)):
        value = int(getattr(record, field.name))
        if not field.low <= value <= field.high:
            limits = f"{field.low}..{field.high}"
            raise InputError(f"{where}: {field.name} ({field.meaning}) is {value}; the overlay program holds {limits}")
        code = "<i" if field.low < 0 else "<I" if field.words == 1 else "<Q"
        struct.pack_into(code, data, field.index * WORD_BYTES, value)
    return bytes(data)


def decode_record(kind: type[R], data: bytes, size_words: int, where: str) -> R:
    """The record that starts at ``data[0]``.

    Raises:
        InputError: a value is beyond its limits or a reserved word is not zero: the data are damaged.
    """
    values: dict[str, Any] = {}
    used = 0
    for field in words_of(kind):
        code = "<i" if field.low < 0 else "<I" if field.words == 1 else "<Q"
        (value,) = struct.unpack_from(code, data, field.index * WORD_BYTES)
        if not field.low <= value <= field.high:
            raise InputError(
                f"{where}: {field.name} is {value}, beyond {field.low}..{field.high}: the program is damaged"
            )
        try:
            values[field.name] = field.enumeration(value) if field.enumeration else value
        except ValueError:
            raise InputError(f"{where}: {field.name} has the unknown value {value}: the program is damaged") from None
        used = field.index + field.words
    if any(data[used * WORD_BYTES : size_words * WORD_BYTES]):
        raise InputError(f"{where}: a reserved word is not zero: the program is damaged or of a later version")
    return kind(**values)


def field_table(kind: type[Any]) -> str:
    """The fields of a record type as a Markdown table: what docs/program.md shows."""
    lines = ["| word | field | from | to | meaning |", "|---|---|---|---|---|"]
    for field in words_of(kind):
        place = str(field.index) if field.words == 1 else f"{field.index}, {field.index + 1}"
        meaning = field.meaning
        if field.enumeration is not None:
            names = ", ".join(f"{member.value} {member.name}" for member in field.enumeration)
            meaning = f"{meaning}: {names}"
        lines.append(f"| {place} | `{field.name}` | {_shown(field.low)} | {_shown(field.high)} | {meaning} |")
    return "\n".join(lines)


def _shown(limit: int) -> str:
    """A limit as the power of two that it is, or is one less than, where it is one of a wide field.

    >>> [_shown(limit) for limit in (4095, 2**17, 2**17 - 1, 0x50414E44)]
    ['4095', '2^17', '2^17 - 1', '1346457156']
    """
    for power, tail in ((limit, ""), (limit + 1, " - 1")):
        if power >= 2**16 and power & (power - 1) == 0:
            return f"2^{power.bit_length() - 1}{tail}"
    return str(limit)
