"""Lower bounds on the cycles of convolutions for many arrays, or boxes of arrays, at once; whatever the buffers.

A bound is the longest of a few paths through the pipeline of docs/overlay.md, section 6. What depends on P1 alone and
on P2 alone is tabulated once per distinct value; per array there are only sums, products and maxima of integers. A box
of arrays takes its least side where a term grows with the side, and its greatest where it falls. Beside what
``bound_parts`` leaves out,

- pieces of NS, where the contraction may be cut, and values that WS and IS hold tile by tile, are taken as all values;
- lanes(x, c) is taken as ceil(x / min(c, R)), of Winograd R / 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dynamap.cost.algorithms import Dataflow
from dynamap.cost.overlay import gemm
from dynamap.cost.overlay.bounding.bound_parts import FRACTION_BITS, Part
from dynamap.cost.overlay.machine import LAST_PIECE, LEAST_TILE, TURNING, UNIT_BYTES
from dynamap.cost.overlay.options import COLUMN_TILES, DATAFLOWS
from dynamap.cost.overlay.transfer import Bools, Ints, ceil_ratio

CHUNK_ELEMENTS = 1 << 15
"""Pairs of group and array per step, so that the temporaries of a step stay in the second-level cache."""

NEVER = np.int64(1) << 50
"""The bound of what cannot be; sums of some hundreds of them do not overflow."""


@dataclass(frozen=True)
class Sides:
    """One side of each box: from ``least`` to ``most`` PEs; equal for a single array."""

    least: Ints
    most: Ints

    @staticmethod
    def of(side: Ints) -> Sides:
        return Sides(side, side)

    def take(self, index: Ints | slice) -> Sides:
        return Sides(self.least[index], self.most[index])

    def distinct(self) -> tuple[Sides, Ints]:
        """The distinct sides, and which of them each box has."""
        scale = np.int64(1) << 31
        keys, where = np.unique(self.least * scale + self.most, return_inverse=True)
        return Sides(keys // scale, keys % scale), where


def _row_tables(part: Part, rows: Sides) -> tuple[Ints, ...]:
    """What depends on P1: NS: tiles of positions (main, last), values in whole pieces; WS: cycles of all tiles of the
    contraction (main, last), values held in the first; IS: kt, values held in all tiles, and in the first.
    """
    least, most, k = rows.least[:, None], rows.most[:, None], part.k
    if part.flow is Dataflow.NS:
        pieces = k.spans * ceil_ratio(k.span_bytes, most) * np.maximum(least, LEAST_TILE)
        sums = np.where(part.divisible, k.values, np.maximum(pieces, k.values))
        return ceil_ratio(part.main, most), ceil_ratio(part.last, most), sums
    tiles = k.tiles(most)
    values, held = k.stationary_values, k.held(least)
    first = np.where(part.divisible, np.minimum(held, UNIT_BYTES), held)
    if part.flow is Dataflow.WS:
        known = (least == most) & (part.divisible == 0)
        main, last = (
            np.where(known, k.tile_cycles(least, a), np.maximum(a * tiles, values)) for a in (part.main, part.last)
        )
        return main, last, first
    return tiles, np.where(part.divisible, values, np.maximum(tiles * held, values)), first


def _column_tables(part: Part, columns: Sides) -> tuple[Ints, ...]:
    """What depends on P2: post of main and last block (bands: of all, and of their last blocks), cycles to the first
    operand; then NS, WS: column tiles; IS: weights streamed per tile of the contraction (main, last), tiles of
    positions (main, last), positions of the first tile.
    """
    k, machine = part.k, part.machine
    sides = (columns.least[:, None], columns.most[:, None])
    least, most = (gemm.columns_in_products(machine, side, k.operand) for side in sides)
    lanes = np.minimum(most, part.lanes)
    post = part.lines_main * ceil_ratio(part.side_main, lanes)
    last_post = part.lines_last * ceil_ratio(part.side_last, lanes) + _answering(part, columns)
    early = np.broadcast_to(part.paths.early, most.shape)
    if not part.inputs:
        first = _floor16(least, part.channels) * part.first_per_channel >> FRACTION_BITS
        early = np.maximum(early, part.paths.arrived + part.blocks * first)
        answering = part.blocks * _answering(part, columns)
        post = (part.blocks - 1) * post + part.lines_last * ceil_ratio(part.side_last, lanes) + answering
        last_post = _last_posts(part, least, most) + answering
    if part.flow is not Dataflow.IS:
        return post, last_post, early, ceil_ratio(part.channels, most)
    streams = [ceil_ratio(a, most) * np.maximum(part.channels, np.minimum(a, least)) for a in (part.main, part.last)]
    if part.whole:  # the positions may be cut anywhere, so that a tile may hold few
        streams = [np.maximum(ceil_ratio(part.main, most) * part.channels, part.main)] * 2
    tiles = (ceil_ratio(part.main, most), ceil_ratio(part.last, most))
    return post, last_post, early, *streams, *tiles, np.minimum(part.first, least)


def _answering(part: Part, columns: Sides) -> Ints:
    """Cycles in which the pairs of lanes answer one after the other."""
    return np.minimum(part.machine.lanes // 2, columns.least)[:, None]


def _floor16(channels: Ints, most: Ints) -> Ints:
    """Output channels of a block: a multiple of 16, or all."""
    return np.minimum(np.maximum(channels // UNIT_BYTES * UNIT_BYTES, UNIT_BYTES), most)


def _last_posts(part: Part, least: Ints, most: Ints) -> Ints:
    """post of the last block of output channels in each band, for the column tiles that make it least."""
    channels = np.broadcast_to((part.channels - 1) % UNIT_BYTES + 1, most.shape)  # blocks are multiples of 16
    if np.array_equal(least, most):
        channels = np.broadcast_to(part.channels, most.shape)
        for tiles in COLUMN_TILES[:-1]:
            block = _floor16(tiles * most, part.channels)
            channels = np.minimum(channels, (part.channels - 1) % block + 1)
    lanes = np.minimum(most, part.lanes)
    before = part.blocks - 1
    if part.flow is Dataflow.IS:  # a line per output channel and GEMM
        sides = before * ceil_ratio(part.side_main, lanes) + ceil_ratio(part.side_last, lanes)
        return part.lines_main // part.channels * sides * channels
    return (before * part.lines_main + part.lines_last) * ceil_ratio(channels, lanes)


def _computing(part: Part, p1: Ints, by_row: tuple[Ints, ...], by_column: tuple[Ints, ...]) -> tuple[Ints, Ints, Ints]:
    """(cycles of a main block, of the last, fill) per (array, group); ``p1`` is a column of the least rows."""
    if part.flow is Dataflow.NS:
        (main, last, sums), (tiles,) = by_row, by_column
        tile = _sum_tile(part, p1, tiles * np.maximum(part.k.values, p1), tiles * sums, tiles)
        return main * tile, last * tile, np.broadcast_to(p1 + TURNING, tile.shape)
    if part.flow is Dataflow.WS:
        (main, last, held), (tiles,) = by_row, by_column
        return tiles * main, tiles * last, held
    (pieces, values, held), (*streams, main_tiles, last_tiles, first) = by_row, by_column
    main, last = (
        np.maximum(stream * pieces, count * values)
        for stream, count in zip(streams, (main_tiles, last_tiles), strict=True)
    )
    return main, last, first + held + TURNING


def _sum_tile(part: Part, p1: Ints, streamed: Ints, sums: Ints, tiles: Ints) -> Ints:
    """NS: cycles of a tile of positions, as values are streamed, as rows are fed, and as products come one by one."""
    one_by_one = part.machine.packing * (sums + LAST_PIECE * tiles)
    cycles: Ints = np.maximum(np.maximum(streamed, p1 * part.k.words(part.machine)), one_by_one)
    return cycles


def _after(part: Part, rows: Ints) -> Ints:
    drain = rows if part.flow is Dataflow.NS else np.zeros_like(rows)
    return (drain + part.machine.summing)[:, None]


def _longest_path(part: Part, rows: Ints, by_row: tuple[Ints, ...], by_column: tuple[Ints, ...]) -> Ints:
    if not (part.inputs or part.coarse):
        return _longest_path_of_tiles(part, rows, by_row, by_column)
    p, before = part.paths, part.blocks - 1
    post, last_post, early, *tables = by_column
    main, last, fill = _computing(part, rows[:, None], by_row, tuple(tables))
    after = _after(part, rows)
    compute = before * main + last
    if not part.inputs:
        longest = np.maximum(np.maximum(early + compute, p.late) + last_post, early + post)
        longest += part.blocks * (fill + after) + p.tail
    else:
        # Every second block waits for its half of a buffer: COMPUTE for post, or LOAD for COMPUTE.
        pairs = before // 2
        again = np.maximum(fill + (part.machine.read_latency + p.transform + p.turn), after + post)
        longest = np.maximum(early + compute, p.late + last)
        np.maximum(longest, early + before * post + main, out=longest)
        second = np.maximum((before % 2) * main, p.second)
        np.maximum(longest, pairs * (main + again) + second + last + (early - p.shorter), out=longest)
        longest += fill
        np.maximum(longest, compute - main + p.arrived, out=longest)
        longest += after + last_post + p.tail
    np.maximum(longest, p.moving, out=longest)
    result: Ints = longest * part.copies
    return result


def _channel_tables(part: Part, columns: Ints) -> tuple[Ints, ...]:
    """As ``_column_tables`` where weights stream in blocks of known column tiles, for single arrays.

    Sums over the bands: post of a block, of the last and of all blocks; load of a block, and by how much the last is
    shorter; cycles to the first operand; blocks but one; then for a block and for the last: NS, WS: column tiles;
    IS: weights streamed per tile of the contraction, tiles of positions; then for IS positions of the first tile.
    """
    k, machine, channels = part.k, part.machine, part.channels
    wide = gemm.columns_in_products(machine, columns[:, None], k.operand)
    block = _floor16(part.tiles * wide, channels)
    blocks = ceil_ratio(channels, block)
    sizes = (block, channels - (blocks - 1) * block)
    lanes = np.minimum(wide, part.lanes)
    bands = part.blocks - 1
    if part.flow is Dataflow.IS:
        line = bands * ceil_ratio(part.side_main, lanes) + ceil_ratio(part.side_last, lanes)
        posts = [part.lines_main // channels * size * line for size in sizes]
    else:
        posts = [(bands * part.lines_main + part.lines_last) * ceil_ratio(size, lanes) for size in sizes]
    load, last_load = (part.blocks * (size * part.weights_per_channel >> FRACTION_BITS) for size in sizes)
    first = part.blocks * (block * part.first_per_channel >> FRACTION_BITS)
    early = np.maximum(part.paths.early, part.paths.arrived + first)
    shorter = np.where(blocks > 2, load - last_load, 0)
    posts[1] = posts[1] + part.blocks * _answering(part, Sides.of(columns))
    tables = [*posts, (blocks - 1) * posts[0] + posts[1], load, shorter, early, blocks - 1]
    for size in sizes:
        if part.flow is Dataflow.IS:
            streams = (
                count * ceil_ratio(a, wide) * np.maximum(size, np.minimum(a, wide))
                for count, a in ((bands, part.main), (1, part.last))
            )
            tables.append(sum(streams, np.zeros_like(size)))
            tables.append(bands * ceil_ratio(part.main, wide) + ceil_ratio(part.last, wide))
        else:
            tables.append(ceil_ratio(size, wide))
    if part.flow is Dataflow.IS:
        tables.append(np.minimum(part.first, wide))
    return tuple(tables)


def _longest_path_of_tiles(part: Part, rows: Ints, by_row: tuple[Ints, ...], by_column: tuple[Ints, ...]) -> Ints:
    p, p1, bands = part.paths, rows[:, None], part.blocks - 1
    post, last_post, all_post, load, shorter, early, before, *tables = by_column
    if part.flow is Dataflow.NS:
        positions, fill = bands * by_row[0] + by_row[1], np.broadcast_to(p1 + TURNING, load.shape)
        block, last = (
            positions * _sum_tile(part, p1, tiles * np.maximum(part.k.values, p1), tiles * by_row[2], tiles)
            for tiles in tables
        )
    elif part.flow is Dataflow.WS:
        main, final, fill = by_row
        block, last = (tiles * (bands * main + final) for tiles in tables)
    else:
        pieces, values, held = by_row
        block, last = (np.maximum(streams * pieces, count * values) for streams, count in (tables[:2], tables[2:4]))
        fill = tables[4] + held + TURNING
    after = _after(part, rows)
    pairs = before // 2
    compute = before * block + last
    again = np.maximum(part.blocks * (fill + part.machine.read_latency) + load, part.blocks * after + post)
    longest = np.maximum(compute, pairs * again + (pairs + before % 2) * block + last - shorter) + early
    # The only block computes while its weights arrive.
    np.maximum(longest, p.late + np.where(before > 0, last, 0), out=longest)
    longest += last_post
    np.maximum(longest, early + block + all_post, out=longest)
    longest += part.blocks * (fill + after) + p.tail
    np.maximum(longest, p.moving, out=longest)
    result: Ints = longest * part.copies
    return result


def part_bounds(part: Part, rows: Sides, columns: Sides) -> Iterator[tuple[slice, Ints]]:
    """Bounds of some boxes at a time: (which boxes, cycles of shape (boxes, groups of the part)).

    Parts that are not coarse bound single arrays only.
    """
    some_rows, row = rows.distinct()
    some_columns, column = columns.distinct()
    row_tables = _row_tables(part, some_rows)
    if part.inputs or part.coarse:
        column_tables = _column_tables(part, some_columns)
    else:
        column_tables = _channel_tables(part, some_columns.most)
    step = max(1, CHUNK_ELEMENTS // len(part.group))
    for start in range(0, len(row), step):
        some = slice(start, start + step)
        by_row = tuple(table[row[some]] for table in row_tables)
        by_column = tuple(table[column[some]] for table in column_tables)
        yield some, _longest_path(part, rows.least[some], by_row, by_column)


def group_bounds(parts: Sequence[Part], groups: int, rows: Sides, columns: Sides) -> Ints:
    """Bound per (box, group); NEVER for groups in none of the parts."""
    result = np.full((len(rows.least), groups), NEVER)
    for part in parts:
        for some, bounds in part_bounds(part, rows, columns):
            result[some, part.group] = bounds
    return result


def _shortest(part: Part) -> Part:
    """Each group as one block of all rows: ``early`` and ``late`` include all that follows the array, post as well."""
    p, before, lanes = part.paths, part.blocks - 1, part.lanes
    post = part.lines_main * ceil_ratio(part.side_main, lanes)
    last_post = part.lines_last * ceil_ratio(part.side_last, lanes)
    early = p.early
    if part.inputs:
        late = np.maximum(p.late, early + before * post) + last_post
    else:
        fewest = np.minimum(part.channels, UNIT_BYTES)
        early = np.maximum(early, p.arrived + part.blocks * (fewest * part.first_per_channel >> FRACTION_BITS))
        total = before * post + last_post
        everywhere = np.full_like(before, 1 << 30)
        last_post = _last_posts(part, np.ones_like(before), everywhere)
        late = np.maximum(p.late + last_post, early + total)
    whole = before * part.main + part.last
    paths = replace(p, early=early + last_post + p.tail, late=late + p.tail)
    return replace(part, whole=True, main=whole, last=whole, blocks=np.ones_like(before), paths=paths)


def summary(parts: Sequence[Part]) -> list[Part]:
    """One group per variant and dataflow whose ``summary_bounds`` are not above any of the variant's groups."""
    result = []
    for flow in DATAFLOWS:
        some = [_shortest(part) for part in parts if part.flow is flow]
        if not some:
            continue
        joined = some[0] if len(some) == 1 else some[0].followed_by(some[1])
        joined = joined.take(np.argsort(joined.variant, kind="stable"))
        starts = np.flatnonzero(np.diff(joined.variant, prepend=-1))

        def least(column: Ints, starts: Ints = starts) -> Ints:
            return np.minimum.reduceat(column, starts)

        one, every = joined.take(starts), joined
        paths = replace(
            one.paths, early=least(every.paths.early), late=least(every.paths.late), moving=least(every.paths.moving)
        )
        k = replace(one.k, segment_bytes=least(every.k.segment_bytes))
        divisible = np.maximum.reduceat(every.divisible, starts)
        result.append(replace(one, k=k, divisible=divisible, first=least(every.first), paths=paths))
    return result


