"""LUTs and flip-flops of all but the array on AMD devices: both engines, their lanes, ports, records and control.

The numbers are read from parts of the RTL as Yosys maps them (docs/rtl/resources.md); whole kernels are the test.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.fitting.logic.array import OPERAND_BITS
from dynamap.cost.overlay.fitting.memory.banks import POWERS, power, weight_banks, window_banks
from dynamap.cost.overlay.machine import Machine
from dynamap.cost.overlay.transfer import Ints, ceil_ratio

MEASURED_WORD_BYTES = 64
"""Of the widest word of a kernel that was mapped."""
ENGINE_UNCERTAINTY_PERCENT, EXTRAPOLATED_UNCERTAINTY_PERCENT = 15, 25
"""With words that were measured, and with wider ones."""

Part = tuple[Ints | int, int, int]
"""How often there is something, and the LUTs and flip-flops of it."""

LEAST_PAIRS = 8
"""A unit of channels is of so many columns."""


def lane_pairs(lanes: int, columns: Ints | int) -> Ints:
    """Columns that POST serves at a time, a power of two: those that there are up to the next one, where they have so
    many lanes.

    >>> [int(lane_pairs(*sizes)) for sizes in ((128, 56), (128, 200), (32, 8))]
    [64, 64, 8]
    """
    most = POWERS[np.searchsorted(POWERS, max(LEAST_PAIRS, lanes // 2), "right") - 1]
    return np.clip(power(np.asarray(columns)), LEAST_PAIRS, most)


def engine_uncertainty_percent(machine: Machine) -> int:
    """By how much an estimate may be off."""
    return ENGINE_UNCERTAINTY_PERCENT if machine.word_bytes <= MEASURED_WORD_BYTES else EXTRAPOLATED_UNCERTAINTY_PERCENT


def engine_lut(machine: Machine, rows: Ints, columns: Ints, extras: Extras) -> Ints:
    """LUTs beside an array."""
    return _total(count * lut for count, lut, _ in _parts(machine, rows, columns, extras))


def engine_ff(machine: Machine, rows: Ints, columns: Ints, extras: Extras) -> Ints:
    """Flip-flops beside an array."""
    return _total(count * ff for count, _, ff in _parts(machine, rows, columns, extras))


def _total(counts: Iterator[Ints | int]) -> Ints:
    total: Ints = np.asarray(sum(counts), np.int64)
    return total


def _parts(machine: Machine, rows: Ints, columns: Ints, extras: Extras) -> Iterator[Part]:
    lanes = machine.lanes
    yield 1, 11_400, 16_000  # records, control, orders of both engines
    yield machine.word_bytes, 370, 350  # ports, placing, output buffers, words of planes and of pixels
    yield lanes, 440, 325  # a lane and what the vector unit has in front of it
    pairs = lane_pairs(lanes, columns)
    yield pairs, 225, 100
    if extras.sweeps:
        yield lanes, 86, 74
    if extras.normalisation:
        yield lanes, 400, 300
    if extras.winograd:
        yield lanes, 665, 660  # pixels to data
        yield pairs, 1_500, 1_170  # sums to results
    yield from _feed(machine, rows, columns, OPERAND_BITS[extras.winograd])


def _feed(machine: Machine, rows: Ints, columns: Ints, bits: int) -> Iterator[Part]:
    """What brings windows and rows of weights to the array, and turns them."""
    weights = np.maximum(rows, 2 * columns)
    yield rows * bits, 3, 3  # pads, choices
    yield weights, 16, 17  # from any byte on
    units = machine.word_units
    for banks in (window_banks(units, rows, bits), weight_banks(units, rows, columns)):
        yield banks, 100, 137
        yield banks * _stages(banks), 128, 128
    corner = power(weights)
    yield corner * bits * _stages(corner), 5, 2
    yield corner * bits, -2, 1


def _stages(places: Ints) -> Ints:
    """Of a network that turns so many places, a power of two: two bits of the turn in each."""
    return ceil_ratio(np.searchsorted(POWERS, places), 2)
