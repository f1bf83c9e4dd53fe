"""Whole networks on the kernel: every layer to the bit, every counter the plan's."""

from __future__ import annotations

import pytest

import dynamap
from dynamap.backends.vitis_hls.csim import FAST, SANITIZED, CSimulationExecutor
from support.programs import assert_equal_layer_by_layer
from support.repository import DIGITS_MODEL


@pytest.mark.parametrize(
    ("device", "array", "flags"),
    [pytest.param("zcu104", None, FAST, marks=pytest.mark.full), ("kv260", (8, 8), SANITIZED)],
    ids=["fast", "sanitized"],
)
def test_the_trained_digits_network(device: str, array: tuple[int, int] | None, flags: tuple[str, ...]) -> None:
    plan = dynamap.plan(dynamap.load(DIGITS_MODEL), device=device, array=array)
    assert_equal_layer_by_layer(CSimulationExecutor(flags), plan)


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
    assert_equal_layer_by_layer(CSimulationExecutor(), plan)
