"""The way from a project to its board, as numbered steps of a README: what to type and to expect, how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """``commands`` are typed in the project's folder, or on the board where ``title`` says so.

    ``expect``: what is there, or printed, if it went well; ``takes``: how long, where that is known.
    """

    title: str
    commands: tuple[str, ...]
    expect: str
    takes: str = ""


def board_section(steps: Sequence[Step], untried: str) -> tuple[str, ...]:
    """Paragraphs of a README: the heading, what was not tried, and the steps."""
    paragraphs = ["## To the board", f"**Not tried when this was written:** {untried}"]
    for number, step in enumerate(steps, 1):
        paragraphs.append(f"**{number}. {step.title}**")
        if step.commands:
            paragraphs.append("\n".join(["```sh", *step.commands, "```"]))
        takes = f" Takes {step.takes}." if step.takes else ""
        paragraphs.append(f"Expect: {step.expect}{takes}")
    return tuple(paragraphs)
