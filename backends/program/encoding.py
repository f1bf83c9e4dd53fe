"""Programs to bytes and back: header, commands, layer and tensor entries, names (docs/program.md)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dynamap.backends.program.fields import decode_record, encode_record
from dynamap.backends.program.specification import (
    DATAFLOWS_OF,
    MAGIC,
    NONE,
    VERSION,
    Command,
    Header,
    LayerEntry,
    Op,
    Role,
    Source,
    TensorEntry,
)
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.limits import COMMAND_WORDS, HEADER_WORDS, LAYER_WORDS, SOURCE_WORDS, TENSOR_WORDS, WORD_BYTES

HEADER_BYTES = HEADER_WORDS * WORD_BYTES
COMMAND_BYTES = COMMAND_WORDS * WORD_BYTES
LAYER_BYTES = LAYER_WORDS * WORD_BYTES
TENSOR_BYTES = TENSOR_WORDS * WORD_BYTES
SOURCE_BYTES = SOURCE_WORDS * WORD_BYTES


@dataclass(frozen=True, eq=False)
class Program:
    """A decoded program. ``image`` is all of it as bytes: what a host writes to the start of the device buffer.

    ``scales`` says where the scales of its tensors come from, in sentences for a reader; it is no part of the image.
    """

    header: Header
    commands: tuple[Command, ...]
    layers: tuple[LayerEntry, ...]
    tensors: tuple[TensorEntry, ...]
    image: bytes
    scales: str = ""

    def name_of(self, entry: LayerEntry | TensorEntry) -> str:
        """The name of a layer or tensor."""
        start = self.header.strings_address + entry.name_offset
        return self.image[start : start + entry.name_bytes].decode()

    @cached_property
    def layer_names(self) -> tuple[str, ...]:
        return tuple(self.name_of(entry) for entry in self.layers)

    @cached_property
    def tensor_names(self) -> tuple[str, ...]:
        return tuple(self.name_of(entry) for entry in self.tensors)

    def commands_of(self, layer: int) -> tuple[Command, ...]:
        """The passes of one layer, in order."""
        entry = self.layers[layer]
        return self.commands[entry.first_command : entry.first_command + entry.command_count]

    def tensors_of(self, role: Role) -> dict[str, TensorEntry]:
        """The tensors that the host writes or reads, by name."""
        return {name: entry for name, entry in zip(self.tensor_names, self.tensors, strict=True) if entry.role is role}

    def sources(self, command: Command) -> tuple[Source, ...]:
        """The inputs of ADD, MUL, SCALE or CONCAT."""
        start = command.sources_address
        if not start:
            return ()
        where = f"sources of layer {self.layer_names[command.layer]!r}"
        return tuple(
            decode_record(Source, self.image[start + i * SOURCE_BYTES :][:SOURCE_BYTES], SOURCE_WORDS, where)
            for i in range(command.source_count)
        )

    def values(self, command: Command) -> bytes:
        """The own table of AVERAGE_POOL and LRN."""
        return self.image[command.values_address : command.values_address + command.values_bytes]


def decode(program: bytes) -> tuple[Command, ...]:
    """The commands of a program.

    Raises:
        InputError: as `read_program`.
    """
    return read_program(program).commands


def read_program(image: bytes) -> Program:
    """A program from its bytes.

    Raises:
        InputError: they are not a program, are of another version, are damaged, or ask for what no overlay does.
    """
    header = _header(image)
    end = HEADER_BYTES + header.command_count * COMMAND_BYTES
    if header.commands_address != HEADER_BYTES or header.image_bytes != len(image) or end > len(image):
        raise InputError(f"the program should have {header.image_bytes} bytes and has {len(image)}: it is damaged")
    if zlib.crc32(memoryview(image)[HEADER_BYTES:]) != header.crc32:
        raise InputError("the program's checksum does not match its content: it is damaged")
    view = memoryview(image)

    def records(start: int, count: int, size: int) -> list[bytes]:
        return [bytes(view[start + i * size : start + (i + 1) * size]) for i in range(count)]

    commands = tuple(
        decode_record(Command, data, COMMAND_WORDS, f"command {i}")
        for i, data in enumerate(records(header.commands_address, header.command_count, COMMAND_BYTES))
    )
    layers = tuple(
        decode_record(LayerEntry, data, LAYER_WORDS, f"layer entry {i}")
        for i, data in enumerate(records(header.layers_address, header.layer_count, LAYER_BYTES))
    )
    tensors = tuple(
        decode_record(TensorEntry, data, TENSOR_WORDS, f"tensor entry {i}")
        for i, data in enumerate(records(header.tensors_address, header.tensor_count, TENSOR_BYTES))
    )
    program = Program(header, commands, layers, tensors, image)
    _check_references(program)
    _check_dataflows(program)
    return program


def _header(image: bytes) -> Header:
    if len(image) < HEADER_BYTES or struct.unpack_from("<I", image)[0] != MAGIC:
        raise InputError("this is not an overlay program: it does not begin with the bytes DNAP")
    version = struct.unpack_from("<I", image, WORD_BYTES)[0]
    if version != VERSION:
        raise InputError(
            f"the program is of version {version} and this is version {VERSION}: make it from its plan again"
        )
    return decode_record(Header, image[:HEADER_BYTES], HEADER_WORDS, "program header")


def _check_references(program: Program) -> None:
    for i, entry in enumerate(program.layers):
        if entry.first_command + entry.command_count > len(program.commands):
            raise InputError(f"layer entry {i} refers to commands beyond the last: the program is damaged")
        if entry.output != NONE and entry.output >= len(program.tensors):
            raise InputError(f"layer entry {i} refers to a tensor that does not exist: the program is damaged")
    for i, command in enumerate(program.commands):
        if command.layer >= len(program.layers):
            raise InputError(f"command {i} refers to a layer that does not exist: the program is damaged")


def _check_dataflows(program: Program) -> None:
    for command in program.commands:
        if command.op is Op.CONV and command.dataflow not in DATAFLOWS_OF.get(command.algorithm, ()):
            raise InputError(
                f"layer {program.layer_names[command.layer]!r}: the array does not run algorithm "
                f"{command.algorithm.name} with dataflow {command.dataflow.name}; plan the model again"
            )


def seal(header: Header, head: bytearray, pieces: Sequence[npt.NDArray[np.uint8]]) -> bytes:
    """The image: ``head`` with the header, its checksum included, written to its start, then the ``pieces``."""
    checksum = zlib.crc32(memoryview(head)[HEADER_BYTES:])
    for piece in pieces:
        checksum = zlib.crc32(piece.data, checksum)
    head[:HEADER_BYTES] = encode_record(replace(header, crc32=checksum), HEADER_WORDS, "program header")
    return b"".join([bytes(head), *(piece.data for piece in pieces)])
