"""Tables that fit: columns go by importance, names shorten in the middle and stay distinct, prose is wrapped.

A table is asked for the width at hand and never breaks a number or a word of its own. What was left out for width is
said below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from dynamap.planner.results.shortening import shortened
from dynamap.planner.results.visible import visible

Cell = str | Text

_GAP = 2
"""Blanks between two columns."""

_SHORT_NAME = 12
_SHORT_PROSE = 24
_NOTHING = "-"


class Content(Enum):
    """What may be done to the cells of a column where there is no room: nothing, shorten them, or wrap them."""

    WHOLE = "whole"
    NAMES = "names"
    PROSE = "prose"


@dataclass(frozen=True)
class Column:
    """``rank``: columns of the highest rank are the first to be left out, those of rank 0 never are.

    ``shortest``: the least width of prose that is made of short words.
    """

    heading: str
    rank: int = 0
    content: Content = Content.WHOLE
    right: bool = False
    shortest: int = _SHORT_PROSE

    @property
    def least(self) -> int:
        """Cells of the terminal below which nothing of it can be read."""
        smallest = {Content.WHOLE: 0, Content.NAMES: _SHORT_NAME, Content.PROSE: self.shortest}[self.content]
        return max(smallest, cell_len(self.heading))


@dataclass(frozen=True)
class FittedTable:
    """Rows below headings, as wide as there is room. A cell without content is a dash."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    caption: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        texts = [[_text(row[at]) for row in self.rows] for at in range(len(self.columns))]
        natural = [
            max(cell_len(column.heading), *(cell_len(text.plain) for text in cells), 1)
            for column, cells in zip(self.columns, texts, strict=True)
        ]
        kept = _kept(self.columns, natural, options.max_width)
        widths = _widths([self.columns[at] for at in kept], [natural[at] for at in kept], options.max_width)
        if self.title:
            yield Text(visible(self.title), style="bold")
        yield self._table([self.columns[at] for at in kept], [texts[at] for at in kept], widths)
        if self.caption:
            yield Text(visible(self.caption), style="italic")
        left_out = [column.heading for at, column in enumerate(self.columns) if at not in kept]
        if left_out:
            yield Text(f"left out for width: {', '.join(left_out)} (--wide shows all)", style="dim")

    def _table(self, columns: Sequence[Column], texts: Sequence[Sequence[Text]], widths: Sequence[int]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        shown = []
        for column, cells, width in zip(columns, texts, widths, strict=True):
            table.add_column(
                column.heading,
                justify="right" if column.right else "left",
                width=width,
                no_wrap=column.content is Content.WHOLE,
                overflow="ellipsis" if column.content is Content.WHOLE else "fold",
            )
            shown.append(_shortened(cells, width) if column.content is Content.NAMES else cells)
        for row in zip(*shown, strict=True):
            table.add_row(*row)
        return table


@dataclass(frozen=True)
class LabelledLines:
    """Lines with a label each, wrapped beside it."""

    lines: Sequence[tuple[str, str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        grid = Table.grid(padding=(0, _GAP, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for label, line in self.lines:
            grid.add_row(Text(visible(label)), Text(visible(line)))
        yield grid


def _text(cell: Cell) -> Text:
    plain = cell if isinstance(cell, str) else cell.plain
    style = "" if isinstance(cell, str) else cell.style
    return Text(visible(plain), style=style) if plain else Text(_NOTHING, style="dim")


def _kept(columns: Sequence[Column], natural: Sequence[int], room: int) -> list[int]:
    """The columns of rank 0, and in the order of rank, from the left, those for which there is room beside them."""
    kept: list[int] = []
    for at in sorted(range(len(columns)), key=lambda at: columns[at].rank):
        if columns[at].rank == 0 or _least(columns, natural, [*kept, at]) <= room:
            kept.append(at)
    return sorted(kept)


def _least(columns: Sequence[Column], natural: Sequence[int], kept: Sequence[int]) -> int:
    return sum(_floor(columns[at], natural[at]) for at in kept) + _GAP * (len(kept) - 1)


def _floor(column: Column, natural: int) -> int:
    return natural if column.content is Content.WHOLE else min(natural, column.least)


def _widths(columns: Sequence[Column], natural: Sequence[int], room: int) -> list[int]:
    """Whole columns as they are; what is left goes to names, then to prose, from the left."""
    widths = [_floor(column, wide) for column, wide in zip(columns, natural, strict=True)]
    spare = max(0, room - sum(widths) - _GAP * (len(widths) - 1))
    for content in (Content.NAMES, Content.PROSE):
        for at, column in enumerate(columns):
            if column.content is content:
                more = min(spare, natural[at] - widths[at])
                widths[at] += more
                spare -= more
    return widths


def _shortened(cells: Sequence[Text], width: int) -> Iterator[Text]:
    short = shortened([cell.plain for cell in cells], width)
    return (Text(name, style=cell.style) for name, cell in zip(short, cells, strict=True))
