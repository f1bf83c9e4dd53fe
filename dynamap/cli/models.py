"""What ``dynamap models`` shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from dynamap.planner.models import CATALOGUE

if TYPE_CHECKING:
    from rich.table import Table


def models_table() -> Table:
    """The built-in networks, one row each."""
    from rich.table import Table

    table = Table(
        title="Built-in networks",
        caption="All with seeded random weights. A path of an ONNX file is accepted wherever a model is.",
    )
    table.add_column("model")
    for heading in ("input", "convolutions", "GMAC", "parameters, M"):
        table.add_column(heading, justify="right")
    table.add_column("source", overflow="fold")
    for entry in CATALOGUE.values():
        table.add_row(
            entry.name,
            " x ".join(map(str, entry.input_shape)),
            str(entry.convolutions),
            f"{entry.macs / 1e9:.2f}",
            f"{entry.parameters / 1e6:.2f}",
            entry.source,
        )
    return table


def models_document() -> dict[str, object]:
    """The same as JSON data."""
    return {"models": [asdict(entry) for entry in CATALOGUE.values()]}