def summary_bounds(
    summaries: Sequence[Part], layers: int, rows: Sides, columns: Sides, closed: Bools | None = None
) -> Ints:
    """Least bound per (box, layer) from the groups of ``summary``; ``closed``: which (box, variant) cannot be."""
    best = np.full((len(rows.least), layers), NEVER)
    for part in summaries:
        starts = np.flatnonzero(np.diff(part.layer, prepend=-1))
        present = part.layer[starts]
        some_rows, row = rows.distinct()
        some_columns, column = columns.distinct()
        row_tables, column_tables = _row_tables(part, some_rows), _column_tables(part, some_columns)[3:]
        step = max(1, CHUNK_ELEMENTS // len(part.group))
        for start in range(0, len(row), step):
            some = slice(start, start + step)
            p1 = rows.least[some]
            by_row, by_column = (
                tuple(table[index[some]] for table in tables)
                for tables, index in ((row_tables, row), (column_tables, column))
            )
            cycles, _, fill = _computing(part, p1[:, None], by_row, by_column)
            around = fill + _after(part, p1) + _answering(part, columns.take(some))
            longest = np.maximum(cycles + part.paths.early, part.paths.late) + around
            np.maximum(longest, part.paths.moving, out=longest)
            longest *= part.copies
            if closed is not None:
                longest[closed[some][:, part.variant]] = NEVER
            best[some, present] = np.minimum(best[some, present], np.minimum.reduceat(longest, starts, axis=1))
    return best
