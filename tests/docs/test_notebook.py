"""The notebook of the documentation shows what its cells show when they are executed."""

from __future__ import annotations

from pathlib import Path

import nbformat
from executed_notebook import NOTEBOOK, executed, shown


def test_every_output_is_what_its_cell_shows(tmp_path: Path) -> None:
    said = nbformat.read(NOTEBOOK, as_version=4)
    now = executed(NOTEBOOK, tmp_path)
    assert len(shown(said)) > 5
    for cell, before, after in zip(
        (c for c in now.cells if c.cell_type == "code"), shown(said), shown(now), strict=True
    ):
        assert before == after, f"{cell.source}\n(python docs/extensions/executed_notebook.py writes what it shows now)"


def test_the_notebook_keeps_nothing_of_its_run() -> None:
    """No times, no paths, and cells numbered from 1: the same file whoever executes it."""
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert '"execution": {' not in text and "/home/" not in text and "/tmp/" not in text
