"""Executors of overlay programs: the NumPy emulator, and those that installed backends bring.

The executor of a backend (``backends/discovery.py``) is found under the backend's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.contract import Executor, Int8Array, LayerRun
from dynamap.backends.discovery import announced_backends, load_backend
from dynamap.backends.host.segments import Segments
from dynamap.backends.program.encoding import Program
from dynamap.backends.program.host import Prepared
from dynamap.backends.program.parts import outputs_of, run_model
from dynamap.cost.device import Device
from dynamap.cost.errors import InputError
from dynamap.cost.likeness import suggestion
from dynamap.planner.mapping.memory import host_reads


class NumpyExecutor:
    """The emulator: counts the bytes of LOAD and STORE."""

    def __init__(self) -> None:
        self.platform = f"NumPy {np.__version__} emulator"

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        """See `Executor.run`."""
        from dynamap.backends.emulator import Emulator

        emulator = Emulator(program)
        for name, values in inputs.items():
            emulator.write_input(name, values)
        for count, entry in emulator.run():
            counters = {"bytes_read": count.bytes_read, "bytes_written": count.bytes_written}
            yield LayerRun(count.name, program.name_of(entry), emulator.read_entry(entry), counters)


def find_executor(name: str, device: Device | None = None) -> Executor:
    """The executor of that name, for any program, or for plans of ``device``.

    Raises:
        InputError: there is none; its package, which the message names, cannot be loaded; or it is of a backend for
            another vendor's devices.
    """
    if name == "numpy":
        return NumpyExecutor()
    from dynamap.backends.hardware.target import check_vendor

    names = ["numpy", *(announced.name for announced in announced_backends())]
    if name not in names:
        raise InputError(f"there is no executor {name!r}; known: {', '.join(names)}{suggestion(name, names)}")
    backend = load_backend(name)
    if device is not None:
        check_vendor(device, name, backend.vendor)
    return backend.executor()


def run_part(executor: Executor, part: Prepared, inputs: Mapping[str, Int8Array]) -> dict[str, Int8Array]:
    """The tensors of a part that the host reads, inputs among them."""
    wanted = set(host_reads(part.network))
    kept = {name: values for name, values in inputs.items() if name in wanted}
    return kept | {done.tensor: done.values for done in executor.run(part.program, inputs) if done.tensor in wanted}


def execute(
    executor: Executor, prepared: Prepared, arrays: Mapping[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    """The model's outputs for one image, in its own names, types and shapes; ``arrays``: a value for each input.

    Raises:
        InputError: an input does not fit, or the host cannot run its part of the model.
    """
    values = run_model(prepared, arrays, partial(run_part, executor), Segments())
    return {name: values[name] for name in outputs_of(prepared.network)}
