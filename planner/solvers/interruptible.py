"""A solver of compiled code that Ctrl-C can end: it computes in a thread of its own, and the main thread waits for it.

Python answers a signal between its own instructions only, and a solver has none for minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def interruptible(solve: Callable[[], Result], stop: Callable[[], None]) -> Result:
    """What ``solve`` returns or raises; where it is interrupted, ``stop`` has it end, and it is waited for."""
    with ThreadPoolExecutor(1) as pool:
        try:
            return pool.submit(solve).result()
        except BaseException:
            stop()
            raise
