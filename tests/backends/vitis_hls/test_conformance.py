"""The conformance suite on the kernel in C simulation, with sanitizers."""

from __future__ import annotations

import pytest

from dynamap.backends.conformance.test_convolution import *  # noqa: F403
from dynamap.backends.conformance.test_elementwise import *  # noqa: F403
from dynamap.backends.conformance.test_network import *  # noqa: F403
from dynamap.backends.conformance.test_pooling import *  # noqa: F403
from dynamap.backends.conformance.test_resize import *  # noqa: F403
from dynamap.backends.conformance.test_slices import *  # noqa: F403
from dynamap.backends.contract import Executor
from dynamap.backends.vitis_hls.csim import SANITIZED, CSimulationExecutor

pytestmark = pytest.mark.full  # `test_conformance_ports.py` has the same cases, and sees every index too


@pytest.fixture(scope="module")
def executor() -> Executor:
    """One for all cases, so that it may keep what it builds."""
    return CSimulationExecutor(SANITIZED)
