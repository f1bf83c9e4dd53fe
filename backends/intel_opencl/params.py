"""The one generated header: the numbers of every kernel, and the banks of the array's memories, as OpenCL C."""

from __future__ import annotations

from dynamap.backends.hardware.numbers import DERIVED, Number, Part, Relation, delay_lines, kernel_parts
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.hardware.spelling import opencl_header


def params_header(sizes: KernelSizes, banner: str) -> str:
    """The text of ``params.h``. ``banner``: a comment that says where it comes from."""
    return opencl_header((*kernel_parts(sizes), _banks(sizes), delay_lines(sizes)), banner)


def _banks(sizes: KernelSizes) -> Part:
    return Part(
        "Banks: memories with one per row or column of the array; aoc wants powers of two.",
        (
            Number("BANK_ROWS", _power_of_two(sizes.rows), "banks of a memory with one per row", "banks", DERIVED),
            Number(
                "BANK_COLUMNS", _power_of_two(sizes.columns), "banks of a memory with one per column", "banks", DERIVED
            ),
        ),
        (
            Relation("BANK_ROWS >= ARRAY_ROWS", "every row of the array has a bank"),
            Relation("BANK_COLUMNS >= ARRAY_COLUMNS", "every column of the array has a bank"),
            Relation("PACKING == 1", "a multiplier of an Intel device makes one product: plan with packing 1"),
        ),
    )


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()
