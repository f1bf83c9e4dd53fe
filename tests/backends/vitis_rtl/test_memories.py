"""The memory blocks of a kernel, as counted and as Yosys maps them."""

from __future__ import annotations

import pytest

from dynamap.backends.vitis_rtl.program.memories import KernelMemory, blocks_of
from dynamap.backends.vitis_rtl.synthesis import synthesise


@pytest.mark.parametrize(
    ("bits", "depth", "halves"),
    [  # UG573: 36 x 512 of half a block, 72 x 512 of one; half as wide and twice as deep, with bits of parity down to 9
        (8, 256, 1),
        (64, 4, 2),
        (64, 1024, 4),
        (96, 512, 3),
        (128, 512, 4),
        (128, 2048, 15),  # fifteen columns of 9 bits
        (128, 4096, 30),
        (144, 2048, 16),
        (57, 1024, 4),
    ],
)
def test_halves_of_blocks(bits: int, depth: int, halves: int) -> None:
    assert KernelMemory("", 1, bits, depth).half_blocks == halves


@pytest.mark.parametrize(("bits", "depth"), [(64, 256), (128, 2048), (144, 512)])
def test_a_bank_as_it_is_mapped(bits: int, depth: int) -> None:
    found = synthesise("buffer_bank", {"Bits": bits, "Depth": depth})
    assert (found.bram36, found.uram) == (blocks_of([KernelMemory("", 1, bits, depth)]), 0)
