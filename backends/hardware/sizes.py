"""The sizes of a kernel: what ``params.h`` says, and which programs a kernel of these sizes cannot run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from dynamap.backends.program import AlgorithmCode, Command, Flag, Header, Mode, Op, Program
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.multiplier import DSP48E2
from dynamap.cost.overlay import limits, own_buffers
from dynamap.cost.overlay.machine import Buffers

UNIT_BYTES = 16
BEAT_BYTES = 64
MOST_PORTS = 8


@dataclass(frozen=True)
class KernelSizes:
    """Sizes of one build: bytes, rows and units as in docs/overlay.md, section 1. ``ports`` of ``port_bytes`` each;
    ``factor_bits``: of a multiplier's wide side; ``winograd``: a program for the build may have layers by Winograd.
    """

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
    factor_bits: int = DSP48E2.wide_bits
    winograd: bool = True

    @property
    def word_bytes(self) -> int:
        return self.ports * self.port_bytes

    @property
    def banks(self) -> int:
        """Banks of a buffer: the units of a memory word, or of what the array takes at any byte if that is more.

        A power of two, so that an odd step through units meets all of them. The array takes two bytes for each row, or
        for each column; an LRN a unit before the lanes' and one behind.
        """
        widest = ceil_div(2 * max(self.rows, self.columns) + 2 * UNIT_BYTES - 2, UNIT_BYTES)
        near = self.lanes // UNIT_BYTES + 2
        return 1 << (max(self.word_bytes // UNIT_BYTES, widest, near) - 1).bit_length()

    @property
    def pixel_buffer(self) -> int:
        """Bytes of the buffer of Winograd's pixels; where there is no Winograd, as many as no tool refuses."""
        return int(own_buffers.pixels(self.input_buffer)) if self.winograd else self.banks * UNIT_BYTES

    @property
    def parameter_channels(self) -> int:
        """No run of weights can have more channels."""
        return int(own_buffers.parameter_channels(self.weight_buffer))

    @property
    def parameter_banks(self) -> int:
        """Banks of what belongs to an output channel: the lanes take those of as many channels in a cycle."""
        return 1 << (self.lanes - 1).bit_length()

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
        **asdict(Buffers.of(header)),
        output_buffer=header.output_buffer,
        factor_bits=header.factor_bits,
    )


def sizes_of_program(program: Program, ports: int, port_bytes: int, *, winograd: bool) -> KernelSizes:
    """The build of a project, which runs this program: without Winograd's buffer where no layer needs it, but for what
    other programs need (``winograd``).

    Raises:
        InputError: the kernel cannot be built so.
    """
    winograd = winograd or any(c.op is Op.CONV and c.algorithm is AlgorithmCode.WINOGRAD for c in program.commands)
    return replace(sizes_of(program.header, ports, port_bytes), winograd=winograd)


def simulated_sizes(program: Program) -> KernelSizes:
    """The build for a program alone: the fewest ports of at most 64 bytes that make its memory word.

    Raises:
        InputError: the kernel cannot be built so.
    """
    word = program.header.memory_word_bytes
    port_bytes = next((size for size in (64, 32, 16) if word % size == 0), 16)
    return sizes_of(program.header, word // port_bytes, port_bytes)


def check_program(program: Program, sizes: KernelSizes) -> None:
    """Refuses what the kernel's tables are too small for: only a plan that was changed by hand asks for it.

    Raises:
        InputError: naming the layer, what it needs and what there is.
    """
    for command in program.commands:
        name = program.layer_names[command.layer]
        for what, needed, available in _needs(command, sizes):
            if needed > available:
                raise InputError(
                    f"layer {name!r}: the kernel holds {available} {what} and the layer has {needed}; plan again"
                )


def _needs(command: Command, sizes: KernelSizes) -> list[tuple[str, int, int]]:
    needs = []
    if command.op is Op.CONV:
        whole = command.mode is Mode.STREAM_INPUTS
        channels = command.pass_channels if whole else command.block_channels
        room = sizes.parameter_channels if whole else sizes.parameter_channels // 4
        needs.append(("parameters of output channels per block", channels, room))
    if command.op is Op.DEPTHWISE:
        needs.append(("channels", ceil_div(command.channels, UNIT_BYTES) * UNIT_BYTES, sizes.parameter_channels))
    if command.op is Op.LRN:
        needs.append(("channels of a normalising window", command.size, limits.MOST_NORMALISED))
    if command.op is Op.AVERAGE_POOL:
        needs.append(("values of an average", command.kernel_rows * command.kernel_columns, limits.MOST_AVERAGED))
    if command.flags & Flag.LEAKY:
        needs.append(("slopes", command.slope_count, limits.MOST_SLOPES))
    needs.append(("inputs", command.source_count, limits.MOST_SOURCES))
    needs.append(("bytes of a table", command.values_bytes, limits.VALUE_BYTES))
    return needs
