"""The conformance suite on the kernel in C simulation, on memories that check their ports."""

from __future__ import annotations

import pytest

from dynamap.backends.conformance.test_convolution import *  # noqa: F403
from dynamap.backends.conformance.test_elementwise import *  # noqa: F403
from dynamap.backends.conformance.test_network import *  # noqa: F403
from dynamap.backends.conformance.test_pooling import *  # noqa: F403
from dynamap.backends.conformance.test_resize import *  # noqa: F403
from dynamap.backends.conformance.test_slices import *  # noqa: F403
from dynamap.backends.contract import Executor
from dynamap.backends.vitis_hls.csim import CHECKED, CSimulationExecutor


class TwoProducts(CSimulationExecutor):
    """Small cases, too, run on the kernel that makes two products per multiplier: one build fewer."""

    least_packing = 2


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(TwoProducts, id="two products"),
        pytest.param(CSimulationExecutor, id="one or two", marks=pytest.mark.full),
    ],
)
def executor(request: pytest.FixtureRequest) -> Executor:
    """One for all cases, so that it may keep what it builds."""
    made: Executor = request.param(CHECKED)
    return made
