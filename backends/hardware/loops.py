"""A pipelined loop as the sources of a kernel announce it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CycleLoop:
    """A loop of interval 1: its name, or its label; its file, and the reason beside it."""

    name: str
    file: str
    reason: str
