"""Values of TensorProtos, from the model file itself or from external data beside it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dynamap.cost.errors import InputError, in_words
from dynamap.planner.importer.drafts import Array
from dynamap.planner.importer.limits import FREE_BYTES, MAX_AXES, MAX_ELEMENTS, STORED_TIMES


class TensorReader:
    """Turns TensorProtos into arrays; external data only from files in the model's own folder."""

    def __init__(self, model: str, folder: Path | None) -> None:
        self._model = model
        self._folder = folder
        self._read: Counter[str] = Counter()  # bytes by external data file

    def array(self, tensor: onnx.TensorProto) -> Array:
        """The values of ``tensor``; without a copy where its bytes are stored as they are.

        Raises:
            InputError: its type is unknown, or its data do not fit its shape.
        """
        label = f"{self._model}: tensor {tensor.name!r}"
        if len(tensor.dims) > MAX_AXES:
            raise InputError(f"{label} has {len(tensor.dims)} dimensions, more than {MAX_AXES}; the file is damaged")
        elements = 1
        for size in tensor.dims:
            if size < 0:
                raise InputError(f"{label} has the negative dimension {size}; export the model again")
            elements *= size
        if elements > MAX_ELEMENTS:
            raise InputError(f"{label} claims {elements} elements, more than {MAX_ELEMENTS}; the file is damaged")
        try:
            if is_external(tensor):
                return self._external(tensor, label, elements)
            array: Array = numpy_helper.to_array(tensor)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise InputError(
                f"{label} of shape {list(tensor.dims)} cannot be read ({error}); "
                "the file is damaged: export or download the model again"
            ) from error
        return array

    def file(self, location: str) -> Path:
        """An external data file, which must lie in the model's own folder and must not be empty."""
        label = f"{self._model}: external data {location[:200]!r}"
        if self._folder is None:
            raise InputError(f"{label} cannot be found without the model's folder; load the model from its file")
        posix, windows = PurePosixPath(location), PureWindowsPath(location)
        if posix.is_absolute() or windows.drive or windows.root or ".." in (*posix.parts, *windows.parts):
            raise InputError(f"{label} lies outside the model's folder; move it there and save the model again")
        try:
            file = self._folder / location
            inside = file.resolve().is_relative_to(self._folder.resolve())
            there, found = file.exists(), file.is_file()
            size = file.stat().st_size if found else 0
        except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, links in a circle
            raise InputError(
                f"{label} is no name of a file ({in_words(error)}); export or download the model again"
            ) from error
        if not inside:
            raise InputError(f"{label} is a link that leads out of the model's folder; copy the file there")
        if not found:
            wrong = "is a folder or a special file" if there else "is missing"
            raise InputError(f"{label} {wrong}; put the file beside the model")
        if size == 0:
            raise InputError(f"{label} is empty; export or download the model again")
        return file

    def _external(self, tensor: onnx.TensorProto, label: str, count: int) -> Array:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
        location = location_of(tensor, self._model)
        file = self.file(location)
        available = file.stat().st_size
        size = count * dtype.itemsize
        offset = _bytes(entries.get("offset", "0"), "offset", label)
        length = _bytes(entries.get("length", str(size)), "length", label)
        if length != size or offset + size > available:
            raise InputError(
                f"{label} needs {size} bytes, but its external data says {length} bytes at {offset} "
                f"of a file of {available}; the file is truncated or belongs to another model"
            )
        self._read[location] += size
        if self._read[location] > STORED_TIMES * available + FREE_BYTES:
            raise InputError(
                f"{self._model}: tensors read the external data {location!r} more than {STORED_TIMES} times over; "
                "give each tensor its own part of the file"
            )
        try:
            return np.fromfile(file, dtype, count, offset=offset).reshape(tensor.dims)
        except OSError as error:
            raise InputError(f"{label}: its external data cannot be read: {in_words(error)}") from error


def is_external(tensor: onnx.TensorProto) -> bool:
    """True where the values of ``tensor`` lie in a file beside the model."""
    return bool(tensor.data_location == onnx.TensorProto.EXTERNAL)


def location_of(tensor: onnx.TensorProto, model: str) -> str:
    """The name of the file that holds a tensor with external data."""
    for entry in tensor.external_data:
        if entry.key == "location" and entry.value:
            return str(entry.value)
    raise InputError(f"{model}: tensor {tensor.name!r} has external data without a location")


def _bytes(text: str, what: str, label: str) -> int:
    """A number of bytes, written in decimal digits."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise InputError(f"{label}: the {what} of its external data is {text[:40]!r}, not a number of bytes")
    return int(text)
