"""The hardware multipliers that a processing element can be made of, and what fits into one.

Two int8 products that share an operand fit one multiplier if its wide side takes both other
operands, the upper one shifted by s bits, with the lower product's sum staying inside the lower
field:  P = ((w1 << s) + w0) * a;  w0 a = the signed low s bits of P;  w1 a = (P - w0 a) >> s.
`pair_shift` derives s from the wide side, `exact_products` how many products such a field sums
(docs/arithmetic.md, section 8).

Sources: AMD/Xilinx WP486, "Deep Learning with INT8 Optimization on Xilinx Devices"; UG579
(DSP48E2, 27 x 18); UG479 (DSP48E1, 25 x 18); Intel Arria 10 and Stratix 10 variable-precision
DSP block user guides (two 18 x 19 multipliers or one 27 x 27 per block).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

LARGEST_PRODUCT = 127 * 128
"""Of int8 operands where that of one side is never -128, as weights that were quantised here."""

LEAST_PRODUCTS = 4
"""That a packed sum must hold: each is cut and added in logic, which would outgrow the array with fewer."""


def exact_products(shift: int, largest_product: int = LARGEST_PRODUCT) -> int:
    """Products of which any sum stays in the low field, -2^(shift-1) .. 2^(shift-1) - 1."""
    return ((1 << (shift - 1)) - 1) // largest_product


def pair_shift(wide_bits: int) -> int | None:
    """The bits between two int8 operands on a wide side, None where it has no room for a pair.

    The upper operand takes 8 bits above the lower field, and a ninth for what a negative lower operand borrows. Where
    that leaves too few for the field, the lower operand is lifted by 128, so that it never borrows, and what this adds
    to the sum is taken away again.

    >>> pair_shift(27), pair_shift(25), pair_shift(19)
    (18, 17, None)
    """
    for shift in (wide_bits - 9, wide_bits - 8):
        if exact_products(shift) >= LEAST_PRODUCTS:
            return shift
    return None


def lifts(wide_bits: int) -> bool:
    """Whether the lower operand of a pair is lifted by 128."""
    return pair_shift(wide_bits) == wide_bits - 8


@dataclass(frozen=True)
class Multiplier:
    """One hardware multiplier: the widths of its signed operands, and how many make a block."""

    name: str
    wide_bits: int
    narrow_bits: int
    per_block: int

    @property
    def packing_shift(self) -> int | None:
        """Bits between two packed int8 operands, None where two products do not fit."""
        return pair_shift(self.wide_bits)

    @property
    def packs_int8(self) -> bool:
        """Whether it computes two int8 products that share an operand at once."""
        return self.packing_shift is not None

    @property
    def int8_products(self) -> int:
        """int8 products per cycle."""
        return 2 if self.packs_int8 else 1

    @property
    def group_rows(self) -> int:
        """Rows of an array whose sums run down one cascade of pairs, with weights of -127 to 127; 1 without packing."""
        return 1 if self.packing_shift is None else exact_products(self.packing_shift)

    def holds(self, first_bits: int, second_bits: int) -> bool:
        """Whether one product of signed operands of these widths fits.

        A Winograd product of int8 data takes 10 x 12 bits for F(2,3), 15 x 14 for F(4,3) and 14 x 12 for F(5,4):
        every multiplier here holds one, and none holds two.
        """
        wide, narrow = max(first_bits, second_bits), min(first_bits, second_bits)
        return wide <= self.wide_bits and narrow <= self.narrow_bits


DSP48E2 = Multiplier("dsp48e2", 27, 18, per_block=1)
"""AMD UltraScale and UltraScale+."""

DSP48E1 = Multiplier("dsp48e1", 25, 18, per_block=1)
"""AMD 7 series."""

INTEL_18X19 = Multiplier("intel-18x19", 19, 18, per_block=2)
"""Intel Arria 10 and Stratix 10: half a DSP block. (As one 27 x 27 a block could pack a pair: no gain.)"""

MULTIPLIERS: Mapping[str, Multiplier] = MappingProxyType({m.name: m for m in (DSP48E2, DSP48E1, INTEL_18X19)})
