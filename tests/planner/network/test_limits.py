"""Models at the limits of the overlay: what check accepts is planned and run, what it refuses is refused by both.

A case that runs is compared with its own file in onnxruntime, so that a value that a limit keeps out of a table or a
sum would be found.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

import dynamap
from dynamap.backends.range_calibration import RangeCalibration
from dynamap.cost.errors import InputError
from dynamap.cost.overlay import limits
from dynamap.planner.importer import Fate, check_model, import_model
from support.end_to_end import model_of, run_plan, values

node = helper.make_node
Constants = Mapping[str, np.ndarray]


def pool(kind: str, kernel: tuple[int, int], shape: tuple[int, ...], **more: object) -> onnx.ModelProto:
    return model_of([node(kind, ["x"], ["y"], kernel_shape=list(kernel), **more)], shape=shape)


def joined(kind: str, count: int, **more: object) -> onnx.ModelProto:
    """``count`` different tensors, joined by one node."""
    scales = {f"s{number}": np.float32(1 + number % 7) for number in range(count)}
    scaled = [node("Mul", ["x", f"s{number}"], [f"t{number}"]) for number in range(count)]
    last = node(kind, [f"t{number}" for number in range(count)], ["y"], **more)
    return model_of([*scaled, last], scales, shape=(1, 2, 3, 3))


def lrn(channels: int, size: int) -> onnx.ModelProto:
    return model_of([node("LRN", ["x"], ["y"], size=size, alpha=0.3)], shape=(1, channels, 2, 2))


def slopes(channels: int) -> onnx.ModelProto:
    nodes = [node("MaxPool", ["x"], ["p"], kernel_shape=[1, 1]), node("PRelu", ["p", "s"], ["y"])]
    return model_of(nodes, {"s": values(channels, 1, 1)}, shape=(1, channels, 1, 2))


def depthwise(channels: int) -> onnx.ModelProto:
    nodes = [node("Conv", ["x", "w"], ["y"], group=channels, kernel_shape=[1, 1])]
    return model_of(nodes, {"w": values(channels, 1, 1, 1)}, shape=(1, channels, 1, 2))


def conv(kernel: tuple[int, int], shape: tuple[int, ...], **more: object) -> onnx.ModelProto:
    return model_of([node("Conv", ["x", "w"], ["y"], **more)], {"w": values(1, shape[1], *kernel)}, shape=shape)


RUNS = {
    "average of more values than a sum takes": model_of(
        [node("GlobalAveragePool", ["x"], ["y"])], shape=(1, 2, 200, 181)
    ),
    "average of a whole column, longer than a block": pool("AveragePool", (516, 1), (1, 2, 516, 2)),
    "average of many rows, not of all": pool("AveragePool", (700, 1), (1, 2, 710, 2)),
    "windows wider than a row that is kept": pool("MaxPool", (1, 600), (1, 2, 3, 1200)),
    "average of a prime number of rows": pool("AveragePool", (2053, 1), (1, 2, 2053, 1)),
    "average of a whole row, longer than a line": pool("AveragePool", (1, 1031), (1, 2, 1, 1031)),
    "average with more kinds of divisors than a table": pool(
        "AveragePool", (130, 130), (1, 2, 130, 130), pads=[129, 129, 129, 129]
    ),
    "maximum of a whole row, longer than a line": pool("MaxPool", (2, 1200), (1, 2, 3, 1200)),
    "sum of one tensor more than sources": joined("Sum", limits.MOST_SOURCES + 1),
    "sum of many tensors": joined("Sum", 3 * limits.MOST_SOURCES),
    "concatenation of one tensor more than sources": joined("Concat", limits.MOST_SOURCES + 1, axis=1),
    "LRN over more channels than there are": lrn(3, 7),
    "LRN of many channels": lrn(8192, 7),
    "slopes of the most channels": slopes(limits.MOST_SLOPES),
    "depthwise of the most channels": depthwise(limits.PARAMETER_CHANNELS),
    "largest kernel": conv((limits.LARGEST_STEP, 1), (1, 1, limits.LARGEST_STEP, 1)),
    "longest row": conv((1, 1), (1, 1, 1, limits.LARGEST_SIDE)),
}

REFUSED = {
    "LRN over too many channels": (lrn(16, 9), "it normalises over 9 channels; the overlay does so over 8 at most"),
    "slopes of too many channels": (slopes(limits.MOST_SLOPES + 1), "room for 8192"),
    "depthwise of too many channels": (depthwise(limits.PARAMETER_CHANNELS + 1), "room for 8192"),
    "too large a kernel": (conv((limits.LARGEST_STEP + 1, 1), (1, 1, limits.LARGEST_STEP + 1, 1)), "more than 4095"),
    "too large a stride": (conv((1, 1), (1, 1, 8, 8), strides=[limits.LARGEST_STEP + 1, 1]), "more than 4095"),
    "too large a dilation": (
        conv((2, 1), (1, 1, 5000, 1), dilations=[limits.LARGEST_STEP + 1, 1]),
        "more than 4095",
    ),
    "too large a pad": (conv((1, 1), (1, 1, 8, 8), pads=[limits.LARGEST_STEP + 1, 0, 0, 0]), "more than 4095"),
    "too long a row": (conv((1, 1), (1, 1, 1, limits.LARGEST_SIDE + 1)), "more than 65535"),
    "windows that lie in the padding": (
        pool("AveragePool", (2, 2), (1, 2, 4, 4), pads=[2, 2, 2, 2]),
        "not smaller than its kernel",
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_what_check_accepts_is_planned_and_run(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(RUNS[name], path)
    report = check_model(path)
    assert report.supported, [item for item in report.nodes if item.reason]
    plan = tmp_path / "plan.json"
    dynamap.plan(path, device="u200", array=(16, 16)).save(plan)
    run = run_plan(plan, how=RangeCalibration())
    assert run.status == 0, run.errors
    (final,) = run.final.values()
    assert final["kept"] and final["cosine"] > 0.99, final


@pytest.mark.parametrize("name", REFUSED)
def test_what_check_refuses_is_refused_before_a_plan(name: str) -> None:
    model, reason = REFUSED[name]
    report = check_model(model)
    (found,) = [item for item in report.nodes if item.fate is Fate.UNSUPPORTED]
    assert found.node == ("p" if "slopes" in name else "y") and reason in found.reason and found.remedy, found
    with pytest.raises(InputError) as refused:
        import_model(model, "case", "")
    assert found.reason in str(refused.value) and found.remedy in str(refused.value)
