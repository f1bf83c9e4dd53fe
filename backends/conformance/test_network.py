"""Whole networks of all operators, with odd sizes: plans of the planner itself, whose counters must hold too."""

from __future__ import annotations

import pytest

from dynamap.backends.conformance.checking import check, packed_device
from dynamap.backends.conformance.networks import random_network
from dynamap.backends.conformance.plans import ONE_PRODUCT, SMALL, integer_image, plan_on
from dynamap.backends.contract import Executor
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise


@pytest.mark.parametrize("array", [(5, 7), (8, 8)], ids=["one product", "packed"])
@pytest.mark.parametrize("seed", range(8))
def test_random_networks(executor: Executor, seed: int, array: tuple[int, int]) -> None:
    """Values, the counters of the event simulator, and those that the planner promised."""
    network = random_network(seed)
    device = ONE_PRODUCT if array == (5, 7) else packed_device(executor)
    plan = plan_on(network, array, SMALL, device)
    quantised = quantise(network, samples=1, seed=seed)
    image = integer_image(network, seed)
    assert check(executor, plan, quantised, image)
    planned = {layer.name: layer for layer in plan.layers}
    for run in executor.run(compile_program(plan, quantised), image):
        wanted = {key: getattr(planned[run.name], key) for key in run.counters}
        assert dict(run.counters) == wanted, run.name
