"""Building a bench of the RTL by Verilator and running it on records, one per clock cycle."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dynamap.backends import children
from dynamap.backends.vitis_rtl import tools
from dynamap.backends.vitis_rtl.array import ArrayShape
from dynamap.backends.vitis_rtl.feeding import FeedShape, feed_inputs, feed_outputs
from dynamap.backends.vitis_rtl.project.verilated import VerilatedCompiler
from dynamap.backends.vitis_rtl.records import Record, array_inputs, array_outputs, core_inputs, core_outputs
from dynamap.backends.vitis_rtl.sources import BENCHES, OLDER_PRIMITIVE, PRIMITIVE, REPLAY, SIMULATED, write_sources
from dynamap.cost.errors import InputError

IntArray = npt.NDArray[np.int64]

LONGEST_RUN_SECONDS = 3600


@dataclass(frozen=True)
class Bench:
    """A module of the package's folder ``bench``, its parameters, and what its records hold.

    ``synthesised``: the text that a synthesis reads, with a model of the vendor's slice by its ports: of a DSP48E2 that
    of the benches, of a DSP48E1 that of Yosys' library.
    """

    top: str
    parameters: tuple[tuple[str, int], ...]
    inputs: Record
    outputs: Record
    synthesised: bool = False


def core_bench(shape: ArrayShape) -> Bench:
    """The array without accumulators."""
    return Bench("core_bench", tuple(shape.core_parameters().items()), core_inputs(shape), core_outputs(shape))


def array_bench(shape: ArrayShape, *, instances: bool = True, loops: bool = True, synthesised: bool = False) -> Bench:
    """The whole array, in the style for synthesis, in loops, or in both, compared in every cycle."""
    parameters = {**shape.parameters(), "Instances": int(instances), "Loops": int(loops)}
    return Bench("array_bench", tuple(parameters.items()), array_inputs(shape), array_outputs(shape), synthesised)


def feed_bench(shape: FeedShape) -> Bench:
    """Placer, feed and the array in loops."""
    parameters = {**shape.parameters(), "FactorBits": shape.factor_bits}
    if shape.operand_bits > 8:
        parameters["HighBits"] = 22
    return Bench("feed_bench", tuple(parameters.items()), feed_inputs(shape), feed_outputs(shape))


class Simulations:
    """Builds benches when they are first run. They live in a temporary folder until the end of the ``with``.

    ``optimise``: the compiler's option; a long simulation is worth a long compilation.
    """

    def __init__(self, optimise: str = "-O1") -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="dynamap-rtl-")
        self._folder = Path(self._temporary.name)
        self._compiler = VerilatedCompiler(optimise)
        self._built: dict[Bench, Path] = {}

    def __enter__(self) -> Simulations:
        return self

    def __exit__(self, *_: object) -> None:
        self._temporary.cleanup()

    def run(self, bench: Bench, inputs: Mapping[str, IntArray], *, seed: int = 1) -> dict[str, IntArray]:
        """What the bench shows, field by field: integers [cycles, values]; ``inputs`` in the same way.

        All registers and memories start with random contents from ``seed``.

        Raises:
            InputError: a tool is missing or refuses the parameters; an assertion of the RTL fails, with its message.
        """
        if bench not in self._built:
            self._built[bench] = self._build(bench)
        program = self._built[bench]
        name = f"the simulation of {bench.top}"
        packed = bench.inputs.pack(inputs)
        done = children.run(name, [str(program), str(seed)], seconds=LONGEST_RUN_SECONDS, given=packed)
        if done.returncode:
            said = (done.stderr or done.stdout[-2000:]).decode(errors="replace").strip()
            raise InputError(f"{name} ended with status {done.returncode}: {said}")
        return bench.outputs.unpack(done.stdout)

    def _build(self, bench: Bench) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="bench", dir=self._folder))
        write_sources(folder, SIMULATED, (*BENCHES, PRIMITIVE, REPLAY))
        if bench.synthesised:
            (folder / OLDER_PRIMITIVE).write_text(tools.yosys_module(Path(OLDER_PRIMITIVE).stem))
        verilator = tools.verilator()
        # Small loops of the array in loops stay loops: unrolled, they are as long to compile as instances.
        verilator.run(
            ["--cc", "--prefix", "Vbench", "--Mdir", "made", "--top-module", bench.top, "--assert", "-Wall"]
            + ["-Wno-fatal", "--quiet", "--unroll-count", "1", "--x-initial", "unique", *self._compiler.options]
            + [f"-G{name}={value}" for name, value in bench.parameters]
            + (["-DSYNTHESIS", PRIMITIVE, OLDER_PRIMITIVE] if bench.synthesised else [])
            + [*SIMULATED, f"{bench.top}.sv"],
            folder,
        )
        return self._compiler.program(folder / "made", f"../{REPLAY}", "bench")
