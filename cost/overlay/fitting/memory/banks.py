"""Banks of a kernel's buffers: how many there are beside an array, and how deep (docs/overlay.md, section 9).

The RTL is made of the same numbers. A buffer lies in banks of 16 bytes, a power of two, each at an address of its own.
"""

from __future__ import annotations

import numpy as np

from dynamap.cost.overlay.machine import UNIT_BYTES
from dynamap.cost.overlay.transfer import Ints, ceil_ratio

POWERS = 1 << np.arange(48)
"""Of two."""

LEAST_DEPTH = 4
LEAST_VECTOR_BANKS = 4

NEIGHBOURS = 2
"""Units beside those of the lanes that a normalisation needs in the same cycle."""


def power(number: Ints | int) -> Ints:
    """The least power of two that is no less."""
    found: Ints = POWERS[np.searchsorted(POWERS, number)]
    return found


def window_banks(word_units: int, rows: Ints | int, operand_bits: int) -> Ints:
    """Banks of the input buffer: they take a word and give a window in a cycle.

    With as many as if every window began inside a unit, so that more rows never have fewer.
    """
    return power(np.maximum(word_units, _touched(np.asarray(rows) * operand_bits // 8)))


def weight_banks(word_units: int, rows: Ints | int, columns: Ints | int) -> Ints:
    """Banks of the weight buffer: they take a word and give, from any byte on, two values for each column, or a
    channel's for each row."""
    return power(np.maximum(word_units, _touched(np.maximum(2 * np.asarray(columns), rows))))


def _touched(size: Ints) -> Ints:
    """Units that so many bytes may touch, from any one on."""
    return (size + 2 * (UNIT_BYTES - 1)) // UNIT_BYTES


def vector_lanes(lanes: int, word_units: int) -> int:
    """Lanes that the vector unit uses: a power of two of planes of 16, no more than a word has units."""
    return UNIT_BYTES << (min(lanes // UNIT_BYTES, word_units).bit_length() - 1)


def vector_banks(lanes: int, word_units: int, *, normalises: bool) -> int:
    """Banks of the vector unit's input buffer, and of its resident one."""
    kept = vector_lanes(lanes, word_units) // UNIT_BYTES + NEIGHBOURS * normalises
    return int(power(max(LEAST_VECTOR_BANKS, word_units, kept)))


def depth(size: Ints | int, banks: Ints | int) -> Ints:
    """Units of each bank of a buffer of so many bytes."""
    return power(np.maximum(LEAST_DEPTH, ceil_ratio(np.asarray(size), UNIT_BYTES * np.asarray(banks))))


def word_depth(size: Ints | int, word_bytes: int) -> Ints:
    """Words of a buffer of so many bytes."""
    return power(np.maximum(LEAST_DEPTH, ceil_ratio(np.asarray(size), np.asarray(word_bytes))))
