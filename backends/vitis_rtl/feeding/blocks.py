"""A block of a convolution: its tiles, its registers and its cycles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate, pairwise

from dynamap.backends.program.specification import DataflowCode
from dynamap.backends.vitis_rtl.feeding.shape import UNIT, FeedShape, image_row_units

LEAST_TILE = 4
"""Cycles after which an accumulator row may come again."""


class Layout(Enum):
    """What a pixel of a block is: channels of an image (its pitch odd), a window, or transformed values of a tile."""

    PIXELS = "pixels"
    WINDOWS = "windows"
    TILES = "tiles"


@dataclass(frozen=True)
class ConvolutionBlock:
    """A block of a convolution, its input in the buffer from unit ``base`` on, pixel by pixel.

    ``first_row``: the buffer's row under kernel row 0 of the block's first output row, negative in a pad.
    ``taps_apart``: every tap is a segment of its own, as where kernel columns are dilated, and in kn2row; else the
    taps of a kernel row are one. ``weights``: the first byte behind the parameters in the weight buffer.
    ``repeats``: products of their own, each with sums of its own. ``accumulate``: the sums from row
    ``accumulator_row`` on are added to. ``dataflow``: what stays in the multipliers, sums (NS), weights (WS) or inputs
    (IS).
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
    accumulator_row: int = 0
    layout: Layout = Layout.PIXELS
    repeats: int = 1
    dataflow: DataflowCode = DataflowCode.WS

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
            return image_row_units(self.width, self.planes)
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
        return _cut(self.segment_bytes // self.value_bytes, shape.rows)

    def column_tiles(self, shape: FeedShape) -> list[int]:
        """Output channels of each column tile: two per column, of 16-bit weights one."""
        return _cut(self.out_channels, 2 * shape.columns // self.value_bytes)

    def position_tiles(self, shape: FeedShape) -> list[int]:
        """Where inputs stay: output positions of each tile of columns, two per column."""
        return _cut(self.positions, 2 * shape.columns)

    def sum_rows(self, shape: FeedShape) -> int:
        """Rows of the accumulators that its sums take."""
        if self.dataflow is DataflowCode.IS:
            return len(self.position_tiles(shape)) * self.out_channels
        return self.repeats * len(self.column_tiles(shape)) * self.positions

    def tiles(self, shape: FeedShape) -> Iterator[tuple[int, int]]:
        """Values and output channels of every stationary tile, in the program's order."""
        for _ in range(self.repeats * self.segments):
            for values in self.row_tiles(shape):
                for channels in self.column_tiles(shape):
                    yield values, channels

    def sum_tiles(self, shape: FeedShape) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """Where sums stay: positions of each tile of sums, and of its pieces the values, and where their weights end.

        A column has two channels, one after the other.
        """
        values = self.segments * self.row_tiles(shape)
        for first in range(0, self.positions, shape.rows):
            end = self.weights
            for channels in self.column_tiles(shape):
                ends = [end + channels * done for done in accumulate(values)]
                end = ends[-1]
                for _ in range(2):
                    yield min(shape.rows, self.positions - first), list(zip(values, ends, strict=True))

    def held_tiles(self, shape: FeedShape) -> Iterator[tuple[int, int, int]]:
        """Where inputs stay: values and positions of every tile, and where the weights that pass it end."""
        end = self.weights
        for values in self.segments * self.row_tiles(shape):
            end += values * self.out_channels
            for positions in self.position_tiles(shape):
                yield values, positions, end

    def registers(self, shape: FeedShape) -> dict[str, int]:
        """The fields of ``block_t``."""
        values = self.row_tiles(shape)
        held = self.dataflow is DataflowCode.IS
        tiles = [self.value_bytes * channels for channels in self.column_tiles(shape)]
        widths = self.position_tiles(shape) if held else tiles
        # The weights that pass all column tiles, or those of each.
        weights = [self.out_channels] * 2 if held else [tiles[0], tiles[-1]]
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
            "column_tiles": len(widths),
            "paired": int(not self.wide and self.dataflow is not DataflowCode.NS),
            "stay": int(self.dataflow is DataflowCode.NS),
            "inputs_stay": int(held),
            "weights": self.weights,
            "full_bytes": widths[0],
            "last_bytes": widths[-1],
            "tile_bytes_00": values[0] * weights[0],
            "tile_bytes_01": values[0] * weights[1],
            "tile_bytes_10": values[-1] * weights[0],
            "tile_bytes_11": values[-1] * weights[1],
            "accumulate": int(self.accumulate),
            "accumulator_row": self.accumulator_row,
            "positions": self.out_channels if held else self.positions,
        }


def _cut(count: int, most: int) -> list[int]:
    """So many in parts of ``most``, the last of what is left."""
    full, rest = divmod(count, most)
    return [most] * full + ([rest] if rest else [])


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


@dataclass
class HeldTimeline:
    """Tiles whose inputs stay, one after the other: windows are turned, values loaded, weights stream past.

    Of the last tile: when its windows end, when its values begin to be loaded, and when its weights begin and end.
    """

    windows_end: int = -2
    loads: int = -2
    streams_end: int = -2
    streams: int = -2

    @property
    def free(self) -> int:
        """From when on the windows of a next tile may begin."""
        return max(self.windows_end, self.loads)

    def add(self, taken: int, values: int, positions: int, channels: int) -> None:
        """The next tile, its windows begun when it is taken, at ``free`` or later."""
        assert taken >= self.free
        self.windows_end = taken + max(positions, LEAST_TILE)
        self.loads = max(self.windows_end, self.streams)
        self.streams = max(self.loads + values, self.streams_end)
        self.streams_end = self.streams + max(channels, LEAST_TILE)


def held_starts(shape: FeedShape, blocks: Sequence[ConvolutionBlock]) -> list[int]:
    """The cycle in which the first weights of each tile are at the array, when all blocks are offered from cycle 0 on.

    A tile is known four cycles behind the one before it, the first of a block three behind its offer.
    """
    timeline = HeldTimeline()
    starts = []
    taken = -1
    for block in blocks:
        known = max(0, taken + 1) + 3
        for values, positions, _ in block.held_tiles(shape):
            taken = max(known, timeline.free)
            timeline.add(taken, values, positions, block.out_channels)
            starts.append(timeline.streams + 1 + shape.product_cycles)
            known = taken + 4
    return starts


def block_cycles(shape: FeedShape, block: ConvolutionBlock) -> int:
    """Cycles of a block in a row of blocks alike: those of its tiles, without a bubble between."""
    return sum(max(block.positions, following, LEAST_TILE) for following in _followers(shape, block))


def _followers(shape: FeedShape, block: ConvolutionBlock) -> list[int]:
    values = [values for values, _ in block.tiles(shape)]
    return values[1:] + values[:1]
