"""A plan for a reader: its layers, its overlay, its proof; and the progress of the search that makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Group
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from dynamap.cli.output import progress_console
from dynamap.planner.plan.layers import OnArray, PlannedLayer, chosen_cost
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.words import algorithm_words, bound_word, dataflow_word, format_words, op_word
from dynamap.planner.search.joint import Progress


@contextmanager
def progress_shown() -> Iterator[Callable[[Progress], None]]:
    """A line on stderr while the search runs; nothing where stderr is not a terminal."""
    console = progress_console()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("bounding all arrays", total=None)

        def report(state: Progress) -> None:
            best = "none yet" if state.best_cycles is None else f"{state.best_cycles:,} cycles"
            bar.update(
                task,
                description=f"{state.arrays_solved} arrays solved, {state.arrays_left:,} left to bound, best {best}",
            )

        yield report


def plan_report(plan: Plan) -> Group:
    """The plan for a reader: the layers, then the overlay, its limits, its resources and the proof."""
    return Group(layer_table(plan), Text(), *summary_lines(plan))


def layer_table(plan: Plan) -> Table:
    """One row per layer."""
    table = Table(title=Text(f"{plan.model.name} on {plan.device['device']['name']}"), caption_justify="left")
    table.add_column("layer", overflow="fold", max_width=36)
    for heading in ("op", "in", "out", "kernel"):
        table.add_column(heading, no_wrap=True)
    table.add_column("algorithm", no_wrap=True)
    table.add_column("flow", no_wrap=True)
    table.add_column("formats", no_wrap=True)
    table.add_column("cycles", justify="right")
    table.add_column("us", justify="right")
    table.add_column("util.", justify="right")
    table.add_column("bound by")
    table.add_column("runner-up", no_wrap=True)
    for layer in plan.layers:
        table.add_row(*(Text(cell) for cell in _row(plan, layer)))
    return table


def _row(plan: Plan, layer: PlannedLayer) -> tuple[str, ...]:
    shape = layer.shape
    array = layer if isinstance(layer, OnArray) else None
    runner = array.runner_up if array else None
    microseconds = layer.cycles / plan.overlay.clock_mhz
    if plan.solver.unit == "ps":
        microseconds = chosen_cost(layer) / 1e6
    return (
        layer.name,
        op_word(layer),
        "x".join(map(str, shape.input)),
        "x".join(map(str, shape.output)),
        "x".join(map(str, shape.kernel)) if shape.kernel != (1, 1) or array else "",
        algorithm_words(layer),
        dataflow_word(layer),
        " > ".join(filter(None, format_words(layer))),
        f"{layer.cycles:,}",
        f"{microseconds:.2f}",
        f"{array.utilization:.0%}" if array else "",
        bound_word(layer),
        f"{runner.algorithm.value}/{runner.dataflow.value} +{runner.extra:,}" if runner else "",
    )


def summary_lines(plan: Plan) -> list[Text]:
    """Latency, limits, overlay, resources and proof, a line each."""
    solver = plan.solver
    lines = [
        f"latency    {plan.latency_ms:.4f} ms at batch 1, from the first byte read to the last byte written "
        f"({solver.objective:,} {solver.unit}; host time not included)",
    ]
    if plan.limits_ms:
        limits = ", ".join(f"{name} {value:.4f} ms" for name, value in plan.limits_ms.items())
        lines.append(
            f"limits     {limits} (every multiplier busy with direct products; the plan's bytes at full bandwidth)"
        )
    lines += overlay_lines(plan)
    gap = (solver.objective - solver.bound) / solver.objective if solver.objective else 0.0
    width = "" if solver.treewidth is None else f", treewidth {solver.treewidth}"
    lines.append(
        f"proof      {solver.status}: bound {solver.bound:,} of {solver.objective:,} {solver.unit} (gap {gap:.2%}); "
        f"{solver.arrays_considered:,} arrays considered, {solver.arrays_solved:,} solved with {solver.name}{width}, "
        f"{solver.seconds:.2f} s"
    )
    return [Text(line) for line in lines]


def overlay_lines(plan: Plan) -> list[str]:
    """Overlay, buffers and resources, a line each."""
    overlay, kept = plan.overlay, "overlay" in plan.request
    lines = [
        f"overlay    {overlay.rows} x {overlay.columns} array, int8 products per multiplier: {overlay.packing}, "
        f"{overlay.clock_mhz:g} MHz, {overlay.bandwidth_gbs:g} GB/s{', kept as given' if kept else ''}"
    ]
    if overlay.input_buffer:
        lines.append(
            f"buffers    input {overlay.input_buffer >> 10} KiB, weights {overlay.weight_buffer >> 10} KiB, "
            f"output {overlay.output_buffer >> 10} KiB, accumulators 2 x {overlay.accumulator_rows} rows, "
            f"row buffers 2 x {overlay.row_buffer} B"
        )
    uses = []
    for use in plan.resources:
        share = use.used / use.available if use.available else 0.0
        spread = f" +-{use.uncertainty_percent}%" if use.uncertainty_percent else ""
        uses.append(f"{use.name} {use.used:,}{spread} of {use.available:,} ({share:.0%})")
    if uses:
        lines.append("resources  " + "; ".join(uses))
    return lines
