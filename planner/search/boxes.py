"""Boxes of similar arrays, so that one bound excludes many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.cost.overlay.bounding.bounds import Sides
from dynamap.cost.overlay.transfer import Ints

STEPS_PER_OCTAVE = 12
"""A box spans rows (and columns) within a factor of about 2 ** (1 / STEPS_PER_OCTAVE)."""


@dataclass(frozen=True)
class Boxes:
    """Boxes around disjoint sets of arrays; box i holds ``arrays[starts[i] : starts[i + 1]]``."""

    rows: Sides
    columns: Sides
    arrays: Ints
    starts: Ints

    def members(self, box: int) -> Ints:
        return self.arrays[self.starts[box] : self.starts[box + 1]]


def _bins(side: Ints) -> Ints:
    """A number for each side, the same for sides that are close in proportion; small sides have one of their own."""
    edges = np.unique(np.floor(2 ** (np.arange(32 * STEPS_PER_OCTAVE) / STEPS_PER_OCTAVE)).astype(np.int64))
    return np.searchsorted(edges, side, side="right")


def partition(rows: Ints, columns: Ints) -> Boxes:
    """Every array in one box; each box is as tight as its arrays allow."""
    key = _bins(rows) * 1024 + _bins(columns)
    arrays = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[arrays], prepend=-1))
    sides = []
    for side in (rows[arrays], columns[arrays]):
        sides.append(Sides(np.minimum.reduceat(side, starts), np.maximum.reduceat(side, starts)))
    return Boxes(sides[0], sides[1], arrays, np.append(starts, len(arrays)))
