"""The typer application: arguments and options of each command; the work is done in the modules beside this one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from dynamap.cli.completion import complete_device, complete_model
from dynamap.cli.execution import backends, evaluate, export_qdq, generate, program, run, simulate
from dynamap.cli.options import (
    STDOUT,
    Aggregate,
    Host,
    HostUse,
    Json,
    PlanFile,
    given,
    read_options,
    with_plan_options,
    with_sweep_options,
    with_width,
)
from dynamap.cli.reading import a_number, one_of
from dynamap.cli.report import report_app


@with_width
@with_plan_options()
def plan(  # noqa: PLR0913 - an option of a command is an argument
    models: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(
            metavar="MODEL",
            help="ONNX files or built-in names (`dynamap models`); several get one overlay together.",
            show_default=False,
            autocompletion=complete_model,
        ),
    ] = None,
    from_plan: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--from",
            metavar="PLAN",
            help="Plan the model of this plan again, as it was asked but for the options given.",
        ),
    ] = None,
    overlay: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="PLAN", help="Keep the overlay of this plan (one bitstream) and only map the model on it."
        ),
    ] = None,
    objective: Annotated[
        Optional[Aggregate],  # noqa: UP045
        typer.Option(
            help="What is least, of several models: the sum of their weighted latencies, or the worst of them.  "
            "[default: sum]",
            show_default=False,
            **one_of("--objective", Aggregate),
        ),
    ] = None,
    weights: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="NUMBERS", help="Of several models: a positive weight each, such as 2,1.  [default: 1 each]"
        ),
    ] = None,
    device: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="NAME|FILE.toml",
            help="The board: a name (`dynamap devices` lists them) or a file of your own.  [default: u200]",
            show_default=False,
            autocompletion=complete_device,
        ),
    ] = None,
    host: Host = HostUse.auto,
    export_pbqp: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="Write the mapping problem of the chosen array in the PBQP text format."),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--output",
            "-o",
            metavar="PLAN.json",
            help="Write the plan as JSON (- is stdout); of several models: a folder, one file each.",
        ),
    ] = None,
    as_json: Json = False,
    **options: Any,
) -> None:
    """Find the fastest overlay and mapping for a model, with proof.

    The size of the array, its buffers, and each layer's algorithm and dataflow; then how long an inference takes.
    """
    from dynamap.cli.plan import plan_command
    from dynamap.cli.requests import Asked

    asked = Asked(device, objective.value if objective else None, weights, given(options), host is HostUse.auto)
    as_json = as_json or output == STDOUT
    output = None if output == STDOUT else output
    raise typer.Exit(plan_command(models or [], asked, from_plan, overlay, export_pbqp, output, as_json))


@with_width
@with_plan_options("shapes")
def check(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="An ONNX file or a built-in name (`dynamap models`).", autocompletion=complete_model
        ),
    ],
    host: Host = HostUse.auto,
    every: Annotated[bool, typer.Option("--all", help="List every node, also those that need no attention.")] = False,
    as_json: Json = False,
    **options: Any,
) -> None:
    """Say where every node of a model runs, or why it cannot.

    On the overlay, folded into another layer, on the host, or unsupported, with a reason and what to do about it.
    """
    from dynamap.cli.check import check as run_check

    shapes = read_options(options).shapes
    raise typer.Exit(run_check(model, as_json, shapes, host=host is HostUse.auto, every=every))


@with_plan_options("solver", "ilp_engine", "time_limit", "memory_limit_mb")
def solve(
    file: Annotated[Path, typer.Argument(metavar="FILE.pbqp", help="A problem in the PBQP text format.")],
    as_json: Json = False,
    **options: Any,
) -> None:
    """Solve any quadratic assignment problem (PBQP) exactly.

    PBQP: choose one of several options for each vertex of a graph, with a cost for every choice and for every pair of
    choices along an edge. A plan's mapping is one (`dynamap plan --export-pbqp`).
    """
    from dynamap.cli.solve import solve_command

    raise typer.Exit(solve_command(file, read_options(options), as_json))


@with_width
def devices(
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            metavar="NAME",
            help="Print the TOML file of this device, to make one of your own.",
            show_default=False,
            autocompletion=complete_device,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the boards and chips that come with the project."""
    from dynamap.cli.devices import devices_command

    devices_command(name, as_json)


