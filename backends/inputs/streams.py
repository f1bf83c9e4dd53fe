"""Arrays of .npy and .npz files, read row by row: a set of images need not fit the memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InputError

MEMBER = ".npy"
LARGEST_ROW_BYTES = 1 << 31


@dataclass(frozen=True)
class StoredArray:
    """An array in a file: ``member`` is its name in an .npz, None for an .npy; ``shape`` and ``dtype`` as declared."""

    path: Path
    member: str | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def rows(self) -> Iterator[npt.NDArray[Any]]:
        """What stands under each index of the first dimension, one after the other.

        Raises:
            InputError: the file ends before its last row, or cannot be read.
        """
        row = self.shape[1:]
        count = int(np.prod(row, dtype=object)) * self.dtype.itemsize
        with _reading(self.path), _opened(self.path, self.member) as stream:
            _header(stream)
            for index in range(self.shape[0]):
                content = stream.read(count)
                if len(content) != count:
                    raise InputError(f"{self.path}: the file ends in row {index} of {self.shape[0]}")
                yield np.frombuffer(content, self.dtype).reshape(row)

    def whole(self) -> npt.NDArray[Any]:
        """All of it.

        Raises:
            InputError: as ``rows``.
        """
        if not self.shape:
            raise InputError(f"{self.path}: an array without dimensions")
        rows = list(self.rows())
        return np.stack(rows) if rows else np.empty(self.shape, self.dtype)


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
            members = [name for name in found.namelist() if name.endswith(MEMBER)]
        return {name.removesuffix(MEMBER): _stored(path, name) for name in members}


def _stored(path: Path, member: str | None) -> StoredArray:
    with _opened(path, member) as stream:
        shape, in_rows, dtype = _header(stream)
    label = f"{path}: {'the array' if member is None else repr(member.removesuffix(MEMBER))}"
    if dtype.hasobject:
        raise InputError(f"{label} holds Python objects; give numbers")
    if not in_rows and len(shape) > 1:
        raise InputError(f"{label} is stored column by column: save numpy.ascontiguousarray of it")
    if int(np.prod(shape[1:], dtype=object)) * dtype.itemsize > LARGEST_ROW_BYTES:
        raise InputError(f"{label} has rows of more than 2 GiB: its first dimension must be that of the images")
    return StoredArray(path, member, shape, dtype)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the .npy format")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_column, dtype = read(stream)
    return tuple(shape), not by_column, dtype


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
    except (OSError, ValueError, EOFError, BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"cannot read {str(path)!r}: {error}; give pictures, or a file of numpy.save or numpy.savez"
        ) from None
