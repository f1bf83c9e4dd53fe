"""Runs programs on the kernel in simulation: every register in every cycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dynamap.backends.contract import LayerRun
from dynamap.backends.hardware.sizes import simulated_sizes
from dynamap.backends.program import Program
from dynamap.backends.vitis_rtl.kernel_simulation import KernelBuild, KernelSimulation, memory_words
from dynamap.backends.vitis_rtl.program.records import records_of
from dynamap.backends.vitis_rtl.program.shape import kernel_shape

Int8Array = npt.NDArray[np.int8]

LEAST_MEMORY = 4096
"""Words: smaller programs share a build."""


class RtlExecutor:
    """The backend's executor: builds the kernel for a program's overlay, once for each, and runs it.

    ``optimise``: the compiler's option; a long simulation is worth a long compilation.
    """

    def __init__(self, optimise: str = "-O2") -> None:
        self.platform = "SystemVerilog kernel, simulated by Verilator (cycles are the RTL's own, not the plan's)"
        self._optimise = optimise
        self._builds: dict[KernelBuild, KernelSimulation] = {}

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        """See `dynamap.backends.contract.Executor.run`."""
        yield from self.run_with(program, inputs)

    def run_with(
        self, program: Program, inputs: Mapping[str, Int8Array], options: Sequence[str] = ()
    ) -> Iterator[LayerRun]:
        """The same with options of ``kernel_sim.cpp``, such as a memory that stalls.

        Raises:
            InputError: the RTL cannot do something in the program yet, or the simulation fails.
        """
        sizes = simulated_sizes(program)
        shape = kernel_shape(program, sizes)
        records = records_of(program, shape)
        build = KernelBuild(shape, sizes, max(LEAST_MEMORY, memory_words(program, records)))
        if build not in self._builds:
            self._builds[build] = KernelSimulation(build, self._optimise)
        yield from self._builds[build].run(program, records, inputs, options)
