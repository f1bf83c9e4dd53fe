"""The numbers of ``params.h``, one list for all backends: what each means, its unit and origin, what must hold.

A backend adds parts of its own (widths of its multipliers) and writes the list in its language: `spelling`.
"""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.backends.hardware.sizes import BEAT_BYTES, UNIT_BYTES, KernelSizes
from dynamap.cost.overlay import limits
from dynamap.cost.overlay.additions import added_banks

PLAN, DEVICE, FORMAT, KERNEL, DERIVED = "plan", "device", "program format", "kernel", "derived"


@dataclass(frozen=True)
class Number:
    """One number. ``value``: an integer, or an expression of numbers before it; ``origin``: who decided it."""

    name: str
    value: int | str
    meaning: str
    unit: str
    origin: str


@dataclass(frozen=True)
class Relation:
    """What must hold between numbers, and the sentence that a build prints where it does not."""

    condition: str
    sentence: str


@dataclass(frozen=True)
class Part:
    """Numbers that belong together, under a title, with the relations that they must keep."""

    title: str
    numbers: tuple[Number, ...]
    relations: tuple[Relation, ...] = ()


def kernel_parts(sizes: KernelSizes) -> tuple[Part, ...]:
    """The numbers of every kernel of these sizes."""
    return _array(sizes), _memory(sizes), _buffers(sizes), _tables(sizes)


def delay_lines(sizes: KernelSizes) -> Part:
    """For arrays whose operands move through delay lines in memory."""
    return Part(
        "Delay lines of the array: a power of two, longer than P1 + P2.",
        (Number("RING", sizes.ring, "length of a delay line", "cycles", DERIVED),),
        (
            Relation("(RING & (RING - 1)) == 0", "delay lines are addressed without division"),
            Relation(
                "RING > ARRAY_ROWS + ARRAY_COLUMNS",
                "an operand leaves the array before its place in the line is reused",
            ),
        ),
    )


def _array(sizes: KernelSizes) -> Part:
    return Part(
        "The array: P1 x P2 processing elements, one hardware multiplier each.",
        (
            Number("ARRAY_ROWS", sizes.rows, "P1", "PEs", PLAN),
            Number("ARRAY_COLUMNS", sizes.columns, "P2", "PEs", PLAN),
            Number("PACKING", sizes.packing, "q: int8 products per multiplier and cycle", "", PLAN),
        ),
        (Relation("PACKING == 1 || PACKING == 2", "a multiplier makes one int8 product or two"),),
    )


