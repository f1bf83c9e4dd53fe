"""What a solver is asked and how it describes itself: options, capabilities, the clock."""

from __future__ import annotations

import time
from dataclasses import dataclass

DEFAULT_MEMORY_LIMIT_BYTES = 1 << 30
ILP_ENGINES = ("cbc", "highs", "scip")


@dataclass(frozen=True)
class SolveOptions:
    """How hard a solver may try.

    ``time_limit`` is in seconds (None: no limit), ``memory_limit_bytes`` bounds the tables of the
    dynamic programme, ``ilp_engine`` is one of ``ILP_ENGINES``.
    """

    time_limit: float | None = None
    memory_limit_bytes: int = DEFAULT_MEMORY_LIMIT_BYTES
    ilp_engine: str = "cbc"


@dataclass(frozen=True)
class SolverTraits:
    """What a solver can do; ``module`` is imported when it is first used; ``certificate``: it always gives one."""

    name: str
    module: str
    method: str
    certificate: bool


class Deadline:
    """A point in time after which a solver returns the best it has."""

    def __init__(self, limit_seconds: float | None) -> None:
        self._end = None if limit_seconds is None else time.perf_counter() + limit_seconds

    def remaining(self) -> float | None:
        """Seconds left, not below zero; None where there is no limit."""
        return None if self._end is None else max(0.0, self._end - time.perf_counter())

    def passed(self) -> bool:
        return self._end is not None and time.perf_counter() >= self._end
