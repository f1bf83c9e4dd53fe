"""Files of arrays: what numpy.load reads is read alike, and a damaged one is refused by its name."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.inputs.streams import stored_arrays
from dynamap.cost.errors import InputError

CENTRAL = b"PK\1\2"
"""Before a member's entry in the list of an archive."""


def header(text: str, content: bytes = b"") -> bytes:
    """An .npy file of version 1.0."""
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + content


def shaped(shape: str) -> bytes:
    return header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}", bytes(96))


def archive(change: Callable[[bytearray, int], None], method: int = zipfile.ZIP_STORED) -> bytes:
    """An .npz of one array, changed; the change is told where the entry of its member in the list begins."""
    array, file = io.BytesIO(), io.BytesIO()
    np.save(array, np.arange(2000, dtype=np.float32).reshape(2, 1000))
    with zipfile.ZipFile(file, "w", method) as found:
        found.writestr("x.npy", array.getvalue())
    content = bytearray(file.getvalue())
    change(content, content.rfind(CENTRAL))
    return bytes(content)


def damaged(content: bytearray, entry: int) -> None:
    content[200:240] = b"\xff" * 40


def of_a_later_version(content: bytearray, entry: int) -> None:
    content[entry + 6] = 99


def encrypted(content: bytearray, entry: int) -> None:
    content[6] |= 1
    content[entry + 8] |= 1


def shorter_than_listed(content: bytearray, entry: int) -> None:
    struct.pack_into("<2I", content, entry + 20, 100_000, 100_000)
    struct.pack_into("<2I", content, 18, 100_000, 100_000)
    content[content.find(b"(2, 1000)") + 1] = ord("9")


FILES = {
    "deflate": archive(damaged, zipfile.ZIP_DEFLATED),
    "bzip2": archive(damaged, zipfile.ZIP_BZIP2),
    "lzma": archive(damaged, zipfile.ZIP_LZMA),
    "checksum": archive(damaged),
    "later": archive(of_a_later_version),
    "encrypted": archive(encrypted),
    "early end": archive(shorter_than_listed),
    "cut": archive(lambda content, entry: None)[:-30],
    "negative images": shaped("(-1, 3, 4)"),
    "negative rows": shaped("(2, -3, -4)"),
    "endless": shaped(f"({10**30}, 0)"),
    "open bracket": header("(((("),
    "open text": header("'''a"),
    "deep": header("-" * 9000 + "1"),
    "no header": b"text",
    "empty": b"",
}


@pytest.mark.parametrize("name", FILES)
def test_what_cannot_be_read_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(FILES[name])
    with pytest.raises(InputError, match=r"cannot read '.*x\.npz': .+; give pictures, or a file of numpy.save"):
        [array.whole() for array in stored_arrays(path).values()]


@pytest.mark.parametrize(
    "array",
    [
        np.float32(3.5),
        np.arange(5),
        np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
        np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
        np.zeros((0, 3)),
        np.zeros((3, 0)),
    ],
)
def test_arrays_are_read_as_numpy_reads_them(array: npt.NDArray[Any], tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", array)
    np.savez_compressed(tmp_path / "x.npz", x=array)
    wanted = np.load(tmp_path / "x.npy")
    for file, name in (("x.npy", None), ("x.npz", "x")):
        found = stored_arrays(tmp_path / file)
        assert list(found) == [name]
        whole = found[name].whole()
        assert (whole.shape, whole.dtype) == (wanted.shape, wanted.dtype) and np.array_equal(whole, wanted)


def test_rows_are_those_of_an_array_stored_row_by_row(tmp_path: Path) -> None:
    array = np.arange(24.0).reshape(2, 3, 4)
    np.savez(tmp_path / "x.npz", row=array, column=np.asfortranarray(array), none=np.float32(1))
    found = stored_arrays(tmp_path / "x.npz")
    assert np.array_equal(np.stack([*found["row"].rows()]), array)
    with pytest.raises(InputError, match=r"x.npz: 'column' is stored column by column: save numpy.ascontiguousarray"):
        found["column"].rows()
    with pytest.raises(InputError, match=r"x.npz: 'none' has no dimensions"):
        found["none"].rows()
