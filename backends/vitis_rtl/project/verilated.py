"""From what Verilator wrote to a program; a project carries a copy of this file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from enum import Enum
from functools import cache
from pathlib import Path

from dynamap.backends.vitis_rtl import tools
from dynamap.cost.errors import InputError

RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
PARTS = ("VM_COVERAGE", "VM_SC", "VM_TRACE", "VM_TRACE_FST", "VM_TRACE_VCD", "VM_TRACE_SAIF")


class Wave(Enum):
    """A format of waveforms: Verilator's name of it, and the headers that its code needs."""

    NONE = ""
    FST = "fst"
    VCD = "vcd"

    @property
    def headers(self) -> tuple[str, ...]:
        return ("lz4.h", "zlib.h") if self is Wave.FST else ()

    @property
    def ending(self) -> str:
        """Of its files."""
        return f".{self.value}"


HEADERS_FROM = "Debian: apt install liblz4-dev zlib1g-dev"


def best_wave() -> Wave:
    """FST where its headers are there, else VCD, which is larger and needs none.

    Raises:
        InputError: there is no compiler.
    """
    return Wave.FST if _has_headers(Wave.FST) else Wave.VCD


def require_wave(wave: Wave) -> None:
    """Checks that its headers are there.

    Raises:
        InputError: one of them is not, or there is no compiler.
    """
    if not _has_headers(wave):
        raise InputError(
            f"a waveform {wave.ending} needs the headers {' and '.join(wave.headers)} ({HEADERS_FROM}); "
            f"{Wave.VCD.ending} needs none"
        )


def _has_headers(wave: Wave) -> bool:
    compiler = tools.compiler()
    include = "".join(f"#include <{name}>\n" for name in wave.headers)
    with tempfile.TemporaryDirectory(prefix="dynamap-probe-") as name:
        (Path(name) / "probe.cc").write_text(include)
        try:
            compiler.run(["-fsyntax-only", "probe.cc"], Path(name))
        except InputError:
            return False
    return True


_LINE = re.compile(r"^localparam int unsigned (\w+) = ([^;]+);", re.MULTILINE)


def cpp_params(header: str, more: Sequence[tuple[str, int]] = ()) -> str:
    """``params.h`` of the simulation: the same numbers as constants of C++."""
    numbers = [*_LINE.findall(header), *more]
    return "\n".join(["#pragma once", *(f"const int {name} = {value};" for name, value in numbers), ""])


def verilate_kernel(
    folder: Path, sources: Sequence[str], memory_words: int, options: Sequence[str], *, loops: bool
) -> Path:
    """The C++ of the kernel's bench, in the folder ``made`` of ``folder``; ``sources`` are in compile order.

    ``options``: those that the compiler asks for (`VerilatedCompiler.options`).

    Raises:
        InputError: Verilator is missing, or refuses the sources.
    """
    # Small loops of the array in loops stay loops: unrolled, they are as long to compile as instances.
    tools.verilator().run(
        [
            *("--cc", "--prefix", "Vkernel", "--Mdir", "made", "--top-module", "kernel_bench", "--assert", "-Wall"),
            *("-Wno-fatal", "--quiet", "--unroll-count", "1", "--x-initial", "unique"),
            *(f"-GLOOPS={int(loops)}", f"-GMEMORY_WORDS={memory_words}"),
            *options,
            *sources,
        ],
        folder,
    )
    return folder / "made"


class VerilatedCompiler:
    """Makes programs of what Verilator wrote with its ``options``. ``optimise``: an option of the C++ compiler."""

    def __init__(self, optimise: str, *, wave: Wave = Wave.NONE) -> None:
        self._optimise, self._wave = optimise, wave

    @property
    def options(self) -> list[str]:
        """Of Verilator.

        Without optimisation, compiling takes longer than running: wide operations then stay calls, which take a
        quarter less time to compile than what they expand to.
        """
        traced = [f"--trace-{self._wave.value}"] if self._wave is not Wave.NONE else []
        return traced + (["-fno-expand"] if self._optimise == "-O0" else [])

    def program(self, made: Path, driver: str, name: str) -> Path:
        """The program ``name`` in the folder that Verilator has made, with the C++ file that drives it.

        Raises:
            InputError: there is no compiler, or it refuses the code.
        """
        # One translation unit: the headers take longer than the code.
        units = sorted(path.name for path in made.glob("*.cpp"))
        (made / "whole.cc").write_text("".join(f'#include "{unit}"\n' for unit in (*units, driver)))
        libraries = ["-lz", "-llz4", "-pthread"] if self._wave is Wave.FST else []
        objects = sorted(map(str, Path(_runtime(self._optimise, self._wave).name).glob("*.o")))
        _compile(["-I..", "whole.cc", *objects, "-o", name, *libraries], made, self._optimise, self._wave)
        return made / name


@cache
def _runtime(optimise: str, wave: Wave) -> tempfile.TemporaryDirectory[str]:
    """Verilator's own code, compiled once in a process and removed at its end."""
    folder = tempfile.TemporaryDirectory(prefix="dynamap-verilated-")
    for name in (*RUNTIME, *([f"verilated_{wave.value}_c.cpp"] if wave is not Wave.NONE else [])):
        _compile(["-c", str(_include() / name)], Path(folder.name), optimise, wave)
    return folder


def _compile(arguments: list[str], folder: Path, optimise: str, wave: Wave) -> None:
    traced = {"VM_TRACE", f"VM_TRACE_{wave.value.upper()}"} if wave is not Wave.NONE else set()
    defines = ["-DVERILATOR=1", "-DVL_TIME_CONTEXT", *(f"-D{part}={int(part in traced)}" for part in PARTS)]
    include = _include()
    common = ["-std=c++17", optimise, *defines, "-I.", f"-I{include}", f"-I{include / 'vltstd'}"]
    tools.compiler().run([*common, *arguments], folder)


@cache
def _include() -> Path:
    root = tools.verilator().run(["--getenv", "VERILATOR_ROOT"], Path.cwd()).strip()
    return Path(root) / "include"
