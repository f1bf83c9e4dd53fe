"""The one writer of JSON: what a JSON reader of any language takes, in ASCII, so that no name can turn or end anything.

A number that JSON has not (NaN, infinity) is null: as Python writes it by itself, no other reader takes the file.
"""

from __future__ import annotations

import json
import math
from typing import Any


def json_text(document: Any, *, indent: int | None = None) -> str:
    """The document as text, on one line or indented.

    >>> json_text({"name": "</script>\\u2028", "ratio": float("nan")})
    '{"name": "</script>\\\\u2028", "ratio": null}'
    """
    try:
        return json.dumps(document, indent=indent, ensure_ascii=True, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(document), indent=indent, ensure_ascii=True, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, (list, tuple)) else value


def json_file(document: Any, *, indent: int | None = 1) -> bytes:
    """The document as a file: its text and a line feed."""
    return (json_text(document, indent=indent) + "\n").encode("ascii")
