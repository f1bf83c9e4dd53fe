"""What the registers of the vector unit hold for a command of a program: ``vector_pkg::vector_pass_t``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dynamap.backends.program.lowering.geometry import BlockShape, blocks_of, channel_units
from dynamap.backends.program.specification import Command, Flag, FormatCode, Op
from dynamap.backends.vitis_rtl.core.drain import pixel_steps
from dynamap.backends.vitis_rtl.core.registers import joined_bits
from dynamap.backends.vitis_rtl.feeding import PlacedPixels, PlacedPlanes
from dynamap.backends.vitis_rtl.memory.ports import Run, occupancy, plane_runs
from dynamap.backends.vitis_rtl.vector.operations import (
    NO_TABLES,
    PIXELS,
    REACH,
    CommandTables,
    Load,
    Operation,
    operation_of,
)
from dynamap.backends.vitis_rtl.vector.possible import require_possible
from dynamap.backends.vitis_rtl.vector.shape import (
    JOIN_CYCLES,
    LATER_CYCLES,
    MOST_SOURCES,
    SWEPT_CYCLES,
    UNIT_BYTES,
    VectorUnitShape,
)
from dynamap.backends.vitis_rtl.vector.walk import MOST_SWEPT, Walk, walk_of
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.additions import tensor_distance

Fields = list[tuple[int, int]]
"""Values and bits, the highest field first, as the structs have them."""

FEW, COUNT, UNITS, RUN, ADDRESS = 2, 16, 24, 24, 64


@dataclass(frozen=True)
class BufferNeeds:
    """Units of the input buffer and words of the output buffer, both halves; units of the resident buffer."""

    input_units: int
    resident_units: int
    output_words: int


@dataclass(frozen=True)
class _Input:
    """A tensor that a pass reads: where it lies, its channels, and the bytes of its rows in memory."""

    address: int
    channels: int
    row_bytes: int

    @property
    def planes(self) -> int:
        """Planes of 16 channels."""
        return ceil_div(self.channels, UNIT_BYTES)


class VectorPass:
    """A command as the unit's registers have it.

    ``table_address``: where the run ``operation.table`` lies in memory, if the unit needs one.

    Raises:
        InputError: it is none of what the unit can do yet.
    """

    def __init__(
        self, shape: VectorUnitShape, command: Command, tables: CommandTables = NO_TABLES, table_address: int = 0
    ) -> None:
        self.shape, self.command = shape, command
        require_possible(shape, command, tables)
        self.pixels = command.input_format is FormatCode.HWC
        self.output_pixels = command.output_format is FormatCode.HWC
        self.operation: Operation = operation_of(command, tables, shape.factor_bits)
        if self.operation.normalise and not shape.normalises:
            raise InputError("this vector unit of the RTL was made without local response normalisation")
        self.blocks = list(blocks_of(command))
        self.planes = ceil_div(command.out_channels, UNIT_BYTES)
        self.sources = self._sources(tables)
        self.together = command.op is Op.CONCAT
        self.firsts = [source.first_channel for source in tables.sources] if self.together else []
        inside = self._places()[-1] + self.sources[-1].planes if self.together else channel_units(command)
        self.pitch = inside | 1
        self.resident = self._resident(table_address)
        self.walk: Walk = walk_of(shape, command, self.operation, self.blocks, self._taps())

    def _sources(self, tables: CommandTables) -> list[_Input]:
        """Each input, in the order in which they are read."""
        command = self.command
        if not command.op.streams_sources:
            return [_Input(command.input_address, command.channels, command.input_row_bytes)]
        found = [_Input(source.address, source.channels, source.row_bytes) for source in tables.sources]
        return found[::-1] if self.operation.hold_first else found

    def _resident(self, table_address: int) -> tuple[int, int] | None:
        """Address and bytes of the resident run: the command's own, or the unit's table."""
        command = self.command
        if self.operation.table:
            return table_address, len(self.operation.table)
        return (command.weights_address, command.weight_bytes) if command.weight_bytes else None

    # ---- runs

    def input_runs(self, index: int, source: int) -> list[Run]:
        """The runs of a source of a block: one for each plane, or one of all."""
        found, block = self.sources[source], self._like(index)
        begin = found.address + self.blocks[index].input_start * found.row_bytes
        size, planes = block.input_rows * found.row_bytes, 1 if self.pixels else found.planes
        return self._runs(begin, size, planes, self.command.input_plane_bytes, together=self._contiguous(block))

    def _contiguous(self, block: BlockShape) -> bool:
        """Whether a source of a block is one run."""
        return self.pixels or block.input_rows * self.command.input_row_bytes == self.command.input_plane_bytes

    def input_pixels(self, index: int, source: int) -> list[tuple[int, int]]:
        """hwc: the words that each pixel of a source of a block is taken out of (`PlacedPixels.taken`); c16: none."""
        if not self.pixels:
            return []
        rows, channels = self._like(index).input_rows, self.sources[source].channels
        placed = PlacedPixels(0, self.pitch, rows, self.command.width, channels, self.row_units, 0)
        return placed.taken(self.shape.word_units)

    def input_turns(self, index: int, source: int) -> Iterator[int]:
        """c16: the cycles in which each word of a source of a block is placed."""
        block, found = self._like(index), self.sources[source]
        units = block.input_rows * found.row_bytes // UNIT_BYTES
        step = units if self._contiguous(block) else 0
        return PlacedPlanes(0, self.pitch, found.planes, units, step, 0).turns(self.shape.word_units)

    def output_runs(self, index: int) -> list[Run]:
        """The runs of a block's output."""
        command, block = self.command, self.blocks[index]
        begin = command.output_address + block.first_row * command.output_row_bytes
        size, planes = block.rows * command.output_row_bytes, 1 if self.output_pixels else self.planes
        together = size == command.output_plane_bytes
        return self._runs(begin, size, planes, command.output_plane_bytes, together=together)

    def _runs(self, address: int, size: int, planes: int, pitch: int, *, together: bool) -> list[Run]:
        return plane_runs(self.shape.port.data_bytes, address, size, planes, pitch, together=together)

    def pixel_steps(self, index: int) -> list[int]:
        """hwc: the step that makes each word of a block's output; c16: none."""
        command = self.command
        if not self.output_pixels:
            return []
        return pixel_steps(self.shape.word, self.blocks[index].rows, command.out_width, command.out_channels)

    def _plane_units(self, rows: int) -> int:
        """Units of the output buffer from a plane of so many rows to the next: for hwc whole words."""
        units, word = rows * ceil_div(self.command.out_width, PIXELS) * PIXELS, self.shape.word_units
        return ceil_div(units, word) * word if self.output_pixels else units

    def resident_runs(self) -> list[Run]:
        """The run of the resident operand."""
        if self.resident is None:
            return []
        address, size = self.resident
        beat = self.shape.port.data_bytes
        return [Run(address // beat, size // beat)]

    def input_cycles(self, index: int) -> int:
        """Cycles for which a block's sources take memory, by its registers: those of the first block, or the last.

        The registers have one number for all blocks but the last. It counts the bursts of the first block; those of
        another may be cut at other places (docs/rtl/memory-ports.md).
        """
        like = self._register_block(index)
        runs = [run for source in range(len(self.sources)) for run in self.input_runs(like, source)]
        return occupancy(runs, ports=self.shape.port.ports)

    def store_cycles(self, index: int) -> int:
        """The same of its output."""
        return occupancy(self.output_runs(self._register_block(index)), ports=self.shape.port.ports)

    def _register_block(self, index: int) -> int:
        return index if index == len(self.blocks) - 1 else 0

    def _like(self, index: int) -> BlockShape:
        return self.blocks[self._register_block(index)]

    # ---- the walk

    def _taps(self) -> tuple[int, int]:
        """Rows and columns of a position's taps; its sources are columns."""
        if self.operation.by_source:
            return 1, len(self.sources) - self.operation.joins
        if self.operation.merge:
            return len(self.sources), 2
        if self.command.op in (Op.MAX_POOL, Op.AVERAGE_POOL, Op.DEPTHWISE):
            return self.command.kernel_rows, self.command.kernel_columns
        return 1, 1

    @property
    def loads(self) -> int:
        """Slots in which a chunk loads before its positions."""
        slots = {Load.CONSTANT: 1, Load.CHANNELS: UNIT_BYTES, Load.FACTORS: self.shape.planes}
        return slots[self.operation.load]

    def walk_cycles(self, index: int) -> int:
        """Slots of a block: of each chunk its loads, and what is walked; the table before the first one."""
        slots = ceil_div(self.planes, self.shape.planes) * (self.loads + self.walk.slots(index))
        return slots + (self.operation.table_entries if index == 0 else 0)

    @property
    def later_cycles(self) -> int:
        """From a value to its product, behind that of most operations."""
        later = LATER_CYCLES * self.operation.normalise + SWEPT_CYCLES * self.walk.sweeps
        return later - JOIN_CYCLES * self.operation.joins

    @property
    def row_units(self) -> int:
        """Units of an image row in the input buffer."""
        if self.pixels:
            return self.command.width * self.pitch
        return self.command.input_row_bytes // UNIT_BYTES * self.pitch

    @property
    def region_units(self) -> int:
        """From a source's rows in a half of the input buffer to the next one's."""
        if not self.operation.joins:
            return self._source_units
        return int(tensor_distance(self._source_units, self.shape.planes, self.shape.banks))

    @property
    def _source_units(self) -> int:
        return max(block.input_rows for block in self.blocks) * self.row_units

    def needs(self) -> BufferNeeds:
        """What its blocks take of the buffers, both halves of them."""
        before = 0 if self.together else len(self.sources) - 1
        halves = 1 if len(self.blocks) == 1 else 2
        units = self.planes * self._plane_units(max(block.rows for block in self.blocks))
        words = ceil_div(units, self.shape.word_units)
        resident = self.resident[1] if self.resident else 0
        inputs = before * self.region_units + self._source_units
        return BufferNeeds(halves * inputs, ceil_div(resident, UNIT_BYTES), 2 * words)

    def fits(self) -> bool:
        """Whether its blocks fit into the buffers."""
        shape, needs = self.shape, self.needs()
        return (
            needs.input_units <= shape.banks * shape.input_depth
            and needs.resident_units <= shape.banks * shape.resident_depth
            and needs.output_words <= shape.output_depth
        )

    # ---- registers

    def registers(self) -> bytes:
        """``vector_pkg::vector_pass_t``, its lowest byte first."""
        command, operation = self.command, self.operation
        resizes = command.op is Op.RESIZE
        stride, top = (1, 0) if resizes else (command.stride_rows, command.pad_top)
        step = command.block_rows // command.size if resizes else command.block_rows * stride
        address, size = self.resident or (0, 0)
        used = command.out_channels - UNIT_BYTES * (self.planes - 1)
        fields: Fields = [
            *self._walk_fields(),
            (operation.joins, 1),
            (operation.operand, 2),
            (operation.load, 2),
            (operation.largest, 1),
            (self.walk.sweeps, 1),
            (2 ** (command.kernel_rows - 1) - 1 if self.walk.sweeps else 0, MOST_SWEPT - 1),
            (2 ** (command.kernel_columns - 1) - 1 if self.walk.sweeps else 0, MOST_SWEPT - 1),
            (operation.merge, 1),
            (operation.bend, 1),
            (operation.hold_first, 1),
            (operation.normalise, 1),
            (operation.before, REACH),
            (operation.behind, REACH),
            (operation.pad_value, 8),
            *operation.finish.fields(),
            (command.output_zero_point, 8),
            (bool(command.flags & Flag.LOOKUP), 1),
            (2**used - 1, UNIT_BYTES),
            (len(self.sources), MOST_SOURCES.bit_length()),
            *self._source_fields(),
            (self.pixels, 1),
            (command.width, COUNT),
            (command.input_plane_bytes, ADDRESS),
            (self.pitch, UNITS),
            (-top * command.input_row_bytes, ADDRESS),
            (step * command.input_row_bytes, ADDRESS),
            (-top * self.row_units, UNITS),
            (step * self.row_units, UNITS),
            (-top, COUNT),
            (step, COUNT),
            (command.input_row_bytes, ADDRESS),
            (self.row_units, UNITS),
            (self.shape.input_half, UNITS),
            (self.resident is not None, 1),
            (address, ADDRESS),
            (size // self.shape.port.data_bytes, RUN),
            (occupancy(self.resident_runs(), ports=self.shape.port.ports), RUN),
            (command.output_address, ADDRESS),
            (command.block_rows * command.output_row_bytes, ADDRESS),
            (command.output_plane_bytes, ADDRESS),
            (command.out_channels if self.output_pixels else 0, COUNT),
            (ceil_div(command.output_row_bytes, self.shape.word) if self.output_pixels else 0, COUNT),
            (command.blocks, COUNT),
            *self._block_fields(0),
            *self._block_fields(len(self.blocks) - 1),
        ]
        return joined_bits(reversed(fields))

    def _walk_fields(self) -> Fields:
        command, operation, pitch = self.command, self.operation, self.pitch
        tap_rows, tap_columns = self.walk.taps
        dilation = command.dilation_rows, command.dilation_columns
        resizes, steady = command.op is Op.RESIZE, command.op is Op.RESIZE or self.walk.sweeps
        strides = (1, 1) if steady else (command.stride_rows, command.stride_columns)
        repeats = (command.size, command.columns_factor) if resizes else (1, 1)
        left = 0 if steady else command.pad_left
        offset = command.block_rows % repeats[0]
        row_offset, column_offset = self._interleaved()
        by_source, merge = operation.by_source, operation.merge
        load_step, load_chunk = {
            Load.CONSTANT: (0, 0),
            Load.CHANNELS: (self.shape.planes, UNIT_BYTES * self.shape.planes),
            # A lane takes unit p of a slot for plane p; planes are 4 units apart, or units of a pixel of hwc.
            Load.FACTORS: (0, self.shape.planes) if self.pixels else (PIXELS - 1, PIXELS * self.shape.planes),
        }[operation.load]
        units = channel_units(command)
        head, tail = operation.entry_rows or (0, 0)
        return [
            (self.planes, COUNT),
            (command.out_width, COUNT),
            (self.walk.columns, COUNT),
            (self.walk.before[0], FEW),
            (self.walk.between[0], FEW),
            (self.walk.before[1], FEW),
            (self.walk.between[1], FEW),
            (tap_rows, COUNT),
            (tap_columns, COUNT),
            (by_source, 1),
            (operation.merge, 1),
            (strides[0] * self.row_units - (repeats[0] - 1) * row_offset, UNITS),
            (strides[1] * pitch - (repeats[1] - 1) * column_offset, UNITS),
            (1 if merge else dilation[0] * self.row_units, UNITS),
            (1 if merge else self.region_units if by_source else dilation[1] * pitch, UNITS),
            (0 if resizes else strides[0], COUNT),
            (0 if merge else dilation[0], COUNT),
            (0 if resizes else strides[1], COUNT),
            (0 if merge or by_source else dilation[1], COUNT),
            (-left, COUNT),
            (-left * pitch - self.shape.normalises - merge, UNITS),
            (command.width, COUNT),
            (operation.table_entries, COUNT),
            (self.loads, COUNT),
            (load_step, COUNT),
            (load_chunk, UNITS),
            (units * UNIT_BYTES, UNITS),
            (units, COUNT),
            (operation.entry_rows is not None, 1),
            (ceil_div(command.out_width, PIXELS), COUNT),
            (head, COUNT),
            (tail, COUNT),
            (repeats[0], COUNT),
            (repeats[1], COUNT),
            (row_offset, UNITS),
            (column_offset, UNITS),
            (offset * row_offset, UNITS),
            ((offset - repeats[0]) * row_offset, UNITS),
            (offset, COUNT),
        ]

    def _interleaved(self) -> tuple[int, int]:
        """Units from a repeat of a row, or of a column, to the next, where groups of channels are interleaved."""
        command = self.command
        if command.op is not Op.RESIZE or command.channels <= command.out_channels:
            return 0, 0
        return command.columns_factor * self.planes, self.planes

    def _places(self) -> list[int]:
        """Units of each source from where a block begins: behind each other, or side by side in a pixel.

        Sources that are merged each have a unit more, so that source s is s units further on than its channels are in
        the output, and no two overlap: a source has at most a unit more than lies between its channels and the next.
        """
        if not self.together:
            return [source * self.region_units for source in range(len(self.sources))]
        return [first // UNIT_BYTES + self.operation.merge * source for source, first in enumerate(self.firsts)]

    def _channels(self, source: int) -> tuple[int, int]:
        """First channel of the output that is a source's, and the one behind its last."""
        ends = [*self.firsts[1:], self.command.out_channels]
        return self.firsts[source], ends[source]

    def _source_fields(self) -> Fields:
        found: Fields = []
        whole, last = self._like(0), self.blocks[-1]
        factors, places = self.operation.factors, self._places()
        for index in range(MOST_SOURCES):
            base = places[index] if index < len(places) else 0
            first, end = self._channels(index) if index < len(self.firsts) else (0, 0)
            read = self.sources[index] if index < len(self.sources) else _Input(0, 0, 0)
            zero_point, factor = factors[index] if index < len(factors) else (0, 0)
            row_beats = (1 if self.pixels else read.planes) * read.row_bytes // self.shape.port.data_bytes
            source: Fields = [
                (read.address, ADDRESS),
                (read.planes, COUNT),
                (read.channels, COUNT),
                (whole.input_rows * row_beats, RUN),
                (last.input_rows * row_beats, RUN),
                (base, UNITS),
                (first, COUNT),
                (end, COUNT),
                (zero_point, 8),
                (factor, 18),
            ]
            found = source + found  # source 0 is the lowest
        return found

    def _block_fields(self, index: int) -> Fields:
        command, block = self.command, self._like(index)
        row_beats = command.input_row_bytes // self.shape.port.data_bytes
        outputs = self.output_runs(self._register_block(index))
        last_row = command.height - block.input_rows
        return [
            (self.input_cycles(index), RUN),
            (block.input_rows * row_beats, COUNT),
            (self.row_units if self.pixels else block.input_rows * command.input_row_bytes // UNIT_BYTES, UNITS),
            (self._contiguous(block), 1),
            (last_row * command.input_row_bytes, ADDRESS),
            (last_row * self.row_units, UNITS),
            (last_row, COUNT),
            (block.input_rows, COUNT),
            (block.rows, COUNT),
            (self.walk.rows[self._register_block(index)], COUNT),
            (self._plane_units(block.rows), UNITS),
            (len(outputs), COUNT),
            (outputs[0].beats, RUN),
            (self.store_cycles(index), RUN),
        ]
