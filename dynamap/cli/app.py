"""The typer application: arguments and options of each command; the work is done in the modules beside this one."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer

from dynamap.cli.report import report_app


def _application() -> typer.Typer:
    """The application, with its groups of commands; the other commands are added below."""
    application = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="Plan a CNN for an FPGA overlay, prove the plan, and check every number.",
    )
    application.add_typer(report_app, name="report")
    return application


app = _application()


class Solver(str, Enum):
    dp = "dp"
    ilp = "ilp"
    cpsat = "cpsat"
    exhaustive = "exhaustive"


class Engine(str, Enum):
    cbc = "cbc"
    highs = "highs"
    scip = "scip"


class Aggregate(str, Enum):
    sum = "sum"
    worst = "worst"


class CostModel(str, Enum):
    overlay = "overlay"
    paper = "paper"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
PlanFile = Annotated[Path, typer.Argument(help="A saved plan (plan.json).", show_default=False)]
Limit = Annotated[Optional[float], typer.Option("--time-limit", help="Seconds after which the best so far is taken.")]  # noqa: UP045
MemoryLimit = Annotated[int, typer.Option("--memory-limit", help="MiB for the tables of the dynamic programme.")]
EngineOption = Annotated[Engine, typer.Option("--ilp-engine", help="The solver behind --solver ilp.")]
SolverOption = Annotated[Solver, typer.Option("--solver", help="How the mapping is solved.")]


@app.command()
def plan(
    models: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(
            metavar="[MODEL]...",
            help="ONNX files or built-in names (`dynamap models`); several get one overlay together.",
            show_default=False,
        ),
    ] = None,
    from_plan: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--from", help="Plan the model of this plan again, as it was asked but for the options given."),
    ] = None,
    overlay: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Keep the overlay of this plan (one bitstream) and only map the model on it."),
    ] = None,
    objective: Annotated[
        Optional[Aggregate],  # noqa: UP045
        typer.Option(
            help="Of several models: the sum of their weighted latencies, or the worst of them.  [default: sum]",
            show_default=False,
        ),
    ] = None,
    weights: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Of several models: a positive weight each, such as 2,1.  [default: 1 each]"),
    ] = None,
    device: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="A device name (`dynamap devices`) or a TOML file.  [default: u200]", show_default=False),
    ] = None,
    solver: Annotated[
        Optional[Solver],  # noqa: UP045
        typer.Option("--solver", help="How the mapping is solved.  [default: dp]", show_default=False),
    ] = None,
    ilp_engine: EngineOption = Engine.cbc,
    cost_model: Annotated[
        Optional[CostModel],  # noqa: UP045
        typer.Option(help="The overlay's timing, or the published formulas.  [default: overlay]", show_default=False),
    ] = None,
    array: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Fix the array: ROWSxCOLUMNS, such as 92x66; `any` lifts what --from has fixed."),
    ] = None,
    clock: Annotated[Optional[float], typer.Option(help="Clock in MHz.")] = None,  # noqa: UP045
    bandwidth: Annotated[Optional[float], typer.Option(help="Memory bandwidth in GB/s.")] = None,  # noqa: UP045
    multipliers: Annotated[Optional[int], typer.Option(help="Multipliers that the array may use.")] = None,  # noqa: UP045
    on_chip: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--on-chip", help="Bytes of memory blocks that the overlay may use, such as 4MiB."),
    ] = None,
    packing: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option("--packing/--no-packing", help="Two int8 products per multiplier, where it can."),
    ] = None,
    algorithms: Annotated[Optional[str], typer.Option(help="Allowed: im2col,kn2row,winograd.")] = None,  # noqa: UP045
    dataflows: Annotated[Optional[str], typer.Option(help="Allowed: ns,ws,is.")] = None,  # noqa: UP045
    pin: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="LAYER=ALGORITHM[/DATAFLOW], repeatable; LAYER=any lifts a pin that --from has set."),
    ] = None,
    time_limit: Limit = None,
    memory_limit: MemoryLimit = 1024,
    export_pbqp: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Write the mapping problem of the chosen array in the PBQP text format."),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", help="Write the plan as JSON; of several models: a folder, one file each."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Size the overlay and choose every layer's algorithm and dataflow, with proof."""
    from dynamap.cli.plan import plan_command
    from dynamap.cli.requests import Options

    options = Options(
        device=device,
        objective=objective.value if objective else None,
        weights=weights,
        solver=solver.value if solver else None,
        ilp_engine=ilp_engine.value,
        cost_model=cost_model.value if cost_model else None,
        array=array,
        clock=clock,
        bandwidth=bandwidth,
        multipliers=multipliers,
        packing=packing,
        algorithms=algorithms,
        dataflows=dataflows,
        pins=tuple(pin or ()),
        time_limit=time_limit,
        memory_limit_mb=memory_limit,
        on_chip=on_chip,
    )
    raise typer.Exit(plan_command(models or [], options, from_plan, overlay, export_pbqp, output, as_json))