def _memory(sizes: KernelSizes) -> Part:
    return Part(
        "Memory: ports of the kernel, and the word that they make together.",
        (
            Number("PORTS", sizes.ports, "memory ports, each with a bank of its own", "ports", DEVICE),
            Number("PORT_BYTES", sizes.port_bytes, "a beat of one port", "bytes", DEVICE),
            Number("WORD_BYTES", "PORTS * PORT_BYTES", "X: a memory word", "bytes", DERIVED),
            Number("UNIT_BYTES", UNIT_BYTES, "a unit of the input buffer: 16 channels of a pixel", "bytes", FORMAT),
            Number("WORD_UNITS", "WORD_BYTES / UNIT_BYTES", "n: units of a memory word", "units", DERIVED),
            Number(
                "BANKS",
                sizes.banks,
                "banks of a buffer: for a word, and for what the array takes at once",
                "banks",
                DERIVED,
            ),
            Number("LANES", sizes.lanes, "R: lanes of the vector unit and of requantisation", "lanes", PLAN),
            Number(
                "ADDED_BANKS",
                added_banks(sizes.lanes, sizes.word_bytes // UNIT_BYTES),
                "tensors that are added lie apart by R / 16 units more than a multiple of it",
                "units",
                DERIVED,
            ),
        ),
        (
            Relation(f"WORD_BYTES == {sizes.word_bytes}", "the memory word is what the plan was made for"),
            Relation("PORTS >= 1 && PORTS <= 8", "the kernel has arguments for at most eight ports"),
            Relation("64 % PORT_BYTES == 0", "runs start at multiples of 64 bytes, and a beat must not straddle one"),
            Relation("WORD_BYTES % UNIT_BYTES == 0", "a memory word holds whole units, a bank for each"),
            Relation("(BANKS & (BANKS - 1)) == 0", "units are told apart by the low bits of their number"),
            Relation("BANKS >= WORD_UNITS", "each unit of a word has a bank"),
            Relation(
                "BANKS * UNIT_BYTES >= 2 * (ARRAY_ROWS > ARRAY_COLUMNS ? ARRAY_ROWS : ARRAY_COLUMNS) + UNIT_BYTES - 1",
                "a window and a row of weights, from any byte on, lie in different banks",
            ),
            Relation("LANES % UNIT_BYTES == 0", "the lanes work on whole units"),
            Relation(
                "ADDED_BANKS >= 2 * (LANES / UNIT_BYTES) && BANKS >= 2 * (LANES / UNIT_BYTES)",
                "what the lanes take of two tensors that are added lies in different banks",
            ),
            Relation(
                "(WORD_BYTES / 2 > UNIT_BYTES ? WORD_BYTES / 2 : UNIT_BYTES) == LANES",
                "lanes are half a memory word, at least a unit",
            ),
        ),
    )


def _buffers(sizes: KernelSizes) -> Part:
    return Part(
        "Buffers. Sizes are of both halves together, but for rows of accumulators and row buffers.",
        (
            Number("INPUT_BYTES", sizes.input_buffer, "IB", "bytes", PLAN),
            Number("PIXEL_BYTES", sizes.pixel_buffer, "PB: Winograd's pixels", "bytes", PLAN),
            Number("WEIGHT_BYTES", sizes.weight_buffer, "WB", "bytes", PLAN),
            Number("OUTPUT_BYTES", sizes.output_buffer, "OB", "bytes", PLAN),
            Number("ACCUMULATOR_ROWS", sizes.accumulator_rows, "AB: a half", "rows", PLAN),
            Number("ROW_BUFFER_BYTES", sizes.row_buffer, "RB: a half of a row buffer", "bytes", PLAN),
            Number("INPUT_UNITS", "INPUT_BYTES / UNIT_BYTES", "the input buffer", "units", DERIVED),
            Number("WEIGHT_WORDS", "WEIGHT_BYTES / WORD_BYTES", "the weight buffer", "words", DERIVED),
            Number("OUTPUT_UNITS", "OUTPUT_BYTES / UNIT_BYTES", "the output buffer", "units", DERIVED),
            Number("INPUT_ROWS", "(INPUT_UNITS + BANKS - 1) / BANKS", "depth of its banks", "units", DERIVED),
            Number(
                "PIXEL_ROWS", "(PIXEL_BYTES / UNIT_BYTES + BANKS - 1) / BANKS", "depth of its banks", "units", DERIVED
            ),
            Number(
                "WEIGHT_ROWS", "(WEIGHT_BYTES / UNIT_BYTES + BANKS - 1) / BANKS", "depth of its banks", "units", DERIVED
            ),
            Number("OUTPUT_ROWS", "(OUTPUT_UNITS + BANKS - 1) / BANKS", "depth of its banks", "units", DERIVED),
        ),
        (
            Relation(
                "INPUT_BYTES % (2 * WORD_BYTES) == 0",
                "a half of the input buffer is whole rows of banks",
            ),
            Relation("WEIGHT_BYTES % (2 * WORD_BYTES) == 0", "a half of the weight buffer is whole words"),
            Relation("OUTPUT_BYTES * 2 == INPUT_BYTES", "the output buffer is half of the input buffer"),
            Relation("ROW_BUFFER_BYTES % UNIT_BYTES == 0", "a row buffer holds whole units"),
        ),
    )


def _tables(sizes: KernelSizes) -> Part:
    return Part(
        "Tables and formats.",
        (
            Number("PARAMETER_BYTES", 16, "bias, multipliers, shifts and clamps of an output channel", "bytes", FORMAT),
            Number(
                "PARAMETER_CHANNELS",
                sizes.parameter_channels,
                "output channels whose parameters are on chip",
                "channels",
                KERNEL,
            ),
            Number(
                "PARAMETER_BANKS",
                sizes.parameter_banks,
                "banks of what belongs to a channel: for as many as there are lanes",
                "banks",
                DERIVED,
            ),
            Number(
                "PARAMETER_ROWS",
                "(PARAMETER_CHANNELS + PARAMETER_BANKS - 1) / PARAMETER_BANKS",
                "depth of their banks",
                "channels",
                DERIVED,
            ),
            Number("POOL_PIXELS", limits.POOL_PIXELS, "pooling: a row of pixels that is kept", "pixels", KERNEL),
            Number("POOL_PIXEL_BITS", limits.POOL_PIXEL_BITS, "pooling: a value less its zero point", "bits", KERNEL),
            Number("POOL_WINDOW_BITS", limits.POOL_WINDOW_BITS, "pooling: a sum over a window", "bits", KERNEL),
            Number("LRN_REACH", limits.MOST_NORMALISED // 2, "channels beside each that an LRN sums", "", KERNEL),
            Number("LRN_OCTAVES", limits.NORMALISED_OCTAVES, "bits of its sums of squares", "bits", KERNEL),
            Number("SLOPES", limits.MOST_SLOPES, "slopes of a leaky activation", "channels", KERNEL),
            Number(
                "SLOPE_ROWS",
                "(SLOPES + PARAMETER_BANKS - 1) / PARAMETER_BANKS",
                "depth of their banks",
                "channels",
                DERIVED,
            ),
            Number("MAX_SOURCES", limits.MOST_SOURCES, "inputs of an addition or concatenation", "inputs", KERNEL),
            Number("VALUE_BYTES", limits.VALUE_BYTES, "an operation's own table", "bytes", KERNEL),
            Number(
                "PLANE_PIXEL_BYTES",
                BEAT_BYTES,
                "a plane of a C x 1 x 1 tensor: four pixels, three of them padding",
                "bytes",
                FORMAT,
            ),
            Number("LOWEST", -128, "smallest activation", "", FORMAT),
        ),
        (
            Relation("PARAMETER_CHANNELS % 4 == 0", "blocks of streamed weights use a quarter of the parameters each"),
            Relation(
                "(PARAMETER_BANKS & (PARAMETER_BANKS - 1)) == 0", "a channel's bank is the low bits of its number"
            ),
            Relation("PARAMETER_BANKS >= LANES", "each lane has its channel in a bank of its own"),
        ),
    )
