#!/usr/bin/env python3
"""Intel's FPGA emulator for OpenCL, as Python packages carry it: where it lies, and how programs find it.

    python3 emulator.py run COMMAND [ARGUMENT...]   runs a command that sees the emulator as its OpenCL platform
    python3 emulator.py flags                       prints what g++ needs for an OpenCL host: headers and library

The emulator is an OpenCL platform that compiles kernels for the CPU and runs each in a thread of its own, joined by
channels. Its library lies in the package intel-opencl-fpga-emu-rt beside libraries of intel-opencl-rt that it needs.
An OpenCL loader looks for platforms in /etc/OpenCL/vendors; two variables make it load this library instead:
OCL_ICD_FILENAMES for Khronos' loader, OCL_ICD_VENDORS for ocl-icd, which pyopencl carries. Nothing is copied.

Standard library alone: generated projects carry this file.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

EMULATOR, RUNTIME, HEADERS = "intel-opencl-fpga-emu-rt", "intel-opencl-rt", "nvidia-cuda-opencl"
PACKAGES = f"{RUNTIME}==2025.0.4 intel-cmplr-lib-rt==2025.0.4 {EMULATOR}==2025.0.5"
INSTALL = f"pip install {PACKAGES} {HEADERS} pyopencl"
THREADS = 8
"""One is the host's own and runs no kernel, each of the six kernels keeps one, and one is to spare.

With six, one kernel is never started and the others wait for it for ever; idle ones take time from the others."""


class EmulatorMissingError(Exception):
    """Something of the emulator is not installed; the message says how to install it."""


def emulator_library() -> Path:
    """The emulator's library.

    Raises:
        EmulatorMissingError: a package is not installed, or not in the version that belongs to the others.
    """
    found = _package(EMULATOR)
    if found is None:
        raise EmulatorMissingError(
            f"Intel's FPGA emulator is not installed: run '{INSTALL}' "
            "(Linux on x86-64; about 1 GB; Intel's own licence)"
        )
    library = _file(found, "libintelocl_emu.so")
    runtime = _package(RUNTIME)
    if library is None or runtime is None or _release(runtime) != _release(found):
        has = f"{RUNTIME} {runtime.version}" if runtime else f"no {RUNTIME}"
        raise EmulatorMissingError(
            f"Intel's FPGA emulator is incomplete: there is {EMULATOR} {found.version} and {has}, "
            f"and both must be of the same release: run '{INSTALL}'"
        )
    return library


def emulator_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment, or the one given, with what makes OpenCL loaders find the emulator, and its number of threads.

    Raises:
        EmulatorMissingError: it is not installed.
    """
    library = str(emulator_library())
    return {
        **(os.environ if base is None else base),
        "OCL_ICD_FILENAMES": library,
        "OCL_ICD_VENDORS": library,
        "CL_CONFIG_CPU_TBB_NUM_WORKERS": str(THREADS),
    }


def compiler_flags() -> list[str]:
    """What g++ needs to compile and link an OpenCL host: Khronos' headers and loader, of a package or of the system.

    Raises:
        EmulatorMissingError: neither is there.
    """
    package = _package(HEADERS)
    header, loader = (_file(package, name) if package else None for name in ("cl.h", "libOpenCL.so.1"))
    if header and loader:
        return ["-isystem", str(header.parent.parent), str(loader), f"-Wl,-rpath,{loader.parent}"]
    if any(Path(folder, "CL", "cl.h").is_file() for folder in ("/usr/include", "/usr/local/include")):
        return ["-lOpenCL"]
    raise EmulatorMissingError(
        f"an OpenCL host needs Khronos' header CL/cl.h and its loader: run '{INSTALL}' "
        "(Debian, Ubuntu: apt install ocl-icd-opencl-dev)"
    )


def _package(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _file(package: Distribution, name: str) -> Path | None:
    """A file of a package by its last name, if it is there."""
    for entry in package.files or ():
        if entry.name == name:
            path = Path(os.path.abspath(str(package.locate_file(entry))))
            if path.is_file():
                return path
    return None


def _release(package: Distribution) -> str:
    return ".".join(package.version.split(".")[:2])


def main(words: list[str]) -> int:
    """The two commands of the file's head; the exit status."""
    try:
        if words == ["flags"]:
            print(shlex.join(compiler_flags()))
            return 0
        if len(words) >= 2 and words[0] == "run":
            status = subprocess.run(words[1:], env=emulator_environment(), check=False).returncode
            return status if status >= 0 else 128 - status
    except EmulatorMissingError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"emulator.py: {words[1]}: {error.strerror or error}", file=sys.stderr)
        return 2
    print("usage: emulator.py run COMMAND [ARGUMENT...] | emulator.py flags", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
