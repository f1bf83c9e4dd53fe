"""The commands that lower a plan and execute or build it: the work is done in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from dynamap.backends.range_calibration import RangeCalibration
from dynamap.cli.completion import complete_backend, complete_executor, complete_model
from dynamap.cli.options import Comparison, Json, LabelFile, PlanFile, given, with_calibration_options, with_width
from dynamap.cli.reading import one_of


@with_width
def simulate(
    plan: PlanFile,
    trace: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FILE.json", help="Write a timeline to look at in ui.perfetto.dev (Chrome's trace format)."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Simulate a plan block by block, and compare its cycles.

    The event simulator shares no formula with the cost model; cycles and bytes of every layer must be the plan's.
    """
    from dynamap.cli.simulate import simulate_command

    raise typer.Exit(simulate_command(plan, trace, as_json))


def program(
    plan: PlanFile,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", metavar="FILE", help="Also write the program's bytes."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the overlay's program: its commands and memory map."""
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
            metavar="FILE",
            help="One image: a picture (.png, .jpg, .bmp), or values of the model's own type ([1 x] C x H x W, .npy); "
            "a random one if left out.",
        ),
    ] = None,
    executor: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What executes it: numpy, or a backend (`dynamap backends`), whose kernel is compiled and run here.",
            autocompletion=complete_executor,
        ),
    ] = "numpy",
    compare: Annotated[
        Optional[Comparison],  # noqa: UP045
        typer.Option(
            help="Compare every layer with another executor.  [default: the final outputs alone, with the model in "
            "onnxruntime]",
            **one_of("--compare", Comparison),
        ),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE.npy", help="Write the outputs in the model's own types."),
    ] = None,
    trace_layers: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FOLDER", help="Write every tensor into this folder."),
    ] = None,
    trace: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FILE",
            help="Of an executor that counts cycles (vitis-rtl): when each pass began and ended, as a Chrome trace "
            "(FILE.json), or the waveform (FILE.fst, FILE.vcd).",
        ),
    ] = None,
    labels: LabelFile = None,
    measure_cpu: Annotated[
        bool, typer.Option("--measure-cpu", help="Also measure how long this CPU takes for the model in onnxruntime.")
    ] = False,
    as_json: Json = False,
    **options: Any,
) -> None:
    """Run an image through a plan, to the bit, on this machine."""
    from dynamap.cli.classes import RunInput
    from dynamap.cli.run import run_command
    from dynamap.cli.run_trace import RunFiles

    status = run_command(
        plan,
        RunInput(input_file, labels, measure_cpu),
        executor,
        compare.value if compare else None,
        RunFiles(output, trace_layers, trace),
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
            metavar="FOLDER|FILE",
            help="The images: a folder of pictures (one folder per class), an .npz with labels, or an .npy.",
            show_default=False,
        ),
    ],
    labels: LabelFile = None,
    as_json: Json = False,
    **options: Any,
) -> None:
    """Measure how accurate the int8 network is on your images."""
    from dynamap.cli.evaluate import evaluate_command

    how = RangeCalibration(**given(options))
    raise typer.Exit(evaluate_command(plan, images, labels, how, as_json=as_json))


@with_calibration_options
def export_qdq(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="An ONNX file or a built-in name (`dynamap models`).", autocompletion=complete_model
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.onnx", help="The quantised model to write.")],
    preprocess: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="HOW", help="What is done to pictures to calibrate on, as `dynamap plan` takes it."),
    ] = None,
    **options: Any,
) -> None:
    """Write a model as int8 ONNX (QDQ), as the overlay computes it."""
    from dynamap.cli.export_qdq import export_qdq_command

    how = RangeCalibration(**given(options))
    raise typer.Exit(export_qdq_command(model, output, how, preprocess or "raw"))


@with_calibration_options
def generate(
    plan: PlanFile,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="The project's folder.")],
    backend: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Which tools the project is for (`dynamap backends`).",
            autocompletion=complete_backend,
        ),
    ] = "vitis-hls",
    input_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--input",
            metavar="FILE",
            help="The image whose expected outputs lie in the project (.png, .npy); a random one if left out.",
        ),
    ] = None,
    labels: LabelFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the files of an earlier project.")] = False,
    **options: Any,
) -> None:
    """Write the hardware project, with the way to the board."""
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
    """List the installed backends: which tools projects are for."""
    from dynamap.cli.generate import backends_command

    raise typer.Exit(backends_command(as_json))
