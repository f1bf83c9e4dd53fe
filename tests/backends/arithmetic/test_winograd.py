"""Integer Winograd equals the plain convolution for every kernel, size and extreme."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamap.backends.arithmetic import winograd
from dynamap.backends.arithmetic.winograd import WinogradForm
from dynamap.cost.convolution import ConvShape
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.options import WINOGRAD_MOST_PRODUCTS, WINOGRAD_TILES, winograd_fits

ALL_FORMS = [
    WinogradForm(kernel, m) for m in (2, 4) for kernel in itertools.product(range(1, 8), repeat=2) if kernel != (1, 1)
] + [WinogradForm(kernel, 5) for size in range(2, 10) for kernel in ((1, size), (size, 1))]


def plain_convolution(padded: np.ndarray, weights: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Tap by tap in int64: the definition."""
    result = np.zeros((weights.shape[0], rows, columns), dtype=np.int64)
    for k1, k2 in itertools.product(range(weights.shape[2]), range(weights.shape[3])):
        patch = padded[:, k1 : k1 + rows, k2 : k2 + columns].astype(np.int64)
        result += np.tensordot(weights[:, :, k1, k2].astype(np.int64), patch, axes=(1, 0))
    return result


@pytest.mark.parametrize("m", [2, 4, 5])
def test_identity_holds_for_every_pair_of_units(m: int) -> None:
    """The identity is bilinear: true for all unit data and unit taps, it is true for all integers."""
    transform = winograd.TRANSFORMS[m]
    taps = 4 if m == 5 else 3
    size = m + taps - 1
    for i, tap in itertools.product(range(size), range(taps)):
        data, weights = np.eye(size, dtype=np.int64)[i], np.eye(taps, dtype=np.int64)[tap]
        product = (transform.weights @ weights) * (transform.data @ data)
        wanted = [transform.scale * int(y + tap == i) for y in range(m)]
        assert (transform.output @ product).tolist() == wanted


@pytest.mark.parametrize("form", ALL_FORMS, ids=str)
def test_every_kernel_up_to_seven(form: WinogradForm) -> None:
    generator = np.random.default_rng(form.kernel[0] * 10 + form.kernel[1])
    rows, columns = 7, 6
    padded = generator.integers(-128, 128, (5, rows + form.kernel[0] - 1, columns + form.kernel[1] - 1))
    weights = generator.integers(-128, 128, (4, 5, *form.kernel))
    found = winograd.convolve(padded.astype(np.int8), weights.astype(np.int8), form, rows, columns)
    assert (found == plain_convolution(padded, weights, rows, columns)).all()


