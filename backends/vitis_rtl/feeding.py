"""The feeding half of the convolution core: its sizes, a block's registers, and its cycles (docs/rtl/feeding.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from dynamap.backends.vitis_rtl.records import Field, Record

UNIT = 16
"""Bytes of a unit of the buffers: the channels of a pixel of one plane."""

LEAST_TILE = 4
"""Cycles after which an accumulator row may come again."""


def _power(number: int) -> int:
    """The least power of two that is no less."""
    return 1 << (number - 1).bit_length()


@dataclass(frozen=True)
class FeedShape:
    """The parameters of ``feed.sv``: the array's sides, units of a memory word (a power of two), and units of a bank.

    >>> FeedShape(rows=129, columns=49, word_units=16).array_cycles
    9
    """

    rows: int
    columns: int
    word_units: int = 4
    input_depth: int = 512
    weight_depth: int = 512
    accumulator_rows: int = 512
    group_rows: int = 8
    operand_bits: int = 8

    @property
    def window_units(self) -> int:
        """Units that a window of P1 values may touch: one more where it may begin inside a unit."""
        wide = self.rows * self.operand_bits // 8
        return wide // UNIT if self.rows % UNIT == 0 else (wide + 30) // UNIT

    @property
    def input_banks(self) -> int:
        """Banks that take a word and give a window in one cycle."""
        return _power(max(self.word_units, self.window_units))

    @property
    def weight_banks(self) -> int:
        """Banks that take a word and give a row of 2 P2 bytes, at any byte, in one cycle."""
        return _power(max(self.word_units, (2 * self.columns + 30) // UNIT))

    @property
    def array_cycles(self) -> int:
        """From a window or a row of weights that is asked for to the ports of the array."""
        return 5 + max(_stages(self.input_banks) + (2 if self.rows % UNIT else 0), _stages(self.weight_banks))

    @property
    def placing_cycles(self) -> int:
        """From a word that is taken to the cycle in which its units are written."""
        return 1 + _stages(self.input_banks)

    def parameters(self) -> dict[str, int]:
        """The parameters of ``feed.sv`` by their names there."""
        return {
            "Rows": self.rows,
            "Columns": self.columns,
            "OperandBits": self.operand_bits,
            "WordUnits": self.word_units,
            "InputBanks": self.input_banks,
            "InputDepth": self.input_depth,
            "WeightBanks": self.weight_banks,
            "WeightDepth": self.weight_depth,
            "AccumulatorRows": self.accumulator_rows,
        }


def _stages(banks: int) -> int:
    """Registers of a network over the banks: two stages of two in each."""
    return ((banks - 1).bit_length() + 1) // 2


@dataclass(frozen=True)
class PlacedPlanes:
    """What LOAD places: ``planes`` of ``plane_units`` units, of which memory has the first from ``offset`` units
    within a word on, and each other ``plane_step`` units behind the one before. ``base``: the first unit in the
    buffer; ``pitch``: from a pixel to the next there, odd.

    Planes that follow each other without a gap are one run, and a word may have the end of one and the begin of the
    next; else each is a run of its own.
    """

    base: int
    pitch: int
    planes: int
    plane_units: int
    plane_step: int
    offset: int

    @property
    def contiguous(self) -> bool:
        """Whether the planes are one run."""
        return self.plane_step == self.plane_units

    def offsets(self, word_units: int) -> list[int]:
        """Where in a word each plane begins."""
        return [(self.offset + plane * self.plane_step) % word_units for plane in range(self.planes)]

    def cycles(self, word_units: int) -> int:
        """Cycles in which words are taken: a word that two planes share is taken for each."""
        return sum(-(-(offset + self.plane_units) // word_units) for offset in self.offsets(word_units))

    def registers(self, word_units: int) -> dict[str, int]:
        """The fields of ``load_t``."""
        return {
            "load_base": self.base,
            "load_pitch": self.pitch,
            "load_planes": self.planes,
            "load_plane_units": self.plane_units,
            "load_offset": self.offset,
            "load_offset_step": self.plane_step % word_units,
            "load_contiguous": int(self.contiguous),
        }


class Layout(Enum):
    """What a pixel of a block is: channels of an image (its pitch odd), a window, or transformed values of a tile."""

    PIXELS = "pixels"
    WINDOWS = "windows"
    TILES = "tiles"


@dataclass(frozen=True)
class ConvolutionBlock:
    """A block of a convolution whose weights stay, its input in the buffer from unit ``base`` on, pixel by pixel.

    ``first_row``: the buffer's row under kernel row 0 of the block's first output row, negative in a pad.
    ``taps_apart``: every tap is a segment of its own, as where kernel columns are dilated, and in kn2row; else the
    taps of a kernel row are one. ``weights``: the first byte behind the parameters in the weight buffer.
    ``repeats``: products of their own, each with sums of its own.
    """

    channels: int
    height: int
    width: int
    kernel: tuple[int, int]
    rows: int
    columns: int
    out_channels: int
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    first_row: int = 0
    pad_left: int = 0
    taps_apart: bool = False
    pad_value: int = 0
    base: int = 0
    weights: int = 0
    half: int = 0
    accumulate: bool = False
    layout: Layout = Layout.PIXELS
    repeats: int = 1

    @property
    def wide(self) -> bool:
        """Whether values have 16 bits."""
        return self.layout is Layout.TILES

    @property
    def value_bytes(self) -> int:
        """Bytes of a value and of a weight."""
        return 2 if self.wide else 1

    @property
    def planes(self) -> int:
        """Units of a pixel: those of its channels, or of its window."""
        return self.value_bytes * -(-self.channels // UNIT)

    @property
    def pitch(self) -> int:
        """Units from a pixel to the next: of an image odd, so that neither reads nor writes meet in a bank."""
        return self.planes | 1 if self.layout is Layout.PIXELS else self.planes

    @property
    def row_units(self) -> int:
        """Units from a row to the next: rows keep what memory has, pixels or units up to a multiple of 4."""
        if self.layout is Layout.PIXELS:
            return 4 * -(-self.width // 4) * self.pitch
        return 4 * -(-self.width * self.pitch // 4)

    @property
    def repeat_units(self) -> int:
        """Units from the input of a repeat to that of the next one."""
        return self.height * self.row_units

    @property
    def segments(self) -> int:
        """Segments of a window, one after the other."""
        return self.kernel[0] * (self.kernel[1] if self.taps_apart else 1)

    @property
    def segment_bytes(self) -> int:
        """Bytes of each."""
        taps = 1 if self.taps_apart else self.kernel[1]
        return UNIT * ((taps - 1) * self.pitch + self.planes)

    @property
    def positions(self) -> int:
        """Output positions, the vectors of each tile."""
        return self.rows * self.columns

    def row_tiles(self, shape: FeedShape) -> list[int]:
        """Values of each row tile of a segment."""
        full, rest = divmod(self.segment_bytes // self.value_bytes, shape.rows)
        return [shape.rows] * full + ([rest] if rest else [])

    def column_tiles(self, shape: FeedShape) -> list[int]:
        """Output channels of each column tile: two per column, of 16-bit weights one."""
        most = 2 * shape.columns // self.value_bytes
        full, rest = divmod(self.out_channels, most)
        return [most] * full + ([rest] if rest else [])

    def tiles(self, shape: FeedShape) -> Iterator[tuple[int, int]]:
        """Values and output channels of every stationary tile, in the program's order."""
        for _ in range(self.repeats * self.segments):
            for values in self.row_tiles(shape):
                for channels in self.column_tiles(shape):
                    yield values, channels

    def registers(self, shape: FeedShape) -> dict[str, int]:
        """The fields of ``block_t``."""
        values = self.row_tiles(shape)
        tiles = [self.value_bytes * channels for channels in self.column_tiles(shape)]
        pitch, row = self.pitch, self.row_units
        return {
            "rows": self.rows,
            "columns": self.columns,
            "column_step": self.stride[1] * pitch,
            "row_step": self.stride[0] * row,
            "row_rows": self.stride[0],
            "width_units": self.width * pitch,
            "height": self.height,
            "pad_value": self.pad_value,
            "half": self.half,
            "wide": int(self.wide),
            "repeats": self.repeats,
            "repeat_step": self.repeat_units,
            "tap_rows": self.kernel[0],
            "tap_columns": self.kernel[1] if self.taps_apart else 1,
            "base": self.base + self.first_row * row,
            "column": -self.pad_left * pitch,
            "row": self.first_row,
            "tap_column_step": self.dilation[1] * pitch,
            "tap_row_step": self.dilation[0] * row,
            "tap_row_rows": self.dilation[0],
            "segment_bytes": self.segment_bytes,
            "column_tiles": len(tiles),
            "paired": int(not self.wide),
            "weights": self.weights,
            "full_bytes": tiles[0],
            "last_bytes": tiles[-1],
            "tile_bytes_00": values[0] * tiles[0],
            "tile_bytes_01": values[0] * tiles[-1],
            "tile_bytes_10": values[-1] * tiles[0],
            "tile_bytes_11": values[-1] * tiles[-1],
            "accumulate": int(self.accumulate),
            "positions": self.positions,
        }


