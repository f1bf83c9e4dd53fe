"""Shapes that the detector finds in the 64 test pictures: float in onnxruntime, and int8 as the overlay computes it.

    python examples/shapes/score.py

A shape counts as found where its cell says so, with its class, and with a box of which at least half is the true one's
(intersection over union). This decoding is the work of a host behind the overlay.
"""

from __future__ import annotations

import json
from pathlib import Path

import networks
import numpy as np
import numpy.typing as npt
import onnxruntime
import pictures

import dynamap
from dynamap.backends.arithmetic.integers import dequantise_values, quantise_values
from dynamap.backends.quantise import quantise
from dynamap.backends.quantise.reference import execute

MODEL = Path(__file__).with_name("detector.onnx")
SURE, OVERLAP = 0.5, 0.5

Found = tuple[int, float, float, float]


def decoded(cells: npt.NDArray[np.float32]) -> dict[tuple[int, int], Found]:
    """(class, row, column, radius) by cell, from the 7 x 4 x 4 values of a picture."""
    found = {}
    for row, column in np.argwhere(cells[0] > SURE):
        values = cells[:, row, column]
        middle = (row + values[4]) * networks.CELL, (column + values[5]) * networks.CELL
        found[int(row), int(column)] = (1 + int(np.argmax(values[1:4])), *map(float, middle), 8 * float(values[6]))
    return found


def overlap(first: Found, second: Found) -> float:
    """Intersection over union of two square boxes."""
    sides = [
        max(
            0.0,
            min(first[axis] + first[3], second[axis] + second[3])
            - max(first[axis] - first[3], second[axis] - second[3]),
        )
        for axis in (1, 2)
    ]
    inside = sides[0] * sides[1]
    return inside / (4 * first[3] ** 2 + 4 * second[3] ** 2 - inside)


def score() -> dict[str, dict[str, float]]:
    """Precision and recall in percent, of the float model and of the int8 network."""
    network = dynamap.load(MODEL)
    calibration = pictures.draw(pictures.CALIBRATION, pictures.CALIBRATION_SEED).values
    quantised = quantise(network, calibration={"image": calibration})
    session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    (output,) = network.outputs
    right, claimed, true = {"float": 0, "int8": 0}, {"float": 0, "int8": 0}, 0
    test = pictures.draw(pictures.TEST, pictures.TEST_SEED)
    for image, objects in zip(test.values, test.objects, strict=True):
        integers = execute(quantised, {"image": quantise_values(image, quantised.tensors["image"])}, keep=False)
        outputs = {
            "float": session.run(None, {"image": image[None]})[0][0],
            "int8": dequantise_values(integers[output], quantised.tensors[output]),
        }
        wanted = {
            (row // networks.CELL, column // networks.CELL): (kind, row, column, r) for kind, row, column, r in objects
        }
        true += len(wanted)
        for name, cells in outputs.items():
            found = decoded(cells)
            claimed[name] += len(found)
            right[name] += sum(
                cell in wanted and shape[0] == wanted[cell][0] and overlap(shape, wanted[cell]) >= OVERLAP
                for cell, shape in found.items()
            )
    return {
        name: {
            "precision": round(100 * right[name] / claimed[name], 1),
            "recall": round(100 * right[name] / true, 1),
        }
        for name in right
    }


if __name__ == "__main__":
    print(json.dumps(score()))
