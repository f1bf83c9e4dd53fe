"""What LOAD makes of a block's pixels for Winograd: the registers of its transform, and its cycles."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.backends.arithmetic.winograd import WinogradForm
from dynamap.backends.vitis_rtl.feeding.forms import form_codes, in_order, transform_cycles
from dynamap.backends.vitis_rtl.feeding.shape import UNIT, image_row_units
from dynamap.backends.vitis_rtl.records import Field

WALKED_CYCLES = 4
"""From the start of a block to its first pixel, asked for from its buffer."""

TRANSFORM_FIELDS = (
    Field("position_units", 24),
    Field("base", 24),
    Field("pad_value", 8),
    Field("height", 16),
    Field("width_units", 24),
    Field("round_row_rows", 16),
    Field("round_row_units", 24),
    Field("round_column_units", 24),
    Field("tile_row_rows", 16),
    Field("tile_row_units", 24),
    Field("tile_column_units", 24),
    Field("row_units", 24),
    Field("pixel_units", 24),
    Field("place_row", 16),
    Field("place_column", 24),
    Field("place_base", 24),
    Field("planes", 16),
    Field("round_columns", 16),
    Field("round_rows", 16),
    Field("tile_columns", 16),
    Field("tile_rows", 16),
    Field("column_form", 2),
    Field("row_form", 2),
)
"""``transform_t``, its last member first."""


TRANSFORM_PASS_BITS = 1 + 24 + 16 + sum(field.bits for field in TRANSFORM_FIELDS) + 2 * (16 + 16 + 24 + 24 + 16)
"""Of ``transform_pass_t``."""


@dataclass(frozen=True)
class TransformShape:
    """The parameters of ``load_transform.sv``; the depths are units of a bank."""

    banks: int
    depth: int = 512
    pixel_depth: int = 512
    word_units: int = 4

    @property
    def planes(self) -> int:
        """Planes that are transformed side by side: their values, of 16 bits, fill a word."""
        return max(1, self.word_units // 2)

    @property
    def read_cycles(self) -> int:
        """From a pixel that is asked for to the transform: its buffer, and pads."""
        return 3 + self.turn_cycles + 1

    @property
    def turn_cycles(self) -> int:
        """From a result in a register to its banks."""
        return (self.banks - 1).bit_length() + 1 >> 1

    def parameters(self) -> dict[str, int]:
        """The parameters by their names in the RTL."""
        return {"Planes": self.planes, "Banks": self.banks, "PixelDepth": self.pixel_depth, "Depth": self.depth}


@dataclass(frozen=True)
class TransformBlock:
    """A block's pixels in their buffer, from unit ``pixel_base`` on with ``pitch`` units a pixel, and its tiles.

    ``rows`` and ``columns``: of its outputs. ``first_row``: the buffer's row under the first tile, negative in a pad.
    Transformed tiles begin in unit ``base`` of the input buffer, position by position, in each tile by tile, in each of
    these round by round, 16 bits a value.
    """

    form: WinogradForm
    channels: int
    height: int
    width: int
    rows: int
    columns: int
    first_row: int = 0
    pad_left: int = 0
    pad_value: int = 0
    pixel_base: int = 0
    base: int = 0

    @property
    def planes(self) -> int:
        """Planes of 16 channels."""
        return -(-self.channels // UNIT)

    @property
    def pitch(self) -> int:
        """Units from a pixel to the next, odd."""
        return self.planes | 1

    @property
    def row_units(self) -> int:
        """Units from a row to the next."""
        return image_row_units(self.width, self.planes)

    @property
    def tiles(self) -> tuple[int, int]:
        """Rows and columns of tiles."""
        return self.form.tiles(self.rows, self.columns)

    @property
    def position_units(self) -> int:
        """Units from a position's tiles to those of the next, a multiple of 4."""
        tiles = self.tiles[0] * self.tiles[1]
        return 4 * -(-tiles * self.form.rounds * 2 * self.planes // 4)

    def block_fields(self, image_rows: int) -> list[tuple[int, int]]:
        """``transform_block_t``, its first member first: values and their bits."""
        last_row = image_rows - self.height
        return [
            (self.tiles[0], 16),
            (self.height, 16),
            (self.position_units, 24),
            (last_row * self.row_units, 24),
            (last_row, 16),
        ]

    def pieces(self, shape: TransformShape) -> int:
        """What is transformed one after the other: some planes of a tile's data of a round."""
        return self.tiles[0] * self.tiles[1] * self.form.rounds * -(-self.planes // shape.planes)

    def registers(self) -> dict[str, int]:
        """The fields of ``transform_t``."""
        form, pitch, row = self.form, self.pitch, self.row_units
        # A dimension of kernel 1 has one round of no shift.
        return {
            "row_form": form_codes(form)[0],
            "column_form": form_codes(form)[1],
            "tile_rows": self.tiles[0],
            "tile_columns": self.tiles[1],
            "round_rows": form.rounds_2d[0],
            "round_columns": form.rounds_2d[1],
            "planes": self.planes,
            "place_base": self.pixel_base + self.first_row * row,
            "place_column": -self.pad_left * pitch,
            "place_row": self.first_row,
            "pixel_units": pitch,
            "row_units": row,
            "tile_column_units": form.outputs[1] * pitch,
            "tile_row_units": form.outputs[0] * row,
            "tile_row_rows": form.outputs[0],
            "round_column_units": form.taps * pitch,
            "round_row_units": form.taps * row,
            "round_row_rows": form.taps,
            "width_units": self.width * pitch,
            "height": self.height,
            "pad_value": self.pad_value,
            "base": self.base,
            "position_units": self.position_units,
        }


def block_transform_cycles(shape: TransformShape, block: TransformBlock) -> int:
    """From the start of a block to the cycle in which its last units are written."""
    first, second = in_order(*block.form.transforms)
    last = WALKED_CYCLES + shape.read_cycles + block.pieces(shape) * block.form.positions - 1
    results = transform_cycles(len(first.data), len(second.data)) + block.form.positions - 1
    return last + results + 1 + shape.turn_cycles
