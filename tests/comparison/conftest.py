"""Lets the tests of this folder import their support modules."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
for folder in ("comparison", "program"):
    sys.path.insert(0, str(TESTS / folder))
