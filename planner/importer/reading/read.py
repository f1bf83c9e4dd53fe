"""Reading an ONNX file and its external data; every damage becomes one InputError that names the file."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from dynamap.cost.errors import InputError, in_words
from dynamap.planner.importer.reading.tensors import TensorReader, is_external, location_of
from dynamap.planner.importer.reading.walk import tensors_of

_PROTOBUF_BYTES = 2**31  # more cannot be in one message


@dataclass(frozen=True, eq=False)
class Source:
    """A model as read, the ``label`` that messages call it by, and the name of its network.

    ``folder`` is where its external data may lie (None: nowhere); ``stored_bytes`` is the size of its files.
    """

    model: onnx.ModelProto
    label: str
    name: str
    sha256: str
    folder: Path | None
    stored_bytes: int


def in_memory(model: onnx.ModelProto, name: str, sha256: str) -> Source:
    """A model that no file holds; its constants count as large as they say."""
    stored = sum(4 * math.prod(tensor.dims) for tensor in model.graph.initializer)
    return Source(model, name, name, sha256, None, stored)


def read_source(path: str | Path) -> Source:
    """Read the model file ``path``.

    The digest is the SHA-256 of the file's bytes; where the model has external data, the bytes of
    those files follow, each file once, in the order of their names.

    Raises:
        InputError: the file is missing, empty, truncated or not an ONNX model, or its external data
            lies outside its folder.
    """
    path = Path(path)
    try:
        if not path.exists():
            raise InputError(f"{path}: there is no such file; give the path of an ONNX model")
        if not path.is_file():
            raise InputError(f"{path}: this is not a file; give the path of an ONNX model")
        if path.stat().st_size >= _PROTOBUF_BYTES:
            raise InputError(f"{path}: an ONNX file has less than 2 GiB; save the weights as external data")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read: {in_words(error)}") from error
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
    stored = len(data)
    del data
    if not model.HasField("graph") or not model.graph.node:
        raise InputError(f"{path}: the file has no ONNX graph; export the model again as ONNX")
    tensors = TensorReader(str(path), path.parent)
    locations = {location_of(t, str(path)) for t in tensors_of(model, str(path)) if is_external(t)}
    for location in sorted(locations):
        file = tensors.file(location)
        stored += file.stat().st_size
        try:
            with file.open("rb") as stream:
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
        except OSError as error:
            raise InputError(f"{path}: the external data {location!r} cannot be read: {in_words(error)}") from error
    return Source(model, path.name, path.stem, digest.hexdigest(), path.parent, stored)
