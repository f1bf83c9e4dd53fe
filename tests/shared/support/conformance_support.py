"""One check for all cases: values from the reference executor, counters from the event simulator."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dynamap.backends.contract import Executor
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import QuantisedNetwork
from dynamap.backends.quantise.reference import run_layers
from dynamap.backends.simulator.simulation import simulate
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import Plan


def packed_device(executor: Executor) -> str:
    """A device that packs two products in a multiplier; another one where the executor is for none that does."""
    return "zcu104" if getattr(executor, "largest_packing", 2) == 2 else "arria10-gx1150"


def check(executor: Executor, plan: Plan, quantised: QuantisedNetwork, image: Mapping[str, np.ndarray]) -> bool:
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
