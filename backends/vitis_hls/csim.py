"""C simulation of the kernel on this machine: the project's own sources, compiled by g++ and run on a program."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dynamap.backends import children
from dynamap.backends.contract import LayerRun
from dynamap.backends.data_files import image_files, input_file
from dynamap.backends.hardware.results import layer_runs
from dynamap.backends.hardware.sizes import KernelSizes, check_program, simulated_sizes
from dynamap.backends.hardware.sources import host_headers, kernel_headers, package_files
from dynamap.backends.program import Program
from dynamap.backends.vitis_hls.iterations import iterations_file
from dynamap.backends.vitis_hls.pairs import check_pairs
from dynamap.backends.vitis_hls.params import params_header
from dynamap.cost.errors import InputError

Int8Array = npt.NDArray[np.int8]

KERNEL_ROOMS = {
    "kernel": (
        *("overlay.cpp", "load.cpp", "compute.cpp", "vector.cpp", "store.cpp"),
        *("overlay.h", "engines.h", "multiplier.h", "types.h", "widths.h"),
    ),
    "kernel/post": ("post.cpp", "post_sums.cpp", "post_products.cpp", "post_turn.cpp", "post.h"),
}
"""Hand-written sources by the folder that they lie in; a project has them side by side."""
KERNEL_SOURCES = tuple(name for names in KERNEL_ROOMS.values() for name in names if name.endswith(".cpp"))
TESTBENCH = "testbench.cpp"
PORTS_HEADERS = ("ports.h", "planned.h")
"""What checks the ports of the memories, and the iterations of loops; parts of the testbench, not of the kernel."""
WARNINGS = ("-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-label")
FAST = ("-O3", "-march=native")
CHECKED = ("-O2", "-DOVERLAY_CHECK_PORTS")
SANITIZED = ("-O1", "-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-D_GLIBCXX_ASSERTIONS")

LONGEST_BUILD_SECONDS, LONGEST_RUN_SECONDS = 600, 3600


def kernel_files() -> dict[str, bytes]:
    """The hand-written sources of the kernel, by name."""
    files = kernel_headers()
    for room, names in KERNEL_ROOMS.items():
        files |= package_files("dynamap.backends.vitis_hls", room, names)
    return files


def testbench_files() -> dict[str, bytes]:
    """The sources of the testbench, by name."""
    return package_files("dynamap.backends.vitis_hls", "host", (TESTBENCH, *PORTS_HEADERS)) | host_headers()


def headers_folder() -> Path:
    """The folder with ``ap_int.h`` and ``hls_stream.h``: of Vitis, or of the package hls4ml.

    Raises:
        InputError: neither is there.
    """
    for variable in ("XILINX_HLS", "XILINX_VITIS"):
        if variable in os.environ:
            folder = Path(os.environ[variable]) / "include"
            if (folder / "ap_int.h").is_file():
                return folder
    found = importlib.util.find_spec("hls4ml")
    for place in found.submodule_search_locations or () if found else ():
        folder = Path(place) / "templates" / "vivado" / "ap_types"
        if (folder / "hls_stream.h").is_file():
            return folder
    raise InputError(
        "C simulation needs AMD's ap_int.h and hls_stream.h: source Vitis' settings64.sh, "
        "or run 'pip install --no-deps hls4ml', which carries them"
    )


class CSimulation:
    """One build of the kernel. ``flags``: of the compiler, beside the warnings, which are errors.

    The build lives in a temporary folder until `close`, the end of a ``with``, or the end of the process.
    """

    def __init__(self, sizes: KernelSizes, flags: tuple[str, ...] = FAST) -> None:
        self.sizes = sizes
        self._counts = "-DOVERLAY_CHECK_PORTS" in flags
        self._temporary = tempfile.TemporaryDirectory(prefix="dynamap-csim-")
        self._folder = Path(self._temporary.name)
        try:
            self._build(flags)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> CSimulation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Removes the build."""
        self._temporary.cleanup()

    def _build(self, flags: tuple[str, ...]) -> None:
        compiler = shutil.which(os.environ.get("CXX", "g++"))
        if compiler is None:
            raise InputError("C simulation needs g++ (Debian, Ubuntu: apt install g++), or the compiler named in CXX")
        headers = headers_folder()
        for name, content in (kernel_files() | testbench_files()).items():
            (self._folder / name).write_bytes(content)
        (self._folder / "params.h").write_text(params_header(self.sizes, "C simulation"))
        common = [compiler, "-std=c++17", *flags, *WARNINGS, "-isystem", str(headers)]
        sources = [*KERNEL_SOURCES, TESTBENCH]
        objects = [source.replace(".cpp", ".o") for source in sources]
        running: list[subprocess.Popen[bytes]] = []
        with children.ended_with_us(running):
            for source, target in zip(sources, objects, strict=True):
                running.append(self._start([*common, "-c", source, "-o", target]))
                if len(running) >= max(1, min(2, os.cpu_count() or 1)):
                    self._finish(running)
            while running:
                self._finish(running)
            running.append(self._start([*common, *objects, "-o", "testbench"]))
            self._finish(running)

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        return children.start(command, cwd=self._folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def _finish(self, running: list[subprocess.Popen[bytes]]) -> None:
        """Waits for the first of the compilers."""
        try:
            output, _ = running[0].communicate(timeout=LONGEST_BUILD_SECONDS)
        except subprocess.TimeoutExpired:
            raise InputError(f"the kernel is not compiled after {LONGEST_BUILD_SECONDS} s") from None
        if running.pop(0).returncode:
            raise InputError(f"the kernel does not compile:\n{output.decode(errors='replace')[-4000:]}")

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        """Every layer of the overlay with the tensor that it wrote and the kernel's own counters.

        Raises:
            InputError: the program is for another overlay, or the simulation fails.
        """
        check_program(program, self.sizes)
        check_pairs(program, self.sizes)
        with tempfile.TemporaryDirectory(prefix="dynamap-data-") as folder:
            files = image_files(program) | {"input.bin": input_file(program, inputs)}
            if self._counts:
                files["iterations.txt"] = iterations_file(program)
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            tensors, counters = Path(folder) / "tensors.bin", Path(folder) / "counters.txt"
            command = [str(self._folder / "testbench"), folder, "--tensors", str(tensors), "--counters", str(counters)]
            done = children.run("the simulated kernel", command, seconds=LONGEST_RUN_SECONDS)
            if done.returncode:
                said = done.stderr.decode(errors="replace")[-4000:].strip()
                raise InputError(f"the simulated kernel failed (exit {done.returncode}): {said}")
            yield from layer_runs(program, self.sizes.ports, tensors.read_bytes(), counters.read_text().splitlines())


class CSimulationExecutor:
    """The backend's executor: builds the kernel for a program's overlay, once for each overlay, and runs it."""

    def __init__(self, flags: tuple[str, ...] = FAST) -> None:
        self.platform = "Vitis HLS kernel, C simulation by g++"
        self._flags = flags
        self._builds: dict[KernelSizes, CSimulation] = {}

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        """See `dynamap.backends.contract.Executor.run`."""
        sizes = simulated_sizes(program)
        if sizes not in self._builds:
            self._builds[sizes] = CSimulation(sizes, self._flags)
        yield from self._builds[sizes].run(program, inputs)
