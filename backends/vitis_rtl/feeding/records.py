"""The registers of the feed as a record has them, and the records of its bench."""

from __future__ import annotations

from dynamap.backends.vitis_rtl.feeding.shape import UNIT, FeedShape
from dynamap.backends.vitis_rtl.records import Field, Record

LOAD_FIELDS = (
    Field("load_contiguous"),
    Field("load_pixel_bytes", 16),
    Field("load_row_pixels", 16),
    Field("load_pixels"),
    Field("load_offset_step", 8),
    Field("load_offset", 8),
    Field("load_plane_units", 24),
    Field("load_planes", 16),
    Field("load_pitch", 24),
    Field("load_base", 24),
)
"""``load_t``, its last member first."""

BLOCK_FIELDS = (
    Field("positions", 16),
    Field("accumulator_row", 16),
    Field("accumulate"),
    Field("tile_bytes_00", 28),
    Field("tile_bytes_01", 28),
    Field("tile_bytes_10", 28),
    Field("tile_bytes_11", 28),
    Field("last_bytes", 16),
    Field("full_bytes", 16),
    Field("weights", 28),
    Field("inputs_stay"),
    Field("stay"),
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
