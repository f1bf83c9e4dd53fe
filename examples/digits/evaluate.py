"""Accuracy of the trained digits network on the 360 test images: float, and int8 as the overlay computes it.

python examples/digits/evaluate.py
"""

from __future__ import annotations

import json
from pathlib import Path

import data
import numpy as np

import dynamap
from dynamap.backends.arithmetic.integers import quantise_values
from dynamap.backends.quantise import quantise
from dynamap.backends.quantise.calibrating import float_executor
from dynamap.backends.quantise.reference import execute
from dynamap.planner.network.network import HostLayer

MODEL = Path(__file__).with_name("digits.onnx")
CALIBRATION_IMAGES = 256


def evaluate(model: Path = MODEL, method: str = "squares") -> dict[str, object]:
    """Accuracies in percent. Calibrated on the first 256 training images."""
    digits = data.load()
    network = dynamap.load(model)
    (image,) = network.inputs
    logits = [layer for layer in network.layers if not isinstance(layer, HostLayer)][-1].output
    quantised = quantise(network, calibration={image: digits.train_images[:CALIBRATION_IMAGES]}, method=method)
    correct = {"float": 0, "int8": 0}
    agree = 0
    for pixels, label in zip(digits.test_images, digits.test_labels, strict=True):
        real = {layer.output: output for layer, _, output in float_executor.run(network, {image: pixels})}
        integers = execute(quantised, {image: quantise_values(pixels, quantised.tensors[image])}, keep=False)
        float_class, int8_class = int(np.argmax(real[logits])), int(np.argmax(integers[logits]))
        correct["float"] += float_class == label
        correct["int8"] += int8_class == label
        agree += float_class == int8_class
    count = len(digits.test_labels)
    return {
        "test_images": count,
        "parameters": network.parameters,
        "calibration": quantised.source,
        "float_accuracy_percent": round(100 * correct["float"] / count, 2),
        "int8_accuracy_percent": round(100 * correct["int8"] / count, 2),
        "same_class_percent": round(100 * agree / count, 2),
    }


if __name__ == "__main__":
    print(json.dumps([evaluate(method=method) for method in ("squares", "minmax", "percentile")], indent=2))
