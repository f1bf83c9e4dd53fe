"""From an ONNX file to its plan, and from the plan to the document of ``dynamap run``."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from dynamap.backends.range_calibration import RangeCalibration
from dynamap.cli.classes import RunInput
from dynamap.cli.run import run_command
from dynamap.cli.run_trace import RunFiles
from dynamap.planner.models import resolve
from support.programs import plan_on

CALIBRATED = (
    "note: calibrated on",
    "note: scales and zero points",
    "warning: the int8 scales",
    "warning: some of the int8",
)
"""What a run says of its scales, which come from noise here."""


@dataclass(frozen=True)
class Run:
    """What a user of the command sees; ``errors`` without the sentences that scales come from noise."""

    status: int
    document: Mapping[str, Any]
    errors: str

    @property
    def final(self) -> Mapping[str, Mapping[str, Any]]:
        """The comparison of each output with the original's."""
        assert self.document["final_missing"] is None, self.document["final_missing"]
        found: Mapping[str, Mapping[str, Any]] = self.document["final"]
        return found

    @property
    def imported(self) -> Mapping[str, Any]:
        """The comparison of the imported network with the original, tensor by tensor."""
        found: Mapping[str, Any] = self.document["import"]
        return found


def model_of(
    nodes: Sequence[NodeProto],
    constants: Mapping[str, np.ndarray] | None = None,
    shape: Sequence[int | str] = (1, 4, 6, 7),
    opset: int = 13,
    outputs: Sequence[str] = ("y",),
    kinds: tuple[int, int] = (TensorProto.FLOAT, TensorProto.FLOAT),
) -> onnx.ModelProto:
    """A model with the input 'x'; ``kinds`` are the types of its input and of its outputs."""
    graph = helper.make_graph(
        nodes,
        "case",
        [helper.make_tensor_value_info("x", kinds[0], list(shape))],
        [helper.make_tensor_value_info(name, kinds[1], None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def values(*shape: int, scale: float = 0.4) -> np.ndarray:
    """Seeded normal values of the given shape, float32."""
    return np.random.default_rng(shape).standard_normal(shape, dtype=np.float32) * np.float32(scale)


def run_file(path: Path, *, compare: str | None = None, image: np.ndarray | None = None, seed: int = 0) -> Run:
    """Plan the model on a small array and run it as the command does, on ``image`` or a seeded random one."""
    plan = path.with_suffix(".plan.json")
    plan_on(resolve(str(path)), (5, 7)).save(plan)
    given = None
    if image is not None:
        given = path.with_suffix(".npy")
        np.save(given, image)
    return run_plan(plan, compare=compare, given=given, how=RangeCalibration(seed=seed))


def run_plan(plan: Path, *, compare: str | None = None, given: Path | None = None, how: RangeCalibration) -> Run:
    """``dynamap run PLAN --json``."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        status = run_command(plan, RunInput(given), "numpy", compare, RunFiles(), how, as_json=True)
    said = [line for line in errors.getvalue().splitlines() if not line.startswith(CALIBRATED)]
    return Run(status, json.loads(out.getvalue()), " ".join(" ".join(said).split()))
