"""The overlay's kernels through pyopencl, on a board or on Intel's emulator (emulator.py has its environment)."""

import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BOARD_PLATFORM = "Intel(R) FPGA SDK for OpenCL(TM)"
EMULATION_PLATFORM = "Intel(R) FPGA Emulation Platform for OpenCL(TM)"
KERNELS = ("load", "feed", "array", "accumulate", "post", "store")
HETEROGENEOUS = 1 << 19
ALIGNMENT = 64
"""Bytes; host memory that is so aligned moves by DMA."""


class OverlayError(Exception):
    """The device, a file or a run is not as it must be; the message says what."""


def memory_flag(name: str) -> int:
    """A buffer's flag by the name that Intel's cl_ext_intelfpga.h gives it."""
    if name == "CL_MEM_HETEROGENEOUS_INTELFPGA":
        return HETEROGENEOUS
    return int(name.removeprefix("CL_CHANNEL_").removesuffix("_INTELFPGA")) << 16


class OpenclOverlay:
    """One build of the kernels: from ``binary`` (an .aocx file), or from ``sources``, the folder of overlay.cl.

    ``memory_flags``: of the buffer of each memory port. `attach` makes buffers for a program.
    """

    def __init__(
        self,
        memory_flags: Sequence[int],
        *,
        emulator: bool,
        binary: Path | None = None,
        sources: Path | None = None,
        time_limit_seconds: float = 3600,
    ) -> None:
        import pyopencl as cl

        self._cl: Any = cl
        self.ports, self.time_limit_seconds = len(memory_flags), time_limit_seconds
        self._flags = [0] * self.ports if emulator else list(memory_flags)  # the emulator has one memory
        device = self._device(EMULATION_PLATFORM if emulator else BOARD_PLATFORM)
        self._context = cl.Context([device])
        if binary is not None:
            self._program = cl.Program(self._context, [device], [binary.read_bytes()]).build()
        elif sources is not None:
            text = (sources / "overlay.cl").read_text()
            options = ["-DOVERLAY_EMULATION", "-DOVERLAY_GIVES_WAY", "-I", str(sources)]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", cl.CompilerWarning)  # remarks on loops, also where all is well
                try:
                    self._program = cl.Program(self._context, text).build(options, cache_dir=False)
                except cl.RuntimeError as error:
                    raise OverlayError(f"the kernels do not build:\n{error}") from error
        else:
            raise OverlayError("the kernels are needed: an .aocx file, or for the emulator the folder of overlay.cl")
        profiling = cl.command_queue_properties.PROFILING_ENABLE
        self._queues = {name: cl.CommandQueue(self._context, properties=profiling) for name in KERNELS}
        self._kernels = {name: cl.Kernel(self._program, name) for name in KERNELS}
        self.memories: list[memoryview] = []
        self.milliseconds = 0.0

    def _device(self, wanted: str) -> Any:
        cl = self._cl
        try:
            platforms = cl.get_platforms()
        except cl.Error:
            platforms = []
        for platform in platforms:
            if platform.name == wanted:
                return platform.get_devices()[0]
        found = ", ".join(platform.name for platform in platforms) or "none"
        raise OverlayError(f"there is no OpenCL platform {wanted!r}; found: {found}")

    def attach(self, bytes_per_port: int, command_count: int) -> None:
        """Buffers for a program: ``memories`` are the host's views of them, one for each port."""
        import numpy as np

        cl = self._cl
        self._host = []
        for _ in range(self.ports):
            raw = np.full(bytes_per_port + ALIGNMENT, 0x5A, np.uint8)
            self._host.append(raw[-raw.ctypes.data % ALIGNMENT :][:bytes_per_port])
        self.memories = [view.data for view in self._host]
        self._buffers = [
            cl.Buffer(self._context, cl.mem_flags.READ_WRITE | flag, size=bytes_per_port) for flag in self._flags
        ]
        widths = {"load": self.ports, "feed": 1, "store": self.ports}
        self._counters = {
            name: (cl.Buffer(self._context, cl.mem_flags.READ_WRITE, size=8 * width * command_count), width)
            for name, width in widths.items()
        }

    def to_device(self) -> None:
        """Copies the views to the device."""
        for view, buffer in zip(self._host, self._buffers, strict=True):
            self._cl.enqueue_copy(self._queues["load"], buffer, view)

    def from_device(self) -> None:
        """Copies the device's memory to the views."""
        for view, buffer in zip(self._host, self._buffers, strict=True):
            self._cl.enqueue_copy(self._queues["store"], view, buffer)

    def run(self, commands_address: int, count: int) -> list[list[int]]:
        """Runs commands and waits. For each: cycles, bytes that each port read, bytes that each port wrote.

        Raises:
            OverlayError: the kernels are not done within the time limit.
        """
        import numpy as np

        if count == 0:  # a layer that is written in place by those before it
            return []
        commands = np.int32(count)
        memory = self._buffers
        arguments: dict[str, list[Any]] = {
            "load": [np.uint64(commands_address), commands, self._counters["load"][0], *memory],
            "feed": [commands, self._counters["feed"][0]],
            "array": [commands],
            "accumulate": [commands],
            "post": [commands],
            "store": [commands, self._counters["store"][0], *memory],
        }
        events = []
        for name in KERNELS:
            self._kernels[name].set_args(*arguments[name])
            events.append(self._cl.enqueue_nd_range_kernel(self._queues[name], self._kernels[name], (1,), (1,)))
            self._queues[name].flush()
        self._wait(events)
        first = min(event.profile.start for event in events)
        self.milliseconds = (max(event.profile.end for event in events) - first) * 1e-6
        parts = []
        for name in ("feed", "load", "store"):
            buffer, width = self._counters[name]
            values = np.empty((count, width), np.uint64)
            self._cl.enqueue_copy(self._queues[name], values, buffer)
            parts.append(values)
        return [[int(value) for value in row] for row in np.concatenate(parts, axis=1)]

    def _wait(self, events: list[Any]) -> None:
        complete = self._cl.command_execution_status.COMPLETE
        start = time.monotonic()
        for name, event in zip(KERNELS, events, strict=True):
            while (status := event.command_execution_status) != complete:
                if status < 0:
                    raise OverlayError(f"kernel {name} failed with OpenCL error {status}")
                if time.monotonic() - start > self.time_limit_seconds:
                    raise OverlayError(
                        f"kernel {name} is not done after {self.time_limit_seconds:g} s: it waits for ever, "
                        "or the time limit is too short"
                    )
                time.sleep(0.0002)
