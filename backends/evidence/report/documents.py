"""Reading the JSON files that may stand beside a plan, with errors that name the file and the key."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dynamap.cost.errors import InputError, in_words


@dataclass(frozen=True)
class Fields:
    """An object of a JSON document; ``where`` names it in messages, ``kind`` says what the file should be."""

    data: Mapping[str, Any]
    file: str
    kind: str
    where: str = ""

    def wrong(self, key: str, wanted: str) -> InputError:
        """The error for a key whose value is not ``wanted``."""
        found = repr(self.data[key])[:60] if key in self.data else "nothing"
        return InputError(f"{self.file!r} is not {self.kind}: {self.where}{key} must be {wanted}, found {found}")

    def text(self, key: str) -> str:
        """A text."""
        value = self.data.get(key)
        if not isinstance(value, str):
            raise self.wrong(key, "a text")
        return value

    def text_or_none(self, key: str) -> str | None:
        """A text; None where the key is null or missing."""
        return None if self.data.get(key) is None else self.text(key)

    def truth_or_none(self, key: str) -> bool | None:
        """True or false; None where the key is null or missing."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, "true, false or null")
        return value

    def integer(self, key: str) -> int:
        """An integer that is not negative."""
        value = self.data.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.wrong(key, "an integer of 0 or more")
        return value

    def integer_or_none(self, key: str) -> int | None:
        """An integer that is not negative; None where the key is null or missing."""
        return None if self.data.get(key) is None else self.integer(key)

    def number(self, key: str) -> float:
        """A finite number that is not negative."""
        value = self.data.get(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
            raise self.wrong(key, "a number of 0 or more")
        return float(value)

    def part_or_none(self, key: str) -> Fields | None:
        """An object; None where the key is null or missing."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.wrong(key, "an object or null")
        return Fields(value, self.file, self.kind, f"{self.where}{key}.")

    def objects(self, key: str) -> tuple[Fields, ...]:
        """A list of objects."""
        value = self.data.get(key)
        if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
            raise self.wrong(key, "a list of objects")
        return tuple(
            Fields(entry, self.file, self.kind, f"{self.where}{key}[{index}].") for index, entry in enumerate(value)
        )

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; none where the key is missing."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)


def read_document(path: Path, kind: str) -> Fields:
    """The object in a JSON file.

    Raises:
        InputError: it cannot be read, or is not a JSON object.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {in_words(error)}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{str(path)!r} is not {kind}: it is not JSON ({error})") from None
    if not isinstance(document, Mapping):
        raise InputError(f"{str(path)!r} is not {kind}: it is not a JSON object")
    return Fields(document, str(path), kind)
