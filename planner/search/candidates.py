"""Candidate overlays of a search: arrays, and the buffers beside each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dynamap.cost.overlay.machine import Buffers
from dynamap.cost.overlay.transfer import Ints


class ArrayCandidates(Protocol):
    """Arrays of ``rows[i]`` x ``columns[i]`` PEs, and the maximal buffers that fit beside one of them.

    ``ceiling``: no buffers of any array exceed it in any size. ``buffers_within``: for all buffers of any array with so
    many rows and at least so many columns, some that are at least as large in every size.
    """

    @property
    def rows(self) -> Ints: ...

    @property
    def columns(self) -> Ints: ...

    def ceiling(self) -> Buffers: ...

    def buffers_within(self, least_rows: int, most_rows: int, least_columns: int) -> tuple[Buffers, ...]: ...

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]: ...


@dataclass(frozen=True)
class FixedCandidates:
    """One array with the buffers given: a search over it decides the mapping (and the buffers) alone."""

    rows: Ints
    columns: Ints
    buffers: tuple[Buffers, ...]

    @staticmethod
    def of(rows: int, columns: int, buffers: Iterable[Buffers]) -> FixedCandidates:
        return FixedCandidates(np.array([rows], np.int64), np.array([columns], np.int64), tuple(buffers))

    def ceiling(self) -> Buffers:
        return Buffers.covering(self.buffers)

    def buffers_within(self, least_rows: int, most_rows: int, least_columns: int) -> tuple[Buffers, ...]:
        return self.buffers

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]:
        return self.buffers
