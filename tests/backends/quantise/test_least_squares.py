"""Ranges and weight scales by least squares against the error of every value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.arithmetic.integers import dequantise_values, quantise_values
from dynamap.backends.quantise.calibrating.least_squares import Spread
from dynamap.backends.quantise.scales.schemes import from_range
from dynamap.backends.quantise.weights import integer_weights
from dynamap.cost.geometry import Window
from dynamap.planner.network.network import Conv

Floats = npt.NDArray[np.float32]


def spread_of(*images: Floats) -> Spread:
    spread = Spread()
    for image in images:
        spread.add(image)
    return spread


def squared_error(values: Floats, ends: tuple[float, float]) -> float:
    """What quantising by a range costs, value by value."""
    scheme = from_range(ends)
    return float(((dequantise_values(quantise_values(values, scheme), scheme) - values).astype(np.float64) ** 2).sum())


def drawn(kind: str) -> Floats:
    rng = np.random.default_rng(3)
    if kind == "normal":
        return rng.standard_normal(60_000).astype(np.float32)
    if kind == "one side":
        return np.maximum(rng.standard_normal(60_000), 0).astype(np.float32)
    if kind == "uniform":
        return rng.uniform(-1, 3, 60_000).astype(np.float32)
    if kind == "outlier":
        return np.append(rng.uniform(-1, 3, 60_000), [5.0, 12.0]).astype(np.float32)
    return rng.laplace(size=60_000).astype(np.float32)


@pytest.mark.parametrize("kind", ["normal", "one side", "uniform", "laplace", "outlier"])
def test_no_range_of_a_grid_costs_less(kind: str) -> None:
    """Brute force over ranges, each by the errors of all values; the histogram may miss by a hundredth."""
    values = drawn(kind)
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    parts = np.linspace(0.3, 1, 15)
    least = min(squared_error(values, (low * a, high * b)) for a in (parts if low else [1.0]) for b in parts)
    found = squared_error(values, spread_of(values).best())
    assert found <= 1.01 * least
    assert found <= 1.005 * squared_error(values, (low, high))


def test_few_values_are_kept() -> None:
    assert spread_of(np.float32([0, 0, 7])).best() == (0.0, 7.0)
    assert spread_of(np.zeros(4, np.float32)).best() == (0.0, 0.0)


def test_bins_grow_with_the_images() -> None:
    """A small image first: the same counts as in the other order, so the same range."""
    small, large = drawn("normal") * np.float32(1e-3), drawn("laplace")
    assert spread_of(small, large).best() == pytest.approx(spread_of(large, small).best(), rel=1e-9)


def test_room_for_the_next_image() -> None:
    """Highest values 1 and 3: mean 2, deviation sqrt 2; 2 + 2 sqrt 2 is 4.83. Lowest values -2 and -2 agree."""
    low, high = spread_of(np.float32([-2, 1]), np.float32([-2, 3])).best()
    assert low == pytest.approx(-2)
    assert high == pytest.approx(2 + 2 * np.sqrt(2))


def test_before_a_table_an_error_counts_as_its_image() -> None:
    """A function that is constant below -1: what lies there needs no steps, and is cut off."""
    values = np.linspace(-4, 1, 50_001).astype(np.float32)
    low, high = spread_of(values).best(lambda x: np.maximum(x, -1.0))
    assert low == pytest.approx(-4 * 0.3, abs=0.05) and high == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("size", [2, 9, 512, 513])
def test_a_channel_has_the_scale_of_its_weights_least_error(size: int) -> None:
    """Every scale by itself, weight by weight; none cuts off, so that each weight is within half a step."""
    weights = np.random.default_rng(size).standard_normal((5, 1, 1, size)).astype(np.float32)
    layer = Conv("c", ("x",), "y", Window((1, size)), weights, np.zeros(5, np.float32))
    found = integer_weights(layer, 1.0, 1.0, 0)
    for row, integers, scale in zip(
        weights.reshape(5, size), found.values_oihw.reshape(5, size), found.scales, strict=True
    ):
        tried = range(96, 128) if size <= 512 else [127]
        steps = [float(np.float32(float(np.abs(row).max()) / most)) for most in tried]
        errors = [sum((round(float(weight) / step) * step - float(weight)) ** 2 for weight in row) for step in steps]
        error = sum((int(integer) * scale - float(weight)) ** 2 for integer, weight in zip(integers, row, strict=True))
        assert error == pytest.approx(min(errors), rel=1e-4)
        assert np.abs(integers * scale - row).max() <= scale / 2 * (1 + 1e-6)


def test_of_equal_errors_the_finest_scale_is_taken() -> None:
    ones = Conv("c", ("x",), "y", Window((1, 3)), np.ones((2, 1, 1, 3), np.float32), np.zeros(2, np.float32))
    assert (integer_weights(ones, 1.0, 1.0, 0).values_oihw == 127).all()
