"""Ranges by least squares against the error of every value, and biases against the means of the float layer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.arithmetic.integers import dequantise_values, quantise_values
from dynamap.backends.quantise import ConvArithmetic, quantise
from dynamap.backends.quantise.calibrating.least_squares import Spread
from dynamap.backends.quantise.scales.schemes import from_range
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import Activation, ActivationKind, Conv, Network

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


def test_biases_take_back_what_rounded_weights_shift() -> None:
    """The mean of each channel over the image, from the integers alone, beside that of float weights."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((6, 40, 1, 1)).astype(np.float32)
    image = np.abs(rng.standard_normal((1, 40, 9, 9))).astype(np.float32) + np.float32(1)
    layer = Conv("c", ("x",), "y", Window((1, 1)), weights, np.zeros(6, np.float32))
    shapes = {"x": TensorShape(40, 9, 9), "y": TensorShape(6, 9, 9)}
    quantised = quantise(Network("toy", "", (layer,), shapes, ("x",), ("y",)), calibration={"x": image})
    integers = quantised.layers["c"]
    assert isinstance(integers, ConvArithmetic)
    scales = np.array(integers.weight_scales)
    exact = weights[:, :, 0, 0].astype(np.float64) @ image[0].mean(axis=(1, 2))
    rounded = (integers.weights_oihw[:, :, 0, 0] * scales[:, None]) @ image[0].mean(axis=(1, 2))
    unit = scales * quantised.tensors["x"].scale
    assert np.abs(rounded - exact).max() > 20 * unit.max()
    np.testing.assert_allclose(rounded + integers.bias * unit, exact, atol=0.51 * unit.max())


def test_few_weights_take_the_scale_of_their_least_error() -> None:
    """Depthwise filters of nine weights: never worse than largest / 127, and one of the scales tried by hand."""
    weights = np.random.default_rng(1).standard_normal((8, 1, 3, 3)).astype(np.float32)
    layer = Conv(
        "c",
        ("x",),
        "y",
        Window((3, 3), pads=(1, 1, 1, 1)),
        weights,
        np.zeros(8, np.float32),
        8,
        Activation(ActivationKind.RELU),
    )
    shapes = {"x": TensorShape(8, 6, 6), "y": TensorShape(8, 6, 6)}
    integers = quantise(Network("toy", "", (layer,), shapes, ("x",), ("y",))).layers["c"]
    assert isinstance(integers, ConvArithmetic)
    rows, found = weights.reshape(8, 9).astype(np.float64), np.array(integers.weight_scales)

    def errors(scales: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        rounded = np.clip(np.rint(rows / scales[:, None]), -127, 127)
        error: npt.NDArray[np.float64] = ((rounded * scales[:, None] - rows) ** 2).sum(axis=1)
        return error

    largest = np.abs(rows).max(axis=1) / 127
    least = np.min([errors(largest * part) for part in np.linspace(0.75, 1, 33)], axis=0)
    np.testing.assert_allclose(errors(found), least, rtol=1e-3)
