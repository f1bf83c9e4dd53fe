"""Reading files that a tool, or anyone, may have written: text of bounded size, numbers in bounds, tables of pipes."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from dynamap.backends.evidence.vendor_reports.values import ReportError

MOST_BYTES = 64 << 20
MOST_COUNT = 1_000_000_000
MOST_MHZ = 10_000.0
_MOST_LINE = 2_000
_MOST_DIGITS = 30

_NUMBER = re.compile(r"[-+]?\d[\d,]*(\.\d+)?")
_CONTROL = {code: "\ufffd" for code in (*range(32), 127) if chr(code) not in "\t\n\r"}


def read_bytes(path: Path) -> bytes:
    """A file's content.

    Raises:
        ReportError: it cannot be read, is empty or is too large for a report.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ReportError(f"cannot be read: {error.strerror or error}") from None
    if len(content) > MOST_BYTES:
        raise ReportError(f"is larger than {MOST_BYTES >> 20} MiB, which no report is")
    if not content.strip():
        raise ReportError("is empty")
    return content


def plain(text: str) -> str:
    """Text that is safe to print and to store: without control characters and without halves of surrogate pairs."""
    return text.encode("utf-8", errors="replace").decode("utf-8").translate(_CONTROL)


def read_text(path: Path) -> str:
    """A report's text: UTF-8 or UTF-16 by its mark; bytes that are neither (names of hosts and folders) are replaced.

    Lines longer than any line of a report are left out, so that no search in it takes long.

    Raises:
        ReportError: it cannot be read, is empty, too large, or is not text.
    """
    content = read_bytes(path)
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return _lines_of(content.decode(encoding, errors="replace"))
    if b"\0" in content:
        raise ReportError("is not text")
    return _lines_of(content.decode("utf-8-sig", errors="replace"))


def _lines_of(text: str) -> str:
    lines = text.translate(_CONTROL).splitlines()
    return "\n".join(line.rstrip() for line in lines if len(line) <= _MOST_LINE and line.strip())


def read_json(path: Path) -> Any:
    """A JSON document.

    Raises:
        ReportError: the file cannot be read or is not JSON.
    """
    try:
        return json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise ReportError(f"is not JSON (cut off?): {error}") from None


def count(text: str, what: str) -> int:
    """A number of blocks, LUTs or flip-flops: ``1,234``, ``139.5`` (rounded up), ``1234 [ 12.3%]``.

    Raises:
        ReportError: there is no number, it is negative, or it is absurdly large.
    """
    match = _NUMBER.match(text.strip())
    if match is None:
        raise ReportError(f"{what} is {text.strip()[:40]!r}, expected a number")
    if len(match[0]) > _MOST_DIGITS:
        raise ReportError(f"{what} is {match[0][:40]}..., expected 0 to {MOST_COUNT:,}")
    return whole(Fraction(match[0].replace(",", "")), what)


def whole(value: Fraction | float, what: str) -> int:
    """A count, halves rounded up.

    Raises:
        ReportError: it is not finite, negative, or absurdly large.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ReportError(f"{what} is {value}")
    if not 0 <= value <= MOST_COUNT:
        raise ReportError(f"{what} is {str(value)[:40]}, expected 0 to {MOST_COUNT:,}")
    return math.ceil(value)


def json_count(value: object, what: str) -> int:
    """A count in a JSON document: a number or a text with one.

    Raises:
        ReportError: it is something else, or out of bounds.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return whole(value if isinstance(value, float) else Fraction(value), what)
    if isinstance(value, str):
        return count(value, what)
    raise ReportError(f"{what} is {str(value)[:40]!r}, expected a number")


def megahertz(text: str, what: str) -> float:
    """A frequency in MHz.

    Raises:
        ReportError: it is no positive number, or absurdly large.
    """
    value = real(text, what)
    if not 0 < value <= MOST_MHZ:
        raise ReportError(f"{what} is {value:g} MHz, expected 0 to {MOST_MHZ:g}")
    return value


def real(text: str, what: str) -> float:
    """A number with a fraction.

    Raises:
        ReportError: it is not one, or not finite.
    """
    try:
        value = float(text.strip().replace(",", ""))
    except ValueError:
        raise ReportError(f"{what} is {text.strip()[:40]!r}, expected a number") from None
    if not math.isfinite(value):
        raise ReportError(f"{what} is {value}")
    return value


def rows(text: str) -> Iterator[list[str]]:
    """The rows of all tables drawn with pipes, as stripped cells; the first cell keeps its indentation."""
    for line in text.splitlines():
        line = line.strip()
        if len(line) > 2 and line.startswith("|") and line.endswith("|"):
            first, *rest = line[1:-1].split("|")
            yield [first.rstrip(), *(cell.strip() for cell in rest)]


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """The lines ``Key: value``, stripped; a value may hold further colons and may be empty."""
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            yield key.strip(), value.strip()


def head(text: str) -> dict[str, str]:
    """The ``| Key : value`` lines that begin a report of Vivado."""
    found: dict[str, str] = {}
    for line in text.split("\n", 40)[:40]:
        if line.startswith("|"):
            for key, value in pairs(line.strip("| ")):
                found.setdefault(key, value)
    return found


def vivado_version(text: str) -> str:
    """``Vivado 2024.2``, from the head of a report."""
    match = re.search(r"Vivado v\.?(\d{4}\.\d(?:\.\d)?)", text[:10_000])
    return f"Vivado {match[1]}" if match else "Vivado"
