"""The trained example: int8 accuracy within one point of float, in our executor and in onnxruntime."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import numpy as np
import pytest

from dynamap.backends.arithmetic.integers import quantise_values
from dynamap.backends.evidence.comparison.onnx_compare import compare_layers
from dynamap.backends.evidence.comparison.qdq import to_qdq
from dynamap.backends.quantise import quantise
from dynamap.backends.quantise.reference import execute
from dynamap.planner.importer import load_model
from support.repository import DIGITS


@pytest.fixture(scope="module")
def example() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DIGITS))
        yield import_module("evaluate")


def test_model_is_small() -> None:
    assert (DIGITS / "digits.onnx").stat().st_size < 300_000


def test_accuracy(example: ModuleType) -> None:
    report = example.evaluate()
    assert report["test_images"] == 360
    assert report["float_accuracy_percent"] >= 97
    assert abs(report["float_accuracy_percent"] - report["int8_accuracy_percent"]) <= 1


def test_onnxruntime_is_as_accurate_on_the_exported_model(example: ModuleType) -> None:
    import onnxruntime

    digits = example.data.load()
    network = load_model(DIGITS / "digits.onnx")
    quantised = quantise(network, calibration={"image": digits.train_images[:256]})
    session = onnxruntime.InferenceSession(to_qdq(quantised).SerializeToString(), providers=["CPUExecutionProvider"])
    found = [int(np.argmax(session.run(None, {"image": image[None]})[0])) for image in digits.test_images]
    accuracy = 100 * float(np.mean(np.array(found) == digits.test_labels))
    assert abs(accuracy - example.evaluate()["int8_accuracy_percent"]) <= 0.6  # two images


def test_every_layer_on_real_images(example: ModuleType) -> None:
    digits = example.data.load()
    network = load_model(DIGITS / "digits.onnx")
    quantised = quantise(network, calibration={"image": digits.train_images[:256]})
    for image in digits.test_images[:5]:
        tensors = execute(quantised, {"image": quantise_values(image, quantised.tensors["image"])})
        assert max(result.max_lsb for result in compare_layers(quantised, tensors)) <= 1
