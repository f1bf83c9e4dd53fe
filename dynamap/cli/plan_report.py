"""A plan for a reader: its layers, its overlay, its proof; and the progress of the search that makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Group
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from dynamap.cli.output import message, progress_console
from dynamap.cli.tables import Column, Content, FittedTable, LabelledLines
from dynamap.planner.network.network import Network
from dynamap.planner.plan.answer import answer
from dynamap.planner.plan.layers import OnArray, PlannedLayer, chosen_cost
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.segments import host_time, segment_line
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


def tell_of_the_fit(plans: Sequence[Plan], networks: Sequence[Network]) -> None:
    """Notices of the plans that are not of their networks, on stderr."""
    of_networks = {notice for network in networks for notice in network.notices}
    for notice in dict.fromkeys(notice for plan in plans for notice in plan.notices):
        if notice not in of_networks:
            message(f"note: {notice}")


def plan_report(plan: Plan) -> Group:
    """The plan for a reader: the answer, the layers, then the overlay, its limits, its resources and the proof."""
    return Group(Text(answer(plan)), Text(), layer_table(plan), Text(), summary(plan))


_COLUMNS = (
    Column("layer", content=Content.NAMES),
    Column("op", rank=2),
    Column("in", rank=5),
    Column("out", rank=4),
    Column("kernel", rank=6),
    Column("algorithm"),
    Column("flow"),
    Column("formats", rank=9),
    Column("cycles", right=True),
    Column("us", right=True, rank=3),
    Column("util.", right=True, rank=7),
    Column("bound by", rank=1),
    Column("runner-up", rank=8),
)


def layer_table(plan: Plan) -> FittedTable:
    """One row per layer."""
    title = f"{plan.model.name} on {plan.device['device']['name']}"
    return FittedTable(_COLUMNS, [_row(plan, layer) for layer in plan.layers], title=title)


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


def summary(plan: Plan) -> LabelledLines:
    """Latency, limits, overlay, resources and proof."""
    solver = plan.solver
    lines = [
        (
            "latency",
            f"{plan.latency_ms:.4f} ms at batch 1, from the first byte read to the last byte written "
            f"({solver.objective:,} {solver.unit}; host time not included)",
        )
    ]
    if plan.batch:
        batch = plan.batch
        lines.append(
            (
                "batch",
                f"{batch.images:,} images one after another {batch.latency_ms:.4f} ms, {batch.images_per_second:,.1f} "
                "images/s: each takes the cycles of the first, so the plan of least latency has the most images/s"
                f"{' (of the overlay: the segments on the host are not in it)' if plan.segments else ''}",
            )
        )
    if plan.limits_ms:
        limits = ", ".join(f"{name} {value:.4f} ms" for name, value in plan.limits_ms.items())
        lines.append(
            (
                "limits",
                f"{limits} (the fewest products of the allowed algorithms on a busy array; "
                "the plan's bytes at full bandwidth)",
            )
        )
    lines += [("segment" if index == 0 else "", segment_line(segment)) for index, segment in enumerate(plan.segments)]
    if plan.segments:
        lines.append(("host time", host_time(plan.segments)))
    lines += overlay_lines(plan)
    gap = (solver.objective - solver.bound) / solver.objective if solver.objective else 0.0
    width = "" if solver.treewidth is None else f", treewidth {solver.treewidth}"
    lines.append(
        (
            "proof",
            f"{solver.status}: bound {solver.bound:,} of {solver.objective:,} {solver.unit} (gap {gap:.2%}); "
            f"{solver.arrays_considered:,} arrays considered, {solver.arrays_solved:,} solved with {solver.name}"
            f"{width}, {solver.seconds:.2f} s",
        )
    )
    return LabelledLines(lines)


def overlay_lines(plan: Plan) -> list[tuple[str, str]]:
    """Overlay, buffers and resources, each with its label."""
    overlay, kept = plan.overlay, "overlay" in plan.request
    lines = [
        (
            "overlay",
            f"{overlay.rows} x {overlay.columns} array, int8 products per multiplier: {overlay.packing}, "
            f"{overlay.clock_mhz:g} MHz, {overlay.bandwidth_gbs:g} GB/s{', kept as given' if kept else ''}",
        )
    ]
    if overlay.input_buffer:
        lines.append(
            (
                "buffers",
                f"input {overlay.input_buffer >> 10} KiB, weights {overlay.weight_buffer >> 10} KiB, "
                f"output {overlay.output_buffer >> 10} KiB, accumulators 2 x {overlay.accumulator_rows} rows, "
                f"windows that stay up to {overlay.row_buffer} B",
            )
        )
    uses = []
    for use in plan.resources:
        share = use.used / use.available if use.available else 0.0
        spread = f" +-{use.uncertainty_percent}%" if use.uncertainty_percent else ""
        uses.append(f"{use.name} {use.used:,}{spread} of {use.available:,} ({share:.0%})")
    if uses:
        lines.append(("resources", "; ".join(uses)))
    return lines
