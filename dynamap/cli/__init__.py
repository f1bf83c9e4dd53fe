"""The command line: every command of ``dynamap``, and the rule that no traceback reaches a user."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress

from dynamap.cli.interrupts import answer_signals, ignore_signals, interrupt_behind, status_of
from dynamap.cost.errors import DynamapError, in_words

_STDOUT = 1
_WRONG = 2
_NOTHING_WRITTEN = "interrupted: no result is half-written"
_NOBODY_READS = 1


def main() -> None:
    """Entry point of ``dynamap``: exit status 0 done, 1 the answer is no, 2 the input or the call is wrong."""
    answer_signals()
    status = _status_of(_command)
    raise SystemExit(_status_of(_flush) or status)


def _command() -> int:
    from dynamap.cli.output import guard_streams

    guard_streams()
    from dynamap.cli.app import app

    try:
        app()
    except SystemExit as end:
        interrupt = interrupt_behind(end)  # typer makes a status of it, without a word
        if interrupt is not None:
            raise interrupt from None
        return end.code if isinstance(end.code, int) else 0
    return 0


def _flush() -> int:
    """What is printed reaches its place now, while its failure can still be told."""
    if sys.stdout is None:
        return 0
    try:
        sys.stdout.flush()
    except BaseException:
        with suppress(OSError):  # else the interpreter fails once more, at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)
        raise
    return 0


def _status_of(step: Callable[[], int]) -> int:
    """The exit status of a step; every error becomes one message, but for a reader who has gone and wants none."""
    try:
        return step()
    except BrokenPipeError:
        return _NOBODY_READS
    except DynamapError as error:
        if error.__cause__ is not None and os.environ.get("DYNAMAP_DEBUG"):
            raise
        return _said(error.exit_status, f"error: {error}")
    except KeyboardInterrupt as interrupt:
        return _said_of(interrupt)
    except MemoryError:
        return _said(_WRONG, "error: there is not enough memory for this")
    except OSError as error:
        return _said(_WRONG, f"error: {_of_the_system(error)}")
    except Exception as error:  # no traceback reaches a user
        behind = interrupt_behind(error)  # in the middle of an import Python makes a RuntimeError of it
        if behind is not None:
            return _said_of(behind)
        if os.environ.get("DYNAMAP_DEBUG"):
            raise
        return _said(
            _WRONG,
            f"internal error: {type(error).__name__}: {error}\n"
            "This is a defect of dynamap, not of your input. Set DYNAMAP_DEBUG=1 to see where it happened.",
        )


def _said_of(interrupt: KeyboardInterrupt) -> int:
    ignore_signals()
    return _said(status_of(interrupt), _NOTHING_WRITTEN)


def _of_the_system(error: OSError) -> str:
    """What the system refused, and of which file; without one it is a temporary one."""
    reason = in_words(error)
    if error.filename is not None:
        return f"{os.fsdecode(error.filename)!r}: {reason}"
    with suppress(OSError):  # there may be no folder for them at all
        reason += f"; temporary files lie in {tempfile.gettempdir()!r} (TMPDIR names another folder)"
    return reason


def _said(status: int, text: str) -> int:
    """The status, and a message on stderr; there is nowhere to say that it cannot be written."""
    from dynamap.cli.output import visible_lines

    if sys.stderr is not None:
        with suppress(OSError):
            print(visible_lines(text), file=sys.stderr, flush=True)
    return status
