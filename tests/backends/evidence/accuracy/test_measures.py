"""What is counted over a set, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.backends.evidence.accuracy.measures import ClassCounts, Noise, OutputCounts, layer_losses
from dynamap.planner.network.network import Add


def scores(*columns: list[float]) -> np.ndarray:  # type: ignore[type-arg]
    """Classes x places from a list per place."""
    return np.array(columns, np.float32).T


def test_classes_by_hand() -> None:
    """Seven classes. First image: float 6 and int8 5, right is 6, which int8 has second. Second image: both 0, of two
    equal ones the first; right is 1, the second of both. Third: float and int8 2, right is 3, sixth of all.
    """
    counts = ClassCounts(7)
    counts.add({"float": scores([0, 0, 0, 0, 0, 1, 2]), "int8": scores([0, 0, 0, 0, 0, 2, 1])}, np.array(6))
    counts.add({"float": scores([3, 3, 0, 0, 0, 0, 0]), "int8": scores([3, 2, 0, 0, 0, 0, 0])}, np.array(1))
    counts.add({"float": scores([4, 5, 9, 1, 6, 7, 0]), "int8": scores([4, 5, 9, 1, 6, 7, 0])}, np.array(3))
    found = counts.document()
    assert found["top1_float"] == pytest.approx(1 / 3) and found["top1_int8"] == 0
    assert found["top5_float"] == found["top5_int8"] == pytest.approx(2 / 3)
    assert found["agreement"] == pytest.approx(2 / 3)


def test_a_class_for_each_place() -> None:
    """Three places: float is right in two, int8 in one; they agree in two."""
    counts = ClassCounts(2)
    pair = {"float": scores([1, 0], [0, 1], [1, 0]), "int8": scores([1, 0], [1, 0], [1, 0])}
    counts.add(pair, np.array([[0, 1, 1]]))
    assert counts.document() == {
        "top1_float": pytest.approx(2 / 3),
        "top5_float": None,
        "top1_int8": pytest.approx(1 / 3),
        "top5_int8": None,
        "agreement": pytest.approx(2 / 3),
    }


def test_without_labels_only_agreement() -> None:
    counts = ClassCounts(2)
    counts.add({"float": scores([1, 0]), "int8": scores([0, 1])}, None)
    assert counts.document()["top1_float"] is None and counts.document()["agreement"] == 0


def test_outputs_by_hand() -> None:
    """(3, 4) and (4, 3): cosine 24 / 25; zeros are like zeros and unlike anything else."""
    counts = OutputCounts()
    assert counts.add(np.array([3.0, 4.0]), np.array([4.0, 3.0])) == pytest.approx(0.96)
    assert counts.add(np.zeros(2), np.zeros(2)) == 1
    assert counts.add(np.zeros(2), np.ones(2)) == 0
    assert counts.add(np.ones(2), np.ones(3)) == 0
    wanted = {"cosine": pytest.approx(0.49), "cosine_worst": 0, "max_error": 1}
    assert counts.document() == wanted | {"equal": None}
    chosen = OutputCounts()
    chosen.add(np.array([3, 4, 5, 6]), np.array([3, 4, 5, 0]))
    assert chosen.document()["equal"] == 0.75


def test_noise_by_hand() -> None:
    """A signal of 100 over two images and a noise of 1: 20 dB. A sum of 10 dB whose inputs have 20 and 120 lost 10."""
    first = Noise()
    first.add(np.float32([6, 0]), np.float32([6, 1]))
    first.add(np.float32([8, 0]), np.float32([8, 0]))
    assert first.decibels == pytest.approx(20)
    exact, summed = Noise(1, 0), Noise(10, 1)
    assert exact.decibels == 120 and Noise(0, 1).decibels == -120
    (loss,) = layer_losses({"a": first, "b": exact, "c": summed}, [Add("sum", ("a", "b"), "c")])
    assert loss == {"name": "sum", "snr_db": 10.0, "lost_db": 10.0}
