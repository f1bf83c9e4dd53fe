"""Whole networks on the kernel: every layer to the bit, every counter the plan's."""

from __future__ import annotations

from pathlib import Path

import pytest

import dynamap
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.program.host import integer_inputs, prepare, random_inputs
from dynamap.backends.vitis_hls.csim import CSimulationExecutor
from dynamap.planner.plan import Plan

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits.onnx"


def assert_equal_layer_by_layer(plan: Plan) -> None:
    """The kernel against the emulator and the plan, on a seeded random image."""
    prepared = prepare(plan)
    inputs = integer_inputs(prepared.quantised, random_inputs(prepared.network, 1))
    planned = {layer.name: layer for layer in plan.layers}
    compared = 0
    runs = zip(
        NumpyExecutor().run(prepared.program, inputs),
        CSimulationExecutor().run(prepared.program, inputs),
        strict=True,
    )
    for expected, found in runs:
        assert (found.values == expected.values).all(), found.name
        wanted = {key: getattr(planned[found.name], key) for key in found.counters}
        assert dict(found.counters) == wanted, found.name
        compared += 1
    assert compared == sum(not layer.host for layer in plan.layers)


@pytest.mark.parametrize(("device", "array"), [("zcu104", None), ("kv260", (8, 8))])
def test_the_trained_digits_network(device: str, array: tuple[int, int] | None) -> None:
    assert_equal_layer_by_layer(dynamap.plan(dynamap.load(DIGITS), device=device, array=array))


@pytest.mark.full
@pytest.mark.parametrize(
    ("model", "device"),
    [
        ("googlenet", "u200"),
        ("googlenet", "zcu104"),
        ("resnet50", "u200"),
        ("squeezenet", "u200"),
        ("densenet121", "u200"),
        ("shufflenet", "u200"),
        ("inception-v2", "u200"),
        ("inception-v4", "u200"),
    ],
)
def test_built_in_networks(model: str, device: str) -> None:
    plan = dynamap.plan(dynamap.load(model), device=device)
    assert plan.overlay.packing == 2
    assert_equal_layer_by_layer(plan)
