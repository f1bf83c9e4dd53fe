"""GoogleNet on a U200: the whole network on the kernel, every layer to the bit, every counter the plan's."""

from __future__ import annotations

import time

import pytest

import dynamap
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.program.host import integer_inputs, prepare, random_inputs
from dynamap.backends.vitis_hls.csim import CSimulationExecutor


@pytest.mark.full
@pytest.mark.parametrize("device", ["u200", "zcu104"])
def test_googlenet_layer_by_layer(device: str) -> None:
    plan = dynamap.plan(dynamap.load("googlenet"), device=device)
    assert plan.overlay.packing == 2
    prepared = prepare(plan)
    inputs = integer_inputs(prepared.quantised, random_inputs(prepared.network, 1))
    planned = {layer.name: layer for layer in plan.layers}
    started = time.perf_counter()
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
    assert time.perf_counter() - started < 300
