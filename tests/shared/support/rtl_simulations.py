"""One set of builds for all tests of the RTL that run in a process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.vitis_rtl.executor import RtlExecutor
from dynamap.backends.vitis_rtl.simulation import Bench, Simulations

IntArray = npt.NDArray[np.int64]

OFTEN = ("layer_bench", "vector_bench")
"""Run by many tests: what their compilation takes longer, each of them is faster."""


class TestedSimulations(Simulations):
    """Compiled to run fast where many tests run a bench, else as fast as may be: simulations are short."""

    __test__ = False

    def __init__(self, often: Simulations) -> None:
        super().__init__("-O0")
        self._often = often

    def run(self, bench: Bench, inputs: Mapping[str, IntArray], *, seed: int = 1) -> dict[str, IntArray]:
        """See `Simulations.run`."""
        instances = dict(bench.parameters).get("Loops", 1) == 0
        if bench.top in OFTEN and not bench.synthesised and not instances:
            return self._often.run(bench, inputs, seed=seed)
        return super().run(bench, inputs, seed=seed)


@pytest.fixture(scope="session")
def simulations() -> Iterator[Simulations]:
    """Benches are built when they are first run, and kept."""
    with Simulations("-O1") as often, TestedSimulations(often) as built:
        yield built


@pytest.fixture(scope="session")
def rtl_executor() -> RtlExecutor:
    """Of whole programs on the kernel; it keeps what it has built."""
    return RtlExecutor("-O0")
