"""Architectures that people have, on small images: planned, run against the original in onnxruntime, generated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

import dynamap
from dynamap.backends.range_calibration import RangeCalibration
from dynamap.planner.plan.plan import Plan
from support.architectures import CATALOGUE, model
from support.end_to_end import run_plan

DEVICE = "zcu104"
ALWAYS = ("yolo-c2f",)


def planned(name: str, folder: Path) -> tuple[Plan, Path]:
    path = folder / f"{name}.onnx"
    onnx.save(model(name, small=True), path)
    plan = dynamap.plan(path, device=DEVICE)
    plan.save(folder / "plan.json")
    return plan, folder / "plan.json"


@pytest.mark.parametrize(
    "name", [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.full) for name in CATALOGUE]
)
def test_runs_as_the_original(name: str, tmp_path: Path) -> None:
    """What 8 bits do not explain is on the host, and every output has its own name."""
    plan, saved = planned(name, tmp_path)
    assert plan.solver.status == "optimal"
    ran = run_plan(saved, how=RangeCalibration(seed=0))
    assert ran.status == 0, ran.errors
    assert ran.imported["kept"]
    assert set(ran.final) == {output.name for output in model(name, small=True).graph.output}
    judged = {**ran.final, **ran.document.get("crossing", {})}
    free = {output for output, found in judged.items() if found["kept"] is None}
    assert free == ({"selected"} if name == "yolo-c2f-nms" else set())
    assert all(found["kept"] for output, found in judged.items() if output not in free), judged


@pytest.mark.full
@pytest.mark.parametrize("name", CATALOGUE)
def test_make_csim_passes(name: str, tmp_path: Path) -> None:
    planned(name, tmp_path)
    folder = dynamap.load_plan(tmp_path / "plan.json").generate(tmp_path / "project")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["make", "csim"], cwd=folder, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


class Noise(CalibrationDataReader):
    """Two seeded images."""

    def __init__(self, side: int) -> None:
        rng = np.random.default_rng(1)
        self._images = iter([rng.standard_normal((1, 3, side, side), dtype=np.float32) for _ in range(2)])

    def get_next(self) -> dict[str, np.ndarray] | None:
        image = next(self._images, None)
        return None if image is None else {"input": image}


def test_a_quantised_mobilenet_v3_is_its_float_twin(tmp_path: Path) -> None:
    """Quantised as onnxruntime's guide says: normalisations folded, static ranges, weights per channel."""
    twin, _ = planned("mobilenet-v3-large", tmp_path)
    original, folded, quantised = (tmp_path / f"{name}.onnx" for name in ("mobilenet-v3-large", "folded", "qdq"))
    quant_pre_process(original, folded, skip_symbolic_shape=True)
    quantize_static(
        folded,
        quantised,
        Noise(CATALOGUE["mobilenet-v3-large"].small),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
    )
    assert any(node.op_type == "DequantizeLinear" for node in onnx.load(quantised).graph.node)
    plan = dynamap.plan(quantised, device=DEVICE)
    assert len(plan.layers) == len(twin.layers)
    assert plan.latency_ms == pytest.approx(twin.latency_ms, rel=0.02)