@app.command()
def check(
    model: Annotated[str, typer.Argument(help="An ONNX file or a built-in name.")],
    as_json: Json = False,
) -> None:
    """List every node of a model: on the overlay, folded, on the host, or unsupported with reason and remedy."""
    from dynamap.cli.check import check as run_check

    raise typer.Exit(run_check(model, as_json))


@app.command()
def solve(
    file: Annotated[Path, typer.Argument(help="A PBQP in the text format.")],
    solver: SolverOption = Solver.dp,
    ilp_engine: EngineOption = Engine.cbc,
    time_limit: Limit = None,
    memory_limit: MemoryLimit = 1024,
    as_json: Json = False,
) -> None:
    """Solve any PBQP exactly."""
    from dynamap.cli.solve import solve_command

    raise typer.Exit(solve_command(file, solver.value, as_json, time_limit, memory_limit, ilp_engine.value))


@app.command()
def devices(as_json: Json = False) -> None:
    """The devices that come with the project."""
    from dynamap.cli.devices import devices_document, devices_table
    from dynamap.cli.output import show

    show(json.dumps(devices_document(), indent=2) if as_json else devices_table())


@app.command()
def models(as_json: Json = False) -> None:
    """The networks that are built in."""
    from dynamap.cli.models import models_document, models_table
    from dynamap.cli.output import show

    show(json.dumps(models_document(), indent=2) if as_json else models_table())


@app.command()
def verify(
    plan: PlanFile,
    full: Annotated[bool, typer.Option("--full/--quick", help="Search all arrays again, or only the plan's.")] = True,
    as_json: Json = False,
) -> None:
    """Recompute a plan, re-solve it with another solver, replay it in the simulator; 1 if anything differs."""
    from dynamap.cli.verify import verify_command

    raise typer.Exit(verify_command(plan, as_json, full))


@app.command()
def whatif(plan: PlanFile, time_limit: Limit = None, as_json: Json = False) -> None:
    """Relax one resource of a plan at a time and remove each algorithm and dataflow: where the bottleneck is."""
    from dynamap.cli.whatif import whatif_command

    raise typer.Exit(whatif_command(plan, time_limit, as_json))


@app.command()
def simulate(
    plan: PlanFile,
    trace: Annotated[Optional[Path], typer.Option(help="Write a timeline for Perfetto (Chrome trace format).")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """Run a plan's program block by block in the event simulator, and compare its counters with the plan."""
    from dynamap.cli.simulate import simulate_command

    raise typer.Exit(simulate_command(plan, trace, as_json))


@app.command()
def program(
    plan: PlanFile,
    output: Annotated[Optional[Path], typer.Option("--output", "-o", help="Also write the program's bytes.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """Lower a plan to the overlay's program and print it."""
    from dynamap.cli.program import program_command

    raise typer.Exit(program_command(plan, as_json, output))


class Comparison(str, Enum):
    onnxruntime = "onnxruntime"
    numpy = "numpy"


class Calibration(str, Enum):
    minmax = "minmax"
    percentile = "percentile"


CalibrationFile = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--calibration", help="Inputs to calibrate on (.npz, one array per input); random ones if left out."),
]
Method = Annotated[Calibration, typer.Option("--method", help="Activation ranges from extremes or a percentile.")]
Percentile = Annotated[float, typer.Option(help="For --method percentile.")]
Seed = Annotated[int, typer.Option(help="Of random calibration inputs and of the random input.")]
Samples = Annotated[int, typer.Option(help="Random calibration inputs.")]


@app.command()
def run(
    plan: PlanFile,
    input_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--input", help="One image (.npy, C x H x W or 1 x C x H x W); a random one if left out."),
    ] = None,
    executor: Annotated[str, typer.Option(help="numpy, or an installed backend (`dynamap backends`).")] = "numpy",
    compare: Annotated[Optional[Comparison], typer.Option(help="Compare every layer with another executor.")] = None,  # noqa: UP045
    output: Annotated[Optional[Path], typer.Option(help="Write the network's output (.npy).")] = None,  # noqa: UP045
    trace_layers: Annotated[Optional[Path], typer.Option(help="Write every tensor into this folder.")] = None,  # noqa: UP045
    calibration: CalibrationFile = None,
    method: Method = Calibration.minmax,
    percentile: Percentile = 99.99,
    seed: Seed = 0,
    samples: Samples = 1,
    as_json: Json = False,
) -> None:
    """Execute a plan's program bit-exactly on this machine."""
    from dynamap.cli.run import run_command

    status = run_command(
        plan,
        input_file,
        executor,
        compare.value if compare else None,
        output,
        trace_layers,
        as_json,
        calibration=calibration,
        method=method.value,
        percentile=percentile,
        seed=seed,
        samples=samples,
    )
    raise typer.Exit(status)


@app.command("export-qdq")
def export_qdq(
    model: Annotated[str, typer.Argument(help="An ONNX file or a built-in name.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The quantised ONNX file to write.")],
    calibration: CalibrationFile = None,
    method: Method = Calibration.minmax,
    percentile: Percentile = 99.99,
    seed: Seed = 0,
    samples: Samples = 1,
) -> None:
    """Quantise a model as the overlay does and write it with QuantizeLinear and DequantizeLinear."""
    from dynamap.cli.export_qdq import export_qdq_command

    status = export_qdq_command(
        model,
        output,
        calibration=calibration,
        method=method.value,
        percentile=percentile,
        seed=seed,
        samples=samples,
    )
    raise typer.Exit(status)


@app.command()
def generate(
    plan: PlanFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="The project's folder.")],
    backend: Annotated[str, typer.Option(help="An installed backend (`dynamap backends`).")] = "vitis-hls",
    input_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--input", help="The image of the golden outputs (.npy); a random one if left out."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the files of an earlier project.")] = False,
    calibration: CalibrationFile = None,
    method: Method = Calibration.minmax,
    percentile: Percentile = 99.99,
    seed: Seed = 0,
    samples: Samples = 1,
) -> None:
    """Write the project that builds the overlay, with the plan's program and data."""
    from dynamap.cli.generate import generate_command

    status = generate_command(
        plan,
        backend,
        output,
        input_file,
        force=force,
        calibration=calibration,
        method=method.value,
        percentile=percentile,
        seed=seed,
        samples=samples,
    )
    raise typer.Exit(status)


