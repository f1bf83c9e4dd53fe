"""Rows as a Parquet file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, get_args, get_type_hints

from dynamap.cost.errors import InputError
from dynamap.planner.explore.row import COLUMNS, Row
from dynamap.planner.results.optional import optional


def require_pyarrow() -> None:
    """Checks that Parquet can be written, before long work.

    Raises:
        InputError: pyarrow is not installed.
    """
    try:
        optional("pyarrow")
    except ImportError:
        raise InputError(
            "Parquet results need pyarrow: pip install 'dynamap[explore]', or choose a results file .csv or .jsonl"
        ) from None


def parquet_bytes(rows: Sequence[Row]) -> bytes:
    """The whole file: one column per field of ``Row``, int64, float64 or text, nulls where there is nothing.

    Raises:
        InputError: pyarrow is not installed.
    """
    require_pyarrow()
    import pyarrow
    import pyarrow.parquet

    kinds: dict[type, Any] = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
    hints = get_type_hints(Row)
    schema = pyarrow.schema([(name, kinds[(get_args(hints[name]) or (hints[name],))[0]]) for name in COLUMNS])
    table = pyarrow.Table.from_pylist([asdict(row) for row in rows], schema=schema)
    stream = io.BytesIO()
    pyarrow.parquet.write_table(table, stream)
    return stream.getvalue()
