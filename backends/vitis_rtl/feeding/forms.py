"""Winograd's transforms as the RTL has them: its forms, and how long a tile takes through both of its dimensions."""

from __future__ import annotations

from dynamap.backends.arithmetic.winograd import F54, Transform1D, WinogradForm

FORM_CODES = {1: 0, 2: 1, 4: 2, 5: 3}
"""``winograd_pkg::form_e`` by the outputs of a line."""


def form_codes(form: WinogradForm) -> tuple[int, int]:
    """The form along a tile's rows and along its columns."""
    return FORM_CODES[form.outputs[0]], FORM_CODES[form.outputs[1]]


def in_order(first: Transform1D, second: Transform1D) -> tuple[Transform1D, Transform1D]:
    """Both of a tile's transforms as they follow each other: F(5,4), whose tile is one line, is always the second."""
    return (second, first) if first is F54 else (first, second)


def transform_cycles(first_results: int, second_data: int) -> int:
    """From the last datum of a tile to its first result, through both transforms and the turn between them.

    Two cycles are each transform's, three the turn's; its tile is whole when the last line has given all its results,
    and the second transform needs all data of its first line.
    """
    return 2 + (first_results - 1) + 3 + (second_data - 1) + 2