def tile_starts(shape: FeedShape, blocks: Sequence[ConvolutionBlock]) -> list[int]:
    """The cycle of each tile's first window at the array, when all blocks are offered from cycle 0 on.

    A block is taken in the cycle in which it is offered; its first tile is known three cycles later and has loaded a
    row per cycle from the next one on; the array sees its first window 2 + ``array_cycles`` after the last of these.
    From then on, a tile takes its windows, the rows of the tile behind it, or the four cycles of an accumulator.
    """
    tiles = [(block.positions, values) for block in blocks for values, _ in block.tiles(shape)]
    starts = [3 + tiles[0][1] + 2 + shape.array_cycles]
    for (positions, _), (_, loaded) in pairwise(tiles):
        starts.append(starts[-1] + max(positions, loaded, LEAST_TILE))
    return starts


def block_cycles(shape: FeedShape, block: ConvolutionBlock) -> int:
    """Cycles of a block in a row of blocks alike: those of its tiles, without a bubble between."""
    return sum(max(block.positions, following, LEAST_TILE) for following in _followers(shape, block))


def _followers(shape: FeedShape, block: ConvolutionBlock) -> list[int]:
    values = [values for values, _ in block.tiles(shape)]
    return values[1:] + values[:1]


LOAD_FIELDS = (
    Field("load_contiguous"),
    Field("load_offset_step", 8),
    Field("load_offset", 8),
    Field("load_plane_units", 24),
    Field("load_planes", 12),
    Field("load_pitch", 24),
    Field("load_base", 24),
)
"""``load_t``, its last member first."""

