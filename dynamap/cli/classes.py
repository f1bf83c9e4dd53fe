"""What a network's answer says of classes: the likeliest ones with their probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from dynamap.planner.network.network import Network


@dataclass(frozen=True)
class RunInput:
    """What a network is given: a file, or None for a random image; and the file with the names of its classes.

    ``measured``: this machine's own time for it is wanted too.
    """

    file: Path | None = None
    labels: Path | None = None
    measured: bool = False


def classes_document(
    network: Network, outputs: Mapping[str, npt.NDArray[np.float32]], labels: tuple[str, ...] | None
) -> dict[str, Any]:
    """The key ``classes``: the five best of the output that classifies; null where there is none."""
    from dynamap.backends.inputs.labels import best_classes, class_output

    name = class_output(network)
    found = None if name is None else [guess.document() for guess in best_classes(outputs[name], labels)]
    return {"classes": found}


def class_lines(document: Mapping[str, Any]) -> list[str]:
    """A line for each of the classes."""
    return [
        f"class {entry['index']}{'' if entry['label'] is None else ' ' + entry['label']}: {entry['probability']:.2%}"
        for entry in document["classes"] or ()
    ]
