"""A complete backend in one file: memory images for the testbench of an overlay that you have written in RTL.

It writes the device buffer (program, weights, input) and the expected outputs as text for Verilog's ``$readmemh``,
and the sizes as a header. Its executor reads that text back, as a testbench does, and runs what it found on the NumPy
emulator; a backend with an RTL simulator starts it there instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from dynamap.backends.contract import Executor, LayerRun
from dynamap.backends.data_files import predicted_file
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.program import Program, Role, read_program
from dynamap.backends.program.layout import layout_of_entry, to_format
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import Plan

Int8Array = npt.NDArray[np.int8]


class RtlMemories:
    """The object that the entry point names; see `dynamap.backends.contract.Backend`."""

    name = "rtl-memories"
    vendor = "any"
    description = "memory images ($readmemh) for the testbench of an overlay in RTL"

    def generate(self, plan: Plan, program: Program, inputs: Mapping[str, Int8Array]) -> dict[str, bytes]:
        """The files of the project. The same arguments give the same bytes."""
        word = program.header.memory_word_bytes
        before = {0: program.image, **_stored(program, Role.INPUT, inputs)}
        outputs = {run.tensor: run.values for run in NumpyExecutor().run(program, inputs)}
        after = _stored(program, Role.OUTPUT, outputs)
        return {
            "memory/before.hex": write_hex(before, word).encode(),
            "memory/expected.hex": write_hex(after, word).encode(),
            "rtl/sizes.vh": _sizes(program).encode(),
            "predicted.json": predicted_file(plan),
        }

    def executor(self) -> Executor:
        """What runs programs on this machine; the conformance suite tests it."""
        return ReadBack()


class ReadBack:
    """Runs what the text says, not what it was made from."""

    platform = "memory image read back from $readmemh text, NumPy emulator"

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        """See `dynamap.backends.contract.Executor.run`."""
        word = program.header.memory_word_bytes
        memory = read_hex(write_hex({0: program.image}, word), word)
        image = b"".join(memory[address] for address in sorted(memory))[: len(program.image)]
        yield from NumpyExecutor().run(read_program(image), inputs)


def write_hex(parts: Mapping[int, bytes], word: int) -> str:
    """Bytes by their address as ``$readmemh`` text: a memory word per line, its first byte the least significant."""
    lines = []
    for address, content in sorted(parts.items()):
        if address % word:
            raise InputError(f"rtl-memories: address {address} does not begin a memory word of {word} bytes")
        lines.append(f"@{address // word:x}")
        padded = content + bytes(-len(content) % word)
        lines += [padded[i : i + word][::-1].hex() for i in range(0, len(padded), word)]
    return "\n".join(lines) + "\n"


def read_hex(text: str, word: int) -> dict[int, bytes]:
    """Memory words by their number, from ``$readmemh`` text."""
    memory: dict[int, bytes] = {}
    address = 0
    for line in text.split():
        if line.startswith("@"):
            address = int(line[1:], 16)
        else:
            memory[address] = bytes.fromhex(line)[::-1]
            address += 1
    assert all(len(content) == word for content in memory.values()), "every line is one memory word"
    return memory


def _stored(program: Program, role: Role, tensors: Mapping[str, Int8Array]) -> dict[int, bytes]:
    """The tensors of that role as they lie in the device buffer, by their address."""
    parts = {}
    for name, entry in program.tensors_of(role).items():
        stored = to_format(tensors[name], layout_of_entry(entry), entry.zero_point)
        parts[entry.address] = np.ascontiguousarray(stored).tobytes()
    return parts


def _sizes(program: Program) -> str:
    header = program.header
    sizes = {
        "WORD_BYTES": (header.memory_word_bytes, "bytes of a memory word"),
        "MEMORY_WORDS": (-(-header.memory_bytes // header.memory_word_bytes), "words of the device buffer"),
        "ROWS": (header.rows, "rows of the array"),
        "COLUMNS": (header.columns, "columns of the array"),
        "PACKING": (header.packing, "int8 products per multiplier and cycle"),
        "LANES": (header.lanes, "lanes of the vector unit"),
        "COMMANDS": (header.command_count, "commands of the program"),
    }
    return "".join(f"localparam {name} = {value}; // {meaning}\n" for name, (value, meaning) in sizes.items())


backend = RtlMemories()
