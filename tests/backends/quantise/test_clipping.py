"""Ranges by entropy: against the calibrator of onnxruntime, and as optima of the divergence by its definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from onnxruntime.quantization.calibrate import HistogramCollector
from scipy.stats import entropy

from dynamap.backends.quantise.calibrating.clipping import BINS, Entropy, Histogram, divergence

Floats = npt.NDArray[np.float32]


def samples(kind: str) -> Floats:
    rng = np.random.default_rng(5)
    if kind == "normal":
        return rng.standard_normal(200_000).astype(np.float32)
    if kind == "laplace":
        return rng.laplace(size=200_000).astype(np.float32)
    values = rng.standard_normal(200_000).astype(np.float32)
    values[:20] *= 30  # outliers
    return values


def clipped(values: Floats) -> tuple[float, float]:
    method = Entropy()
    extremes = float(values.min()), float(values.max())
    histogram = Histogram(method.counted(extremes))
    histogram.add(values)
    return method.clipped(histogram, extremes)


@pytest.mark.parametrize("kind", ["normal", "laplace"])
def test_near_the_threshold_of_onnxruntime(kind: str) -> None:
    """The same definition on a histogram of as many bins; the two differ in how bins left over are shared."""
    values = samples(kind)
    reach = float(np.abs(values).max())
    counts, edges = np.histogram(values, 2047, (-reach, reach))
    collector = HistogramCollector("entropy", False, 2047, 255, 99.99, {})
    theirs = collector.get_entropy_threshold((counts, edges, values.min(), values.max(), reach), 255)
    ours = clipped(values)
    assert ours[1] == pytest.approx(float(theirs[1]), rel=0.12)
    assert ours[0] == pytest.approx(float(theirs[0]), rel=0.12)


def test_divergence_by_its_definition() -> None:
    """Eight bins in four levels, of which the first and last are clipped to six bins in three levels."""
    counts = np.zeros(BINS, np.int64)
    counts[:8] = [5, 4, 8, 2, 6, 6, 1, 9]
    clipped_counts = np.array([5 + 4, 8, 2, 6, 6, 1 + 9], float)
    levels = np.array([6, 6, 4, 4, 3.5, 3.5], float)  # means of (4, 8), (2, 6), (6, 1)
    assert divergence(counts, 1, 7, 3) == pytest.approx(entropy(clipped_counts, levels), rel=1e-9)


def test_outliers_are_left_out_and_a_tensor_of_one_sign_keeps_zero() -> None:
    low, high = clipped(samples("outliers"))
    assert -8 < low < -2.5 and 2.5 < high < 8  # 20 of 200,000 reach further, to 60 and more
    assert np.abs(samples("outliers")).max() > 40
    low, high = clipped(np.maximum(samples("outliers"), 0))
    assert low == 0 and 2.5 < high < 8


def test_a_constant_tensor_keeps_its_value() -> None:
    assert clipped(np.full(10, 3, np.float32)) == (3, 3)
    assert clipped(np.zeros(10, np.float32)) == (0, 0)
