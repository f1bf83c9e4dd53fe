"""Arrays of .npy and .npz files, whole or row by row: a set of images need not fit the memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InputError, in_words

MEMBER = ".npy"
LARGEST_ROW_BYTES = 1 << 31

_UNREADABLE = (
    OSError,  # opening and reading a file
    ValueError,  # a header that describes no array, bytes that are no values of its type
    BadZipFile,  # the list of an archive's members, and their checksums
    NotImplementedError,  # an archive of a later version of its format
    RuntimeError,  # a member behind a password
    EOFError,  # a member that is shorter than the list says
    zlib.error,  # a member whose compressed bytes are damaged
)
"""What reading raises where the file is to blame."""


@dataclass(frozen=True)
class StoredArray:
    """An array in a file: ``member`` is its name in an .npz, None for an .npy; ``shape`` and ``dtype`` as declared.

    ``by_column``: its first index runs fastest.
    """

    path: Path
    member: str | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    by_column: bool

    @property
    def label(self) -> str:
        """The array, as a message begins."""
        return f"{self.path}: {'the array' if self.member is None else repr(self.member.removesuffix(MEMBER))}"

    def rows(self) -> Iterator[npt.NDArray[Any]]:
        """What stands under each index of the first dimension, one after the other.

        Raises:
            InputError: the array has no rows or not one after the other, the file ends before its last row, or it
                cannot be read.
        """
        if not self.shape:
            raise InputError(f"{self.label} has no dimensions")
        if self.by_column:
            raise InputError(f"{self.label} is stored column by column: save numpy.ascontiguousarray of it")
        return self._rows(self.shape)

    def whole(self) -> npt.NDArray[Any]:
        """All of it.

        Raises:
            InputError: the file ends before the array, or cannot be read.
        """
        stored = self.shape[::-1] if self.by_column else self.shape
        with _reading(self.path):
            values = np.empty(stored, self.dtype) if 0 in stored else np.stack([*self._rows(stored or (1,))])
            return values.reshape(stored).T if self.by_column else values.reshape(stored)

    def _rows(self, shape: tuple[int, ...]) -> Iterator[npt.NDArray[Any]]:
        """Rows of the bytes as an array of ``shape``."""
        row = shape[1:]
        count = int(np.prod(row, dtype=object)) * self.dtype.itemsize
        with _reading(self.path), _opened(self.path, self.member) as stream:
            _header(stream)
            for index in range(shape[0]):
                content = stream.read(count)
                if len(content) != count:
                    raise InputError(f"{self.path}: the file ends in row {index} of {shape[0]}")
                yield np.frombuffer(content, self.dtype).reshape(row)


def stored_arrays(path: Path) -> dict[str | None, StoredArray]:
    """The arrays of an .npz by name, or that of an .npy under None; only their headers are read.

    Raises:
        InputError: the file is neither, or one of its arrays cannot be read in rows.
    """
    with _reading(path):
        with path.open("rb") as file:
            archive = file.read(2) == b"PK"
        if not archive:
            return {None: _stored(path, None)}
        with ZipFile(path) as found:
            members = [member for member in found.infolist() if member.filename.endswith(MEMBER)]
        for member in members:
            if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise ValueError(f"{member.filename!r} is compressed as numpy does not do it")
        names = [member.filename for member in members]
        return {name.removesuffix(MEMBER): _stored(path, name) for name in names}


def named_arrays(path: Path, names: tuple[str, ...]) -> dict[str, StoredArray]:
    """The arrays of an .npz by name, or that of an .npy for the only one of ``names``.

    Raises:
        InputError: as ``stored_arrays``; or there are several names for one array.
    """
    found = stored_arrays(path)
    if None in found and len(names) != 1:
        raise InputError(f"{str(path)!r} holds one array and the network has {len(names)} inputs: use .npz")
    return {names[0] if name is None else name: array for name, array in found.items()}


def _stored(path: Path, member: str | None) -> StoredArray:
    with _opened(path, member) as stream:
        shape, by_column, dtype = _header(stream)
    array = StoredArray(path, member, shape, dtype, by_column and len(shape) > 1)
    if dtype.hasobject:
        raise InputError(f"{array.label} holds Python objects; give numbers")
    for row in (shape[1:], shape[:-1] if array.by_column else ()):
        if int(np.prod(row, dtype=object)) * dtype.itemsize > LARGEST_ROW_BYTES:
            raise InputError(f"{array.label} has rows of more than 2 GiB: its first dimension must be the images'")
    return array


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the .npy format")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, by_column, dtype = read(stream)
    except (TokenError, MemoryError, RecursionError):  # of Python's parser, by which NumPy reads a header
        raise ValueError("its header describes no array") from None
    if any(side < 0 for side in shape):
        raise ValueError(f"its header has the shape {list(shape)}")
    return tuple(map(int, shape)), by_column, dtype


@contextmanager
def _opened(path: Path, member: str | None) -> Iterator[IO[bytes]]:
    if member is None:
        with path.open("rb") as file:
            yield file
    else:
        with ZipFile(path) as archive, archive.open(member) as stream:
            yield stream


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except _UNREADABLE as error:
        reason = "it ends too early" if isinstance(error, EOFError) else in_words(error)
        raise InputError(
            f"cannot read {str(path)!r}: {reason}; give pictures, or a file of numpy.save or numpy.savez"
        ) from None
