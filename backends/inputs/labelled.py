"""A set of images with the class of each: folders named after classes, or an array of labels in an .npz."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.inputs.labels import ScoredOutput, scored_output
from dynamap.backends.inputs.sets import LABELS, InputSet, Pictures, open_set
from dynamap.backends.inputs.streams import stored_arrays
from dynamap.cost.errors import InputError
from dynamap.planner.network.network import Network
from dynamap.planner.request.preprocessing import Preprocessing

Classes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """Images and their classes: one each, or one for each row and column of the output; None where there are none."""

    inputs: InputSet
    classes: Classes | None


def open_labelled(
    path: Path, network: Network, front: Network, how: Preprocessing, labels: Sequence[str] | None
) -> LabelledSet:
    """A folder or file as ``open_set`` takes it, with the classes that its folders or its array ``labels`` give.

    ``front`` has the inputs of the model, ``network`` its outputs; ``labels`` are the names of the classes in their
    order, where the user gives them.

    Raises:
        InputError: as ``open_set``; or the classes are not those of the network.
    """
    inputs = open_set(path, front, how, "data")
    scored = scored_output(network)
    if isinstance(inputs, Pictures):
        found = _of_folders(path, inputs.files, scored, labels) if path.is_dir() else None
    else:
        found = _of_array(path, front, scored, len(inputs))
    return LabelledSet(inputs, found)


def _of_folders(
    root: Path, files: Sequence[Path], scored: ScoredOutput | None, labels: Sequence[str] | None
) -> Classes | None:
    """By the first folder below ``root`` in which each file lies."""
    parts = [file.relative_to(root).parts for file in files]
    folders = sorted({part[0] for part in parts if len(part) > 1})
    if not folders or scored is None:
        return None
    for file, part in zip(files, parts, strict=True):
        if len(part) == 1:
            raise InputError(
                f"{str(file)!r} lies in no folder of a class, and others do: put every picture into the folder of its "
                "class, or all of them beside each other"
            )
    if scored.places:
        raise InputError(
            f"{str(root)!r} has a folder per class, and the output {scored.name!r} has classes for each place: "
            "give an .npz with labels of N x rows x columns, or pictures without folders"
        )
    indices = _class_indices(root, folders, scored.classes, labels)
    return np.array([indices[part[0]] for part in parts], np.int64)


def _class_indices(root: Path, folders: Sequence[str], count: int, labels: Sequence[str] | None) -> Mapping[str, int]:
    if labels is not None:
        for folder in folders:
            if folder not in labels:
                raise InputError(f"{str(root / folder)!r} is named after no class of the labels ({_some(labels)})")
        return {folder: list(labels).index(folder) for folder in folders}
    if all(folder.isascii() and folder.isdigit() for folder in folders):
        for folder in folders:
            if int(folder) >= count:
                raise InputError(f"{str(root / folder)!r}: the network has the classes 0 to {count - 1}")
        return {folder: int(folder) for folder in folders}
    if len(folders) != count:
        raise InputError(
            f"{str(root)!r} has {len(folders)} folders ({_some(folders)}) and the network {count} classes: say "
            "which is which by --labels, or name the folders by their numbers"
        )
    return {folder: index for index, folder in enumerate(folders)}


def _of_array(path: Path, network: Network, scored: ScoredOutput | None, images: int) -> Classes | None:
    stored = stored_arrays(path).get(LABELS)
    if stored is None or LABELS in network.inputs:
        return None
    if scored is None:
        raise InputError(f"{path}: there are labels, and the network has no single output of classes")
    labels: npt.NDArray[Any] = stored.whole()
    count, places = scored.classes, scored.places
    wanted = "x".join(map(str, (images, *places)))
    if not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"{path}: the labels are of type {labels.dtype}; give integers, the numbers of the classes")
    if labels.shape != (images, *places):
        raise InputError(
            f"{path}: the labels have the shape {list(labels.shape)}, and the images need {wanted}: save the number of "
            f"a class for each {'place of each image' if places else 'image'}, in their order"
        )
    if labels.min() < 0 or labels.max() >= count:
        raise InputError(
            f"{path}: the labels are from {labels.min()} to {labels.max()}, and the network has the classes 0 to "
            f"{count - 1}: number the classes from 0, in the order of the output"
        )
    return labels.astype(np.int64)


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
