"""The steps of a project that need open tools alone: lint, sim, trace, synth; a project carries a copy of this file."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dynamap.backends.vitis_rtl import tools
from dynamap.backends.vitis_rtl.project.mapping import PRIMITIVES, map_sources
from dynamap.backends.vitis_rtl.project.verilated import (
    HEADERS_FROM,
    VerilatedCompiler,
    Wave,
    best_wave,
    cpp_params,
    verilate_kernel,
)
from dynamap.cost.errors import InputError

DRIVER = "kernel_sim.cpp"


class Steps:
    """What is done with the project in ``root``; each step returns its exit status."""

    def __init__(self, root: Path, given: argparse.Namespace) -> None:
        self._root, self._given = root, given

    def _gathered(self, build: str, folders: tuple[str, ...]) -> tuple[Path, list[str]]:
        """A new folder below ``build`` with the files of these folders, and the sources in the order of their lists."""
        folder = self._root / "build" / build
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        sources = []
        for name in folders:
            for path in (self._root / name).iterdir():
                (folder / path.name).write_bytes(path.read_bytes())
            sources += (self._root / name / "sources.f").read_text().split()
        return folder, sources

    def lint(self) -> int:
        """Verilator, slang and Verible; 1 if one of them has something to say."""
        folder, sources = self._gathered("lint", ("src", "sim"))
        said = tools.verilator().run(
            ["--lint-only", "-Wall", "--quiet", "--unroll-count", "1", *sources, "--top-module", "kernel_bench"], folder
        )
        printed = tools.slang().run(["-Wextra", "--top", "kernel_bench", *sources], folder)
        if "0 errors, 0 warnings" not in printed:
            said += printed
        said += tools.verible_lint().run(sources, folder)
        print(said or "PASS: Verilator, slang and Verible have nothing to say")
        return 1 if said else 0

    def sim(self) -> int:
        """Builds the simulation, and runs it on ``data``; its exit status."""
        wave = best_wave() if self._given.step == "trace" else Wave.NONE
        folder, sources = self._gathered(self._given.step, ("src", "sim"))
        constants = cpp_params((folder / "params.svh").read_text(), [("MEMORY_WORDS", self._given.memory_words)])
        (folder / "params.h").write_text(constants)
        compiler = VerilatedCompiler(self._given.optimise, wave=wave)
        made = verilate_kernel(folder, sources, self._given.memory_words, compiler.options, loops=True)
        program = compiler.program(made, f"../{DRIVER}", "kernel_sim")
        options = []
        if wave is not Wave.NONE:
            options = ["--trace", str(self._root / "build" / f"kernel.{wave.value}")]
            if wave is Wave.VCD:
                print(f"note: an .fst needs {', '.join(Wave.FST.headers)} ({HEADERS_FROM})")
            print(f"writing {options[1]}")
        return subprocess.run(
            [str(program), str(self._root / "data"), *options, *self._given.options.split()], check=False
        ).returncode

    def synth(self) -> int:
        """What Yosys maps the kernel to: ``synthesis.json``."""
        folder, sources = self._gathered("synth", ("src",))
        found = map_sources(folder, "dynamap_kernel", {}, sources, self._given.multiplier).as_dict()
        (self._root / "synthesis.json").write_text(json.dumps(found, indent=1) + "\n")
        print("\n".join(f"{name:12} {value:>10,}" for name, value in found.items()))
        return 0


def main(root: Path, words: Sequence[str]) -> int:
    """The step that is asked for; 2 and a message where a tool is missing or finds fault."""
    parser = argparse.ArgumentParser(prog="rtl.py", description="Checks, simulates and maps the kernel.")
    parser.add_argument("step", choices=["lint", "sim", "trace", "synth"])
    parser.add_argument("--memory-words", type=int, default=0, help="words of the simulated memory, a power of two")
    parser.add_argument("--multiplier", default="DSP48E2", choices=PRIMITIVES, help="the device's slice")
    parser.add_argument("--optimise", default="-O2", help="the C++ compiler's option for the simulation")
    parser.add_argument("--options", default="", help="of the simulation: --stalls SEED, --fail ADDRESS, ...")
    given = parser.parse_args(words)
    steps = Steps(root, given)
    try:
        return {"lint": steps.lint, "sim": steps.sim, "trace": steps.sim, "synth": steps.synth}[given.step]()
    except InputError as error:
        print(f"rtl.py {given.step}: {error}", file=sys.stderr)
        return 2
