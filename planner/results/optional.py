"""Packages that need not be there."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dynamap.planner.results.signals import signals_later


def optional(name: str) -> Any:
    """The module of a package; Ctrl-C waits for the import, which would make "it is not installed" of it.

    Raises:
        ImportError: it is not installed, or lacks what it needs.
    """
    with signals_later():
        return import_module(name)
