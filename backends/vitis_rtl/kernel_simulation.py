"""The kernel in simulation: built by Verilator for one set of sizes, and run on a program."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dynamap.backends.contract import CycleCount, LayerRun, TimedStep
from dynamap.backends.data_files import image_files, input_file
from dynamap.backends.hardware.sizes import KernelSizes, check_program
from dynamap.backends.hardware.sources import host_headers, package_files
from dynamap.backends.program import Program
from dynamap.backends.program.specification import NONE
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory
from dynamap.backends.vitis_rtl.program.cycles import RecordCycles, program_cycles
from dynamap.backends.vitis_rtl.program.records import RECORD_BYTES, RecordOp, Records, records_address
from dynamap.backends.vitis_rtl.program.shape import KernelShape
from dynamap.backends.vitis_rtl.project.params import params_header
from dynamap.backends.vitis_rtl.project.verilated import VerilatedCompiler, Wave, cpp_params, verilate_kernel
from dynamap.backends.vitis_rtl.sources import KERNEL_BENCH, KERNEL_SOURCES, TWIN_FILES, write_sources
from dynamap.cost.errors import InputError

Int8Array = npt.NDArray[np.int8]

LONGEST_RUN_SECONDS = 6 * 3600
DRIVER = "kernel_sim.cpp"

UNITS = {RecordOp.TABLE: "TABLE", RecordOp.CONVOLUTION: "CORE", RecordOp.VECTOR: "VECTOR"}
"""What does a record, by the words of traces: who writes its table, or the engine that runs its pass."""


@dataclass(frozen=True)
class KernelBuild:
    """What a simulation is built for: the sizes, words of the memory (a power of two), a waveform that it can write."""

    shape: KernelShape
    sizes: KernelSizes
    memory_words: int
    loops: bool = True
    wave: Wave = Wave.NONE


def driver_files() -> dict[str, bytes]:
    """The C++ of the simulation, by name."""
    return package_files("dynamap.backends.vitis_rtl", "bench/kernel", (DRIVER,)) | host_headers()


def planned_cycles(program: Program, records: Records) -> list[RecordCycles]:
    """The cycles of each record by the closed form, with the memory that the program's header counts on."""
    memory = PlannedMemory(program.header.read_latency, program.header.write_latency)
    return program_cycles(records, records_address(program), memory)


def program_files(program: Program, records: Records) -> dict[str, bytes]:
    """What a simulation reads beside the input: the image, its records and tables, and a line for each record: its
    command, its cycles by the closed form, those of them that it waits, the bytes of its own table, which are no
    layer's."""
    lines = [
        f"{record.command} {count.total} {count.waited} {len(record.table)}\n"
        for record, count in zip(records.records, planned_cycles(program, records), strict=True)
    ]
    files = {"records.bin": records.packed(), "tables.bin": records.packed_tables()}
    return image_files(program) | files | {"cycles.txt": "".join(lines).encode()}


def memory_words(program: Program, records: Records) -> int:
    """Words of a memory that holds the buffer, the records and their tables: a power of two."""
    end = records_address(program) + len(records.records) * RECORD_BYTES + len(records.packed_tables())
    return 1 << (-(-end // records.shape.word) + 1).bit_length()


class KernelSimulation:
    """One build. It lives in a temporary folder until `close`, or the end of the process.

    Raises:
        InputError: a tool is missing, or refuses the sizes.
    """

    def __init__(self, build: KernelBuild, optimise: str = "-O2") -> None:
        self.build = build
        self._temporary = tempfile.TemporaryDirectory(prefix="dynamap-rtl-kernel-")
        self._folder = Path(self._temporary.name)
        try:
            self._make(optimise)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Removes the build."""
        self._temporary.cleanup()

    def _make(self, optimise: str) -> None:
        folder, build = self._folder, self.build
        write_sources(folder, (*KERNEL_SOURCES, *TWIN_FILES), KERNEL_BENCH)
        for name, content in driver_files().items():
            (folder / name).write_bytes(content)
        header = params_header(build.shape, build.sizes, "Simulation")
        (folder / "params.svh").write_text(header)
        (folder / "params.h").write_text(cpp_params(header, [("MEMORY_WORDS", build.memory_words)]))
        compiler = VerilatedCompiler(optimise, wave=build.wave)
        sources = (*KERNEL_SOURCES, *TWIN_FILES, *KERNEL_BENCH)
        made = verilate_kernel(folder, sources, build.memory_words, compiler.options, loops=build.loops)
        compiler.program(made, f"../{DRIVER}", "kernel_sim")

    def run(
        self, program: Program, records: Records, inputs: Mapping[str, Int8Array], options: Sequence[str] = ()
    ) -> Iterator[LayerRun]:
        """Every layer of the overlay, the tensor that it wrote, and what the kernel counted.

        Raises:
            InputError: the program is for another overlay, or the simulation fails.
        """
        check_program(program, self.build.sizes)
        with tempfile.TemporaryDirectory(prefix="dynamap-data-") as name:
            folder = Path(name)
            files = program_files(program, records) | {"input.bin": input_file(program, inputs)}
            for file, content in files.items():
                (folder / file).write_bytes(content)
            tensors, counters, steps = folder / "tensors.bin", folder / "counters.txt", folder / "steps.txt"
            command = [str(self._folder / "made" / "kernel_sim"), name, "--tensors", str(tensors)]
            done = subprocess.run(
                [*command, "--counters", str(counters), "--steps", str(steps), *options],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=LONGEST_RUN_SECONDS,
            )
            if done.returncode not in (0, 1):
                raise InputError(f"the simulated kernel failed (exit {done.returncode}): {done.stderr[-4000:].strip()}")
            timed = _layer_steps(program, records, steps.read_text().splitlines())
            yield from _layer_runs(program, tensors.read_bytes(), counters.read_text().splitlines(), timed)


def _layer_steps(program: Program, records: Records, lines: Sequence[str]) -> dict[int, list[TimedStep]]:
    """The records of each layer, by its number, as the kernel counted them."""
    found: dict[int, list[TimedStep]] = {}
    for record, line in zip(records.records, lines, strict=True):
        command = program.commands[record.command]
        name = "table" if record.op is RecordOp.TABLE else f"pass {command.index}"
        step = TimedStep(UNITS[record.op], name, *map(int, line.split()))
        found.setdefault(command.layer, []).append(step)
    return found


def _layer_runs(
    program: Program, tensors: bytes, counters: Sequence[str], timed: Mapping[int, Sequence[TimedStep]]
) -> Iterator[LayerRun]:
    written = zip(program.layer_names, program.layers, strict=True)
    executed = [(number, *layer) for number, layer in enumerate(written) if layer[1].output != NONE]
    at = 0
    for (number, name, entry), line in zip(executed, counters, strict=True):
        tensor = program.tensors[entry.output]
        shape = (tensor.channels, tensor.height, tensor.width)
        values = np.frombuffer(tensors, np.int8, int(np.prod(shape)), at).reshape(shape)
        at += values.size
        cycles, expected, waited, read, moved = map(int, line.split())
        counted = {"bytes_read": read, "bytes_written": moved}
        count, steps = CycleCount(cycles, expected, waited), tuple(timed.get(number, ()))
        yield LayerRun(name, program.tensor_names[entry.output], values, counted, count, steps)
