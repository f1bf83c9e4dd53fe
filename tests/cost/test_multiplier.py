"""What fits into one hardware multiplier, checked by computing with its bit widths."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import combinations_with_replacement, product

import pytest

from dynamap.cost.multiplier import (
    DSP48E1,
    DSP48E2,
    INTEL_18X19,
    MULTIPLIERS,
    Multiplier,
    exact_products,
    lifts,
    pair_shift,
)

Product = tuple[int, int, int]
"""w0, w1 and the x that both are multiplied by."""

SLICES = [(27, 18, False), (25, 17, True)]
"""Bits of a wide side, between the operands of a pair there, and whether the lower one is lifted: by hand."""


def _signed_low_field(value: int, bits: int) -> int:
    low = value & ((1 << bits) - 1)
    return low - (1 << bits) if low >> (bits - 1) else low


def test_packing_is_exact_for_as_many_products_as_claimed() -> None:
    """Sums of packed products split into the two true sums: the extremes and random vectors."""
    generator = random.Random(1)
    depth = exact_products(18, 128 * 128)
    vectors = [[(-128, -128, -128)] * depth, [(-128, 127, -128)] * depth, [(127, -128, 127)] * depth]
    vectors += [[tuple(generator.randint(-128, 127) for _ in range(3)) for _ in range(depth)] for _ in range(500)]
    for vector in vectors:
        packed = sum(((w1 << 18) + w0) * a for w0, w1, a in vector)
        low = _signed_low_field(packed, 18)
        assert low == sum(w0 * a for w0, _, a in vector)
        assert (packed - low) >> 18 == sum(w1 * a for _, w1, a in vector)


def test_one_product_more_than_claimed_overflows_the_low_field() -> None:
    depth = exact_products(18, 128 * 128) + 1
    packed = depth * -128 * -128  # w1 = 0
    assert _signed_low_field(packed, 18) != packed


def test_packed_operand_fits_the_wide_side() -> None:
    extremes = [(w1 << 18) + w0 for w1 in (-128, 127) for w0 in (-128, 127)]
    assert min(extremes) >= -(1 << 26) and max(extremes) < 1 << 26  # 27 bits signed
    assert min(extremes) < -(1 << 24)  # but not 25 bits, those of a DSP48E1


def test_accumulations() -> None:
    assert exact_products(18, 128 * 128) == 7  # 7 * 16384 = 114688 <= 131071 < 8 * 16384
    assert DSP48E2.group_rows == 8  # 8 * 16256 = 130048, weights within -127 .. 127
    assert DSP48E1.group_rows == 4  # 4 * 16256 = 65024 <= 65535
    assert INTEL_18X19.group_rows == 1


@pytest.mark.parametrize(("multiplier", "products"), [(DSP48E2, 2), (DSP48E1, 2), (INTEL_18X19, 1)])
def test_products_per_cycle(multiplier: Multiplier, products: int) -> None:
    assert multiplier.int8_products == products


@pytest.mark.parametrize("multiplier", MULTIPLIERS.values(), ids=lambda m: m.name)
def test_each_holds_one_winograd_product(multiplier: Multiplier) -> None:
    assert multiplier.holds(10, 12)  # F(2,3)
    assert multiplier.holds(15, 14)  # F(4,3)
    assert multiplier.holds(14, 12)  # F(5,4)
    assert not multiplier.holds(multiplier.wide_bits + 1, 8)
    assert not multiplier.holds(multiplier.narrow_bits + 1, multiplier.wide_bits)


@pytest.mark.parametrize(("bits", "shift", "lifted"), [*SLICES, (19, None, False)])
def test_spacing_follows_from_the_wide_side(bits: int, shift: int | None, lifted: bool) -> None:
    # 27: 2^17 - 1 = 131071 holds 8 products of 16256. 25: with 16 bits 32767 holds 2, with 17 bits 65535 holds 4.
    assert (pair_shift(bits), lifts(bits)) == (shift, lifted)


@pytest.mark.parametrize(("bits", "shift", "lifted"), SLICES)
def test_every_pair_fits_the_wide_side_and_no_smaller_one(bits: int, shift: int, lifted: bool) -> None:
    """All 65,536 of them."""
    lift = 128 if lifted else 0
    numbers = [(w1 << shift) + w0 + lift for w1 in range(-128, 128) for w0 in range(-128, 128)]
    assert len(set(numbers)) == 2**16
    assert -(1 << bits - 1) <= min(numbers) and max(numbers) < 1 << bits - 1
    assert min(numbers) < -(1 << bits - 2)
    if lifted:
        assert min(numbers) - lift < -(1 << bits - 1), "without a lift they need a bit more"


def _sums(products: Sequence[Product], bits: int, shift: int, lifted: bool) -> tuple[int, int]:
    """As a slice's cascade has them: the offset first, pairs in ``bits``, the sum of 48 bits cut at ``shift``."""
    lift = 128 if lifted else 0
    total = -lift * sum(x for _, _, x in products)
    for w0, w1, x in products:
        total += _signed_low_field((w1 << shift) + w0 + lift, bits) * x
    low = _signed_low_field(total, shift)
    return low, (_signed_low_field(total, 48) - low) >> shift


def _true_sums(products: Sequence[Product]) -> tuple[int, int]:
    return sum(w0 * x for w0, _, x in products), sum(w1 * x for _, w1, x in products)


@pytest.mark.parametrize(("bits", "shift", "lifted"), SLICES)
@pytest.mark.parametrize("least", [-127, -128])
@pytest.mark.parametrize("weights_stay", [True, False])
def test_sums_of_a_group_are_exact(bits: int, shift: int, lifted: bool, least: int, weights_stay: bool) -> None:
    """Every choice of corner products, and random ones; with one product more the lower sum of the largest is wrong.

    Where inputs stay, both values of the pair may be -128, and the weight is what moves.
    """
    stays, moves = (least, -128) if weights_stay else (-128, least)
    corners: Iterable[Product] = product((stays, 127), (stays, 127), (moves, 127))
    group = exact_products(shift, 128 * -least)
    for chosen in combinations_with_replacement(list(corners), group):
        assert _sums(chosen, bits, shift, lifted) == _true_sums(chosen)
    generator = random.Random(bits - least)
    for _ in range(2000):
        chosen = tuple(
            (generator.randint(stays, 127), generator.randint(stays, 127), generator.randint(moves, 127))
            for _ in range(generator.randint(1, group))
        )
        assert _sums(chosen, bits, shift, lifted) == _true_sums(chosen)
    largest = [(stays, 0, moves)] * (group + 1)
    assert _sums(largest, bits, shift, lifted) != _true_sums(largest)
