"""What fits into one hardware multiplier, checked by computing with its bit widths."""

from __future__ import annotations

import random

import pytest

from dynamap.cost.multiplier import DSP48E1, DSP48E2, INTEL_18X19, MULTIPLIERS, Multiplier


def _signed_low_field(value: int, bits: int) -> int:
    low = value & ((1 << bits) - 1)
    return low - (1 << bits) if low >> (bits - 1) else low


def test_packing_is_exact_for_as_many_products_as_claimed() -> None:
    """Sums of packed products split into the two true sums: the extremes and random vectors."""
    generator = random.Random(1)
    depth = DSP48E2.packed_accumulations()
    vectors = [[(-128, -128, -128)] * depth, [(-128, 127, -128)] * depth, [(127, -128, 127)] * depth]
    vectors += [[tuple(generator.randint(-128, 127) for _ in range(3)) for _ in range(depth)] for _ in range(500)]
    for vector in vectors:
        packed = sum(((w1 << 18) + w0) * a for w0, w1, a in vector)
        low = _signed_low_field(packed, 18)
        assert low == sum(w0 * a for w0, _, a in vector)
        assert (packed - low) >> 18 == sum(w1 * a for _, w1, a in vector)


def test_one_product_more_than_claimed_overflows_the_low_field() -> None:
    depth = DSP48E2.packed_accumulations() + 1
    packed = depth * -128 * -128  # w1 = 0
    assert _signed_low_field(packed, 18) != packed


def test_packed_operand_fits_the_wide_side() -> None:
    extremes = [(w1 << 18) + w0 for w1 in (-128, 127) for w0 in (-128, 127)]
    assert min(extremes) >= -(1 << 26) and max(extremes) < 1 << 26  # 27 bits signed
    assert min(extremes) < -(1 << 24)  # but not 25 bits, the DSP48E1


def test_accumulations() -> None:
    assert DSP48E2.packed_accumulations() == 7  # 7 * 16384 = 114688 <= 131071 < 8 * 16384
    assert DSP48E2.packed_accumulations(127 * 128) == 8  # 8 * 16256 = 130048, weights within -127 .. 127
    assert DSP48E1.packed_accumulations() == 0


@pytest.mark.parametrize(("multiplier", "products"), [(DSP48E2, 2), (DSP48E1, 1), (INTEL_18X19, 1)])
def test_products_per_cycle(multiplier: Multiplier, products: int) -> None:
    assert multiplier.int8_products == products


@pytest.mark.parametrize("multiplier", MULTIPLIERS.values(), ids=lambda m: m.name)
def test_each_holds_one_winograd_product(multiplier: Multiplier) -> None:
    assert multiplier.holds(10, 12)  # F(2,3)
    assert multiplier.holds(15, 14)  # F(4,3)
    assert multiplier.holds(14, 12)  # F(5,4)
    assert not multiplier.holds(multiplier.wide_bits + 1, 8)
    assert not multiplier.holds(multiplier.narrow_bits + 1, multiplier.wide_bits)


def test_a_multiplier_too_narrow_to_pack_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit 25 bits"):
        Multiplier("dsp48e1", 25, 18, per_block=1, packing_shift=18)
