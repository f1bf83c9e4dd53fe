"""The sizes of a kernel: what ``params.h`` says, and which programs a kernel of these sizes cannot run."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.backends.program import Command, Flag, Header, Mode, Op, Program
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.pooling import line_words

UNIT_BYTES = 16
BEAT_BYTES = 64
MOST_PORTS = 8
PARAMETER_CHANNELS = 8192
"""Output channels of a pass whose parameters are on chip; a quarter of them for a block of streamed weights."""

POOL_ROW_BITS, POOL_WINDOW_BITS = 18, 24
"""Signed sums of pooling: of the rows of a window of centred (9-bit) values, and of the whole window."""

SLOPES = 8192
MAX_SOURCES = 64
VALUE_BYTES = 16384


@dataclass(frozen=True)
class KernelSizes:
    """Sizes of one build: bytes, rows and units as in docs/overlay.md, section 1. ``ports`` of ``port_bytes`` each."""

    rows: int
    columns: int
    packing: int
    ports: int
    port_bytes: int
    lanes: int
    input_buffer: int
    weight_buffer: int
    output_buffer: int
    accumulator_rows: int
    row_buffer: int

    @property
    def word_bytes(self) -> int:
        return self.ports * self.port_bytes

    @property
    def parameter_channels(self) -> int:
        """No run of weights can have more channels: each takes 32 bytes of its half of the weight buffer at least."""
        return min(PARAMETER_CHANNELS, max(64, self.weight_buffer // 16))

    @property
    def pool_words(self) -> int:
        """Words of a row that pooling reduces."""
        return line_words(self.word_bytes // UNIT_BYTES)

    @property
    def ring(self) -> int:
        """Length of delay lines in an array: a power of two, longer than any operand is on its way through it."""
        return 1 << (self.rows + self.columns + 2).bit_length()


def sizes_of(header: Header, ports: int, port_bytes: int) -> KernelSizes:
    """The build that a program is for, on a device with these memory ports.

    Raises:
        InputError: the kernel cannot be built so.
    """
    if ports * port_bytes != header.memory_word_bytes:
        raise InputError(
            f"the program is for memory words of {header.memory_word_bytes} bytes, the device has {ports} ports of "
            f"{port_bytes} bytes: plan again for this device"
        )
    if not 1 <= ports <= MOST_PORTS or port_bytes not in (8, 16, 32, 64):
        raise InputError(
            f"a kernel has 1 to {MOST_PORTS} memory ports of 8, 16, 32 or 64 bytes; "
            f"the device has {ports} of {port_bytes}"
        )
    if header.memory_word_bytes % UNIT_BYTES or header.lanes % UNIT_BYTES:
        raise InputError(
            f"a kernel needs a memory word and lanes that are multiples of {UNIT_BYTES}; the overlay has "
            f"{header.memory_word_bytes} bytes and {header.lanes} lanes: change memory_ports or port_bytes"
        )
    return KernelSizes(
        rows=header.rows,
        columns=header.columns,
        packing=header.packing,
        ports=ports,
        port_bytes=port_bytes,
        lanes=header.lanes,
        input_buffer=header.input_buffer,
        weight_buffer=header.weight_buffer,
        output_buffer=header.output_buffer,
        accumulator_rows=header.accumulator_rows,
        row_buffer=header.row_buffer,
    )


def simulated_sizes(program: Program) -> KernelSizes:
    """The build for a program alone: the fewest ports of at most 64 bytes that make its memory word.

    Raises:
        InputError: the kernel cannot be built so.
    """
    word = program.header.memory_word_bytes
    port_bytes = next((size for size in (64, 32, 16) if word % size == 0), 16)
    return sizes_of(program.header, word // port_bytes, port_bytes)


def check_program(program: Program, sizes: KernelSizes) -> None:
    """Refuses what the kernel's tables are too small for.

    Raises:
        InputError: naming the layer, what it needs and what there is.
    """
    for command in program.commands:
        name = program.layer_names[command.layer]
        for what, needed, available in _needs(command, sizes):
            if needed > available:
                raise InputError(f"layer {name!r}: the kernel holds {available} {what} and the layer has {needed}")


def _needs(command: Command, sizes: KernelSizes) -> list[tuple[str, int, int]]:
    needs = []
    if command.op is Op.CONV:
        whole = command.mode is Mode.STREAM_INPUTS
        channels = command.pass_channels if whole else command.block_channels
        room = sizes.parameter_channels if whole else sizes.parameter_channels // 4
        needs.append(("parameters of output channels per block", channels, room))
    if command.op in (Op.DEPTHWISE, Op.LRN):
        needs.append(("channels", ceil_div(command.channels, UNIT_BYTES) * UNIT_BYTES, sizes.parameter_channels))
    if command.op in (Op.MAX_POOL, Op.AVERAGE_POOL):
        pixels = sizes.word_bytes // UNIT_BYTES if command.flags & Flag.PLANES else 1
        words = ceil_div(max(command.width, command.out_width), pixels)
        needs.append(("words of a pooled row", words, sizes.pool_words))
    if command.op is Op.AVERAGE_POOL:
        needs.append(("rows of an average", command.kernel_rows, 2 ** (POOL_ROW_BITS - 1) // 255))
    if command.flags & Flag.LEAKY:
        needs.append(("slopes", command.slope_count, SLOPES))
    needs.append(("inputs", command.source_count, MAX_SOURCES))
    needs.append(("bytes of a table", command.values_bytes, VALUE_BYTES))
    return needs