@app.command()
def backends(as_json: Json = False) -> None:
    """The installed backends."""
    from dynamap.cli.generate import backends_command

    raise typer.Exit(backends_command(as_json))


@app.command()
def explore(
    models: Annotated[list[str], typer.Argument(help="ONNX files or built-in names.", show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The results: .csv, .jsonl or .parquet, appended as they come.")
    ],
    device: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Device names or TOML files, by comma or repeated; u200 if left out."),
    ] = None,
    multipliers: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Budgets of the array, by comma: 2048, 25%, all."),
    ] = None,
    on_chip: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--on-chip", help="Budgets of on-chip memory, by comma: 4MiB, 25%, all."),
    ] = None,
    clock: Annotated[Optional[list[str]], typer.Option(help="Clocks in MHz, by comma.")] = None,  # noqa: UP045
    bandwidth: Annotated[Optional[list[str]], typer.Option(help="Memory bandwidths in GB/s, by comma.")] = None,  # noqa: UP045
    packing: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option("--packing/--no-packing", help="Two int8 products per multiplier, where it can."),
    ] = None,
    algorithms: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Allowed: im2col,kn2row,winograd; repeat it to compare several sets."),
    ] = None,
    dataflows: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Allowed: ns,ws,is; repeat it to compare several sets."),
    ] = None,
    solver: SolverOption = Solver.dp,
    time_limit: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option("--time-limit", help="Seconds per combination after which the best so far is taken, unproven."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the results file where it stopped.")] = False,
    plots: Annotated[Optional[Path], typer.Option(help="Write the fronts as .svg and .png into this folder.")] = None,  # noqa: UP045
    workers: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, max=1024, help="Processes of this machine; one per core if left out."),
    ] = None,
    scheduler: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Compute on the Dask cluster of this scheduler: tcp://HOST:PORT."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Plan all combinations of models, devices and budgets, and find the proven Pareto fronts."""
    from dynamap.cli.explore import build_options, explore_command
    from dynamap.planner.explore.cluster.dask_cluster import Cluster

    options = build_options(
        clocks=clock,
        bandwidths=bandwidth,
        multipliers=multipliers,
        on_chip=on_chip,
        algorithms=algorithms,
        dataflows=dataflows,
        packing=packing,
        solver=solver.value,
        time_limit=time_limit,
    )
    status = explore_command(
        models,
        device or ["u200"],
        options,
        output,
        resume=resume,
        plots=plots,
        cluster=Cluster.of(scheduler, workers),
        as_json=as_json,
    )
    raise typer.Exit(status)
