"""Draws docs/images/plan.svg: a plan as a terminal of 80 columns shows it.

`python docs/extensions/plan_picture.py` plans the network of examples/digits for a PYNQ-Z2; a test holds that the
picture is what the command prints.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs/images/plan.svg"
COMMAND = "dynamap plan model.onnx --device pynq-z2"
COLUMNS = 80

_LETTER, _LINE, _MARGIN = 7.25, 15, 14


def printed() -> str:
    """What the command prints, its seconds left open."""
    program = Path(sys.executable).parent / "dynamap"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "examples/digits/digits.onnx", Path(folder, "model.onnx"))
        environment = {**os.environ, "COLUMNS": str(COLUMNS), "NO_COLOR": "1"}
        command = [program, *COMMAND.split()[1:]]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return re.sub(r"\b\d+\.\d+ s\b", "... s", done.stdout)


def draw() -> str:
    """The picture as SVG, a text for each line."""
    lines = [f"$ {COMMAND}", *(line.rstrip() for line in printed().splitlines())]
    width, height = round(COLUMNS * _LETTER) + 2 * _MARGIN, len(lines) * _LINE + 2 * _MARGIN
    texts = "\n".join(_text(row, line) for row, line in enumerate(lines) if line)
    style = "text { font: 12px monospace; fill: #e3e9f0; white-space: pre; }"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f'<style>{style}</style>\n<rect width="100%" height="100%" rx="8" fill="#171e27"/>\n{texts}\n</svg>\n'
    )


def _text(row: int, line: str) -> str:
    place = f'x="{_MARGIN}" y="{_MARGIN + (row + 1) * _LINE - 4}" textLength="{len(line) * _LETTER:g}"'
    return f"<text {place}>{escape(line)}</text>"


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
    print(f"wrote {PICTURE}")
