"""Programs that a command starts: they end with it, together with all that they start themselves.

A compiler is a driver that starts the real one. It runs as a group of its own, so that an interrupt or an error here
ends the whole group. What is asked to end may still remove its temporary files; what does not end is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dynamap.cost.errors import InputError

GRACE_SECONDS = 5.0
"""What a group has between being asked to end and being killed."""

_GROUPS = os.name == "posix"


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Starts a program in a group of its own; ``options`` are those of `subprocess.Popen`."""
    return subprocess.Popen(command, start_new_session=_GROUPS, **options)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a program that `start` started, with all that it started."""
    _signal(process, signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        if not _GROUPS:
            process.kill()
    finally:
        if _GROUPS:
            _signal(process, signal.SIGKILL)
        process.wait()


@contextmanager
def ended_with_us(processes: Collection[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Where this is left by an error or an interrupt, the programs that are then in ``processes`` are ended."""
    try:
        yield
    except BaseException:
        for process in processes:
            with process:  # closes its streams
                end(process)
        raise


def run(
    who: str,
    command: Sequence[str],
    *,
    seconds: float,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    given: bytes | None = None,
    together: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    """Runs a program to its end; its status, and what it printed on each output, or on both ``together``.

    Raises:
        InputError: it, called ``who`` in the message, does not end within ``seconds``.
    """
    process = start(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if together else subprocess.PIPE,
    )
    with ended_with_us([process]):
        try:
            out, err = process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise InputError(f"{who} did not end within {seconds:g} s") from None
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # all of the group has ended
        if _GROUPS:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
