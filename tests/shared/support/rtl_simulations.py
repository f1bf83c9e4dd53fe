"""One set of builds for all tests of the RTL that run in a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynamap.backends.vitis_rtl.executor import RtlExecutor
from dynamap.backends.vitis_rtl.simulation import Simulations


@pytest.fixture(scope="session")
def simulations() -> Iterator[Simulations]:
    """Compiled as fast as may be: the simulations of these tests are short."""
    with Simulations("-O0") as built:
        yield built


@pytest.fixture(scope="session")
def rtl_executor() -> RtlExecutor:
    """Of whole programs on the kernel; it keeps what it has built."""
    return RtlExecutor("-O0")
