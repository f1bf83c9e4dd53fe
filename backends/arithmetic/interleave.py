"""Enlargement by whole factors: every pixel repeated, or pixels interleaved from groups of channels."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dynamap.cost.overlay.machine import UNIT_BYTES, round_up

Element = TypeVar("Element", bound=np.generic)


def enlarged(
    values: npt.NDArray[Element], rows: int, columns: int, channels: int, *, interleaved: bool
) -> npt.NDArray[Element]:
    """``values`` (C x H x W) as ``channels`` x (rows H) x (columns W): see ``network.Resize``.

    >>> enlarged(np.arange(2).reshape(1, 1, 2), 1, 2, 1, interleaved=False).tolist()
    [[[0, 0, 1, 1]]]
    >>> phases = np.zeros((32, 1, 2), int)
    >>> phases[0], phases[16] = [1, 2], [3, 4]
    >>> enlarged(phases, 1, 2, 1, interleaved=True).tolist()
    [[[1, 3, 2, 4]]]
    """
    if not interleaved:
        return values.repeat(rows, axis=1).repeat(columns, axis=2)
    _, height, width = values.shape
    phases = values.reshape(rows, columns, round_up(channels, UNIT_BYTES), height, width)[:, :, :channels]
    return phases.transpose(2, 3, 0, 4, 1).reshape(channels, height * rows, width * columns)
