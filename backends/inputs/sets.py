"""A set of inputs: a folder of pictures, or a file of arrays. Its images are read one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dynamap.backends.inputs.images import image_array, input_for_pictures
from dynamap.backends.inputs.picture import ENDINGS, is_picture
from dynamap.backends.inputs.streams import StoredArray, named_arrays
from dynamap.backends.quantise.calibrating.calibration import CalibrationSet, Sample, checked_input
from dynamap.cost.errors import InputError, in_words
from dynamap.planner.network.network import Network
from dynamap.planner.request.preprocessing import Preprocessing

Array = npt.NDArray[Any]

LABELS = "labels"
"""The name of the array of labels in an .npz."""


class InputSet(Protocol):
    """Images in the types that the model declares, each with a batch of one, and where each comes from."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, Array]]]: ...


@dataclass(frozen=True)
class Pictures:
    """Files of pictures, all brought to the input in the same way."""

    files: tuple[Path, ...]
    network: Network
    how: Preprocessing

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, Array]]]:
        name = input_for_pictures(self.network)
        for file in self.files:
            yield str(file), {name: image_array(file, self.network, self.how)[None]}


@dataclass(frozen=True)
class Arrays:
    """Arrays of one file by the inputs that they are for; ``alone`` where they are one image without a batch."""

    path: Path
    arrays: Mapping[str, StoredArray]
    alone: bool
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, Array]]]:
        if self.alone:
            yield str(self.path), {name: array.whole() for name, array in self.arrays.items()}
            return
        walks = [array.rows() for array in self.arrays.values()]
        for index, rows in enumerate(zip(*walks, strict=True)):
            yield f"{self.path}, image {index}", {n: row[None] for n, row in zip(self.arrays, rows, strict=True)}


@dataclass(frozen=True)
class RealValues:
    """The samples of a set as float32 C x H x W, checked."""

    inputs: InputSet
    network: Network
    what: str

    def __len__(self) -> int:
        return len(self.inputs)

    def __iter__(self) -> Iterator[Sample]:
        for place, arrays in self.inputs:
            yield {n: checked_input(self.network, n, a, f"{self.what} ({place})")[0] for n, a in arrays.items()}


def open_set(path: Path, network: Network, how: Preprocessing, what: str) -> InputSet:
    """The images of a folder (of its subfolders too, in the order of their names), of a picture, an .npy or an .npz.

    Raises:
        InputError: there is nothing of the kind, or it is for other inputs; the message says what to give.
    """
    if path.is_dir():
        return Pictures(picture_files(path, what), network, how)
    if is_picture(path):
        return Pictures((path,), network, how)
    arrays = named_arrays(path, network.inputs)
    if LABELS not in network.inputs:
        arrays.pop(LABELS, None)
    return _arrays(path, arrays, network, what)


def calibration_set(path: Path, network: Network, how: Preprocessing) -> CalibrationSet:
    """The images by which a network is calibrated.

    Raises:
        InputError: as ``open_set``.
    """
    inputs = open_set(path, network, how, "calibration data")
    count = len(inputs)
    kind = "picture" if isinstance(inputs, Pictures) else "given input"
    return CalibrationSet(RealValues(inputs, network, "calibration data"), f"{count} {kind}{'s' if count > 1 else ''}")


def picture_files(folder: Path, what: str) -> tuple[Path, ...]:
    """Every file below a folder, hidden ones aside, sorted.

    Raises:
        InputError: one of them is called as no picture is, or there is none.
    """
    found = []
    for root, folders, files in os.walk(folder, onerror=_cannot_list):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(root, name) for name in files if not name.startswith(".")]
    for file in sorted(found):
        if not is_picture(file):
            raise InputError(
                f"{what}: {str(file)!r} is no picture ({', '.join(ENDINGS)}): take it out of the folder {str(folder)!r}"
            )
    if not found:
        raise InputError(
            f"{what}: the folder {str(folder)!r} has no pictures ({', '.join(ENDINGS)}): name one that has"
        )
    return tuple(sorted(found))


def _cannot_list(error: OSError) -> None:
    raise InputError(f"cannot read the folder {str(error.filename)!r}: {in_words(error)}") from None


def _arrays(path: Path, arrays: Mapping[str, StoredArray], network: Network, what: str) -> Arrays:
    wanted = ", ".join(f"{name!r}" for name in network.inputs)
    remedy = f"save it by numpy.savez with an array for each input of the network: {wanted}"
    for name in arrays:
        if name not in network.inputs:
            raise InputError(f"the {what} have an array {name!r}; the network's inputs are: {wanted}; {remedy}")
    for name in network.inputs:
        if name not in arrays:
            found = ", ".join(map(repr, arrays)) or "none"
            raise InputError(f"the {what} have no array for the input {name!r}; found: {found}; {remedy}")
    alone = {name: _one_image(arrays[name].shape, network, name) for name in network.inputs}
    counts = {name: 1 if alone[name] else arrays[name].shape[0] for name in network.inputs if arrays[name].shape}
    for name in network.inputs:
        _check_header(network, name, arrays[name], alone[name], what)
    if len(set(counts.values())) > 1 or len(set(alone.values())) > 1:
        raise InputError(f"the {what} have different numbers of samples per input: {counts}")
    ordered = {name: arrays[name] for name in network.inputs}
    return Arrays(path, ordered, next(iter(alone.values())), next(iter(counts.values())))


def _one_image(shape: tuple[int, ...], network: Network, name: str) -> bool:
    """Whether an array is one image without a batch, as ``checked_input`` sees it."""
    tensor = network.tensors[name]
    rows = tensor.height == 1 and shape[1:] == (tensor.channels, tensor.width)
    return len(shape) == 3 and not rows


def _check_header(network: Network, name: str, array: StoredArray, alone: bool, what: str) -> None:
    """Checks type and shape by an image of zeros, before any is read."""
    shape = array.shape if alone else (1, *array.shape[1:]) if array.shape and array.shape[0] else array.shape
    blank = np.broadcast_to(np.zeros((), array.dtype), shape)
    checked_input(network, name, blank, what)
