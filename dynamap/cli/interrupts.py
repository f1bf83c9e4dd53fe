"""Ctrl-C and SIGTERM: both end a command by an exception, so that what it has begun is undone, and by one line."""

from __future__ import annotations

import signal
import threading
from types import FrameType

INTERRUPTED = 130
TERMINATED = 143
"""The exit statuses: 128 and the number of the signal, as shells have them."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: whatever is undone at Ctrl-C is undone then, too."""


def answer_signals() -> None:
    """From here on SIGTERM raises `Terminated`, unless this process was started with another answer to it."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def ignore_signals() -> None:
    """The command has ended, and says so: what asks it to end once more has its answer."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


def interrupt_behind(error: BaseException) -> KeyboardInterrupt | None:
    """The interrupt that an error or an exit came of."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__context__
    return cause


def status_of(interrupt: KeyboardInterrupt) -> int:
    """The exit status of an interrupted command."""
    return TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated
