"""Printing: results on stdout, messages on stderr. The one place where a command prints.

What is printed is plain: no name from a model or a device moves the cursor, ends a line or turns text (``visible``).
A result that cannot be printed, on a full disk or a closed stdout, is an error; a message that cannot be is lost, for
there is nowhere to say so.
"""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment

from dynamap.cost.errors import InputError, in_words
from dynamap.planner.results.documents import json_text
from dynamap.planner.results.visible import visible

_WIDTH = 80
"""Columns of what is not printed on a terminal, where nothing says how wide its reader is (COLUMNS does)."""

_ENOUGH = 100_000
"""More columns than any table has."""


class Stdout(io.TextIOWrapper):
    """Standard output whose failure is a message: whoever prints, the libraries of the command line included."""

    def write(self, text: str) -> int:
        """Raises InputError where stdout cannot be written, BrokenPipeError where its reader has gone."""
        with _failure_as_message():
            return super().write(text)

    def flush(self) -> None:
        """Raises as `write`."""
        with _failure_as_message():
            super().flush()


def guard_streams() -> None:
    """Makes this process's stdout one of the above, and lets both streams take any name.

    A name may have letters that the terminal's encoding has not, and lone surrogates.
    """
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout is sys.__stdout__:
        encoding, buffered = sys.stdout.encoding, sys.stdout.line_buffering
        sys.stdout = Stdout(sys.stdout.detach(), encoding, "backslashreplace", line_buffering=buffered)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")


@contextmanager
def _failure_as_message() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputError(f"cannot write to standard output: {in_words(error)}") from None


_wide: ContextVar[bool] = ContextVar("wide", default=False)


@contextmanager
def tables_shown(*, wide: bool) -> Iterator[None]:
    """Within, tables are shown whole, whatever the width of the terminal, or so that they fit."""
    token = _wide.set(wide)
    try:
        yield
    finally:
        _wide.reset(token)


def show(*results: RenderableType) -> None:
    """Prints results on stdout, each on lines of its own; strings as they are.

    Raises:
        InputError: stdout cannot be written, such as on a full disk.
        BrokenPipeError: its reader has gone.
    """
    if sys.stdout is None:
        raise InputError("cannot write to standard output: it is closed")
    for result in results:
        if isinstance(result, str):
            print(visible_lines(result))
            continue
        console = Console(highlight=False, markup=False, emoji=False)
        if _wide.get():
            console.width = _ENOUGH
        elif not console.is_terminal:
            console.width = shutil.get_terminal_size((_WIDTH, 0)).columns
        console.print(_Visible(result))
    sys.stdout.flush()


def show_json(document: object, *, indent: int | None = None) -> None:
    """Prints one JSON document on stdout.

    Raises:
        As `show`.
    """
    show(json_text(document, indent=indent))


def message(text: str) -> None:
    """Prints a message on stderr."""
    with suppress(OSError):
        Console(stderr=True, soft_wrap=True, highlight=False).print(visible_lines(text), markup=False, emoji=False)


def progress_console() -> Console:
    """The console of a progress bar: stderr."""
    return Console(stderr=True)


def visible_lines(text: str) -> str:
    """Each line of a text, visible."""
    return "\n".join(map(visible, text.split("\n")))


class _Visible:
    """Something to be printed, with the text of each piece visible; its styles stay."""

    def __init__(self, content: RenderableType) -> None:
        self.content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return _visible_segments(console.render(self.content, options))


def _visible_segments(segments: Iterable[Segment]) -> Iterable[Segment]:
    for segment in segments:
        yield segment if segment.control else Segment(visible_lines(segment.text), segment.style)
