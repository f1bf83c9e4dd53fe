"""Arrays as files of NumPy: one as .npy, several by name as .npz."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InputError

_LONGEST_NAME = 1 << 15


def array_file(values: npt.NDArray[Any]) -> bytes:
    """An .npy file."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asanyarray(values), allow_pickle=False)
    return stream.getvalue()


def arrays_file(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """One array as .npy, several as .npz.

    The members of an .npz are named by the arrays: whatever a model calls its outputs, no name is an argument of
    ``numpy.savez``, and the same arrays give the same bytes.

    Raises:
        InputError: a name cannot be that of a member.
    """
    if len(arrays) == 1:
        return array_file(next(iter(arrays.values())))
    return named_arrays_file(arrays)


def named_arrays_file(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Any number of arrays as .npz.

    Raises:
        InputError: as `arrays_file`.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, values in arrays.items():
            if "\0" in name or len(name.encode(errors="replace")) > _LONGEST_NAME:
                raise InputError(
                    f"the output {name!r:.100} cannot be named in an .npz file: it has a NUL or more than "
                    f"{_LONGEST_NAME} bytes; rename it in the model"
                )
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(array_file(values))
    return stream.getvalue()
