"""The overlay program: its records, field by field (docs/program.md explains them).

Addresses are bytes from the start of the device buffer, which begins with the program's own image.
Every address is a multiple of 64. A field that an operation does not use is 0.
"""
# ruff: noqa: RUF009  (the functions describe fields)

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, IntFlag

from dynamap.backends.program.fields import U16, U32, choice, flag_set, long_word, word
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.overlay.limits import (
    COMMAND_WORDS,
    HEADER_WORDS,
    LARGEST_PITCH,
    LARGEST_STEP,
    LAYER_WORDS,
    MOST_COMMANDS,
    MOST_NAME_BYTES,
    SOURCE_WORDS,
    TENSOR_WORDS,
)
from dynamap.cost.overlay.options import DATAFLOWS_OF as PLANNED_DATAFLOWS
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.network.element_types import ElementType
from dynamap.planner.plan.layers import Mode as PlannedMode

MAGIC = 0x50414E44
"""The bytes D, N, A, P."""

VERSION = 5


NONE = U32
"""No tensor."""

ALIGNMENT = 64
"""Every run, table and tensor starts at a multiple of this."""

LRN_ROW_WORDS = 34


class Op(IntEnum):
    """What a pass does."""

    CONV = 1
    DEPTHWISE = 2
    MAX_POOL = 3
    AVERAGE_POOL = 4
    ADD = 5
    MUL = 6
    SCALE = 7
    LRN = 8
    ACTIVATION = 9
    CONCAT = 10
    RESIZE = 11

    @property
    def pools(self) -> bool:
        return self in (Op.MAX_POOL, Op.AVERAGE_POOL)

    @property
    def elementwise(self) -> bool:
        """Whether each value that it writes follows from one value of each source."""
        return self in (Op.ADD, Op.MUL, Op.SCALE)

    @property
    def has_sources(self) -> bool:
        """Whether what it reads stands in a table of sources."""
        return self.elementwise or self is Op.CONCAT

    @property
    def streams_sources(self) -> bool:
        """Whether it reads all its sources block by block; SCALE's second one is resident."""
        return self.has_sources and self is not Op.SCALE


class Flag(IntFlag):
    """``ACCUMULATE``: sums continue those of the pass before. ``STORE``: the pass writes its output.

    ``LOOKUP``: results go through the 256-entry table. ``LEAKY``: products are bent before the shift
    (vector layers; convolutions have their second multiplier among the parameters).
    """

    ACCUMULATE = 1
    STORE = 2
    LOOKUP = 4
    LEAKY = 8


class FormatCode(IntEnum):
    """docs/overlay.md, section 2."""

    C16 = 0
    HWC = 1
    TOEPLITZ = 2


class Declared(IntEnum):
    """What the model declares an input or output as: REAL values, or integers, UINT8 being what is stored plus 128."""

    REAL = 0
    INT8 = 1
    UINT8 = 2


class AlgorithmCode(IntEnum):
    """``Algorithm`` as a command holds it; NONE for layers of the vector unit."""

    NONE = 0
    IM2COL = 1
    KN2ROW = 2
    WINOGRAD = 3


class DataflowCode(IntEnum):
    """``Dataflow`` as a command holds it; NONE for layers of the vector unit."""

    NONE = 0
    NS = 1
    WS = 2
    IS = 3


class Mode(IntEnum):
    """``planner.plan.layers.Mode`` as a command holds it: which operand arrives block by block."""

    STREAM_INPUTS = 0
    STREAM_WEIGHTS = 1


FORMATS = {Format.C16: FormatCode.C16, Format.HWC: FormatCode.HWC, Format.TOEPLITZ: FormatCode.TOEPLITZ}
ALGORITHMS = {
    Algorithm.IM2COL: AlgorithmCode.IM2COL,
    Algorithm.KN2ROW: AlgorithmCode.KN2ROW,
    Algorithm.WINOGRAD: AlgorithmCode.WINOGRAD,
}
DATAFLOWS = {Dataflow.NS: DataflowCode.NS, Dataflow.WS: DataflowCode.WS, Dataflow.IS: DataflowCode.IS}
MODES = {PlannedMode.STREAM_INPUTS: Mode.STREAM_INPUTS, PlannedMode.STREAM_WEIGHTS: Mode.STREAM_WEIGHTS}
DECLARED = {ElementType.INT8: Declared.INT8, ElementType.UINT8: Declared.UINT8}
"""Choices of a plan, as programs hold them."""
DATAFLOWS_OF = {
    ALGORITHMS[algorithm]: tuple(DATAFLOWS[dataflow] for dataflow in dataflows)
    for algorithm, dataflows in PLANNED_DATAFLOWS.items()
}
"""What may stay in the array, by algorithm."""


