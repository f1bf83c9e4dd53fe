"""What is counted over a set of images: classes that are right, outputs that are alike, and noise of layers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.planner.network.network import Layer

FloatArray = npt.NDArray[np.float32]
Classes = npt.NDArray[np.int64]

TOP = 5
MOST_DECIBELS = 120.0
"""Of a tensor without noise."""


@dataclass
class ClassCounts:
    """Over images, and places of an output: whose largest class is right, among the five largest, and the same."""

    classes: int
    places: int = 0
    labelled: int = 0
    right: dict[str, int] = field(default_factory=lambda: {"float": 0, "int8": 0})
    among: dict[str, int] = field(default_factory=lambda: {"float": 0, "int8": 0})
    same: int = 0

    def add(self, scores: dict[str, FloatArray], label: Classes | None) -> None:
        """``scores`` of the float and of the int8 network, classes x places; the class of each place."""
        best = {kind: np.argsort(-values, axis=0, kind="stable")[:TOP] for kind, values in scores.items()}
        self.places += best["float"].shape[1]
        self.same += int((best["float"][0] == best["int8"][0]).sum())
        if label is not None:
            wanted = label.reshape(1, -1)
            self.labelled += wanted.size
            for kind, found in best.items():
                self.right[kind] += int((found[:1] == wanted).sum())
                self.among[kind] += int((found == wanted).any(axis=0).sum())

    def document(self) -> dict[str, float | None]:
        """Shares of 1; null without labels, and for the five best of five classes or fewer."""
        document: dict[str, float | None] = {}
        for kind in ("float", "int8"):
            top1, top5 = self.right[kind], self.among[kind]
            document[f"top1_{kind}"] = top1 / self.labelled if self.labelled else None
            document[f"top5_{kind}"] = top5 / self.labelled if self.labelled and self.classes > TOP else None
        return document | {"agreement": self.same / self.places}


@dataclass
class OutputCounts:
    """How alike an output of the two networks is: the cosine of the angle between them, and the largest error.

    Of an output of integers (labels, indices) also the share of values that are equal.
    """

    cosines: list[float] = field(default_factory=list)
    equal: list[float] = field(default_factory=list)
    largest: float = 0.0

    def add(self, real: npt.NDArray[Any], found: npt.NDArray[Any]) -> float:
        """One image; its cosine. Two outputs of zeros are alike."""
        first, second = real.ravel().astype(np.float64), found.ravel().astype(np.float64)
        if first.size != second.size:  # of outputs whose length depends on the values
            self.cosines.append(0.0)
            return 0.0
        if real.dtype.kind in "iub":
            self.equal.append(float((first == second).mean()))
        lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
        zeros = float(not first.any() and not second.any())
        self.cosines.append(float(np.dot(first, second)) / lengths if lengths else zeros)
        self.largest = max(self.largest, float(np.abs(first - second).max(initial=0.0)))
        return self.cosines[-1]

    def document(self) -> dict[str, float | None]:
        """The mean, the worst, the largest error; the share of equal values is null for real ones."""
        return {
            "cosine": float(np.mean(self.cosines)),
            "cosine_worst": min(self.cosines),
            "max_error": self.largest,
            "equal": float(np.mean(self.equal)) if self.equal else None,
        }


@dataclass
class Noise:
    """Sums of squares of a tensor in float, and of what int8 differs by."""

    signal: float = 0.0
    noise: float = 0.0

    def add(self, real: FloatArray, found: FloatArray) -> None:
        """One image."""
        exact = real.astype(np.float64)
        self.signal += float(np.square(exact).sum())
        self.noise += float(np.square(found - exact).sum())

    @property
    def decibels(self) -> float:
        """The ratio of signal to noise; at most `MOST_DECIBELS`."""
        if not self.noise:
            return MOST_DECIBELS
        ratio = self.signal / self.noise
        if not ratio > 0:  # also where one of them is infinite, or no number
            return -MOST_DECIBELS
        return max(-MOST_DECIBELS, min(MOST_DECIBELS, 10 * math.log10(ratio)))


def layer_losses(noise: Mapping[str, Noise], layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """For each layer the ratio of its output, and what it lost of the worst of its inputs; the largest loss first."""
    losses = []
    for layer in layers:
        found = noise[layer.output].decibels
        before = min(noise[name].decibels for name in layer.inputs)
        losses.append({"name": layer.name, "snr_db": round(found, 2), "lost_db": round(before - found, 2)})
    return sorted(losses, key=lambda entry: -entry["lost_db"])
