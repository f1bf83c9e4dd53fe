"""Programs on the project's own kernels under Intel's FPGA emulator, layer by layer.

The emulator lives in a process of its own (`emulation_child`), with the environment that makes OpenCL find it: so its
libraries, its crashes and kernels that wait for each other for ever are not this process's. That process builds the
kernels of one overlay once and then runs any number of programs; each answer has a time limit.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends import children
from dynamap.backends.contract import LayerRun
from dynamap.backends.data_files import input_file
from dynamap.backends.hardware.results import layer_counters
from dynamap.backends.hardware.sizes import KernelSizes, check_program, simulated_sizes
from dynamap.backends.hardware.sources import package_files
from dynamap.backends.intel_opencl.emulator import EmulatorMissingError, emulator_environment
from dynamap.backends.intel_opencl.kernel_sources import kernel_files
from dynamap.backends.intel_opencl.params import params_header
from dynamap.backends.program import Program, Role
from dynamap.backends.program.layout import from_format, layout_of_entry
from dynamap.backends.program.specification import NONE, LayerEntry
from dynamap.cost.errors import InputError

Int8Array = npt.NDArray[np.int8]

LONGEST_BUILD_SECONDS, LONGEST_LAYER_SECONDS = 900.0, 900.0
UNWRITTEN = 0x5A
"""What memory holds that nobody has written: not zero."""

CHILD, OVERLAY = "emulation_child.py", "opencl_overlay.py"


class Emulation:
    """One build of the kernels in a process that runs programs on them, until `close` or the end of a ``with``.

    ``build_seconds``, ``layer_seconds``: how long the build and a layer may take.
    """

    def __init__(
        self,
        sizes: KernelSizes,
        *,
        build_seconds: float = LONGEST_BUILD_SECONDS,
        layer_seconds: float = LONGEST_LAYER_SECONDS,
    ) -> None:
        if sizes.packing != 1:
            raise InputError(
                f"the program is for {sizes.packing} int8 products per multiplier, and a multiplier of an Intel device "
                "makes one: plan for an Intel device (--device stratix10-gx2800), or with --no-packing"
            )
        self.sizes, self.layer_seconds = sizes, layer_seconds
        try:
            environment = emulator_environment()
        except EmulatorMissingError as error:
            raise InputError(str(error)) from None
        self._temporary = tempfile.TemporaryDirectory(prefix="dynamap-emulation-")
        self._folder = Path(self._temporary.name)
        for name, content in kernel_files().items():
            (self._folder / name).write_bytes(content)
        (self._folder / "params.h").write_text(params_header(sizes, "emulation"))
        for name, folder in ((CHILD, "."), (OVERLAY, "host")):
            content = package_files("dynamap.backends.intel_opencl", folder, [name])[name]
            (self._folder / name).write_bytes(content)
        self._unread = b""
        self._messages = (self._folder / "messages.txt").open("w+b")
        self._process = children.start(
            [sys.executable, CHILD, str(self._folder), str(sizes.ports)],
            cwd=self._folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
        )
        try:
            self._answer(build_seconds, "building the kernels")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Emulation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_process"):
            self.close()

    def close(self) -> None:
        """Ends the process and removes the build."""
        with self._process:  # closes its streams
            children.end(self._process)
        self._messages.close()
        self._temporary.cleanup()

    @property
    def alive(self) -> bool:
        """Whether it can run another program."""
        return self._process.poll() is None

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        """Every layer of the overlay with the tensor that it wrote and the kernels' own counters.

        Raises:
            InputError: the program is for another overlay, or the emulator fails or is not done in time.
        """
        check_program(program, self.sizes)
        layers = [
            (name, entry)
            for name, entry in zip(program.layer_names, program.layers, strict=True)
            if entry.output != NONE
        ]
        finished = False
        with tempfile.TemporaryDirectory(prefix="dynamap-data-") as folder:
            memory, results = Path(folder) / "memory.bin", Path(folder) / "results.bin"
            memory.write_bytes(device_buffer(program, inputs, self.sizes.word_bytes).tobytes())
            self._request(program, [entry for _, entry in layers], memory, results)
            try:
                at = 0
                for name, entry in layers:
                    counters = self._answer(self.layer_seconds, f"layer {name!r}")["counters"]
                    tensor = program.tensors[entry.output]
                    stored = np.fromfile(results, np.uint8, tensor.size_bytes, offset=at)
                    at += tensor.size_bytes
                    nothing = [0] * (1 + 2 * self.sizes.ports)
                    totals = [sum(column) for column in zip(nothing, *counters, strict=True)]
                    yield LayerRun(
                        name,
                        program.tensor_names[entry.output],
                        from_format(stored, layout_of_entry(tensor)),
                        layer_counters(self.sizes.ports, totals),
                    )
                finished = True
            finally:
                if not finished:  # it is still busy, or broken
                    children.end(self._process)

    def _request(self, program: Program, layers: list[LayerEntry], memory: Path, results: Path) -> None:
        start, size = program.header.commands_address, 4 * 96
        places = [program.tensors[entry.output] for entry in layers]
        request = {
            "memory": str(memory),
            "results": str(results),
            "port_bytes": self.sizes.port_bytes,
            "commands": len(program.commands),
            "layers": [
                [start + entry.first_command * size, entry.command_count, tensor.address, tensor.size_bytes]
                for entry, tensor in zip(layers, places, strict=True)
            ],
        }
        assert self._process.stdin is not None
        try:
            self._process.stdin.write((json.dumps(request) + "\n").encode())
            self._process.stdin.flush()
        except OSError:
            raise InputError(self._ended()) from None

    def _answer(self, seconds: float, what: str) -> dict[str, Any]:
        """The process's next answer."""
        answer: dict[str, Any] = json.loads(self._line(seconds, what))
        if "error" in answer:
            raise InputError(f"Intel's FPGA emulator: {answer['error'][-4000:]}")
        return answer

    def _line(self, seconds: float, what: str) -> bytes:
        """The next line of the process.

        It may write several before anybody looks. Those behind the first stay in ``_unread``, which is asked before
        the pipe: a buffered reader would take them out of it, and `select` would wait for what is already here.
        """
        assert self._process.stdout is not None
        pipe, end = self._process.stdout.fileno(), time.monotonic() + seconds
        while b"\n" not in self._unread:
            ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                self._process.kill()
                raise InputError(
                    f"Intel's FPGA emulator: {what} is not done after {seconds:g} s: the machine is too slow or too "
                    "busy for this overlay, or the kernels wait for each other"
                )
            piece = os.read(pipe, 1 << 16)
            if not piece:
                raise InputError(self._ended())
            self._unread += piece
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _ended(self) -> str:
        status = self._process.wait()
        self._messages.seek(0)
        said = self._messages.read()[-2000:].decode(errors="replace").strip()
        return f"Intel's FPGA emulator ended by itself (status {status}): {said or 'it said nothing'}"