class Role(IntEnum):
    """What the host does with a tensor."""

    INTERNAL = 0
    INPUT = 1
    OUTPUT = 2


@dataclass(frozen=True)
class Header:
    """The first 256 bytes of a program."""

    magic: int = word("0x50414E44: the bytes D N A P", MAGIC, MAGIC)
    version: int = word("of this format")
    crc32: int = word("CRC-32 (IEEE 802.3) of all bytes of the image after the header")
    header_words: int = word("words of the header", HEADER_WORDS, HEADER_WORDS)
    command_words: int = word("words of a command", COMMAND_WORDS, COMMAND_WORDS)
    layer_words: int = word("words of a layer entry", LAYER_WORDS, LAYER_WORDS)
    tensor_words: int = word("words of a tensor entry", TENSOR_WORDS, TENSOR_WORDS)
    source_words: int = word("words of a source record", SOURCE_WORDS, SOURCE_WORDS)
    command_count: int = word("commands", 1, MOST_COMMANDS)
    layer_count: int = word("layer entries", 1, U16)
    tensor_count: int = word("tensor entries", 1, U16)
    string_bytes: int = word("bytes of all names", 0, MOST_NAME_BYTES)
    commands_address: int = long_word("first command")
    layers_address: int = long_word("first layer entry")
    tensors_address: int = long_word("first tensor entry")
    strings_address: int = long_word("names, UTF-8, without separators")
    tables_address: int = long_word("tables: look-up, sources, slopes, operation values")
    tables_bytes: int = long_word("bytes of the tables")
    weights_address: int = long_word("weight stream")
    weights_bytes: int = long_word("bytes of the weight stream")
    image_bytes: int = long_word("bytes of the image: all of the above")
    activations_address: int = long_word("first byte of the activations")
    activations_bytes: int = long_word("bytes of the activations")
    memory_bytes: int = long_word("device memory that the program uses: end of the activations")
    rows: int = word("P1: rows of the array", 1, U16)
    columns: int = word("P2: columns of the array", 1, U16)
    packing: int = word("q: int8 products per multiplier and cycle", 1, 2)
    memory_word_bytes: int = word("X: bytes of a memory word", 16, U16)
    lanes: int = word("R: lanes of the vector unit", 16, U16)
    input_buffer: int = word("IB: bytes of the input buffer, both halves")
    weight_buffer: int = word("WB: bytes of the weight buffer, both halves")
    output_buffer: int = word("OB: bytes of the output buffer, both halves")
    accumulator_rows: int = word("AB: rows of a half of the accumulator buffer")
    row_buffer: int = word("RB: bytes of a half of a row buffer")
    clock_khz: int = word("f: cycles per millisecond", 1, U32)
    bandwidth_bytes_per_ms: int = long_word("B: all memory banks together", 1)
    read_latency: int = word("r: cycles from a read request to its data")
    write_latency: int = word("w: cycles from the last write to its response")
    crossings: int = word("S: borders between regions of the chip that the array crosses", 0, U16)
    factor_bits: int = word("bits of a multiplier's wide side", 1, 64)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One pass (docs/overlay.md, section 7). Sizes are those of one group or channel chunk, not of the whole tensor."""

    op: Op = choice(Op, "operation")
    layer: int = word("index of the layer entry", 0, U16)
    index: int = word("number of this pass within its layer", 0, MOST_COMMANDS, default=0)
    flags: Flag = flag_set(Flag, "flags, added", default=Flag.STORE)
    algorithm: AlgorithmCode = choice(
        AlgorithmCode, "CONV: how the convolution becomes matrix products", default=AlgorithmCode.NONE
    )
    dataflow: DataflowCode = choice(
        DataflowCode, "CONV: the operand that stays in the array", default=DataflowCode.NONE
    )
    winograd_tile: int = word(
        "m: outputs of a Winograd tile per transformed dimension, 2, 4 or 5; else 0", 0, 5, default=0
    )
    mode: Mode = choice(Mode, "the operand that streams", default=Mode.STREAM_INPUTS)
    input_format: FormatCode = choice(FormatCode, "format of all inputs")
    output_format: FormatCode = choice(FormatCode, "format of the output")
    input_address: int = long_word("first byte of the first plane (c16) or row that the pass reads")
    output_address: int = long_word("first byte of the first plane (c16) or row of the pass's group")
    input_row_bytes: int = word(
        "from a row to the next (toeplitz: from a row of windows to the next)", 0, LARGEST_PITCH
    )
    input_plane_bytes: int = word("c16: from a plane to the next; else 0", 0, LARGEST_PITCH)
    output_row_bytes: int = word("from a row to the next", 0, LARGEST_PITCH)
    output_plane_bytes: int = word("c16: from a plane to the next; else 0", 0, LARGEST_PITCH)
    channels: int = word("input channels that the pass reads", 1, U16)
    height: int = word("input rows", 1, U16)
    width: int = word("input columns", 1, U16)
    out_channels: int = word("output channels of the pass's group", 1, U16)
    out_height: int = word("output rows", 1, U16)
    out_width: int = word("output columns", 1, U16)
    kernel_rows: int = word("K1", 1, LARGEST_STEP)
    kernel_columns: int = word("K2", 1, LARGEST_STEP)
    stride_rows: int = word("rows from a window to the next", 1, LARGEST_STEP)
    stride_columns: int = word("columns from a window to the next", 1, LARGEST_STEP)
    dilation_rows: int = word("rows from a tap to the next", 1, LARGEST_STEP)
    dilation_columns: int = word("columns from a tap to the next", 1, LARGEST_STEP)
    pad_top: int = word("rows above the input", 0, LARGEST_STEP)
    pad_left: int = word("columns before the input", 0, LARGEST_STEP)
    first_row: int = word("first output row of the pass", 0, U16, default=0)
    pass_rows: int = word("output rows of the pass", 1, U16)
    block_rows: int = word("T: output rows of a block; the last block has the rest of the pass", 1, U16)
    block_input_rows: int = word("input rows of a block of T rows", 1, U16)
    last_input_rows: int = word("input rows of the last block", 1, U16)
    first_channel: int = word(
        "first output channel of the pass within out_channels, a multiple of 16", 0, U16, default=0
    )
    pass_channels: int = word("output channels of the pass", 1, U16)
    block_channels: int = word("output channels of a block; the last block has the rest of the pass", 1, U16)
    blocks: int = word("N: blocks of the pass", 1, U16, default=1)
    weights_address: int = long_word(
        "run of the prologue or of the first block; the next block's follows it (0: none)", default=0
    )
    weight_bytes: int = word("bytes of the run of the prologue, or of every block but the last", default=0)
    last_weight_bytes: int = word("bytes of the last block's run when weights stream; else 0", default=0)
    window_bytes: int = word("toeplitz: Kb, bytes of a window; else 0")
    pad_value: int = word("what pixels outside the image and channels beyond the last read as", -128, 127)
    data_offset: int = word(
        "CONV: subtracted from what enters the array (kn2row: the zero point)", -128, 127, default=0
    )
    input_zero_point: int = word("vector layers: zero point of the (first) input", -128, 127, default=0)
    second_zero_point: int = word("MUL, SCALE: zero point of the second input", -128, 127, default=0)
    output_zero_point: int = word("added after the rounding", -128, 127, default=0)
    clamp_low: int = word("vector layers: lowest result before the look-up", -128, 127, default=0)
    clamp_high: int = word("vector layers: highest result before the look-up", -128, 127, default=0)
    multiplier: int = word("vector layers: multiplier of a product", 0, 2**17 - 1, default=0)
    shift: int = word("vector layers: right shift of a product", 0, 62, default=0)
    leaky_positive: int = word("LEAKY: multiplier of products >= 0", 0, 2**17, default=0)
    leaky_shift: int = word("LEAKY: added to the shift, the sum cut to 62", 0, 62, default=0)
    slope_count: int = word("LEAKY: 1, or one slope per output channel", 0, U16, default=0)
    source_count: int = word("inputs of ADD, MUL, SCALE and CONCAT; else 1", 1, U16, default=1)
    size: int = word("LRN: channels of a window; RESIZE: rows that a row becomes", 0, U16, default=0)
    columns_factor: int = word("RESIZE: columns that a column becomes; AVERAGE_POOL: column classes", 0, U16, default=0)
    lookup_address: int = long_word("LOOKUP: 256 int8, that of -128 first", default=0)
    sources_address: int = long_word("ADD, MUL, SCALE, CONCAT: a source record per input", default=0)
    slopes_address: int = long_word("LEAKY: slope_count int32, multipliers of products < 0", default=0)
    values_address: int = long_word("AVERAGE_POOL, LRN: the operation's own table", default=0)
    values_bytes: int = word("bytes of the operation's own table", default=0)
    size_reciprocal: int = word("RESIZE: ceil(2^32 / `size`); 0: `size` is 1", default=0)


class Area(Enum):
    """The parts of the image and of the device buffer that addresses point into."""

    TABLES = "tables"
    WEIGHTS = "weights"
    ACTIVATIONS = "activations"


def addressed(command: Command) -> dict[str, Area]:
    """Where the addresses that a command uses lie, by field; a field that it does not use is absent."""
    areas = {"input_address": Area.ACTIVATIONS, "output_address": Area.ACTIVATIONS}
    if command.op in (Op.CONV, Op.DEPTHWISE):
        areas["weights_address"] = Area.WEIGHTS
    if command.op is Op.SCALE:
        areas["weights_address"] = Area.ACTIVATIONS
    if command.op.has_sources:
        areas["sources_address"] = Area.TABLES
    if command.op in (Op.AVERAGE_POOL, Op.LRN):
        areas["values_address"] = Area.TABLES
    if command.flags & Flag.LOOKUP:
        areas["lookup_address"] = Area.TABLES
    if command.flags & Flag.LEAKY:
        areas["slopes_address"] = Area.TABLES
    return areas


@dataclass(frozen=True)
class Source:
    """One input of ADD, MUL, SCALE or CONCAT."""

    address: int = long_word("first byte")
    channels: int = word("channels", 1, U16)
    row_bytes: int = word("from a row to the next", 0, LARGEST_PITCH)
    plane_bytes: int = word("c16: from a plane to the next; else 0", 0, LARGEST_PITCH)
    zero_point: int = word("zero point", -128, 127)
    multiplier: int = word("ADD: of this input's values. CONCAT: of its rescaling", 0, 2**17 - 1)
    shift: int = word("CONCAT: of its rescaling", 0, 62)
    first_channel: int = word("CONCAT: the output channel where it begins", 0, U16)


@dataclass(frozen=True)
class LayerEntry:
    """One layer of the plan, in the plan's order. Host layers and concatenations in place have no command."""

    name_offset: int = word("first byte of the name within the names")
    name_bytes: int = word("bytes of the name")
    first_command: int = word("index of its first command")
    command_count: int = word("its commands, which follow each other")
    output: int = word("index of the tensor that it writes; 2^32 - 1 for the host's layers")


