"""Reading an ONNX file and its external data; every damage becomes one InputError that names the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import helper, numpy_helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer.drafts import Array

MAX_ELEMENTS = 2**29  # of one tensor; more than any layer has, less than would exhaust the machine


@dataclass(frozen=True, eq=False)
class Source:
    """A model as read, the ``label`` that messages call it by, and the name of its network.

    ``folder`` is where its external data may lie (None: nowhere).
    """

    model: onnx.ModelProto
    label: str
    name: str
    sha256: str
    folder: Path | None


def read_source(path: str | Path) -> Source:
    """Read the model file ``path``.

    The digest is the SHA-256 of the file's bytes; where the model has external data, the bytes of
    those files follow, each file once, in the order of their names.

    Raises:
        InputError: the file is missing, empty, truncated or not an ONNX model, or its external data
            lies outside its folder.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: there is no such file; give the path of an ONNX model")
    if not path.is_file():
        raise InputError(f"{path}: this is not a file; give the path of an ONNX model")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read: {error.strerror}") from error
    if not data:
        raise InputError(f"{path}: the file is empty; export or download the model again")
    digest = hashlib.sha256(data)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise InputError(
            f"{path}: the file is not an ONNX model, or it is truncated or damaged ({error}); "
            "export or download the model again"
        ) from error
    del data
    if not model.HasField("graph") or not model.graph.node:
        raise InputError(f"{path}: the file has no ONNX graph; export the model again as ONNX")
    tensors = TensorReader(str(path), path.parent)
    for location in sorted({_location(t, str(path)) for t in _tensors(model) if _is_external(t)}):
        with tensors.file(location).open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return Source(model, path.name, path.stem, digest.hexdigest(), path.parent)


class TensorReader:
    """Turns TensorProtos into arrays, from the file itself or from external data beside it."""

    def __init__(self, model: str, folder: Path | None) -> None:
        self._model = model
        self._folder = folder

    def array(self, tensor: onnx.TensorProto) -> Array:
        """The values of ``tensor``; without a copy where its bytes are stored as they are.

        Raises:
            InputError: its type is unknown, or its data do not fit its shape.
        """
        label = f"{self._model}: tensor {tensor.name!r}"
        elements = 1
        for size in tensor.dims:
            if size < 0:
                raise InputError(f"{label} has the negative dimension {size}; export the model again")
            elements *= size
        if elements > MAX_ELEMENTS:
            raise InputError(f"{label} claims {elements} elements, more than {MAX_ELEMENTS}; the file is damaged")
        try:
            if _is_external(tensor):
                return self._external(tensor, label)
            array: Array = numpy_helper.to_array(tensor)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise InputError(
                f"{label} of shape {list(tensor.dims)} cannot be read ({error}); "
                "the file is damaged: export or download the model again"
            ) from error
        return array

    def file(self, location: str) -> Path:
        """An external data file, which must lie in the model's own folder and must not be empty."""
        label = f"{self._model}: external data {location!r}"
        if self._folder is None:
            raise InputError(f"{label} cannot be found without the model's folder; load the model from its file")
        posix, windows = PurePosixPath(location), PureWindowsPath(location)
        if posix.is_absolute() or windows.drive or windows.root or ".." in (*posix.parts, *windows.parts):
            raise InputError(f"{label} lies outside the model's folder; move it there and save the model again")
        file = self._folder / location
        if not file.resolve().is_relative_to(self._folder.resolve()):
            raise InputError(f"{label} is a link that leads out of the model's folder; copy the file there")
        if not file.is_file():
            raise InputError(f"{label} is missing; put the file beside the model")
        if file.stat().st_size == 0:
            raise InputError(f"{label} is empty; export or download the model again")
        return file

    def _external(self, tensor: onnx.TensorProto, label: str) -> Array:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
        file = self.file(_location(tensor, self._model))
        offset = int(entries.get("offset", "0"))
        count = int(np.prod(tensor.dims, dtype=np.int64))
        size = count * dtype.itemsize
        length = int(entries.get("length", str(size)))
        if length != size or offset < 0 or offset + size > file.stat().st_size:
            raise InputError(
                f"{label} needs {size} bytes, but its external data says {length} bytes at {offset} "
                f"of a file of {file.stat().st_size}; the file is truncated or belongs to another model"
            )
        return np.fromfile(file, dtype, count, offset=offset).reshape(tensor.dims)


def _is_external(tensor: onnx.TensorProto) -> bool:
    return bool(tensor.data_location == onnx.TensorProto.EXTERNAL)


def _location(tensor: onnx.TensorProto, model: str) -> str:
    for entry in tensor.external_data:
        if entry.key == "location" and entry.value:
            return str(entry.value)
    raise InputError(f"{model}: tensor {tensor.name!r} has external data without a location")


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Initialisers, and the tensors that nodes carry as attributes."""
    yield from model.graph.initializer
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
