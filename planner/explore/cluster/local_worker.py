"""What a worker process of this machine does first (Dask preloads this module there)."""

from __future__ import annotations

import signal
import threading
from typing import Any


def dask_setup(_worker: Any) -> None:
    """An interrupt from the keyboard goes to all processes of the terminal: it is the driver's to handle."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