@settings(max_examples=60, deadline=None)
@given(
    form=st.sampled_from(ALL_FORMS),
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_size_and_any_extreme_pattern(form: WinogradForm, rows: int, columns: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    padded = generator.choice([-128, 127], (3, rows + form.kernel[0] - 1, columns + form.kernel[1] - 1))
    weights = generator.choice([-128, 127], (2, 3, *form.kernel))
    found = winograd.convolve(padded.astype(np.int8), weights.astype(np.int8), form, rows, columns)
    assert (found == plain_convolution(padded, weights, rows, columns)).all()


@pytest.mark.parametrize("m", [2, 4])
def test_worst_data_at_512_channels(m: int) -> None:
    """Signs chosen so that a transformed weight, a transformed value and their sum are as large as can be."""
    form = WinogradForm((3, 3), m)
    first = form.transforms[0]
    worst = int(np.abs(first.data).sum(axis=1).argmax())
    signs = np.where(first.data[worst] > 0, 1, -1)
    tile = np.where(np.outer(signs, signs) > 0, 127, -128)
    widest = int(np.abs(first.weights).sum(axis=1).argmax())
    weight_signs = np.where(first.weights[widest] > 0, 1, -1)
    taps = np.outer(weight_signs, weight_signs) * -128
    size = form.outputs[0]
    padded = np.broadcast_to(tile, (512, *tile.shape)).astype(np.int8)
    weights = np.broadcast_to(taps, (2, 512, 3, 3)).astype(np.int8)
    found = winograd.convolve(padded, weights, form, size, size)
    assert (found == plain_convolution(padded, weights, size, size)).all()
    transformed = winograd.transform_weights(weights, form)
    assert np.abs(transformed).max() == form.weight_limit
    sums = winograd.multiply(winograd.transform_tiles(padded, form, size, size), transformed, form)
    assert winograd.signed_bits(int(sums.min()), int(sums.max())) <= form.sum_bits(512) <= 40


def test_bit_widths_are_the_documented_ones() -> None:
    # F(2,3): data 2 * 2 * 128 = 512, lowest -512, highest 510; weights 9 * 128 = 1152.
    small, large = WinogradForm((3, 3), 2), WinogradForm((3, 3), 4)
    assert (small.data_limit, small.weight_limit, small.scale) == (512, 1152, 4)
    # F(4,3): data 10 * 10 * 128 = 12800; weights 7 * 7 * 128 = 6272.
    assert (large.data_limit, large.weight_limit, large.scale) == (12800, 6272, 576)
    assert (small.data_bits, small.weight_bits) == (10, 12)
    assert (large.data_bits, large.weight_bits) == (15, 14)
    # 512 * 12800 * 6272 = 4.11e10 < 2^36: 37 bits with the sign.
    assert large.sum_bits(512) == 37
    # 2^39 / (12800 * 6272) = 6847.6
    assert large.fits(6847) and not large.fits(6848)


def test_widths_of_four_taps() -> None:
    # F(5,4): the rows 4 + 21 + 21 + 4 = 50 and 8 + 4 + 2 + 1 = 15 are the longest; 6400 and 1920 take 14 and 12 bits.
    form = WinogradForm((1, 7), 5)
    assert (form.positions, form.rounds, form.taps, form.scale) == (8, 2, 4, 360)
    assert (form.data_limit, form.weight_limit, form.data_bits, form.weight_bits) == (6400, 1920, 14, 12)
    # 2^39 / (6400 * 1920) = 44739.2, in two rounds.
    assert form.fits(22369) and not form.fits(22370)


def test_the_planner_offers_what_fits() -> None:
    """cost.overlay.options says by a table what the matrices say here."""
    for (dimensions, m), most in WINOGRAD_MOST_PRODUCTS.items():
        form = WinogradForm((1, 3) if dimensions == 1 else (3, 3), m)
        assert form.rounds == 1 and form.fits(most) and not form.fits(most + 1)
    for kernel, long in (((1, 3), False), ((4, 1), True), ((1, 7), True), ((5, 5), False), ((4, 4), False)):
        shape = ConvShape(TensorShape(16, 9, 9), 16, Window(kernel))
        assert [m for m in WINOGRAD_TILES if winograd_fits(shape, m)] == [2, 4, 5][: 3 if long else 2]


@given(st.sampled_from([form for form in ALL_FORMS if form.rounds == 1]), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_data_bits_hold_every_transformed_tile(form: WinogradForm, seed: int) -> None:
    generator = np.random.default_rng(seed)
    size = form.padded_size(*form.outputs)
    padded = generator.choice([-128, 127], (64, *size)).astype(np.int8)
    tiles = winograd.transform_tiles(padded, form, *form.outputs)
    assert tiles.shape == (form.positions, 1, 1, 64)
    assert -(2 ** (form.data_bits - 1)) <= tiles.min() and tiles.max() < 2 ** (form.data_bits - 1)


def test_remainder_is_a_fault() -> None:
    with pytest.raises(AssertionError):
        winograd.divide_exactly(np.array([577]), 576)


@pytest.mark.parametrize(("kernel", "m"), [((1, 1), 2), ((0, 3), 2), ((3, 3), 3), ((5, 5), 5)])
def test_impossible_forms(kernel: tuple[int, int], m: int) -> None:
    with pytest.raises(ValueError):
        WinogradForm(kernel, m)
