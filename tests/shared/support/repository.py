"""Where the repository's own files are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DIGITS = ROOT / "examples" / "digits"
"""The trained example: ``digits.onnx`` and how it was made."""

DIGITS_MODEL = DIGITS / "digits.onnx"
