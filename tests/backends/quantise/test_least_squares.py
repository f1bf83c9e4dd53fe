"""Ranges by least squares against the error of every value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.arithmetic.integers import dequantise_values, quantise_values
from dynamap.backends.quantise.calibrating.least_squares import Spread
from dynamap.backends.quantise.scales.schemes import from_range

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
