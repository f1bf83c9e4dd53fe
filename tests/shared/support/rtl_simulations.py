"""One set of builds for all tests of the RTL that run in a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynamap.backends.vitis_rtl.simulation import Simulations


@pytest.fixture(scope="session")
def simulations() -> Iterator[Simulations]:
    """Compiled as fast as may be: the simulations of these tests are short."""
    with Simulations("-O0") as built:
        yield built
