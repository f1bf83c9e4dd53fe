"""The table of a local response normalisation."""

from __future__ import annotations

import numpy as np

from dynamap.backends.arithmetic.integers import (
    LRN_BITS,
    LRN_STEPS,
    MAX_SHIFT,
    Int32Array,
    Int64Array,
    lrn_breakpoints,
)
from dynamap.cost.overlay.limits import CENTRED, LRN_OCTAVES
from dynamap.planner.network.network import Lrn, Quantisation


def lrn_table(layer: Lrn, channels: int, source: Quantisation, target: Quantisation) -> tuple[Int64Array, Int32Array]:
    """Table (octaves x 33) and shifts (one per octave) of the layer's factor; ``channels`` are the tensor's.

    table[e, i] / 2^shifts[e] = source scale / target scale * (bias + alpha / size * real sum)^-beta at the
    breakpoint; the largest entry of an octave has 25 bits. Octaves beyond the largest possible sum
    are zero. A factor of 2^25 or more becomes 2^25 - 1: an integer times either is zero or saturates.
    """
    octaves = (min(layer.size, channels) * CENTRED**2).bit_length()
    assert octaves <= LRN_OCTAVES
    sums = lrn_breakpoints()[:octaves].astype(np.float64) / LRN_STEPS * source.scale**2
    with np.errstate(all="ignore"):
        factors = (layer.bias + layer.alpha / layer.size * sums) ** -layer.beta * (source.scale / target.scale)
    factors = np.minimum(factors, 2.0**LRN_BITS)
    assert (factors >= 0).all(), "alpha and bias are not negative, and not both zero"
    table = np.zeros((LRN_OCTAVES, LRN_STEPS + 1), dtype=np.int64)
    shifts = np.zeros(LRN_OCTAVES, dtype=np.int32)
    for octave, row in enumerate(factors):
        shift = LRN_BITS - int(np.frexp(row.max())[1])
        shifts[octave] = np.clip(shift, 0, MAX_SHIFT)  # a factor too small for it is zero, and so is its product
        scaled = np.rint(np.ldexp(row, int(shifts[octave])))
        table[octave] = np.minimum(scaled, 2.0**LRN_BITS - 1).astype(np.int64)
    return table, shifts
