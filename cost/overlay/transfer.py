"""Cycles and bytes of memory transfers, and the runs of a stored tensor (docs/overlay.md, section 2).

Every function takes integers or int64 arrays of one shape and returns the same; sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from dynamap.cost.overlay.machine import BEAT_BYTES, BURST_WORDS, PIXEL_STEPS, UNIT_BYTES, Machine

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Format(Enum):
    """How a tensor is stored in memory."""

    C16 = "c16"
    HWC = "hwc"
    TOEPLITZ = "toeplitz"


def ceil_ratio(numerator: Ints, denominator: Ints | int) -> Ints:
    """Element-wise exact ``ceil(numerator / denominator)`` of non-negative integers."""
    return (numerator + (denominator - 1)) // denominator


def round_to(value: Ints, multiple: int) -> Ints:
    """The least multiples that are not below the values."""
    return ceil_ratio(value, multiple) * multiple


@dataclass(frozen=True)
class Runs:
    """``count`` contiguous runs of ``size`` bytes each, as one transfer."""

    count: Ints
    size: Ints

    @property
    def total(self) -> Ints:
        return self.count * self.size


def run_cycles(words: Ints) -> Ints:
    """Cycles of a run: its words, and one for each of its bursts, which end at multiples of their length."""
    return words + np.where(words > 0, (words + 2 * (BURST_WORDS - 1)) // BURST_WORDS, 0)


def transfer_cycles(machine: Machine, *parts: Runs) -> Ints:
    """Cycles that memory is occupied by one transfer made of all ``parts``."""
    x = machine.word_bytes
    ports = sum(
        (part.count * run_cycles(ceil_ratio(part.size, x)) for part in parts),
        np.zeros(1, np.int64),
    )
    total = sum((part.total for part in parts), np.zeros(1, np.int64))
    paced = ceil_ratio(total * machine.clock_khz, machine.bandwidth_bytes_per_ms)
    return np.maximum(ports, paced)


def load_cycles(machine: Machine, place: Ints, pixels: Bools | bool, *parts: Runs) -> Ints:
    """Cycles that a load occupies memory: behind ``pixels``, of hwc, the ports wait until they are placed."""
    return np.maximum(transfer_cycles(machine, *parts), np.where(pixels, place, 0))


def store_cycles(
    machine: Machine, runs: Runs, pixels: Bools | bool, channels: Ints | int, width: Ints | int, rows: Ints
) -> Ints:
    """Cycles that a store of ``rows`` rows occupies memory; words of ``pixels``, of hwc, are made step by step.

    A step takes a pixel, or a word's bytes of a longer one; what is left of a row's words behind its last pixel takes
    one for each.
    """
    x = machine.word_bytes
    size = width * channels
    row_words = ceil_ratio(round_to(np.asarray(size), BEAT_BYTES), x)
    steps = rows * (width * ceil_ratio(np.asarray(channels), x) + row_words - size // x)
    words = ceil_ratio(runs.size, x)
    made = steps + run_cycles(words) - words + PIXEL_STEPS
    return np.maximum(transfer_cycles(machine, runs), np.where(pixels, made, 0))


def plane_row_bytes(width: Ints) -> Ints:
    """Bytes of one row of one c16 plane: pixels in fours, 16 channels each."""
    return ceil_ratio(width, 4) * (4 * UNIT_BYTES)


def plane_bytes(machine: Machine, pixels: Bools | bool, rows: Ints, width: Ints | int) -> Ints:
    """Bytes of a plane in the output buffer; ``pixels``: it leaves as hwc, from where planes begin with a word."""
    size = rows * plane_row_bytes(np.asarray(width))
    return np.where(pixels, round_to(size, machine.word_bytes), size)


def c16_rows(channels: Ints, height: Ints, width: Ints, rows: Ints, *, row_by_row: bool = False) -> Runs:
    """Rows of all planes: a run per plane, one run if all rows are meant, or a run per row and plane."""
    planes = ceil_ratio(channels, UNIT_BYTES)
    row = plane_row_bytes(width)
    if row_by_row:
        return Runs(planes * rows, row)
    whole = rows == height
    return Runs(np.where(whole, 1, planes), np.where(whole, planes, 1) * rows * row)


def hwc_rows(channels: Ints, width: Ints, rows: Ints) -> Runs:
    """``rows`` rows of format hwc: one run."""
    return Runs(np.ones_like(rows), rows * round_to(width * channels, BEAT_BYTES))


def toeplitz_rows(out_width: Ints, window_bytes: Ints, rows: Ints) -> Runs:
    """``rows`` rows of windows of format toeplitz: one run."""
    return Runs(np.ones_like(rows), rows * round_to(out_width * window_bytes, BEAT_BYTES))
