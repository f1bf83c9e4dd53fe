"""Printing: results on stdout, messages on stderr."""

from __future__ import annotations

from rich.console import Console, RenderableType


def show(result: RenderableType) -> None:
    """Prints a result on stdout; strings are printed as they are."""
    if isinstance(result, str):
        print(result)
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(result)


def message(text: str) -> None:
    """Prints a message on stderr."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(text, markup=False)
