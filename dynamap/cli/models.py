"""What ``dynamap models`` shows."""

from __future__ import annotations

from dataclasses import asdict

from dynamap.cli.tables import Column, Content, FittedTable
from dynamap.planner.models import CATALOGUE

_COLUMNS = (
    Column("model"),
    Column("input", right=True, rank=2),
    Column("convolutions", right=True, rank=1),
    Column("GMAC", right=True),
    Column("parameters, M", right=True),
    Column("source", rank=3, content=Content.PROSE),
)


def models_table() -> FittedTable:
    """The built-in networks, one row each."""
    rows = [
        (
            entry.name,
            " x ".join(map(str, entry.input_shape)),
            str(entry.convolutions),
            f"{entry.macs / 1e9:.2f}",
            f"{entry.parameters / 1e6:.2f}",
            entry.source,
        )
        for entry in CATALOGUE.values()
    ]
    caption = "All with seeded random weights. A path of an ONNX file is accepted wherever a model is."
    return FittedTable(_COLUMNS, rows, caption=caption)


def models_document() -> dict[str, object]:
    """The same as JSON data."""
    return {"models": [asdict(entry) for entry in CATALOGUE.values()]}
