"""The integer primitives against exact rational arithmetic and the float definitions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamap.backends.arithmetic import integers as arithmetic
from dynamap.cost.errors import InputError
from dynamap.planner.network.network import Quantisation


def exact(value: Fraction) -> int:
    return round(value)  # Python rounds a Fraction half to even


@given(
    sums=st.lists(st.integers(-(2**39), 2**39 - 1), min_size=1, max_size=20),
    multiplier=st.integers(2**16, 2**17 - 1),
    shift=st.integers(0, arithmetic.MAX_SHIFT),
    zero_point=st.integers(-128, 127),
)
def test_requantise_is_the_rational_formula(sums: list[int], multiplier: int, shift: int, zero_point: int) -> None:
    found = arithmetic.requantise(np.array(sums), multiplier, shift, zero_point, -100, 90)
    wanted = [min(90, max(-100, zero_point + exact(Fraction(s * multiplier, 2**shift)))) for s in sums]
    assert found.tolist() == wanted


def test_halves_round_to_even() -> None:
    # 0.5, 1.5, 2.5, -0.5, -1.5, -2.5
    values = np.array([1, 3, 5, -1, -3, -5])
    assert arithmetic.round_shift(values, 1).tolist() == [0, 2, 2, 0, -2, -2]


def test_requantise_per_channel_and_below_zero() -> None:
    sums = np.array([[[8, -8]], [[8, -8]]])
    # channel 0: 8/2, and -8 * -3/4; channel 1: 8/4, and -8 * 0
    found = arithmetic.requantise(
        sums, np.array([1, 1]), np.array([1, 2]), 0, negative=(np.array([-3, 0]), np.array([2, 0]))
    )
    assert found.tolist() == [[[4, 6]], [[2, 0]]]


@given(st.floats(2.0**-46, 2.0**17 - 1))
def test_encoded_ratio_is_nearest(value: float) -> None:
    ratio = arithmetic.encode_ratio(value, "layer 'x'")
    assert 2**16 <= ratio.multiplier < 2**17 or ratio.shift == arithmetic.MAX_SHIFT
    assert 0 <= ratio.shift <= arithmetic.MAX_SHIFT
    assert abs(Fraction(ratio.multiplier, 2**ratio.shift) - Fraction(value)) <= Fraction(value) / 2**17


def test_tiny_ratio_always_rounds_to_zero() -> None:
    ratio = arithmetic.encode_ratio(1e-30, "layer 'x'")
    extremes = np.array([2**39 - 1, -(2**39)])
    assert arithmetic.requantise(extremes, ratio.multiplier, ratio.shift, 7).tolist() == [7, 7]


def test_huge_ratio_is_zero_or_saturates() -> None:
    # 2^20 times 0, 1 and -1 is 0, 2^20 and -2^20; so is, after saturation, what the nearest ratio gives.
    ratio = arithmetic.encode_ratio(2.0**20, "layer 'x'")
    found = arithmetic.requantise(np.array([0, 1, -1]), ratio.multiplier, ratio.shift, 5)
    assert found.tolist() == [5, 127, -128]


def test_addition_that_cancels() -> None:
    # 2^18 is cut to 2^17 - 1, and the other in proportion: a unit of the first saturates, as it would.
    assert arithmetic.encode_common([2.0**18, 2.0**16], "layer 'sum'") == ((2**17 - 1, 2**15), 0)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_ratio_names_the_layer(value: float) -> None:
    with pytest.raises(InputError, match="layer 'conv7'"):
        arithmetic.encode_ratio(value, "layer 'conv7'")


@given(st.lists(st.floats(1e-4, 100), min_size=1, max_size=5))
def test_common_shift(values: list[float]) -> None:
    multipliers, shift = arithmetic.encode_common(values, "layer 'add'")
    assert 2**16 <= max(multipliers) < 2**17
    for value, multiplier in zip(values, multipliers, strict=True):
        # half a unit of the common shift; one more unit where the largest rounds up to 2^17
        assert abs(multiplier / 2**shift - value) <= 1.0 / 2**shift


def test_look_up() -> None:
    values = np.array([[[-128, 127]], [[0, 1]]], dtype=np.int8)
    table = (np.arange(255, -1, -1) - 128).astype(np.int8)  # v becomes -1 - v
    assert arithmetic.look_up(values, table).tolist() == [[[127, -128]], [[-1, -2]]]


def test_bend_by_channel() -> None:
    products = np.array([[[3, -3]], [[3, -3]]])
    assert arithmetic.bend(products, 4, np.array([1, -2])).tolist() == [[[12, -3]], [[12, 6]]]
    assert arithmetic.bend(products, 4, np.array([1])).tolist() == [[[12, -3]], [[12, -3]]]


TERMS = st.tuples(st.integers(-128, 127), st.integers(-128, 127), st.integers(0, 2**17 - 1))


@given(st.lists(TERMS, min_size=1, max_size=4))
def test_scaled_sum(terms: list[tuple[int, int, int]]) -> None:
    tensors = [np.array([[[q]]], dtype=np.int8) for q, _, _ in terms]
    found = arithmetic.scaled_sum(tensors, tuple(z for _, z, _ in terms), tuple(m for _, _, m in terms))
    assert found.item() == sum((q - z) * m for q, z, m in terms)


def test_window_sums_follow_onnx() -> None:
    # ONNX LRN sums channels c - floor((size - 1) / 2) .. c + ceil((size - 1) / 2), inside the tensor.
    squares = np.array([1, 10, 100, 1000]).reshape(4, 1, 1)
    assert arithmetic.window_sums(squares, 3).ravel().tolist() == [11, 111, 1110, 1100]
    assert arithmetic.window_sums(squares, 2).ravel().tolist() == [11, 110, 1100, 1000]
    assert arithmetic.window_sums(squares, 9).ravel().tolist() == [1111] * 4


def test_lrn_breakpoints_and_interpolation() -> None:
    points = arithmetic.lrn_breakpoints()
    assert points.shape == (29, 33) and points[0, 0] == 32 and points[28, 32] == 32 * 2**29
    assert (points[1:, 0] == points[:-1, 32]).all() and (np.diff(points, axis=1) > 0).all()
    # A table that holds 32 times the sum: interpolation is exact, whatever the octave.
    some = np.concatenate([np.arange(1, 5000), np.random.default_rng(0).integers(1, 2**29, 20_000)])
    factor, shifts = arithmetic.lrn_factor(some, points, np.arange(29, dtype=np.int32))
    assert (factor == 32 * some).all()
    assert (2**shifts <= some).all() and (some < 2 ** (shifts + 1)).all()


@pytest.mark.filterwarnings("error")
def test_quantise_and_back() -> None:
    scheme = Quantisation(0.5, -3)
    values = np.array([0.0, 0.25, 0.75, -0.75, 3e38, -1000.0], dtype=np.float32)  # 3e38 over the scale is infinite
    found = arithmetic.quantise_values(values, scheme)
    assert found.tolist() == [-3, -3, -1, -5, 127, -128]  # 0.5 and 1.5 round to even
    assert arithmetic.dequantise_values(found, scheme).tolist() == [0.0, 0.0, 1.0, -1.0, 65.0, -62.5]
