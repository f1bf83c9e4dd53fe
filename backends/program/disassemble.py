"""A program in words and numbers that a person can read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dynamap.backends.program.encoding import Program
from dynamap.backends.program.specification import (
    NONE,
    AlgorithmCode,
    Command,
    DataflowCode,
    Flag,
    FormatCode,
    Mode,
    Op,
    Role,
    TensorEntry,
)
from dynamap.cost.algorithms import WinogradTile


def disassemble(program: Program) -> list[str]:
    """The program as lines of text: sizes, memory map, tensors, and every command under its layer."""
    return [*_summary(program), "", *_memory_map(program), "", *_tensors(program), "", *_layers(program)]


def document(program: Program) -> dict[str, Any]:
    """The program as JSON data: every field of every record, choices by name."""
    header = {key: value for key, value in asdict(program.header).items() if key != "magic"}
    layers = []
    for i, entry in enumerate(program.layers):
        layers.append(
            {
                "name": program.layer_names[i],
                "output": None if entry.output == NONE else program.tensor_names[entry.output],
                "commands": [_plain(asdict(command)) for command in program.commands_of(i)],
            }
        )
    tensors = [
        {"name": name} | _plain({k: v for k, v in asdict(entry).items() if not k.startswith("name_")})
        for name, entry in zip(program.tensor_names, program.tensors, strict=True)
    ]
    return {"header": header, "tensors": tensors, "layers": layers}


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, value in fields.items():
        if isinstance(value, Flag):
            shown[key] = _flags(value)
        elif isinstance(value, (Op, AlgorithmCode, DataflowCode, FormatCode, Mode, Role)):
            shown[key] = value.name.lower()
        else:
            shown[key] = value
    return shown


def _flags(flags: Flag) -> list[str]:
    return [str(flag.name).lower() for flag in Flag if flag & flags]


def _summary(program: Program) -> list[str]:
    h = program.header
    return [
        f"overlay program, version {h.version}: {h.command_count} commands for {h.layer_count} layers",
        f"for an overlay of {h.rows} x {h.columns} PEs, {h.packing} products per PE, "
        f"{h.memory_word_bytes} bytes per cycle, {h.lanes} lanes",
        f"image {_size(h.image_bytes)} (weights {_size(h.weights_bytes)}, tables {_size(h.tables_bytes)}), "
        f"activations {_size(h.activations_bytes)} at the peak, device memory {_size(h.memory_bytes)}",
    ]


def _memory_map(program: Program) -> list[str]:
    h = program.header
    parts = (
        ("header", 0),
        ("commands", h.commands_address),
        ("layer entries", h.layers_address),
        ("tensor entries", h.tensors_address),
        ("names", h.strings_address),
        ("tables", h.tables_address),
        ("weights", h.weights_address),
        ("activations", h.activations_address),
        ("end", h.memory_bytes),
    )
    return ["memory map", *(f"  {start:#012x}  {name}" for name, start in parts)]


def _tensors(program: Program) -> list[str]:
    lines = ["tensors"]
    for name, entry in zip(program.tensor_names, program.tensors, strict=True):
        role = "" if entry.role is Role.INTERNAL else f" ({entry.role.name.lower()})"
        lines.append(f"  {entry.address:#012x}  {_shape(entry)} {entry.format.name.lower():<8} {name}{role}")
    return lines


def _shape(entry: TensorEntry) -> str:
    return f"{entry.channels:>5} x {entry.height:>3} x {entry.width:>3}"


def _layers(program: Program) -> list[str]:
    lines = []
    for i, entry in enumerate(program.layers):
        name = program.layer_names[i]
        if entry.command_count:
            lines.append(f"layer {i} {name!r} -> {program.tensor_names[entry.output]!r}")
            lines += [f"  {line}" for command in program.commands_of(i) for line in describe(program, command)]
        elif entry.output == NONE:
            lines.append(f"layer {i} {name!r}: the host's")
        else:
            lines.append(f"layer {i} {name!r}: in place")
    return lines


def describe(program: Program, command: Command) -> list[str]:
    """One command in a few lines."""
    c = command
    name = c.op.name.lower()
    if c.op is Op.CONV:
        tile = f" {WinogradTile(c.winograd_tile).label}" if c.winograd_tile else ""
        name = f"{name} {c.algorithm.name.lower()}{tile} {c.dataflow.name.lower()}"
    flags = " ".join(_flags(c.flags)) or "keep sums"
    lines = [
        f"{c.index}: {name}, {flags}",
        f"   in  {c.input_format.name.lower()} {c.input_address:#x} {c.channels} x {c.height} x {c.width}"
        + (f", {c.source_count} sources" if c.source_count > 1 else ""),
        f"   out {c.output_format.name.lower()} {c.output_address:#x} "
        f"{c.out_channels} x {c.out_height} x {c.out_width}, "
        f"rows {_range(c.first_row, c.pass_rows)}, channels {_range(c.first_channel, c.pass_channels)}",
    ]
    if (c.kernel_rows, c.kernel_columns, c.stride_rows, c.stride_columns) != (1, 1, 1, 1):
        lines.append(
            f"   window {c.kernel_rows} x {c.kernel_columns}, stride {c.stride_rows} x {c.stride_columns}, "
            f"dilation {c.dilation_rows} x {c.dilation_columns}, pad top {c.pad_top} left {c.pad_left}"
        )
    if c.mode is Mode.STREAM_INPUTS:
        blocks = f"{c.blocks} blocks of {c.block_rows} rows ({c.block_input_rows} input rows, last {c.last_input_rows})"
    else:
        blocks = f"{c.blocks} blocks of {c.block_channels} channels, {c.block_input_rows} input rows resident"
    lines.append(f"   {blocks}")
    if c.weight_bytes:
        last = f", last {_size(c.last_weight_bytes)}" if c.mode is Mode.STREAM_WEIGHTS else ""
        lines.append(f"   weights {c.weights_address:#x} {_size(c.weight_bytes)}{last}")
    for source in program.sources(c):
        lines.append(f"   source {source.address:#x} {source.channels} channels, zero point {source.zero_point}")
    return lines


def _range(first: int, count: int) -> str:
    return f"{first}..{first + count - 1}"


def _size(size: int) -> str:
    """Bytes, or the exact count with a rounded unit.

    >>> _size(640), _size(1234567)
    ('640 B', '1.18 MiB')
    """
    for unit, scale in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= scale:
            return f"{size / scale:.2f} {unit}"
    return f"{size} B"
