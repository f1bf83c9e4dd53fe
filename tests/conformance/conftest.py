"""The conformance suite: what every backend's executor must do. To test a plugin, install it and name it:

    DYNAMAP_CONFORMANCE=my-backend pytest tests/conformance

Without the variable the NumPy emulator, the Vitis HLS kernel (with sanitizers) and the Intel OpenCL kernels (in Intel's
emulator) are tested. An executor whose `largest_packing` is 1 is for devices whose multipliers make one product.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from dynamap.backends.contract import Executor
from dynamap.backends.executors import find_executor

NAMES = os.environ.get("DYNAMAP_CONFORMANCE", "numpy,vitis-hls,intel-opencl").split(",")


@pytest.fixture(scope="session", params=NAMES)
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """An executor, kept for the session so that it may keep what it builds."""
    if request.param == "intel-opencl":
        from dynamap.backends.intel_opencl.executor import EmulatorExecutor

        yield EmulatorExecutor()
    elif request.param == "vitis-hls":
        from dynamap.backends.vitis_hls.csim import SANITIZED, CSimulationExecutor

        yield CSimulationExecutor(SANITIZED)
    else:
        yield find_executor(request.param)
