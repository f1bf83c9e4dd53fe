"""What a backend is, the object that an entry point of the group ``dynamap.backends`` names; and what an executor is.

A backend gets a finished plan, its program and one input, and returns the files of a project. It runs nothing.
If it can execute programs on this machine (a simulation of what it generates), `Backend.executor` says how.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from dynamap.backends.program import Program
from dynamap.planner.plan.plan import Plan

Int8Array = npt.NDArray[np.int8]


@dataclass(frozen=True)
class CycleCount:
    """All cycles of a layer, measured, and as the closed form of what was measured has them.

    ``waited``: of those measured, the cycles in which all was done, and the layer's time as planned was not over.
    """

    measured: int
    expected: int
    waited: int = 0


@dataclass(frozen=True)
class TimedStep:
    """A part of a layer that an executor measured: what its ``unit`` did, from the end of the step before it on.

    ``waited``: of its cycles, those in which all was done, and the step's time as planned was not over.
    """

    unit: str
    name: str
    cycles: int
    waited: int
    bytes_read: int
    bytes_written: int


@dataclass(frozen=True, eq=False)
class LayerRun:
    """One layer after its execution: the tensor that it wrote, C x H x W, and its counters by name.

    Counters have the names of the plan's layers (``bytes_read``, ``compute_cycles``, ...) and are compared with them.
    ``cycles``: from an executor that measures cycles of its own. ``steps``: they add up to these cycles.
    """

    name: str
    tensor: str
    values: Int8Array
    counters: Mapping[str, int]
    cycles: CycleCount | None = None
    steps: tuple[TimedStep, ...] = ()


class Executor(Protocol):
    """Runs programs. ``platform`` says in a few words on what.

    An executor may also say ``largest_packing``: 1 where it is only for devices whose multipliers make one int8
    product, 2 (taken where it says nothing) where they may make two. ``least_packing`` is 2 where they must (1 where it
    says nothing). The conformance suite plans accordingly. ``traces`` are the endings of files that it has a trace for
    (none where it says nothing): ``.json`` where its layers have steps, others where it is a `Recorder`.
    """

    platform: str

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        """Executes the program on int8 inputs, C x H x W, and yields its layers in order.

        The values of a layer are the caller's: no later layer changes them.
        """
        ...


class Recorder(Executor, Protocol):
    """An executor that can write a waveform of what it simulates."""

    traces: tuple[str, ...]

    def run_recorded(self, program: Program, inputs: Mapping[str, Int8Array], waveform: Path) -> Iterator[LayerRun]:
        """As `run`, and writes the file ``waveform``, in the format of its ending.

        Raises:
            InputError: what this format needs is missing on this machine.
        """
        ...


@runtime_checkable
class Backend(Protocol):
    """``name`` is that of the entry point, ``description`` one line for a list.

    ``vendor`` is that of the devices (``amd``, ``intel``), or ``any``.
    """

    name: str
    vendor: str
    description: str

    def generate(self, plan: Plan, program: Program, inputs: Mapping[str, Int8Array]) -> Mapping[str, bytes]:
        """The project: content by path, relative and with ``/``. The same arguments give the same bytes.

        ``inputs``: one int8 image per input, C x H x W; the project's golden outputs are those of this image.

        Raises:
            InputError: the plan is for another vendor's device, or the backend cannot run something in it.
            InfeasibleError: the overlay is larger than the device.
        """
        ...

    def executor(self) -> Executor:
        """Runs programs on what the project contains, simulated on this machine.

        Raises:
            InputError: a tool that it needs is missing; the message says which.
        """
        ...
