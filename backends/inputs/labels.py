"""Names of classes, and what an output says of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InputError
from dynamap.planner.network.network import Network

FloatArray = npt.NDArray[np.float32]

_FLOAT = 1  # as ONNX numbers the types of elements
MOST_BYTES = 1 << 24
SHOWN = 5


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
        raise InputError(f"cannot read the labels {str(path)!r}: {error.strerror or error}") from None
    labels = tuple(line.strip() for line in lines)
    while labels and not labels[-1]:
        labels = labels[:-1]
    if not labels:
        raise InputError(f"{str(path)!r} is empty: give a file with one label per line")
    return labels


def class_output(network: Network) -> str | None:
    """The output that classifies: the only one, where it is a vector of at least two; None where there is none."""
    outputs = _outputs(network)
    if len(outputs) != 1:
        return None
    ((name, shape),) = outputs.items()
    return name if shape and math.prod(shape) == max(shape) >= 2 else None


def _outputs(network: Network) -> dict[str, tuple[int, ...]]:
    """The shapes of the model's outputs of real values; empty where one is open or of choices."""
    if network.whole is None:
        return {name: tuple(network.tensors[name].as_list()) for name in network.outputs}
    found = {}
    for port in network.whole.outputs:
        sizes = tuple(size for size in port.shape or () if size is not None)
        known = port.shape is not None and len(sizes) == len(port.shape)
        found[port.name] = sizes if known and port.element_type == _FLOAT else ()
    return found


def check_labels(labels: tuple[str, ...] | None, path: Path | None, network: Network) -> None:
    """Checks that there is a label for each class.

    Raises:
        InputError: there is not, or the network does not classify.
    """
    if labels is None:
        return
    name = class_output(network)
    if name is None:
        outputs = ", ".join(map(repr, _outputs(network)))
        raise InputError(f"--labels are for a network with one output of classes, and this one has {outputs}")
    count = math.prod(_outputs(network)[name])
    if len(labels) != count:
        raise InputError(f"{str(path)!r} has {len(labels)} labels and the output {name!r} {count} classes")


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
