"""``dynamap whatif``: where a plan's bottleneck is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Group
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from dynamap.backends.planned_model import network_of_plan
from dynamap.cli.output import message, progress_console, show, show_json
from dynamap.cli.tables import Column, Content, FittedTable
from dynamap.planner.plan.plan import load_plan
from dynamap.planner.studies.whatif import Answer, Change, WhatIf, what_if


def whatif_command(plan: Path, time_limit: float | None, as_json: bool) -> int:
    """Asks every question about a saved plan and prints the answers; 1 where one of them is not proven.

    Raises:
        InputError: the plan or its model is wrong, or the plan is of the published cost model.
    """
    loaded = load_plan(plan)
    network = network_of_plan(loaded, weights=False, folder=plan.parent)
    with _progress() as report:
        found = what_if(loaded, network, time_limit=time_limit, progress=report)
    if as_json:
        show_json(found.document(), indent=1)
    else:
        show(whatif_report(found))
    if not found.proven:
        message("a time limit ended some searches: latencies with a star are not proven; raise --time-limit")
    return 0 if found.proven else 1


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    console = progress_console()
    columns = (TextColumn("asking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("asking", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


_COLUMNS = (
    Column("change"),
    Column("same overlay, ms", right=True),
    Column("same, gain", right=True, rank=2),
    Column("re-sized, ms", right=True),
    Column("re-sized, gain", right=True, rank=1),
    Column("re-sized array", rank=3),
    Column("remark", rank=4, content=Content.PROSE),
)


def whatif_report(found: WhatIf) -> Group:
    """The plan, one row per change, best gain first, and what the columns mean."""
    plan = ("none (the plan)", *_cells(found.same, None), *_cells(found.resized, None), _array(found.resized), "")
    rows = [plan, *map(_row, found.changes)]
    table = FittedTable(_COLUMNS, rows, title=f"what if: {found.model} on {found.device}")
    lines = [
        "same overlay: array, buffers, memory word and lanes of the plan (but for the changed one), mapped again",
        "re-sized: array and buffers chosen again for the changed resource, everything else of the device as it is",
        "every latency is an optimum of its own, over all mappings and, re-sized, over all overlays that fit",
    ]
    lines += [f"{change.title}: {change.note}" for change in found.changes if not (change.same or change.resized)]
    best = found.bottleneck
    if best is not None:
        lines.append(
            f"bottleneck: {best.title} would save {best.gain:.1%} of the latency, more than any other change (but for "
            "the clock, which speeds up all of the chip)"
        )
    return Group(table, *map(Text, lines))


def _row(change: Change) -> tuple[str, ...]:
    return (
        change.title,
        *_cells(change.same, change.same_gain),
        *_cells(change.resized, change.resized_gain),
        _array(change.resized),
        change.note if change.same or change.resized else "see below",
    )


def _cells(answer: Answer | None, gain: float | None) -> tuple[str, str]:
    if answer is None:
        return "", ""
    percent = "" if gain is None else f"{gain:+.2%}" if abs(gain) < 0.01 else f"{gain:+.1%}"
    return f"{answer.latency_ms:.4f}{'' if answer.proven else ' *'}", percent if gain else "0%" if gain == 0 else ""


def _array(answer: Answer | None) -> str:
    return "" if answer is None else f"{answer.rows} x {answer.columns}"