@with_width
def models(as_json: Json = False) -> None:
    """List the networks that are built in."""
    from dynamap.cli.models import models_document, models_table
    from dynamap.cli.output import show, show_json

    if as_json:
        show_json(models_document(), indent=2)
    else:
        show(models_table())


@with_width
def verify(
    plan: PlanFile,
    full: Annotated[
        bool,
        typer.Option(
            "--full/--quick",
            help="Also search all arrays again (as long as planning took), or check the plan's own only.",
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Check a saved plan independently of what made it.

    It is computed again, solved again by another solver, and simulated; the exit status is 1 if anything differs.
    """
    from dynamap.cli.verify import verify_command

    raise typer.Exit(verify_command(plan, as_json, full))


@with_width
@with_plan_options("time_limit")
def whatif(plan: PlanFile, as_json: Json = False, **options: Any) -> None:
    """Find the bottleneck: what would more of each resource bring?

    One resource is doubled at a time, or one algorithm or dataflow forbidden, and the model is planned again.
    """
    from dynamap.cli.whatif import whatif_command

    raise typer.Exit(whatif_command(plan, read_options(options).time_limit, as_json))


@with_width
@with_sweep_options
def explore(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL",
            help="ONNX files or built-in names (`dynamap models`).",
            show_default=False,
            autocompletion=complete_model,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The results: .csv, .jsonl or .parquet, appended as they come."
        ),
    ],
    device: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            metavar="NAMES",
            help="Device names or TOML files, by comma or repeated; u200 if left out.",
            autocompletion=complete_device,
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the results file where it stopped.")] = False,
    plots: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FOLDER", help="Write the fronts as .svg and .png into this folder."),
    ] = None,
    workers: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            help="Processes of this machine; one per core if left out.", **a_number("--workers", int, "N", (1, 1024))
        ),
    ] = None,
    scheduler: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="ADDRESS", help="Compute on the Dask cluster of this scheduler: tcp://HOST:PORT."),
    ] = None,
    as_json: Json = False,
    **options: Any,
) -> None:
    """Plan many combinations of models, devices and budgets.

    Prints the Pareto front of latency against multipliers, each point a proven optimum, and writes a row per plan.
    """
    from dynamap.cli.explore import explore_command, swept_by
    from dynamap.planner.explore.cluster.dask_cluster import Cluster

    status = explore_command(
        models,
        device or ["u200"],
        swept_by(options),
        output,
        resume=resume,
        plots=plots,
        cluster=Cluster.of(scheduler, workers),
        as_json=as_json,
    )
    raise typer.Exit(status)


COMMANDS: dict[str, Callable[..., None]] = {
    "plan": plan,
    "check": check,
    "solve": solve,
    "devices": devices,
    "models": models,
    "verify": verify,
    "whatif": whatif,
    "simulate": simulate,
    "program": program,
    "run": run,
    "evaluate": evaluate,
    "export-qdq": export_qdq,
    "generate": generate,
    "backends": backends,
    "explore": explore,
}
"""By the names that a user types, in the order of the help."""


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        from dynamap.cli.output import show

        show(f"dynamap {version('dynamap')}")
        raise typer.Exit


def about(
    asked: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Plan a CNN for an FPGA overlay, prove the plan, and check every number."""


def _application() -> typer.Typer:
    application = typer.Typer(
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        epilog="Begin with `dynamap plan squeezenet --device zcu104 -o plan.json`, or an ONNX file of your own; then "
        "`dynamap verify plan.json`, `run`, `report` and `generate`. `dynamap plan -h` explains what plan takes.",
    )
    application.callback()(about)
    for name, command in COMMANDS.items():
        application.command(name)(command)
    application.add_typer(report_app, name="report")
    return application


app = _application()
