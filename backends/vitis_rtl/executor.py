"""Runs programs on the kernel in simulation: every register in every cycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dynamap.backends.contract import LayerRun
from dynamap.backends.hardware.sizes import simulated_sizes
from dynamap.backends.program import Program
from dynamap.backends.vitis_rtl.kernel_simulation import KernelBuild, KernelSimulation, memory_words
from dynamap.backends.vitis_rtl.program.folding import folded
from dynamap.backends.vitis_rtl.program.records import records_of
from dynamap.backends.vitis_rtl.program.shape import KernelShape, kernel_shape
from dynamap.backends.vitis_rtl.project.verilated import Wave, require_wave
from dynamap.cost.overlay.fitting.extras import NO_PARTS, KernelParts
from dynamap.cost.overlay.limits import POOL_PIXELS

Int8Array = npt.NDArray[np.int8]

LEAST_MEMORY = 16384
"""Words: smaller programs share a build."""

LEAST_INPUT, LEAST_RESIDENT, LEAST_OUTPUT = 16384, 4096, 2048
"""Units, units and words of the vector unit's buffers, for the same reason; a project has what its program needs."""


def _roomy(shape: KernelShape) -> KernelShape:
    """The kernel with buffers of the vector unit that hold those of small programs."""
    vector = shape.vector
    larger = replace(
        vector,
        input_depth=max(vector.input_depth, LEAST_INPUT // vector.banks),
        resident_depth=max(vector.resident_depth, LEAST_RESIDENT // vector.banks),
        output_depth=max(vector.output_depth, LEAST_OUTPUT),
        pool_depth=POOL_PIXELS,
    )
    return replace(shape, vector=larger)


class RtlExecutor:
    """The backend's executor: builds the kernel for a program's overlay, once for each, and runs it.

    ``optimise``: the compiler's option; a long simulation is worth a long compilation. ``parts``: what the kernel has
    for other programs.
    """

    least_packing = 2
    """The conformance suite plans for multipliers that make two products alone."""

    traces = (".json", *(wave.ending for wave in Wave if wave is not Wave.NONE))

    def __init__(self, optimise: str = "-O2", parts: KernelParts = NO_PARTS) -> None:
        self.platform = "SystemVerilog kernel, simulated by Verilator (cycles are the RTL's own, not the plan's)"
        self._optimise, self._parts = optimise, parts
        self._builds: dict[KernelBuild, KernelSimulation] = {}

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        """See `dynamap.backends.contract.Executor.run`."""
        yield from self.run_with(program, inputs)

    def run_recorded(self, program: Program, inputs: Mapping[str, Int8Array], waveform: Path) -> Iterator[LayerRun]:
        """See `dynamap.backends.contract.Recorder.run_recorded`."""
        wave = next(wave for wave in Wave if wave.ending == waveform.suffix)
        require_wave(wave)
        yield from self.run_with(program, inputs, ("--trace", str(waveform.absolute())), wave)

    def run_with(
        self,
        program: Program,
        inputs: Mapping[str, Int8Array],
        options: Sequence[str] = (),
        wave: Wave = Wave.NONE,
    ) -> Iterator[LayerRun]:
        """The same with options of ``kernel_sim.cpp``, such as a memory that stalls; ``wave``: what it can record.

        Raises:
            InputError: the RTL cannot do something in the program yet, or the simulation fails.
        """
        program = folded(program)
        sizes = simulated_sizes(program)
        shape = _roomy(kernel_shape(program, sizes, self._parts))
        records = records_of(program, shape)
        build = KernelBuild(shape, sizes, max(LEAST_MEMORY, memory_words(program, records)), wave=wave)
        if build not in self._builds:
            self._builds[build] = KernelSimulation(build, self._optimise)
        yield from self._builds[build].run(program, records, inputs, options)
