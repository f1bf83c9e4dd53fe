"""The hardware multipliers that a processing element can be made of, and what fits into one.

Two int8 products that share an operand fit one multiplier if its wide side takes both other
operands, the upper one shifted by ``packing_shift`` bits, with the lower product's sum
staying inside the lower field:  P = ((w1 << 18) + w0) * a;  w0 a = the signed low 18 bits of
P;  w1 a = (P - w0 a) >> 18. A DSP48E2 has the 27 bits that this takes. A DSP48E1 has 25: the
field would be 16 bits, with no bit left to accumulate.

Sources: AMD/Xilinx WP486, "Deep Learning with INT8 Optimization on Xilinx Devices"; UG579
(DSP48E2, 27 x 18); UG479 (DSP48E1, 25 x 18); Intel Arria 10 and Stratix 10 variable-precision
DSP block user guides (two 18 x 19 multipliers or one 27 x 27 per block).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Multiplier:
    """One hardware multiplier: the widths of its signed operands, and how many make a block.

    ``packing_shift`` is the distance in bits between two packed int8 operands, None where two
    products do not fit.
    """

    name: str
    wide_bits: int
    narrow_bits: int
    per_block: int
    packing_shift: int | None = None

    def __post_init__(self) -> None:
        if self.packing_shift is not None and self.wide_bits < self.packing_shift + 9:
            raise ValueError(f"{self.name}: (w1 << {self.packing_shift}) + w0 does not fit {self.wide_bits} bits")

    @property
    def packs_int8(self) -> bool:
        """Whether it computes two int8 products that share an operand at once."""
        return self.packing_shift is not None

    @property
    def int8_products(self) -> int:
        """int8 products per cycle."""
        return 2 if self.packs_int8 else 1

    def packed_accumulations(self, largest_product: int = 128 * 128) -> int:
        """Products that add up exactly in the low field of a packed sum; 0 without packing.

        The low field holds -2^(shift-1) .. 2^(shift-1) - 1: 7 products of the full int8 range
        (7 * 16384 = 114688 < 131072), 8 where both operands stay within -127 .. 127.
        """
        if self.packing_shift is None:
            return 0
        return ((1 << (self.packing_shift - 1)) - 1) // largest_product

    def holds(self, first_bits: int, second_bits: int) -> bool:
        """Whether one product of signed operands of these widths fits.

        A Winograd product of int8 data takes 10 x 12 bits for F(2,3), 15 x 14 for F(4,3) and 14 x 12 for F(5,4):
        every multiplier here holds one, and none holds two.
        """
        wide, narrow = max(first_bits, second_bits), min(first_bits, second_bits)
        return wide <= self.wide_bits and narrow <= self.narrow_bits


DSP48E2 = Multiplier("dsp48e2", 27, 18, per_block=1, packing_shift=18)
"""AMD UltraScale and UltraScale+."""

DSP48E1 = Multiplier("dsp48e1", 25, 18, per_block=1)
"""AMD 7 series."""

INTEL_18X19 = Multiplier("intel-18x19", 19, 18, per_block=2)
"""Intel Arria 10 and Stratix 10: half a DSP block. (As one 27 x 27 a block could pack a pair: no gain.)"""

MULTIPLIERS: Mapping[str, Multiplier] = MappingProxyType({m.name: m for m in (DSP48E2, DSP48E1, INTEL_18X19)})
