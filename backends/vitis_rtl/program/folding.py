"""kn2row for a core whose data have 8 bits: zero points go into the bias, and pads are fed (docs/rtl/layers.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.program import Flag, Op, Program
from dynamap.backends.program.encoding import COMMAND_BYTES, HEADER_BYTES, seal
from dynamap.backends.program.fields import encode_record
from dynamap.backends.program.lowering.geometry import blocks_of, contraction_of, wide_of
from dynamap.backends.program.packing import PARAMETERS, unpack
from dynamap.backends.program.specification import Command, Mode
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.limits import COMMAND_WORDS, PARAMETER_BYTES

Int64Array = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


def folded(program: Program) -> Program:
    """The same program, where no convolution takes anything from its data: sum w (x - z) = sum w x - z sum w.

    Pads read as the zero point, so that they add z w where the first sum has nothing of them.

    Raises:
        InputError: a bias has no place in 32 bits; the message names the layer.
    """
    if not any(command.data_offset for command in program.commands):
        return program
    image = np.frombuffer(program.image, np.uint8).copy()
    commands = []
    done: set[int] = set()
    kept: dict[int, Int64Array] = {}
    for command in program.commands:
        if command.op is not Op.CONV or not command.data_offset:
            commands.append(command)
            continue
        assert command.pad_value == command.data_offset, "a pad is a zero"
        if not command.flags & Flag.ACCUMULATE:
            kept.clear()
        for number, (address, size, channels) in enumerate(_runs(command)):
            run = image[address : address + size]
            sums = _weight_sums(program, command, run, channels) + kept.get(number, 0)
            kept[number] = sums
            # Bands of rows have their runs in common.
            if command.flags & Flag.STORE and address not in done:
                _fold(program, command, run[: channels * PARAMETER_BYTES], sums)
                done.add(address)
        commands.append(replace(command, data_offset=0))
    return _sealed(program, image, commands)


def _runs(command: Command) -> Iterator[tuple[int, int, int]]:
    """Address, bytes and channels of each run of weights."""
    if command.mode is Mode.STREAM_INPUTS:
        yield command.weights_address, command.weight_bytes, command.pass_channels
        return
    for block in blocks_of(command):
        yield block.weights_address, block.weight_bytes, block.channels


def _weight_sums(program: Program, command: Command, run: Bytes, channels: int) -> Int64Array:
    header = program.header
    stream = run[channels * PARAMETER_BYTES :]
    contraction, wide = contraction_of(command), wide_of(header, command)
    weights = unpack(stream, contraction, command.dataflow, channels, header.rows, wide)
    sums: Int64Array = weights.sum(axis=(0, 1), dtype=np.int64)
    return sums


def _fold(program: Program, command: Command, table: Bytes, sums: Int64Array) -> None:
    parameters = table.view(PARAMETERS)
    bias = parameters["bias"] - command.data_offset * sums
    if np.any(bias != bias.astype(np.int32)):
        raise InputError(
            f"layer {program.layer_names[command.layer]!r}: its bias and the zero point of its input have no place in "
            "the RTL's 32 bits together: plan it with im2col"
        )
    parameters["bias"] = bias


def _sealed(program: Program, image: Bytes, commands: list[Command]) -> Program:
    """The image with these commands, and its checksum."""
    at = program.header.commands_address
    encoded = b"".join(encode_record(command, COMMAND_WORDS, "command") for command in commands)
    assert len(encoded) == COMMAND_BYTES * len(commands)
    image[at : at + len(encoded)] = np.frombuffer(encoded, np.uint8)
    head = bytearray(image[:HEADER_BYTES])
    return replace(program, commands=tuple(commands), image=seal(program.header, head, [image[HEADER_BYTES:]]))
