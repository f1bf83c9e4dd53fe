"""Reading one table of a TOML file that a user may have edited.

Every message says where (file, table, key), what was found, and what is accepted. Numbers
with a fraction arrive as ``Decimal``, so that 76.8 GB/s is exactly 76,800,000 bytes/ms.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal

from dynamap.cost.errors import InputError
from dynamap.cost.likeness import suggestion
from dynamap.cost.words import require_line, require_name, require_title, shown

_LONG_NUMBER = re.compile(r"\d[\d_]{300}|[eE][+-]?\d{6}", re.ASCII)


def parsed_toml(text: str, source: str) -> Mapping[str, object]:
    """The tables of a TOML text; ``source`` is named in messages.

    Raises:
        InputError: it is not TOML, is nested too deeply, or has a number that is too long to be read.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source}: not valid TOML: {error}") from error
    except RecursionError:
        raise InputError(f"{source}: it cannot be read: its arrays or tables are nested too deeply") from None
    except (ValueError, ArithmeticError):
        lines = (number for number, line in enumerate(text.split("\n"), start=1) if _LONG_NUMBER.search(line))
        line = next(lines, None)
        where = f" in line {line}" if line else ""
        raise InputError(f"{source}: it cannot be read: the number{where} has too many digits") from None


def sections(
    source: str, document: Mapping[str, object], known: Sequence[str], optional: Sequence[str] = ()
) -> list[Mapping[str, object]]:
    """The tables called ``known``, in that order; raises InputError if one is missing or a foreign one is there."""
    accepted_names = (*known, *optional)
    for name in document:
        if name not in accepted_names:
            accepted = ", ".join(f"[{section}]" for section in accepted_names)
            hint = suggestion(name, accepted_names)
            raise InputError(f"{source}: unknown entry {shown(name)}{hint} (the tables are {accepted})")
    tables: list[Mapping[str, object]] = []
    for name in known:
        table = document.get(name)
        if table is None:
            raise InputError(f"{source}: the table [{name}] is missing")
        if not isinstance(table, Mapping):
            raise InputError(f"{source}: {name} must be a table, written [{name}], found {described(table)}")
        tables.append(table)
    return tables


def described(value: object) -> str:
    """A TOML value with its type, for a message."""
    kinds = {
        bool: "boolean",
        int: "integer",
        Decimal: "number",
        float: "number",
        str: "string",
        list: "array",
    }
    if isinstance(value, Mapping):
        return "a table"
    return f"the {kinds[type(value)]} {shown(value)}" if type(value) in kinds else shown(value)


def scaled(where: str, value: object, scale: int, most: int, unit: str) -> int:
    """A positive number times ``scale``, as an exact integer.

    Raises:
        InputError: it is not a number, not positive, above ``most``, or finer than 1/``scale``.
    """
    accepted = f"a number of {unit} above 0 and at most {most}"
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise InputError(f"{where}: expected {accepted}, found {described(value)}")
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite() or not 0 < number <= most:
        raise InputError(f"{where}: expected {accepted}, found {shown(value)}")
    result = number * scale  # a number below all that Decimal holds becomes 0
    if result < 1 or result != int(result):
        raise InputError(f"{where}: {shown(value)} is too fine, steps of 1/{scale} {unit} are accepted")
    return int(result)


class Table:
    """One table with a known set of keys.

    Raises:
        InputError: from the constructor for an unknown key; from a reader for a missing key or a wrong value.
    """

    def __init__(self, source: str, name: str, values: Mapping[str, object], known: Sequence[str]) -> None:
        self._source, self._name, self._values = source, name, values
        for key in values:
            if key not in known:
                hint = suggestion(key, known)
                raise InputError(
                    f"{source}: [{name}] has an unknown key {shown(key)}{hint} (accepted: {', '.join(known)})"
                )

    def where(self, key: str) -> str:
        return f"{self._source}: [{self._name}] {key}"

    def has(self, key: str) -> bool:
        return key in self._values

    def _value(self, key: str, default: object, accepted: str) -> object:
        value = self._values.get(key, default)
        if value is None:
            raise InputError(f"{self.where(key)}: the key is missing, expected {accepted}")
        return value

    def name(self, key: str, *, default: str | None = None) -> str:
        """What tools are called with; empty only where that is the default."""
        value = self._text(key, default)
        return require_name(self.where(key), value) if value or default is None else value

    def title(self, key: str) -> str:
        """What a device is called."""
        return require_title(self.where(key), self._text(key, None))

    def line(self, key: str, *, default: str) -> str:
        """A remark for a reader."""
        return require_line(self.where(key), self._text(key, default))

    def _text(self, key: str, default: str | None) -> str:
        value = self._value(key, default, "a string")
        if not isinstance(value, str):
            raise InputError(f"{self.where(key)}: expected a string, found {described(value)}")
        if default is None and not value.strip():
            raise InputError(f"{self.where(key)}: expected a string that is not empty, found {shown(value)}")
        return value

    def choice(self, key: str, accepted: Sequence[str]) -> str:
        value = self._text(key, None)
        if value not in accepted:
            hint = suggestion(value, accepted)
            raise InputError(f"{self.where(key)}: {shown(value)} is not known{hint} (accepted: {', '.join(accepted)})")
        return value

    def integer(self, key: str, *, least: int, most: int, default: int | None = None) -> int:
        accepted = f"an integer from {least} to {most}"
        value = self._value(key, default, accepted)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InputError(f"{self.where(key)}: expected {accepted}, found {described(value)}")
        if not least <= value <= most:
            raise InputError(f"{self.where(key)}: expected {accepted}, found {shown(value)}")
        return value

    def scaled(self, key: str, scale: int, most: int, unit: str) -> int:
        """A positive number times ``scale``, as an exact integer."""
        value = self._value(key, None, f"a number of {unit}")
        return scaled(self.where(key), value, scale, most, unit)

    def lines(self, key: str) -> tuple[str, ...]:
        """Texts of any form."""
        accepted = "an array of strings that are not empty"
        value = self._value(key, None, accepted)
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise InputError(f"{self.where(key)}: expected {accepted}, found {described(value)}")
        return tuple(value)

    def names(self, key: str) -> tuple[str, ...]:
        """Names that tools are called with."""
        return tuple(require_name(self.where(key), item) for item in self.lines(key))
