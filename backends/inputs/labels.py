"""Names of classes, and what an output says of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InputError, in_words
from dynamap.planner.network.network import Network

FloatArray = npt.NDArray[np.float32]

MOST_BYTES = 1 << 24
SHOWN = 5
_REAL = (1, 10, 11, 16)
"""ONNX' numbers of float, float16, double and bfloat16."""


@dataclass(frozen=True)
class ClassGuess:
    """A class by its index and, where labels are given, its name; probability 0 .. 1."""

    index: int
    label: str | None
    probability: float

    def document(self) -> dict[str, Any]:
        """As JSON data."""
        return {"index": self.index, "label": self.label, "probability": self.probability}


def read_labels(path: Path) -> tuple[str, ...]:
    """The names of classes, one per line in the order of their indices.

    Raises:
        InputError: the file cannot be read, is no text or is empty.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{str(path)!r} has more than {MOST_BYTES:,} bytes: it is no list of labels")
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{str(path)!r} is no text in UTF-8: give a file with one label per line") from None
    except OSError as error:
        raise InputError(f"cannot read the labels {str(path)!r}: {in_words(error)}") from None
    labels = tuple(line.strip() for line in lines)
    while labels and not labels[-1]:
        labels = labels[:-1]
    if not labels:
        raise InputError(f"{str(path)!r} is empty: give a file with one label per line")
    return labels


@dataclass(frozen=True)
class ScoredOutput:
    """An output whose largest value names a class: one for the image, or one for each of rows x columns."""

    name: str
    classes: int
    places: tuple[int, ...]


def scored_output(network: Network) -> ScoredOutput | None:
    """The model's only output, where it is a vector of at least two real values or has two channels or more."""
    known: dict[str, tuple[tuple[int | None, ...], bool]]
    if network.whole is None:
        known = {name: (network.shape_of(name), True) for name in network.outputs}
    else:
        known = {port.name: (port.shape or (), port.element_type in _REAL) for port in network.whole.outputs}
    if len(known) != 1:
        return None
    ((name, (shape, real)),) = known.items()
    sides = [side for side in shape[1:] if side is not None]
    if not real or len(sides) != len(shape[1:]) or not sides:
        return None
    if math.prod(sides) == max(sides):
        return ScoredOutput(name, max(sides), ()) if max(sides) > 1 else None
    return ScoredOutput(name, sides[0], tuple(sides[1:])) if len(sides) == 3 and sides[0] > 1 else None


def class_output(network: Network) -> str | None:
    """The output that classifies an image; None where there is none."""
    found = scored_output(network)
    return found.name if found is not None and not found.places else None


def check_labels(labels: tuple[str, ...] | None, path: Path | None, network: Network) -> None:
    """Checks that there is a label for each class.

    Raises:
        InputError: there is not, or the network does not classify.
    """
    if labels is None:
        return
    found = scored_output(network)
    if found is None:
        outputs = ", ".join(map(repr, network.outputs))
        raise InputError(f"--labels are for a network with one output of classes, and this one has {outputs}")
    if len(labels) != found.classes:
        raise InputError(
            f"{str(path)!r} has {len(labels)} labels and the output {found.name!r} {found.classes} classes: give "
            "a file with a line for each class, in the order of the output"
        )


def best_classes(values: FloatArray, labels: tuple[str, ...] | None, count: int = SHOWN) -> list[ClassGuess]:
    """The likeliest classes of an output, best first; of equal ones the first.

    An output whose values are positive and add up to one holds probabilities already, any other gets a softmax.
    """
    flat = values.ravel().astype(np.float64)
    probabilities = flat if _are_probabilities(flat) else np.exp(flat - flat.max())
    probabilities = probabilities / probabilities.sum()
    order = np.argsort(-flat, kind="stable")[:count]
    return [ClassGuess(int(i), None if labels is None else labels[i], float(probabilities[i])) for i in order]


def _are_probabilities(flat: npt.NDArray[np.float64]) -> bool:
    """Stored in 8 bits, the sum of many is off by half a step each."""
    return bool(flat.min() >= 0 and abs(float(flat.sum()) - 1) < 0.05)
