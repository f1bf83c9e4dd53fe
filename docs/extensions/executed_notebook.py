"""Executes the notebook of the documentation, as a reader would: in a folder where it finds the repository's examples.

``python docs/extensions/executed_notebook.py`` writes what its cells show now into it. Read the difference before you
keep it: `make test` executes the notebook again and compares.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
SECONDS = 300


def executed(notebook: Path, folder: Path) -> Any:
    """The notebook with the outputs that it has now; what it writes lies in ``folder``.

    Raises:
        CellExecutionError: a cell fails.
    """
    beside = folder / "docs"
    beside.mkdir()
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    cells = nbformat.read(notebook, as_version=4)
    place = {"metadata": {"path": str(beside)}}
    NotebookClient(cells, timeout=SECONDS, kernel_name="python3", resources=place).execute()
    for cell in cells.cells:
        cell.metadata.pop("execution", None)  # when each cell ran
    return cells


def shown(notebook: Any) -> list[list[str]]:
    """What each code cell shows, in text and in HTML."""
    return [[_text(output) for output in cell.outputs] for cell in notebook.cells if cell.cell_type == "code"]


def _text(output: Any) -> str:
    if output.output_type == "stream":
        return f"{output.name}: {output.text}"
    return "\n".join(f"{kind}: {output.data[kind]}" for kind in sorted(output.data))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        nbformat.write(executed(NOTEBOOK, Path(scratch)), NOTEBOOK)
