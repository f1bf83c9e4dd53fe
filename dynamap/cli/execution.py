"""The commands that lower a plan and execute or build it: the work is done in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from dynamap.backends.range_calibration import RangeCalibration
from dynamap.cli.completion import complete_backend, complete_executor, complete_model
from dynamap.cli.options import Comparison, Json, LabelFile, PlanFile, given, with_calibration_options, with_width


@with_width
def simulate(
    plan: PlanFile,
    trace: Annotated[Optional[Path], typer.Option(help="Write a timeline for Perfetto (Chrome trace format).")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """Run a plan's program block by block in the event simulator, and compare its counters with the plan."""
    from dynamap.cli.simulate import simulate_command

    raise typer.Exit(simulate_command(plan, trace, as_json))


def program(
    plan: PlanFile,
    output: Annotated[Optional[Path], typer.Option("--output", "-o", help="Also write the program's bytes.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """Lower a plan to the overlay's program and print it."""
    from dynamap.cli.program import program_command

    raise typer.Exit(program_command(plan, as_json, output))


@with_width
@with_calibration_options
def run(  # noqa: PLR0913 - an option of a command is an argument
    plan: PlanFile,
    input_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--input",
            help="One image: a picture (.png, .jpg, .bmp), or values of the model's own type ([1 x] C x H x W, .npy); "
            "a random one if left out.",
        ),
    ] = None,
    executor: Annotated[
        str,
        typer.Option(help="numpy, or an installed backend (`dynamap backends`).", autocompletion=complete_executor),
    ] = "numpy",
    compare: Annotated[Optional[Comparison], typer.Option(help="Compare every layer with another executor.")] = None,  # noqa: UP045
    output: Annotated[Optional[Path], typer.Option(help="Write the outputs in the model's own types (.npy).")] = None,  # noqa: UP045
    trace_layers: Annotated[Optional[Path], typer.Option(help="Write every tensor into this folder.")] = None,  # noqa: UP045
    labels: LabelFile = None,
    measure_cpu: Annotated[
        bool, typer.Option("--measure-cpu", help="Also measure the model in onnxruntime on this CPU, as it is.")
    ] = False,
    as_json: Json = False,
    **options: Any,
) -> None:
    """Execute a plan's program bit-exactly on this machine."""
    from dynamap.cli.classes import RunInput
    from dynamap.cli.run import run_command

    status = run_command(
        plan,
        RunInput(input_file, labels, measure_cpu),
        executor,
        compare.value if compare else None,
        output,
        trace_layers,
        RangeCalibration(**given(options)),
        as_json=as_json,
    )
    raise typer.Exit(status)


@with_width
@with_calibration_options
def evaluate(
    plan: PlanFile,
    images: Annotated[
        Path,
        typer.Option(
            "--data",
            help="The images: a folder of pictures (one folder per class), an .npz with labels, or an .npy.",
            show_default=False,
        ),
    ],
    labels: LabelFile = None,
    as_json: Json = False,
    **options: Any,
) -> None:
    """Measure the accuracy of the int8 network on a set of images, beside that of the float model."""
    from dynamap.cli.evaluate import evaluate_command

    how = RangeCalibration(**given(options))
    raise typer.Exit(evaluate_command(plan, images, labels, how, as_json=as_json))


@with_calibration_options
def export_qdq(
    model: Annotated[str, typer.Argument(help="An ONNX file or a built-in name.", autocompletion=complete_model)],
    output: Annotated[Path, typer.Option("--output", "-o", help="The quantised ONNX file to write.")],
    preprocess: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="What is done to pictures to calibrate on, as `dynamap plan` takes it."),
    ] = None,
    **options: Any,
) -> None:
    """Quantise a model as the overlay does and write it with QuantizeLinear and DequantizeLinear."""
    from dynamap.cli.export_qdq import export_qdq_command

    how = RangeCalibration(**given(options))
    raise typer.Exit(export_qdq_command(model, output, how, preprocess or "raw"))


@with_calibration_options
def generate(
    plan: PlanFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="The project's folder.")],
    backend: Annotated[
        str, typer.Option(help="An installed backend (`dynamap backends`).", autocompletion=complete_backend)
    ] = "vitis-hls",
    input_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--input", help="The image of the golden outputs (.png, .npy); a random one if left out."),
    ] = None,
    labels: LabelFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the files of an earlier project.")] = False,
    **options: Any,
) -> None:
    """Write the project that builds the overlay, with the plan's program and data."""
    from dynamap.cli.classes import RunInput
    from dynamap.cli.generate import generate_command

    status = generate_command(
        plan,
        backend,
        output,
        RunInput(input_file, labels),
        RangeCalibration(**given(options)),
        force=force,
    )
    raise typer.Exit(status)


@with_width
def backends(as_json: Json = False) -> None:
    """The installed backends."""
    from dynamap.cli.generate import backends_command

    raise typer.Exit(backends_command(as_json))
