"""``dynamap explore``: the sweep that the options describe, its progress, and its fronts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from dynamap.cli.interrupts import status_of
from dynamap.cli.options import read_options
from dynamap.cli.output import message, progress_console, show, show_json
from dynamap.cli.places import check_places
from dynamap.cli.tables import Column, Content, FittedTable
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.device import load_device
from dynamap.cost.errors import InputError
from dynamap.planner.explore.budgets import ALL, Budget, parse_budgets
from dynamap.planner.explore.cluster.dask_cluster import Cluster, failed
from dynamap.planner.explore.explore import SweepResult, explore
from dynamap.planner.explore.fronts import Axis, Front, setting_words, varying_settings
from dynamap.planner.explore.journal import ResultFiles
from dynamap.planner.explore.row import SETTING, RowStatus
from dynamap.planner.explore.sweep import Sweep, Swept
from dynamap.planner.importer.reading.files import files_of_model
from dynamap.planner.models import resolve
from dynamap.planner.request.kinds import PERCENT, E, parse_choices, split
from dynamap.planner.request.options import ALIKE

SECONDS_BETWEEN_LINES = 30


def explore_command(
    models: Sequence[str],
    devices: Sequence[str],
    options: Swept,
    output: Path,
    *,
    resume: bool,
    plots: Path | None,
    cluster: Cluster,
    as_json: bool,
) -> int:
    """Computes what is missing, prints the fronts; 1 where an answer is not proven.

    Raises:
        InputError: an option, the results file or the cluster cannot be used.
    """
    files = ResultFiles.of(output)
    written = {"--output": files.results, "the journal of --output": files.lines, "beside --output": files.sweep}
    if files.lines == files.results:
        del written["the journal of --output"]
    board_names = [name for text in devices for name in split(text)]
    read = chain(map(Path, board_names), chain.from_iterable(files_of_model(Path(model)) for model in models))
    check_places(written, read)
    if plots is not None:
        from dynamap.planner.explore.plots import require_matplotlib

        require_matplotlib()
    networks = [resolve(model, weights=False, shapes=options.alike.shapes) for model in models]
    boards = [load_device(name) for name in board_names]
    sweep = Sweep.of(networks, boards, options)
    with _progress_shown() as progress:
        try:
            outcome = explore(sweep, networks, output, resume=resume, cluster=cluster, progress=progress)
        except KeyboardInterrupt as interrupt:
            if not (files.lines.exists() and files.sweep.exists()):
                raise
            message(f"interrupted: the rows so far are in {files.lines}, continue with --resume")
            return status_of(interrupt)
    message(f"wrote {output}: {len(outcome.rows)} rows, {outcome.computed} of them now")
    if plots is not None:
        from dynamap.planner.explore.plots import write_plots

        pictures = write_plots(outcome.fronts, plots)
        message(f"wrote {len(pictures)} plots to {plots}")
    if as_json:
        show_json(_document(sweep, outcome), indent=1)
    else:
        show(_report(outcome))
    if outcome.failures:
        raise failed(outcome.failures)
    return 0 if all(row.answer.proven for row in outcome.rows) else 1


def swept_by(options: Mapping[str, Any]) -> Swept:
    """What the options of the command ask for, by their names in a plan.

    Raises:
        InputError: a value cannot be.
    """
    return Swept(
        clocks_mhz=numbers("--clock", options["clock_mhz"]),
        bandwidths_gbs=numbers("--bandwidth", options["bandwidth_gbs"]),
        fills=shares("--fill", options["fill_percent"]),
        multipliers=budgets("--multipliers", options["multipliers"], bytes_allowed=False),
        on_chip=budgets("--on-chip", options["on_chip_bytes"], bytes_allowed=True),
        algorithms=sets("--algorithms", options["algorithms"], Algorithm),
        dataflows=sets("--dataflows", options["dataflows"], Dataflow),
        alike=read_options({option.name: options[option.name] for option in ALIKE}),
    )


def numbers(option: str, texts: Sequence[str] | None) -> tuple[float | None, ...]:
    """Numbers separated by commas; the device's own, None, where the option is left out.

    Raises:
        InputError: something else than numbers.
    """
    if texts is None:
        return (None,)
    found = []
    for word in (word for text in texts for word in split(text)):
        try:
            found.append(float(word))
        except ValueError:
            raise InputError(f"{option} must be numbers, separated by commas; found {word!r}") from None
    if not found:
        raise InputError(f"{option} needs at least one number")
    return tuple(found)


def shares(option: str, texts: Sequence[str] | None) -> tuple[int | None, ...]:
    """Whole shares separated by commas; that of a plan, None, where the option is left out.

    Raises:
        InputError: something that is no share.
    """
    if texts is None:
        return (None,)
    words = [word for text in texts for word in split(text)]
    if not words:
        raise InputError(f"{option} needs at least one share, such as 80%")
    return tuple(PERCENT.read(option, word) for word in words)


def sets(option: str, texts: Sequence[str] | None, kind: type[E]) -> tuple[tuple[E, ...], ...]:
    """One set of choices per text; all choices where the option is left out.

    Raises:
        InputError: something that is no choice.
    """
    if texts is None:
        return (tuple(kind),)
    return tuple(parse_choices(option, split(text), kind) for text in texts)


def budgets(option: str, texts: Sequence[str] | None, *, bytes_allowed: bool) -> tuple[Budget, ...]:
    """Budgets separated by commas; the whole device where the option is left out.

    Raises:
        InputError: something that is no budget.
    """
    if texts is None:
        return (ALL,)
    return parse_budgets(option, [word for text in texts for word in text.split(",")], bytes_allowed=bytes_allowed)


@contextmanager
def _progress_shown() -> Iterator[Callable[[int, int], None]]:
    """A bar with the time left on a terminal; elsewhere a line on stderr every half minute."""
    console = progress_console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    first: list[int] = []
    told = [started]
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("combinations", total=None)

        def progress(done: int, total: int) -> None:
            if not first:
                first.append(done)
            bar.update(task, completed=done, total=total)
            now = time.monotonic()
            if not console.is_terminal and now - told[0] > SECONDS_BETWEEN_LINES:
                told[0] = now
                left = (now - started) / max(1, done - first[0]) * (total - done)
                message(f"{done} of {total} combinations, about {left:.0f} s left")

        yield progress


def _report(outcome: SweepResult) -> Group:
    """The fronts as tables, then the counts."""
    parts: list[Any] = []
    for axis in Axis:
        fronts = [front for front in outcome.fronts if front.axis is axis]
        if any(front.swept > 1 for front in fronts) or axis is Axis.MULTIPLIERS:
            parts += [_fronts_table(axis, fronts), Text()]
    counts = ", ".join(f"{outcome.count(status)} {status.value}" for status in RowStatus if outcome.count(status))
    return Group(*parts, Text(f"{len(outcome.rows)} combinations: {counts or 'none'}"))


def _columns(axis: Axis, *, settings_differ: bool) -> tuple[Column, ...]:
    """What tells rows apart goes last: the setting where settings differ, and what the latency is set against."""
    return (
        Column("model", content=Content.NAMES),
        Column("device", content=Content.NAMES),
        Column("setting", content=Content.PROSE, rank=0 if settings_differ else 3, shortest=19),
        Column("latency, ms", right=True),
        Column("multipliers", right=True, rank=1 if axis is Axis.MULTIPLIERS else 2),
        Column("on-chip bytes", right=True, rank=1 if axis is Axis.ON_CHIP else 2),
        Column("array", right=True, rank=4),
    )


def _fronts_table(axis: Axis, fronts: Sequence[Front]) -> FittedTable:
    against = "multipliers" if axis is Axis.MULTIPLIERS else "on-chip memory"
    varying = varying_settings(fronts)
    shown = varying or (0, 1, 3)  # what tells them apart; else clock, bandwidth and packing of all
    rows = []
    for front in fronts:
        name = (front.model, front.device, ", ".join(setting_words(front, shown)))
        for row in front.points:
            array = f"{row.rows} x {row.columns}"
            rows.append((*name, f"{row.latency_ms:.3f}", f"{row.multipliers:,}", f"{row.on_chip_bytes:,}", array))
        if not front.points:
            rows.append((*name, "nothing proven fits" if front.unproven else "nothing fits", "", "", ""))
        elif front.unproven:
            rows.append((*name, f"{front.unproven} not proven", "", "", ""))
    columns = _columns(axis, settings_differ=bool(varying))
    return FittedTable(columns, rows, title=f"Pareto fronts: latency against {against}, each point the proven optimum")


def _document(sweep: Sweep, outcome: SweepResult) -> dict[str, Any]:
    """The sweep, the counts and the fronts as JSON data."""
    return {
        "sweep": sweep.document(),
        "rows": len(outcome.rows),
        "computed": outcome.computed,
        "failed": [{"combination": failure.asked.number, "reason": failure.reason} for failure in outcome.failures],
        "status": {status.value: outcome.count(status) for status in RowStatus},
        "fronts": [
            {
                "against": front.axis.used,
                "model": front.model,
                "device": front.device,
                **dict(zip(SETTING, front.setting, strict=True)),
                "budgets": front.swept,
                "unproven": front.unproven,
                "points": [
                    {
                        "combination": row.combination,
                        "multipliers": row.multipliers,
                        "on_chip_bytes": row.on_chip_bytes,
                        "rows": row.rows,
                        "columns": row.columns,
                        "latency_ms": row.latency_ms,
                        "objective_cycles": row.objective_cycles,
                    }
                    for row in front.points
                ],
            }
            for front in outcome.fronts
        ],
    }
