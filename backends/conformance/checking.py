"""One check for all cases: values from the reference executor, counters from the event simulator."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dynamap.backends.conformance.plans import ONE_PRODUCT
from dynamap.backends.contract import Executor, Int8Array
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import QuantisedNetwork
from dynamap.backends.quantise.reference import run_layers
from dynamap.backends.simulator.simulation import simulate
from dynamap.cost.device import Device
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import Plan

PACKED = "zcu104"
"""A device whose multipliers make two products."""

WIDE = "arria10-gx1150"
"""A device whose multipliers make one product, and that holds larger arrays."""


def packed_device(executor: Executor) -> str:
    """A device that packs two products in a multiplier; another one where the executor is for none that does."""
    return PACKED if getattr(executor, "largest_packing", 2) == 2 else WIDE


def plain_target(executor: Executor) -> tuple[str | Device, tuple[int, int]]:
    """A device planned with one product per multiplier, and an array; others for executors of packed arrays alone."""
    if getattr(executor, "least_packing", 1) == 1:
        return ONE_PRODUCT, (5, 7)
    return PACKED, (8, 8)


def check(executor: Executor, plan: Plan, quantised: QuantisedNetwork, image: Mapping[str, Int8Array]) -> bool:
    """Every tensor equals the direct integer computation; every counter that the executor has, the simulator's.

    The tensors are looked at when all layers have run: none may have changed what was handed out before.
    False where the plan, forced by hand, asks for more than the overlay's buffers hold.
    """
    program = compile_program(plan, quantised)
    try:
        counted = {layer.name: layer for layer in simulate(program).layers}
    except InputError as error:
        assert "the overlay cannot run this program" in str(error)
        return False
    expected = dict(run_layers(quantised, dict(image)))
    seen = []
    for run in list(executor.run(program, image)):
        np.testing.assert_array_equal(run.values, expected[run.tensor], f"layer {run.name}")
        assert run.counters, "an executor counts at least bytes"
        if run.name in counted:
            wanted = {key: getattr(counted[run.name], key) for key in run.counters}
            assert dict(run.counters) == wanted, f"layer {run.name}"
        seen.append(run.tensor)
    assert sorted(seen) == sorted(expected), "every layer runs once"
    return True
