"""The one generated header: the numbers of every kernel, and the widths of AMD's multipliers, as C++."""

from __future__ import annotations

from dynamap.backends.hardware.numbers import (
    DERIVED,
    DEVICE,
    FORMAT,
    KERNEL,
    Number,
    Part,
    Relation,
    delay_lines,
    kernel_parts,
)
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.hardware.spelling import cpp_header

WIDTHS = Part(
    "Widths: DSP48E2 multiplies 27 x 18 bits; two int8 products lie 18 bits apart.",
    (
        Number("VALUE_BITS", 18, "the operand that both products share", "bits", DEVICE),
        Number("PAIR_BITS", 27, "the operand that holds two int8 values", "bits", DEVICE),
        Number("PRODUCT_BITS", "VALUE_BITS + PAIR_BITS", "their product", "bits", DERIVED),
        Number("PACK_SHIFT", 18, "from the lower product to the upper one", "bits", KERNEL),
        Number("SUM_BITS", 40, "a Winograd sum; sums of int8 products need 36", "bits", FORMAT),
    ),
    (
        Relation("PACK_SHIFT + 9 <= PAIR_BITS", "two 9-bit values fit the 27-bit operand"),
        Relation("9 + 8 <= PACK_SHIFT", "a product of 9 by 8 bits fits below the upper product"),
    ),
)


def params_header(sizes: KernelSizes, banner: str) -> str:
    """The text of ``params.h``. ``banner``: comment lines that say where it comes from."""
    return cpp_header((*kernel_parts(sizes), WIDTHS, delay_lines(sizes)), banner)
