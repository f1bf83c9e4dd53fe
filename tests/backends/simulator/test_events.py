"""The event kernel: times and signals."""

from __future__ import annotations

import pytest

from dynamap.backends.simulator.events import Kernel, Process, Signal


def test_a_process_wakes_at_the_cycles_that_it_asks_for() -> None:
    kernel = Kernel()
    seen = []

    def walk() -> Process:
        yield 5
        seen.append(kernel.now)
        yield 3  # in the past: it goes on at once
        seen.append(kernel.now)
        yield 11
        seen.append(kernel.now)

    kernel.start(walk())
    assert kernel.run() == 11
    assert seen == [5, 5, 11]


def test_a_signal_wakes_all_who_wait_and_lets_later_ones_pass() -> None:
    kernel = Kernel()
    signal = Signal()
    seen = []

    def wait(name: str, begin: int) -> Process:
        yield begin
        yield signal
        seen.append((name, kernel.now, signal.given_at()))

    def give() -> Process:
        yield 7
        kernel.give(signal)

    for process in (wait("early", 1), wait("late", 9), give()):
        kernel.start(process)
    kernel.run()
    assert seen == [("early", 7, 7), ("late", 9, 7)]


def test_a_signal_that_never_comes_is_a_defect_and_not_a_silent_end() -> None:
    kernel = Kernel()

    def wait() -> Process:
        yield Signal()

    kernel.start(wait())
    with pytest.raises(AssertionError, match="never happens"):
        kernel.run()


def test_a_signal_is_given_once() -> None:
    kernel = Kernel()
    signal = Signal()
    kernel.give(signal)
    with pytest.raises(AssertionError, match="only once"):
        kernel.give(signal)
