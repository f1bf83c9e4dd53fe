"""A small event kernel: processes that wait for times and signals.

A process is a generator. What it yields says when it goes on: an ``int`` (the cycle at which it wakes) or a ``Signal``
(once that has been given). Processes that wake in the same cycle go on in the order in which they began to wait, so a
simulation has one outcome.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator


class Signal:
    """Something that happens once. ``cycle`` is when it did, None before."""

    def __init__(self) -> None:
        self.cycle: int | None = None
        self._waiting: list[Process] = []

    def given_at(self) -> int:
        """The cycle at which the signal was given, for a process that has waited for it."""
        if self.cycle is None:
            raise AssertionError("the signal has not been given yet")
        return self.cycle


Process = Generator["int | Signal", None, None]


class Kernel:
    """The clock and the processes. ``now`` is the current cycle."""

    def __init__(self) -> None:
        self.now = 0
        self._order = 0
        self._agenda: list[tuple[int, int, Process]] = []
        self._alive = 0

    def start(self, process: Process) -> None:
        """Lets a process begin in the current cycle."""
        self._alive += 1
        self._wake(self.now, process)

    def give(self, signal: Signal) -> None:
        """Gives a signal now; a signal is given once."""
        if signal.cycle is not None:
            raise AssertionError("a signal can be given only once")
        signal.cycle = self.now
        for process in signal._waiting:
            self._wake(self.now, process)

    def run(self) -> int:
        """Runs until every process has ended, and returns the last cycle.

        Raises:
            AssertionError: processes wait for each other for ever.
        """
        while self._agenda:
            self.now, _, process = heapq.heappop(self._agenda)
            self._advance(process)
        if self._alive:
            raise AssertionError(f"{self._alive} processes wait for what never happens")
        return self.now

    def _advance(self, process: Process) -> None:
        while True:
            try:
                wanted = next(process)
            except StopIteration:
                self._alive -= 1
                return
            if isinstance(wanted, Signal):
                if wanted.cycle is None:
                    wanted._waiting.append(process)
                    return
            elif wanted > self.now:
                self._wake(wanted, process)
                return

    def _wake(self, cycle: int, process: Process) -> None:
        heapq.heappush(self._agenda, (cycle, self._order, process))
        self._order += 1
