"""A block on the array, tile by tile (docs/overlay.md, sections 4 to 6).

The tiles are walked: which bytes a window takes in the input buffer, which of them an array row holds, which columns a
tile of output channels or positions fills. Tiles of one kind take the same time, so a walk counts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.overlay.machine import (
    CHANNEL_TURN,
    LAST_PIECE,
    LEAST_TILE,
    PACKING,
    RESULTS,
    TRANSFORMING,
    TURNING,
    UNIT_BYTES,
    Machine,
)

TAPS_OF_PIECE = {2: 3, 4: 3, 5: 4}
"""Winograd splits a kernel into pieces of so many taps along each dimension, by the outputs of its tiles."""


LONG_TILE = 5
"""Outputs of the tiles of one line alone."""


@dataclass(frozen=True)
class Kernel:
    """What is contracted: the convolution's taps and the channel units of the block's input.

    ``tile``: outputs of a Winograd tile along a dimension with taps; ``window_bytes``: of a toeplitz window, else 0.
    """

    algorithm: Algorithm
    units: int
    rows: int
    columns: int
    dilation_columns: int
    tile: int
    window_bytes: int


@dataclass(frozen=True)
class Array:
    """The array and how a block uses it."""

    machine: Machine
    rows: int
    columns: int
    dataflow: Dataflow


@dataclass(frozen=True)
class Window:
    """What one GEMM sums for one output position.

    ``segments``: sizes in bytes of the consecutive ranges in the input buffer, ``spans`` of those without pad units
    between pixels; ``values``: how many values count (pad units do not); ``repeats``: GEMMs.
    """

    segments: tuple[int, ...]
    spans: tuple[int, ...]
    values: int
    repeats: int
    value_bytes: int


def pieces(kernel: Kernel) -> int:
    """Pieces that Winograd splits the kernel into."""
    taps = TAPS_OF_PIECE[kernel.tile]
    return len(range(0, kernel.rows, taps)) * len(range(0, kernel.columns, taps))


def tile_step(kernel: Kernel) -> tuple[int, int]:
    """Output rows and columns of one Winograd tile."""
    return kernel.tile if kernel.rows > 1 else 1, kernel.tile if kernel.columns > 1 else 1


def tile_data(kernel: Kernel) -> tuple[int, int]:
    """Rows and columns of the data of one Winograd tile."""
    overlap = TAPS_OF_PIECE[kernel.tile] - 1
    down, across = (step + overlap if step > 1 else 1 for step in tile_step(kernel))
    return down, across


def tile_positions(kernel: Kernel) -> int:
    """Products of one Winograd tile, for each pair of channels and each piece."""
    down, across = tile_data(kernel)
    return down * across


def winograd_tiles(kernel: Kernel, rows: int, out_width: int) -> int:
    """Tiles that cover ``rows`` output rows."""
    down, across = tile_step(kernel)
    return len(range(0, rows, down)) * len(range(0, out_width, across))


def window_of(kernel: Kernel) -> Window:
    """The window of one position (section 4's table), found by walking its pixels through the input buffer."""
    if kernel.algorithm is Algorithm.WINOGRAD:
        count = pieces(kernel)
        values = UNIT_BYTES * kernel.units
        segments = (2 * values,) * count
        return Window(segments, segments, values * count, tile_positions(kernel), 2)
    if kernel.algorithm is Algorithm.KN2ROW:
        size = UNIT_BYTES * kernel.units
        return Window((size,), (size,), size, kernel.rows * kernel.columns, 1)
    if kernel.window_bytes:
        return Window((kernel.window_bytes,), (kernel.window_bytes,), kernel.window_bytes, 1, 1)
    segments = tuple(size for _ in range(kernel.rows) for size in _row_segments(kernel))
    values = kernel.rows * kernel.columns * UNIT_BYTES * kernel.units
    pixels = (UNIT_BYTES * kernel.units,) * (kernel.rows * kernel.columns)
    return Window(segments, segments if sum(segments) == values else pixels, values, 1, 1)


def _row_segments(kernel: Kernel) -> Iterator[int]:
    """The ranges that one kernel row covers: neighbours are one range, with the pad unit between them."""
    pitch = pixel_pitch(kernel.units)
    start = end = 0
    for tap in range(kernel.columns):
        unit = tap * kernel.dilation_columns * pitch
        if tap and unit > end + pitch - kernel.units:
            yield UNIT_BYTES * (end - start)
            start = unit
        end = unit + kernel.units
    yield UNIT_BYTES * (end - start)


def pixel_pitch(units: int) -> int:
    """Units from one pixel to the next in the input buffer: odd."""
    return units if units % 2 else units + 1


def products_across(array: Array, value_bytes: int) -> int:
    """Cw: products side by side in an array row. Only int8 products share a multiplier."""
    return array.columns * (array.machine.packing if value_bytes == 1 else 1)


def words(machine: Machine, size: int) -> int:
    """Memory words that hold ``size`` bytes."""
    return len(range(0, size, machine.word_bytes))


@dataclass(frozen=True)
class Block:
    """A block's share of the layer: output rows and channels, and the widths that positions are counted in."""

    rows: int
    channels: int
    in_width: int
    out_width: int


@dataclass(frozen=True)
class Positions:
    """Output positions of one GEMM of a block: those of the operands that ``streamed``, and those that inputs which
    stay are ``laid`` on, a row of pixels in whole sets, and no fewer."""

    streamed: int
    laid: int


def block_positions(array: Array, kernel: Kernel, block: Block) -> Positions:
    """The positions of a block; kn2row goes over the input's columns."""
    if kernel.algorithm is Algorithm.WINOGRAD:
        streamed = winograd_tiles(kernel, block.rows, block.out_width)
    else:
        streamed = block.rows * (block.in_width if kernel.algorithm is Algorithm.KN2ROW else block.out_width)
    return Positions(streamed, max(streamed, _in_sets(array.machine, block)))


def _in_sets(machine: Machine, block: Block) -> int:
    """The block's pixels, those of each row up to whole sets: as many as POST writes at a time."""
    step = machine.lanes // UNIT_BYTES
    return sum(len(range(0, block.out_width, step)) * step for _ in range(block.rows))


@dataclass(frozen=True)
class ArrayWork:
    """``cycles`` with operands, those for which the array is ``occupied``, in ``stages`` with weights of their own, in
    ``longest`` cycles and of ``stage_bytes`` at most; delays before and behind. ``preload``: cycles for what stays, or
    is kept in rows, in front of the first product."""

    cycles: int
    occupied: int
    stages: int
    longest: int
    stage_bytes: int
    preload: int
    fill: int
    after: int


@lru_cache(maxsize=1 << 14)
def array_work(array: Array, kernel: Kernel, block: Block) -> ArrayWork:
    """Time of one block by walking its tiles."""
    window = window_of(kernel)
    walk = {Dataflow.NS: _non_stationary, Dataflow.WS: _weight_stationary, Dataflow.IS: _input_stationary}
    return walk[array.dataflow](array, window, block_positions(array, kernel, block), block.channels)


def _non_stationary(array: Array, window: Window, count: Positions, channels: int) -> ArrayWork:
    """Positions stay in the row buffers: while one row tile computes, the next is fed through the chain.

    The array itself turns a window piece by piece for each product of its multipliers, and what stays are the sums.
    """
    machine = array.machine
    fed = array.rows * sum(words(machine, segment) for segment in window.segments)
    drained = array.rows
    tile = turned = cycles = occupied = 0
    for _ in range(0, channels, products_across(array, window.value_bytes)):
        tile += max(window.values, drained)
        for _ in range(machine.packing):
            turned += LAST_PIECE
            for span in window.spans:
                turned += sum(max(array.rows, LEAST_TILE) for _ in range(0, span, array.rows))
    for _ in range(0, count.streamed, array.rows):
        cycles += max(tile, fed)
        occupied += max(tile, fed, turned)
    fill = array.rows + TURNING
    return ArrayWork(cycles, occupied, 1, occupied, channels * window.values, fed, fill, drained + machine.summing)


def _held(array: Array, window: Window) -> Iterator[int]:
    """Values of the pieces of a window that the array's rows hold one after the other."""
    for segment in window.segments:
        values = segment // window.value_bytes
        for start in range(0, values, array.rows):
            yield min(array.rows, values - start)


def _weight_stationary(array: Array, window: Window, count: Positions, channels: int) -> ArrayWork:
    """A tile of weights stays while all positions pass; the next tile is loaded behind it, value by value."""
    stages = cycles = occupied = longest = 0
    load = max(_held(array, window))
    for _ in range(window.repeats):
        for held in _held(array, window):
            for _ in range(0, channels, products_across(array, window.value_bytes)):
                tile = max(count.streamed, held, LEAST_TILE)
                stages += 1
                cycles += max(count.streamed, held)
                occupied += tile
                longest = max(longest, tile)
    tile_bytes = array.rows * min(channels, products_across(array, window.value_bytes)) * window.value_bytes
    return ArrayWork(cycles, occupied, stages, longest, tile_bytes, load, load, array.machine.summing)


def _input_stationary(array: Array, window: Window, count: Positions, channels: int) -> ArrayWork:
    """A tile of positions stays while the weights of all channels pass; its values are turned and loaded before."""
    held = max(_held(array, window))
    across = products_across(array, window.value_bytes)
    load, turn = min(count.streamed, across), min(count.laid, across)
    stages = cycles = occupied = longest = 0
    for _ in range(window.repeats):
        for _ in _held(array, window):
            stages += 1
            stage = 0
            for _ in range(0, count.streamed, across):
                cycles += max(channels, load)
            for _ in range(0, count.laid, across):
                stage += max(channels, turn, held, LEAST_TILE)
            occupied += stage
            longest = max(longest, stage)
    fill = turn + held + TURNING
    stage_bytes = array.rows * channels * window.value_bytes
    return ArrayWork(cycles, occupied, stages, longest, stage_bytes, load, fill, array.machine.summing)


@dataclass(frozen=True)
class _Sums:
    """A block's sums in the accumulators: ``lines`` for each of ``repeats`` products, of ``side`` sums each, of which
    ``across`` lie in an accumulator row."""

    lines: int
    side: int
    repeats: int
    across: int

    @property
    def rows_of_line(self) -> Iterator[int]:
        """Sums in each accumulator row of a line."""
        return (min(self.across, self.side - start) for start in range(0, self.side, self.across))


def _sums_of(array: Array, kernel: Kernel, block: Block) -> _Sums:
    """A line is the channels of a position, or of IS the positions of a channel."""
    winograd = kernel.algorithm is Algorithm.WINOGRAD
    repeats = tile_positions(kernel) if winograd else 1
    across = products_across(array, 2 if winograd else 1)
    if array.dataflow is Dataflow.IS:
        return _Sums(block.channels, block.rows * block.out_width, repeats, across)
    spots = winograd_tiles(kernel, block.rows, block.out_width) if winograd else block.rows * block.out_width
    return _Sums(spots, block.channels, repeats, across)


def _laid(array: Array, kernel: Kernel, block: Block) -> _Sums:
    """The same as they lie in the accumulators, positions of IS in whole sets."""
    sums = _sums_of(array, kernel, block)
    if array.dataflow is not Dataflow.IS:
        return sums
    return replace(sums, side=_in_sets(array.machine, block))


def _in_units(count: int) -> int:
    """So many, up to whole units."""
    return len(range(0, count, UNIT_BYTES)) * UNIT_BYTES


def _reads_of_line(lanes: int, sums: _Sums) -> int:
    """Reads of as many sums as there are lanes, accumulator row by accumulator row."""
    return sum(len(range(0, together, lanes)) for together in sums.rows_of_line)


def post_cycles(array: Array, kernel: Kernel, block: Block) -> int:
    """Cycles of STORE's post unit, chunk by chunk: a read of each line, or a pair of lanes' parameters, in a cycle.

    Parameters come for whole units of channels, and lines that are channels in whole planes. A column of Winograd has
    one sum, so that every second lane reads, and parameters come for one channel at a time.
    """
    sums, lanes = _laid(array, kernel, block), array.machine.lanes
    lines, pair = sums.lines, 2
    if kernel.algorithm is Algorithm.WINOGRAD:
        lanes, pair = lanes // 2, 1
    loaded = min(_in_units(sums.side), lanes) // pair
    if array.dataflow is Dataflow.IS:
        lines, loaded = _in_units(sums.lines), lanes // pair
    return sum(max(lines * sums.repeats, loaded) for _ in range(_reads_of_line(lanes, sums)))


def packing_cycles(array: Array, kernel: Kernel) -> int:
    """From the last request for sums to their bytes in the output buffer."""
    cycles = PACKING + min(array.machine.lanes // 2, array.columns)
    if kernel.algorithm is Algorithm.WINOGRAD:
        down, across = tile_step(kernel)
        rows, columns = tile_data(kernel)
        if kernel.tile == LONG_TILE and across > 1:  # its one line lies down the rows
            down, across, rows = across, down, columns
        return cycles + RESULTS + down + across + rows * across
    return cycles + (CHANNEL_TURN if array.dataflow is Dataflow.IS else 0)


def rows_posted(array: Array, kernel: Kernel, block: Block) -> int:
    """Reads of accumulator rows by a kernel that has all lanes for every algorithm, and waits for no parameters."""
    sums = _sums_of(array, kernel, block)
    return sums.lines * sums.repeats * _reads_of_line(array.machine.lanes, sums)


def accumulator_rows(array: Array, kernel: Kernel, block: Block) -> int:
    """Accumulator rows that the block's sums take."""
    sums = _laid(array, kernel, block)
    return sums.lines * sums.repeats * len(range(0, sums.side, sums.across))


def transform_registers(kernel: Kernel) -> int:
    """Cycles of a block's transform beside the words that it writes (0 for other algorithms)."""
    if kernel.algorithm is not Algorithm.WINOGRAD:
        return 0
    down, across = tile_data(kernel)
    return TRANSFORMING + down + across + down * across


def transform_words(machine: Machine, kernel: Kernel, tiles: int) -> int:
    """Words of transformed channels that LOAD writes for so many Winograd tiles (0 for other algorithms)."""
    if kernel.algorithm is not Algorithm.WINOGRAD:
        return 0
    return tiles * tile_positions(kernel) * pieces(kernel) * words(machine, 2 * UNIT_BYTES * kernel.units)