BLOCK_FIELDS = (
    Field("positions", 16),
    Field("accumulate"),
    Field("tile_bytes_00", 28),
    Field("tile_bytes_01", 28),
    Field("tile_bytes_10", 28),
    Field("tile_bytes_11", 28),
    Field("last_bytes", 16),
    Field("full_bytes", 16),
    Field("weights", 28),
    Field("paired"),
    Field("column_tiles", 16),
    Field("segment_bytes", 28),
    Field("tap_row_rows", 16),
    Field("tap_row_step", 24),
    Field("tap_column_step", 24),
    Field("row", 16),
    Field("column", 24),
    Field("base", 24),
    Field("tap_columns", 16),
    Field("tap_rows", 16),
    Field("repeat_step", 24),
    Field("repeats", 16),
    Field("wide"),
    Field("half"),
    Field("pad_value", 8),
    Field("height", 16),
    Field("width_units", 24),
    Field("row_rows", 16),
    Field("row_step", 24),
    Field("column_step", 24),
    Field("columns", 16),
    Field("rows", 16),
)
"""``block_t``, its last member first."""


def feed_inputs(shape: FeedShape) -> Record:
    """The inputs of ``feed_bench.sv``."""
    row_bits = (shape.accumulator_rows - 1).bit_length()
    flags = ("rst", "push_load", "push_word", "stall", "weight_write", "push_block", "read", "read_half", "late_block")
    return Record(
        (
            *(Field(name) for name in flags),
            Field("word", 8, UNIT * shape.word_units),
            Field("weight_word", 8, UNIT * shape.word_units),
            Field("weight_unit", (shape.weight_banks * shape.weight_depth - 1).bit_length()),
            Field("read_row", row_bits),
            *LOAD_FIELDS,
            *BLOCK_FIELDS,
        )
    )


def feed_outputs(shape: FeedShape) -> Record:
    """The outputs of ``feed_bench.sv``."""
    flags = ("placed", "load_taken", "word_taken", "done", "block_taken", "paired", "load", "load_last", "take")
    return Record(
        (
            *(Field(name) for name in (*flags, "add", "add_first", "add_half")),
            Field("add_row", (shape.accumulator_rows - 1).bit_length()),
            Field("valid", 1, shape.columns),
            Field("low", 32, shape.columns, signed=True),
            Field("high", 32, shape.columns, signed=True),
            Field("operand", shape.operand_bits, shape.rows, signed=True),
            Field("top_word", 16, shape.columns),
            Field("write", 1, shape.input_banks),
            Field("write_row", (shape.input_depth - 1).bit_length(), shape.input_banks),
            Field("write_unit", 8, UNIT * shape.input_banks),
        )
    )
