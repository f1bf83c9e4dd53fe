"""Runs a program: writes inputs, executes every command, hands out tensors as their layers finish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynamap.backends.emulator.convolution import Accumulators, run_conv
from dynamap.backends.emulator.memory import Memory
from dynamap.backends.emulator.vector import run_vector
from dynamap.backends.program.encoding import Program
from dynamap.backends.program.layout import from_format, layout_of_entry, to_format
from dynamap.backends.program.specification import NONE, Op, Role, TensorEntry
from dynamap.cost.errors import InputError

Int8Array = npt.NDArray[np.int8]


@dataclass(frozen=True)
class LayerCount:
    """What one layer moved and did: bytes of LOAD and STORE, tiles of the array (0 for vector layers)."""

    name: str
    bytes_read: int
    bytes_written: int
    array_tiles: int


class Emulator:
    """A program and its device buffer.

    Write every input, then exhaust ``run()``, which yields after each layer; ``read()`` gives any tensor that no later
    layer has overwritten by then.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.memory = Memory(program.image, program.header.memory_bytes)
        self._entries = dict(zip(program.tensor_names, program.tensors, strict=True))

    def write_input(self, name: str, values: Int8Array) -> None:
        """Lays out one input, C x H x W, as the host does.

        Raises:
            InputError: the program has no such input, or its shape or type is another.
        """
        inputs = self.program.tensors_of(Role.INPUT)
        if name not in inputs:
            raise InputError(f"the program has no input {name!r}; its inputs are: {', '.join(map(repr, inputs))}")
        entry = inputs[name]
        wanted = (entry.channels, entry.height, entry.width)
        if values.shape != wanted or values.dtype != np.int8:
            raise InputError(f"input {name!r} is {values.dtype} {values.shape}; it must be int8 {wanted}")
        layout = layout_of_entry(entry)
        self.memory.view(entry.address, layout.size_bytes)[:] = to_format(values, layout, entry.zero_point)

    def run(self) -> Iterator[tuple[LayerCount, TensorEntry]]:
        """Executes the layers in order; after each, what it counted and the tensor that it wrote.

        Concatenations in place are among them; the host's layers are not. A tensor may be read (`read_entry`)
        until the next layer begins.

        Raises:
            InputError: a command reaches beyond the memory; the message names the layer.
        """
        kept = Accumulators()
        for index, entry in enumerate(self.program.layers):
            if entry.output == NONE:
                continue
            read, written, tiles = self.memory.bytes_read, self.memory.bytes_written, 0
            name = self.program.layer_names[index]
            for command in self.program.commands_of(index):
                try:
                    if command.op is Op.CONV:
                        tiles += run_conv(self.memory, self.program.header, command, kept)
                    else:
                        run_vector(self.memory, command, self.program.sources(command))
                except InputError as error:
                    raise InputError(f"layer {name!r}: {error}") from None
            count = LayerCount(name, self.memory.bytes_read - read, self.memory.bytes_written - written, tiles)
            yield count, self.program.tensors[entry.output]

    def read_entry(self, entry: TensorEntry) -> Int8Array:
        """A stored tensor, C x H x W, as it is in memory now."""
        layout = layout_of_entry(entry)
        return from_format(self.memory.view(entry.address, layout.size_bytes), layout)

    def read(self, name: str) -> Int8Array:
        """A tensor by name; after the run, the program's outputs.

        Raises:
            InputError: the program has no such tensor.
        """
        if name not in self._entries:
            raise InputError(f"the program has no tensor {name!r}")
        return self.read_entry(self._entries[name])


def execute(program: Program, inputs: Mapping[str, Int8Array]) -> dict[str, Int8Array]:
    """All outputs of a program, C x H x W by name.

    Raises:
        InputError: an input is missing or has another shape.
    """
    emulator = Emulator(program)
    for name in program.tensors_of(Role.INPUT):
        if name not in inputs:
            raise InputError(f"the input {name!r} is missing")
    for name, values in inputs.items():
        emulator.write_input(name, values)
    for _ in emulator.run():
        pass
    return {name: emulator.read_entry(entry) for name, entry in program.tensors_of(Role.OUTPUT).items()}