def device_buffer(program: Program, inputs: Mapping[str, Int8Array], word_bytes: int) -> npt.NDArray[np.uint8]:
    """The device buffer before the program runs, whole memory words: the program's image and its inputs."""
    words = program.header.memory_bytes // word_bytes + 2
    memory = np.full(words * word_bytes, UNWRITTEN, np.uint8)
    memory[: len(program.image)] = np.frombuffer(bytes(program.image), np.uint8)
    data, at = np.frombuffer(input_file(program, inputs), np.uint8), 0
    for entry in program.tensors_of(Role.INPUT).values():
        memory[entry.address : entry.address + entry.size_bytes] = data[at : at + entry.size_bytes]
        at += entry.size_bytes
    return memory


class EmulatorExecutor:
    """The backend's executor: builds the kernels for a program's overlay, once for each overlay, and runs it."""

    largest_packing = 1
    """Products per multiplier of the devices that it is for."""

    def __init__(
        self, *, build_seconds: float = LONGEST_BUILD_SECONDS, layer_seconds: float = LONGEST_LAYER_SECONDS
    ) -> None:
        self.platform = "Intel OpenCL kernels, Intel FPGA emulator"
        self._limits = {"build_seconds": build_seconds, "layer_seconds": layer_seconds}
        self._builds: dict[KernelSizes, Emulation] = {}

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        """See `dynamap.backends.contract.Executor.run`.

        Raises:
            InputError: the emulator is not installed, fails, or is not done in time; or the program is for
                multipliers that Intel devices do not have.
        """
        sizes = simulated_sizes(program)
        build = self._builds.get(sizes)
        if build is None or not build.alive:
            build = self._builds[sizes] = Emulation(sizes, **self._limits)
        yield from build.run(program, inputs)
