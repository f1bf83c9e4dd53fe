"""``dynamap plan``: the search with its progress, the table, and the files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console, Group
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from dynamap.backends.planned_model import network_of_plan
from dynamap.cli.output import message, show
from dynamap.cli.requests import Options
from dynamap.cost.device import DEFAULT_DEVICE, Device, load_device
from dynamap.cost.errors import InputError
from dynamap.planner.models import resolve
from dynamap.planner.network import Network
from dynamap.planner.plan import Plan, PlannedLayer, load_plan
from dynamap.planner.planning import plan_network
from dynamap.planner.replanning import on_overlay_of, stored_device, stored_request
from dynamap.planner.requests import Request
from dynamap.planner.search import Progress


def plan_command(
    model: str | None,
    options: Options,
    from_plan: Path | None,
    overlay: Path | None,
    export_pbqp: Path | None,
    output: Path | None,
    as_json: bool,
) -> int:
    """Plans, prints and writes; 1 where the optimum is not proven.

    Raises:
        InputError: the model, the device, a plan or an option is wrong.
        InfeasibleError: nothing fits.
    """
    for path in (output, export_pbqp):
        require_folder(path)
    network, device, request = what_to_plan(model, options, from_plan, overlay)
    for notice in network.notices:
        message(f"note: {notice}")
    with progress_shown() as report:
        plan = plan_network(network, device, request, report)
    if export_pbqp is not None:
        from dynamap.planner.export_problem import export_mapping

        export_mapping(network, device, request, plan, export_pbqp)
        message(f"wrote {export_pbqp}")
    if output is not None:
        plan.save(output)
    show(json.dumps(plan.document(), indent=1) if as_json else plan_report(plan))
    if output is not None:
        message(f"wrote {output}")
    return 0 if plan.solver.status == "optimal" else 1


def what_to_plan(
    model: str | None, options: Options, from_plan: Path | None, overlay: Path | None
) -> tuple[Network, Device, Request]:
    """The network, the device and the request: from the arguments, or from a plan with what the options change.

    Raises:
        InputError: there is no model or one too many, or one of the plans, the model, the device or an option is wrong.
    """
    if (model is None) == (from_plan is None):
        raise InputError(
            "a MODEL and --from cannot be combined: a plan names its own model"
            if model
            else "what should be planned? Give a MODEL (an ONNX file or a built-in name), or a plan by --from"
        )
    named = None if options.device is None else load_device(options.device)
    kept = None if overlay is None else load_plan(overlay)
    if from_plan is None:
        assert model is not None
        request = options.request()
        board = named or load_device(DEFAULT_DEVICE)
        network = resolve(model, weights=False)
    else:
        plan = load_plan(from_plan)
        stored = stored_request(plan)
        if stored.overlay is not None and kept is None:
            given = {"--array": options.array, "--multipliers": options.multipliers, "--device": options.device}
            refused = next((option for option, value in given.items() if value is not None), None)
            if refused:
                raise InputError(
                    f"{refused} cannot be changed in {str(from_plan)!r}, which maps the model on a given overlay: "
                    "plan the MODEL itself"
                )
        if kept is not None:
            # What the plan's own overlay was asked to be does not hold for the one that is kept.
            stored = replace(
                stored, overlay=None, array=None, multipliers=None, packing=None, clock_mhz=None, bandwidth_gbs=None
            )
        request = options.request(stored)
        board = named or stored_device(plan)
        network = network_of_plan(plan, weights=False, folder=from_plan.parent)
    if kept is not None:
        board, request = on_overlay_of(kept, request, named)
    return network, board, request


def require_folder(path: Path | None) -> None:
    """Checks, before long work, that a file can be written where it is wanted.

    Raises:
        InputError: its folder does not exist, or it is a folder itself.
    """
    if path is not None and not path.parent.is_dir():
        raise InputError(f"cannot write {str(path)!r}: there is no folder {str(path.parent)!r}")
    if path is not None and path.is_dir():
        raise InputError(f"cannot write {str(path)!r}: it is a folder")


@contextmanager
def progress_shown() -> Iterator[Callable[[Progress], None]]:
    """A line on stderr while the search runs; nothing where stderr is not a terminal."""
    console = Console(stderr=True)
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
    algorithm = layer.algorithm or ("in place" if layer.in_place else "host" if layer.host else "vector unit")
    if layer.winograd_tile:
        algorithm = f"winograd F({layer.winograd_tile},3)"
    runner = layer.runner_up
    microseconds = layer.cycles / plan.overlay.clock_mhz
    if plan.solver.unit == "ps":
        chosen = [o.cost for o in layer.options if (o.algorithm, o.dataflow) == (layer.algorithm, layer.dataflow)]
        microseconds = sum(chosen) / 1e6
    return (
        layer.name,
        layer.op,
        "x".join(map(str, shape.input)),
        "x".join(map(str, shape.output)),
        "x".join(map(str, shape.kernel)) if shape.kernel != (1, 1) or layer.algorithm else "",
        algorithm,
        layer.dataflow or "",
        f"{layer.input_format} > {layer.output_format}" if layer.input_format else "",
        f"{layer.cycles:,}",
        f"{microseconds:.2f}",
        f"{layer.utilization:.0%}" if layer.algorithm else "",
        layer.bound_by or "",
        f"{runner.algorithm}/{runner.dataflow} +{runner.extra:,}" if runner else "",
    )


def summary_lines(plan: Plan) -> list[Text]:
    """Latency, limits, overlay, resources and proof, a line each."""
    overlay, solver, kept = plan.overlay, plan.solver, "overlay" in plan.request
    lines = [
        f"latency    {plan.latency_ms:.4f} ms at batch 1, from the first byte read to the last byte written "
        f"({solver.objective:,} {solver.unit}; host time not included)",
    ]
    if plan.limits_ms:
        limits = ", ".join(f"{name} {value:.4f} ms" for name, value in plan.limits_ms.items())
        lines.append(
            f"limits     {limits} (every multiplier busy with direct products; the plan's bytes at full bandwidth)"
        )
    lines.append(
        f"overlay    {overlay.rows} x {overlay.columns} array, int8 products per multiplier: {overlay.packing}, "
        f"{overlay.clock_mhz:g} MHz, {overlay.bandwidth_gbs:g} GB/s{', kept as given' if kept else ''}"
    )
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
    gap = (solver.objective - solver.bound) / solver.objective if solver.objective else 0.0
    width = "" if solver.treewidth is None else f", treewidth {solver.treewidth}"
    lines.append(
        f"proof      {solver.status}: bound {solver.bound:,} of {solver.objective:,} {solver.unit} (gap {gap:.2%}); "
        f"{solver.arrays_considered:,} arrays considered, {solver.arrays_solved:,} solved with {solver.name}{width}, "
        f"{solver.seconds:.2f} s"
    )
    return [Text(line) for line in lines]