@dataclass(frozen=True)
class TensorEntry:
    """One stored tensor: where it lies and what its integers mean. real = scale * (integer - zero_point)."""

    name_offset: int = word("first byte of the name within the names")
    name_bytes: int = word("bytes of the name")
    role: Role = choice(Role, "INPUT: the host writes it; OUTPUT: the host reads it")
    format: FormatCode = choice(FormatCode, "format")
    address: int = long_word("first byte")
    size_bytes: int = long_word("bytes")
    row_bytes: int = word("from a row to the next (toeplitz: from a row of windows to the next)", 0, LARGEST_PITCH)
    plane_bytes: int = word("c16: from a plane to the next; else 0", 0, LARGEST_PITCH)
    channels: int = word("C", 1, U16)
    height: int = word("H", 1, U16)
    width: int = word("W", 1, U16)
    scale_bits: int = word("scale: the bits of a float32")
    zero_point: int = word("zero point", -128, 127)
    window_bytes: int = word("toeplitz: Kb, bytes of a window; all fields below are 0 for other formats")
    out_height: int = word("toeplitz: rows of windows", 0, U16)
    out_width: int = word("toeplitz: windows of a row", 0, U16)
    kernel_rows: int = word("toeplitz: K1", 0, LARGEST_STEP)
    kernel_columns: int = word("toeplitz: K2", 0, LARGEST_STEP)
    stride_rows: int = word("toeplitz: rows from a window to the next", 0, LARGEST_STEP)
    stride_columns: int = word("toeplitz: columns from a window to the next", 0, LARGEST_STEP)
    dilation_rows: int = word("toeplitz: rows from a tap to the next", 0, LARGEST_STEP)
    dilation_columns: int = word("toeplitz: columns from a tap to the next", 0, LARGEST_STEP)
    pad_top: int = word("toeplitz: rows above the input", 0, LARGEST_STEP)
    pad_left: int = word("toeplitz: columns before the input", 0, LARGEST_STEP)
    declared: Declared = choice(Declared, "the model's own type of an input or output")
