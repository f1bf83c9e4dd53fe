"""The shapes: small models, the same pictures from the same seed, and int8 within one point of float."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import onnxruntime
import pytest

from support.command_line import Call
from support.repository import ROOT

SHAPES = ROOT / "examples" / "shapes"


@pytest.fixture(scope="module")
def pictures() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SHAPES))
        yield import_module("pictures")


def plan(call: Call, folder: Path, name: str) -> Path:
    options = ("--device", "pynq-z2", "--array", "8x8", "--preprocess", "unit")
    assert call("plan", SHAPES / f"{name}.onnx", *options, "-o", folder / f"{name}.json").status == 0
    return folder / f"{name}.json"


def test_models_are_small() -> None:
    assert sum((SHAPES / f"{name}.onnx").stat().st_size for name in ("segmenter", "detector")) < 200_000


def test_pictures_come_from_their_seed(pictures: ModuleType, tmp_path: Path) -> None:
    once, again, other = pictures.draw(3, 5), pictures.draw(3, 5), pictures.draw(3, 6)
    assert np.array_equal(once.pixels, again.pixels) and not np.array_equal(once.pixels, other.pixels)
    assert once.objects == again.objects and set(np.unique(once.masks)) <= {0, 1, 2, 3}
    for mask, objects in zip(once.masks, once.objects, strict=True):
        kind, row, column, _ = objects[-1]
        assert mask[row, column] == kind  # the last one lies on top


def test_a_class_for_each_pixel(pictures: ModuleType, tmp_path: Path, call: Call) -> None:
    """Float by onnxruntime: the share of pixels by hand; int8 within one point of it."""
    shapes = pictures.draw(8, pictures.TEST_SEED)
    np.savez(tmp_path / "test.npz", image=shapes.values, labels=shapes.masks)
    np.save(tmp_path / "calibration.npy", pictures.draw(8, pictures.CALIBRATION_SEED).values)
    data = ("--data", tmp_path / "test.npz", "--calibration", tmp_path / "calibration.npy")
    done = call("evaluate", plan(call, tmp_path, "segmenter"), *data, "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    session = onnxruntime.InferenceSession(SHAPES / "segmenter.onnx", providers=["CPUExecutionProvider"])
    classes = [session.run(None, {"image": image[None]})[0][0].argmax(axis=0) for image in shapes.values]
    assert found["top1_float"] == pytest.approx((np.stack(classes) == shapes.masks).mean())
    assert found["top1_float"] > 0.97 and abs(found["top1_float"] - found["top1_int8"]) < 0.01
    assert found["top5_float"] is None and found["agreement"] > 0.99


def test_a_grid_of_cells(pictures: ModuleType, tmp_path: Path, call: Call) -> None:
    """Its seven channels are no classes: outputs are compared alone."""
    np.savez(tmp_path / "test.npz", image=pictures.draw(4, pictures.TEST_SEED).values)
    data = ("--data", tmp_path / "test.npz", "--calibration", tmp_path / "test.npz")
    found = json.loads(call("evaluate", plan(call, tmp_path, "detector"), *data, "--json").out)
    assert found["agreement"] is None and found["top1_float"] is None and not found["labelled"]
    assert found["cosine_worst"] > 0.999


def test_shapes_are_found_in_int8_as_in_float(pictures: ModuleType) -> None:
    found = import_module("score").score()
    assert found["float"]["precision"] > 75 and found["float"]["recall"] > 70
    for name in ("precision", "recall"):
        assert abs(found["float"][name] - found["int8"][name]) < 3
