"""What a plan's buffers hold, the RTL's hold: no planned block of a convolution is refused for its size."""

from __future__ import annotations

import random as sampling

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamap.backends.conformance.plans import SMALL, TINY, plan_on
from dynamap.backends.hardware.sizes import simulated_sizes
from dynamap.backends.simulator.blank import blank_program
from dynamap.backends.vitis_rtl.program.folding import folded
from dynamap.backends.vitis_rtl.program.passes import core_pass
from dynamap.backends.vitis_rtl.program.shape import core_shape
from dynamap.cost.device import load_device
from dynamap.cost.errors import InfeasibleError
from dynamap.cost.overlay.machine import Buffers
from dynamap.planner.network.network import Network
from support.every_case import convolutions, some_cases

SAMPLE = 14


@pytest.mark.parametrize("examples", [40, pytest.param(150, marks=pytest.mark.full)])
def test_every_block_fits(examples: int) -> None:
    """Of all cases that a convolution may take, the cheapest or not, in buffers that are soon full."""
    arrays, buffers = st.sampled_from([(8, 8), (21, 16), (40, 32)]), st.sampled_from([TINY, SMALL])
    tried = given(convolutions(), arrays, buffers, st.randoms(use_true_random=False))(all_fit)
    settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)(
        tried
    )()


def all_fit(network: Network, array: tuple[int, int], buffers: Buffers, random: sampling.Random) -> None:
    try:
        plan = plan_on(network, array, buffers, "zcu104")
    except InfeasibleError:
        return
    for changed in some_cases(plan, network, load_device("zcu104"), random, SAMPLE):
        program = folded(blank_program(changed, network))
        shape = core_shape(program, simulated_sizes(program))
        for command in program.commands:
            assert core_pass(program, shape, command).fits(), (changed.layers[0], command)
