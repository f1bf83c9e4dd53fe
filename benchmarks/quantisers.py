"""How near int8 networks are to the float model: this quantiser's beside onnxruntime's, with the same calibration.

    PYTHONPATH=tests/shared python benchmarks/quantisers.py    all methods: results/quantisers.json (twenty minutes)
    ... --models unet,yolo-c2f                                 only these
    ... --methods minmax                                       only these ranges

The models are written by tests/shared/support/architectures with seeded random weights, for small images. Both quantise
with the same four random images; ``ours`` and ``onnxruntime`` are the mean cosine to the float model in onnxruntime
over twenty-four others, for each output; ``deviation`` is the standard error of the mean difference. onnxruntime's is
`quantize_static` in QDQ form: int8, weights per channel, extremes.
Outputs whose shape depends on values (detections that are kept) are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from common import provenance, write_results
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

import dynamap
from dynamap.backends.evidence.accuracy.measures import OutputCounts
from dynamap.backends.evidence.accuracy.networks import BothNetworks
from dynamap.backends.host.segments import Segments
from dynamap.backends.quantise import quantise

CALIBRATED_ON, COMPARED_ON = (1, 4), (99, 24)
"""Seed and number of images."""

SOURCES = ("cost", "planner", "backends", "dynamap", "benchmarks/*.py", "tests/shared/support/architectures")

Image = npt.NDArray[np.float32]


def images(side: int, seed: int, number: int) -> list[Image]:
    """Seeded random images, 1 x 3 x side x side."""
    random = np.random.default_rng(seed)
    return [random.standard_normal((1, 3, side, side), dtype=np.float32) for _ in range(number)]


class Reader(CalibrationDataReader):
    """The images one by one, as onnxruntime asks for them."""

    def __init__(self, given: Sequence[Image]) -> None:
        self._given = iter(given)

    def get_next(self) -> dict[str, Image] | None:
        """The next one."""
        image = next(self._given, None)
        return None if image is None else {"input": image}


def quantised_by_onnxruntime(original: Path, folder: Path, calibration: Sequence[Image]) -> Path:
    """The file that `quantize_static` makes of a float model, its normalisations folded first."""
    folded, quantised = folder / "folded.onnx", folder / "qdq.onnx"
    quant_pre_process(str(original), str(folded), skip_symbolic_shape=True)
    quantize_static(
        folded,
        quantised,
        Reader(calibration),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
    )
    return quantised


def session(path: Path) -> onnxruntime.InferenceSession:
    """The model on this CPU."""
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def cells(name: str, methods: Sequence[str], folder: Path) -> Iterator[dict[str, Any]]:
    """A network by each method: a cell for each output."""
    from support.architectures import CATALOGUE, model

    side = CATALOGUE[name].small
    original = folder / f"{name}.onnx"
    onnx.save(model(name, small=True), original)
    calibration, compared = images(side, *CALIBRATED_ON), images(side, *COMPARED_ON)
    reference = session(original)
    theirs = session(quantised_by_onnxruntime(original, folder, calibration))
    outputs = [port.name for port in reference.get_outputs()]
    real = [reference.run(None, {"input": image}) for image in compared]
    others = [theirs.run(None, {"input": image}) for image in compared]
    network = dynamap.load(original)
    plan = dynamap.plan(network, "zcu104", array=(16, 16))
    for method in methods:
        quantised = quantise(network, calibration={"input": np.concatenate(calibration)}, method=method)
        both = BothNetworks(plan, quantised, Segments())
        own = [both.int8_outputs({"input": image}) for image in compared]
        for at, output in enumerate(outputs):
            if any(np.shape(got[output]) != np.shape(want[at]) for want, got in zip(real, own, strict=True)):
                continue
            ours, runtime = OutputCounts(), OutputCounts()
            for want, got, other in zip(real, own, others, strict=True):
                ours.add(want[at], got[output])
                runtime.add(want[at], other[at])
            differences = np.subtract(ours.cosines, runtime.cosines)
            yield {
                "model": name,
                "output": output,
                "method": method,
                "ours": round(float(np.mean(ours.cosines)), 6),
                "onnxruntime": round(float(np.mean(runtime.cosines)), 6),
                "deviation": round(float(differences.std(ddof=1) / len(differences) ** 0.5), 6),
            }


def line(cell: Mapping[str, Any]) -> str:
    """A cell in words."""
    difference = cell["ours"] - cell["onnxruntime"]
    name = f"{cell['model']} {cell['output']}"
    beside = f"{cell['ours']:.4f}  onnxruntime {cell['onnxruntime']:.4f}"
    return f"{name:34} {cell['method']:10} {beside}  {difference:+.4f} +- {cell['deviation']:.4f}"


def main() -> None:
    """Measures the networks that the command line asks for, prints them and writes one file."""
    from support.architectures import CATALOGUE

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default=",".join(CATALOGUE), help="by comma")
    parser.add_argument("--methods", default="squares,minmax", help="by comma")
    given = parser.parse_args()
    methods = given.methods.split(",")
    found: list[dict[str, Any]] = []
    with TemporaryDirectory() as folder:
        for name in given.models.split(","):
            for cell in cells(name, methods, Path(folder)):
                found.append(cell)
                print(line(cell), flush=True)
    for method in methods:
        differences = [cell["ours"] - cell["onnxruntime"] for cell in found if cell["method"] == method]
        print(
            f"{method}: mean {np.mean(differences):+.4f}, worst {min(differences):+.4f} of {len(differences)} outputs"
        )
    packages = ("numpy", "onnx", "onnxruntime")
    known = provenance(
        seed=CALIBRATED_ON[0], command="python benchmarks/quantisers.py", packages=packages, sources=SOURCES
    )
    print(write_results("quantisers", {**known, "cells": found}))


if __name__ == "__main__":
    main()
