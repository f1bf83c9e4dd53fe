"""Quant of QONNX spelled out for onnxruntime: against values by hand from its specification, and in whole runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from dynamap.backends.evidence.comparison.qonnx import in_standard_operators
from support.end_to_end import model_of, run_file, values
from support.onnx_models import run_model

DOMAIN = "qonnx.custom_op.general"


def quant(source: str, output: str, tag: str, **attributes: object) -> onnx.NodeProto:
    """A Quant by the constants of `of`."""
    inputs = [source, f"{tag} scale", f"{tag} zero", f"{tag} bits"]
    return helper.make_node("Quant", inputs, [output], domain=DOMAIN, **attributes)


def of(tag: str, scale: object, bits: int, zero: float = 0) -> dict[str, np.ndarray]:
    return {
        f"{tag} scale": np.asarray(scale, np.float32),
        f"{tag} zero": np.asarray(zero, np.float32),
        f"{tag} bits": np.asarray(bits, np.float32),
    }


@pytest.mark.parametrize(
    ("attributes", "zero", "expected"),
    [  # of -9, -1.25, -0.75, 0.75, 1.25, 9 at a scale of 0.5 (-18, -2.5, -1.5, 1.5, 2.5, 18) and 3 bits
        ({}, 0, [-4, -2, -2, 2, 2, 3]),
        ({"narrow": 1}, 0, [-3, -2, -2, 2, 2, 3]),
        ({"signed": 0}, 0, [0, 0, 0, 2, 2, 7]),
        ({"signed": 0, "narrow": 1}, 0, [0, 0, 0, 2, 2, 6]),
        ({"signed": 0}, 3, [-3, -3, -1, 1, 3, 4]),
        ({"rounding_mode": "FLOOR"}, 0, [-4, -3, -2, 1, 2, 3]),
        ({"rounding_mode": "CEIL"}, 0, [-4, -2, -1, 2, 3, 3]),
    ],
)
def test_by_hand(attributes: dict[str, object], zero: float, expected: list[float]) -> None:
    given = np.array([-9, -1.25, -0.75, 0.75, 1.25, 9], np.float32)
    model = model_of([quant("x", "y", "q", **attributes)], of("q", 0.5, 3, zero), (1, 6))
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    written = in_standard_operators(model)
    assert {node.op_type for node in written.graph.node}.isdisjoint({"Quant"})
    assert [entry.domain for entry in written.opset_import] == ["", "com.microsoft"]
    found = run_model(written, given[None])["y"]
    np.testing.assert_array_equal(found.ravel(), np.array(expected, np.float32) * np.float32(0.5))


@pytest.mark.parametrize(("bits", "channels"), [(2, True), (4, False), (8, True)])
def test_a_run_compares_with_the_original(bits: int, channels: bool, tmp_path: Path) -> None:
    scales = np.linspace(0.05, 0.2, 8, dtype=np.float32).reshape(8, 1, 1, 1) if channels else 0.1
    nodes = [
        quant("x", "a", "in"),
        quant("w", "v", "weights", narrow=1),
        helper.make_node("Conv", ["a", "v"], ["c"]),
        helper.make_node("Relu", ["c"], ["r"]),
        quant("r", "y", "out", signed=0),
    ]
    constants = {"w": values(8, 4, 3, 3), **of("in", 0.05, 8), **of("weights", scales, bits), **of("out", 0.2, bits)}
    model = model_of(nodes, constants)
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    onnx.save(model, tmp_path / "m.onnx")
    found = run_file(tmp_path / "m.onnx")
    assert found.status == 0 and found.imported["kept"], found.errors
    assert found.final["y"]["kept"] and found.final["y"]["cosine"] > 0.99


def test_other_models_are_left_as_they_are() -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])])
    assert in_standard_operators(model) is model
