"""The table of a local response normalisation."""

from __future__ import annotations

import numpy as np

from dynamap.backends.arithmetic import LRN_BITS, LRN_SUM_BITS, Int64Array, lrn_breakpoints
from dynamap.cost.errors import InputError
from dynamap.planner.network import Lrn, Quantisation

LARGEST_SIZE = 2**LRN_SUM_BITS // 255**2
"""Channels that one window may sum: squares are at most 255^2."""


def lrn_table(layer: Lrn, source: Quantisation, target: Quantisation) -> tuple[Int64Array, int]:
    """Table and shift: table[k] / 2^shift = source / target scale * (bias + alpha / size * real sum)^-beta.

    One entry per breakpoint of `lrn_breakpoints`; the largest has 25 bits.

    Raises:
        InputError: the window is too large, or the function is not a positive number somewhere.
    """
    label = f"layer {layer.name!r}"
    if layer.size > LARGEST_SIZE:
        raise InputError(f"{label}: LRN over {layer.size} channels; the overlay sums at most {LARGEST_SIZE}")
    sums = lrn_breakpoints().astype(np.float64) * source.scale**2
    with np.errstate(all="ignore"):
        factors = (layer.bias + layer.alpha / layer.size * sums) ** -layer.beta * (
            source.scale / target.scale
        )
    reachable = factors[: int(np.searchsorted(lrn_breakpoints(), layer.size * 255**2, side="right")) + 1]
    if not (np.isfinite(reachable).all() and (reachable > 0).all()):
        raise InputError(
            f"{label}: (bias + alpha / size * sum)^-beta is not a positive number for every sum of squares "
            f"(alpha {layer.alpha:g}, beta {layer.beta:g}, bias {layer.bias:g}); correct these attributes"
        )
    mantissa, exponent = np.frexp(reachable.max())
    shift = LRN_BITS - int(exponent)
    if mantissa * 2**LRN_BITS > 2**LRN_BITS - 0.5:
        shift -= 1
    if not 0 <= shift <= 62:
        raise InputError(
            f"{label}: input and output scale differ by a factor of {reachable.max():.3g}; recalibrate"
        )
    table = np.zeros(len(factors), dtype=np.int64)
    table[: len(reachable)] = np.rint(np.ldexp(reachable, shift)).astype(np.int64)
    return table, shift
