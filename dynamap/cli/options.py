"""Arguments and options that several commands have."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer


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


class Comparison(str, Enum):
    onnxruntime = "onnxruntime"
    numpy = "numpy"


class RangeMethod(str, Enum):
    minmax = "minmax"
    percentile = "percentile"


CalibrationFile = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--calibration", help="Inputs to calibrate on (.npz, one array per input); random ones if left out."),
]
Method = Annotated[RangeMethod, typer.Option("--method", help="Activation ranges from extremes or a percentile.")]
Percentile = Annotated[float, typer.Option(help="For --method percentile.")]
Seed = Annotated[int, typer.Option(help="Of random calibration inputs and of the random input.")]
Samples = Annotated[int, typer.Option(help="Random calibration inputs.")]
