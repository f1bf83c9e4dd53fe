"""The conformance suite's executor of the kernel in RTL, which holds cycles beside values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dynamap.backends.contract import Int8Array, LayerRun
from dynamap.backends.program import Program
from dynamap.backends.vitis_rtl.executor import RtlExecutor


@dataclass(frozen=True)
class Timed:
    """The kernel before a memory as planned, or one that stalls; there, its cycles are those of the closed form."""

    executor: RtlExecutor
    stalls: bool = False
    platform: str = "timed"

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        for run in self.executor.run_with(program, inputs, ("--stalls", "5") if self.stalls else ()):
            assert run.cycles is not None
            assert self.stalls or run.cycles.measured == run.cycles.expected, run.name
            yield run
