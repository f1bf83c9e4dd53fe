"""Transfers, the array, the vector unit and STORE's post unit against numbers derived by hand from docs/overlay.md."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dynamap.backends.program import FormatCode, Op
from dynamap.backends.simulator.units.array import (
    Array,
    Block,
    Kernel,
    accumulator_rows,
    array_work,
    block_positions,
    pieces,
    post_cycles,
    rows_posted,
    tile_positions,
    window_of,
)
from dynamap.backends.simulator.units.memory import (
    Stored,
    Transfer,
    loading_cycles,
    placing_cycles,
    rows_transfer,
    run_transfer,
    storing_cycles,
    transfer_cycles,
)
from dynamap.backends.simulator.units.pooling import PoolWork, multiplier_bytes, pool_cycles
from dynamap.backends.simulator.units.vector import VectorWork, slots
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.overlay.machine import Machine

WIDE = Machine(
    word_bytes=64, clock_khz=300_000, bandwidth_bytes_per_ms=10**12, read_latency=64, write_latency=64, packing=2
)
"""X = 64, so 4 units of 16 bytes in a word and R = 32 lanes; memory is never the limit."""

NARROW = Machine(
    word_bytes=16, clock_khz=100_000, bandwidth_bytes_per_ms=800_000, read_latency=9, write_latency=9, packing=1
)
"""X = 16, R = 16; memory delivers 8 bytes per cycle, half a word."""


def c16(channels: int, height: int, width: int) -> Stored:
    row = 64 * -(-width // 4)
    planes = -(-channels // 16)
    return Stored(FormatCode.C16, planes, planes, width, row, row * height)


class TestMemory:
    def test_a_run_takes_its_words_and_an_idle_cycle_per_burst(self) -> None:
        # 65 words of 64 bytes are two bursts, wherever they begin; 66 may be 1 + 64 + 1; 64 bytes are one in one.
        assert transfer_cycles(WIDE, run_transfer(65 * 64)) == 67
        assert transfer_cycles(WIDE, run_transfer(66 * 64)) == 69
        assert transfer_cycles(WIDE, run_transfer(64)) == 2
        assert transfer_cycles(WIDE, Transfer(())) == 0

    def test_banks_that_deliver_less_than_the_ports_set_the_pace(self) -> None:
        # 192 bytes: 12 words and two bursts on the ports, 192 / 8 = 24 cycles for the banks; 200 bytes: 25.
        assert transfer_cycles(NARROW, run_transfer(192)) == 24
        assert transfer_cycles(NARROW, Transfer(((64, 2), (72, 1)))) == 25

    def test_rows_of_a_c16_tensor_are_a_run_per_plane(self) -> None:
        # 20 channels: 2 planes; 5 pixels: rows of 8 pixels, 128 bytes. Rows 1 and 2 of 4: 256 bytes in each plane.
        assert rows_transfer(c16(20, 4, 5), 1, 2) == Transfer(((256, 2),))

    def test_all_rows_of_a_c16_tensor_are_one_run(self) -> None:
        assert rows_transfer(c16(20, 4, 5), 0, 4) == Transfer(((1024, 1),))

    def test_rows_for_winograd_come_one_by_one(self) -> None:
        assert rows_transfer(c16(20, 4, 5), 0, 4, row_by_row=True) == Transfer(((128, 8),))

    def test_rows_of_hwc_are_one_run(self) -> None:
        # 3 channels of 5 pixels: 15 bytes, a row of 64.
        hwc = Stored(FormatCode.HWC, 1, 1, 5, 64, 0)
        assert rows_transfer(hwc, 1, 2) == Transfer(((128, 1),))
        assert rows_transfer(hwc, 1, 2, row_by_row=True) == Transfer(((128, 1),))

    def test_placing(self) -> None:
        # c16: 3 rows x 2 planes x ceil(5 pixels / 4). hwc, 100 channels: 3 rows x 5 pixels x ceil(7 units / 4), 8 more.
        assert placing_cycles(WIDE, c16(20, 4, 5), 3) == 12
        assert placing_cycles(WIDE, Stored(FormatCode.HWC, 1, 7, 5, 512, 0), 3) == 38
        # toeplitz, 3 x 3 windows of 3 channels: 32 bytes, 3 rows x 5 windows x ceil(32 / 64), or / 16.
        windows = Stored(FormatCode.TOEPLITZ, 1, 1, 5, 192, 0, 32)
        assert placing_cycles(WIDE, windows, 3) == 15
        assert placing_cycles(NARROW, windows, 3) == 30

    def test_ports_wait_until_pixels_are_placed(self) -> None:
        # 3 rows of 5 pixels of 100 channels: 24 words and two bursts, 38 cycles to place.
        pixels = Stored(FormatCode.HWC, 1, 7, 5, 512, 0)
        assert loading_cycles(WIDE, FormatCode.HWC, rows_transfer(pixels, 0, 3), 38) == 38
        assert loading_cycles(WIDE, FormatCode.C16, rows_transfer(pixels, 0, 3), 38) == 26

    def test_words_of_pixels_are_made_step_by_step(self) -> None:
        # 5 pixels of 100 channels take 2 steps each; 500 bytes fill 7 of 8 words, so one step more: 33 in 3 rows, and 4
        # to begin, and the two bursts. 3 channels: 5 steps and 1 in each row.
        pixels = Stored(FormatCode.HWC, 1, 7, 5, 512, 0)
        assert storing_cycles(WIDE, pixels, rows_transfer(pixels, 0, 3), 3, 100) == 39
        narrow = Stored(FormatCode.HWC, 1, 1, 5, 64, 0)
        assert storing_cycles(WIDE, narrow, rows_transfer(narrow, 0, 3), 3, 3) == 18 + 4 + 2


def kernel(algorithm: Algorithm, units: int, rows: int, columns: int, tile: int = 0, dilation: int = 1) -> Kernel:
    return Kernel(algorithm, units, rows, columns, dilation, tile, 0)


class TestWindows:
    """Section 4's table. Pixels of an even number of units stand one unit further apart."""

    def test_neighbouring_pixels_are_one_segment(self) -> None:
        # 3 x 3 of 2 units: pitch 3, so a row is 3 + 3 + 2 units.
        window = window_of(kernel(Algorithm.IM2COL, 2, 3, 3))
        assert window.segments == (128, 128, 128)
        assert window.values == 3 * 3 * 32

    def test_dilated_pixels_are_segments_of_their_own(self) -> None:
        assert window_of(kernel(Algorithm.IM2COL, 2, 3, 3, dilation=2)).segments == (32,) * 9
        assert window_of(kernel(Algorithm.IM2COL, 2, 3, 1, dilation=2)).segments == (32,) * 3

    def test_a_unit_convolution_is_one_pixel(self) -> None:
        window = window_of(kernel(Algorithm.KN2ROW, 2, 3, 5))
        assert (window.segments, window.repeats) == ((32,), 15)

    @pytest.mark.parametrize(
        ("shape", "tile", "expected"),
        [
            ((3, 3), 2, (1, 16)),
            ((3, 3), 4, (1, 36)),
            ((1, 7), 4, (3, 6)),
            ((1, 7), 5, (2, 8)),
            ((5, 1), 2, (2, 4)),
            ((5, 5), 2, (4, 16)),
        ],
    )
    def test_winograd_pieces_and_positions(self, shape: tuple[int, int], tile: int, expected: tuple[int, int]) -> None:
        k = kernel(Algorithm.WINOGRAD, 1, *shape, tile=tile)
        assert (pieces(k), tile_positions(k)) == expected
        window = window_of(k)
        assert window.segments == (32,) * expected[0] and window.value_bytes == 2


def array(flow: Dataflow, rows: int = 4, columns: int = 3, machine: Machine = WIDE) -> Array:
    return Array(machine, rows, columns, flow)


class TestArray:
    """A 4 x 3 array, two int8 products per multiplier: Cw = 6. The layer: 3 x 3, 16 channels, 10 positions and outputs.

    A window is 3 segments of 48 bytes, b = 144 values, words = 3.
    """

    k = kernel(Algorithm.IM2COL, 1, 3, 3)
    block = Block(rows=2, channels=10, in_width=7, out_width=5)

    def test_non_stationary(self) -> None:
        # Two column tiles of 144 values: 288, more than the 12 cycles of feeding 4 rows. Three tiles of 4 positions.
        # A column's two products come one after the other, each in 3 x 12 pieces of 4 values, and 8 at the end.
        work = array_work(array(Dataflow.NS), self.k, self.block)
        assert (work.cycles, work.stages, work.preload) == (3 * 288, 1, 12)
        assert work.occupied == 3 * 2 * 2 * (36 * 4 + 8)
        assert (work.fill, work.after) == (4 + 12, 4 + 29)

    def test_non_stationary_on_a_tall_array_is_bound_by_feeding(self) -> None:
        # 1 x 1 over 16 channels, 200 rows: 200 words to feed against max(16, 200) for each of 2 column tiles.
        work = array_work(array(Dataflow.NS, 200), kernel(Algorithm.IM2COL, 1, 1, 1), self.block)
        assert (work.cycles, work.preload) == (400, 200)
        assert (work.occupied, work.fill) == (2 * 2 * (200 + 8), 200 + 12)

    def test_pieces_of_sums_that_stay_end_with_a_pixel_where_pad_units_follow_it(self) -> None:
        # 2 channel units, a third one between pixels: 9 pixels of 32 values, 8 pieces of 4 values each.
        work = array_work(array(Dataflow.NS), kernel(Algorithm.IM2COL, 2, 3, 3), self.block)
        assert work.occupied == 3 * 2 * 2 * (9 * 8 * 4 + 8)

    def test_weight_stationary(self) -> None:
        # 3 segments x 12 row tiles x 2 column tiles; each lasts max(10 positions, 4 rows of weights).
        work = array_work(array(Dataflow.WS), self.k, self.block)
        assert (work.cycles, work.stages, work.fill, work.after) == (72 * 10, 72, 4, 29)
        assert work.stage_bytes == 4 * 6

    def test_input_stationary(self) -> None:
        # 36 row tiles x 2 tiles of 6 positions; each lasts max(10 channels, 6 positions to load).
        work = array_work(array(Dataflow.IS), self.k, self.block)
        assert (work.cycles, work.stages, work.preload, work.after) == (72 * 10, 36, 6, 29)
        assert work.stage_bytes == 4 * 10
        # 32 lanes write sets of 2 positions: a row of 5 takes 6. Its windows are turned, then 4 values loaded.
        assert (work.occupied, work.fill) == (72 * 10, 6 + 4 + 12)

    def test_rows_of_positions_that_stay_are_whole_sets(self) -> None:
        # 3 rows of 5 positions lie on 18, three tiles of 6, where 15 positions stream; 3 channels are less than a tile.
        work = array_work(array(Dataflow.IS), self.k, replace(self.block, rows=3, channels=3))
        assert (work.cycles, work.occupied) == (36 * 3 * 6, 36 * 3 * 6)
        work = array_work(array(Dataflow.IS, columns=1), self.k, replace(self.block, rows=3, channels=3))
        assert (work.cycles, work.occupied) == (36 * 8 * 3, 36 * 9 * 4)

    def test_a_tile_of_few_values_is_loaded_in_as_many_cycles(self) -> None:
        # X = 16, P1 = 40, one product each: 3 segments of 48 values are tiles of 40 and 8, though a word has 16 bytes;
        # ceil(10 / 3) column tiles; 10 positions are less than 40 rows of weights, and more than 8.
        work = array_work(array(Dataflow.WS, 40, machine=NARROW), self.k, self.block)
        assert (work.cycles, work.fill) == (3 * 4 * (40 + 10), 40)
        # A single position: tiles last as long as they have values, and accumulators ask for 4 cycles.
        work = array_work(array(Dataflow.WS, 45, machine=NARROW), self.k, replace(self.block, rows=1, out_width=1))
        assert (work.cycles, work.occupied, work.longest) == (3 * 4 * (45 + 3), 3 * 4 * (45 + 4), 45)

    def test_unit_convolutions_go_over_the_input_columns(self) -> None:
        # a = 2 x 7 = 14: three tiles of 6 positions; 9 unit convolutions x 4 row tiles, in each 10 channels.
        k = kernel(Algorithm.KN2ROW, 1, 3, 3)
        assert block_positions(array(Dataflow.IS), k, self.block).streamed == 14
        assert array_work(array(Dataflow.IS), k, self.block).cycles == 9 * 4 * 3 * 10
        assert array_work(array(Dataflow.WS), k, self.block).stages == 9 * 4 * 2

    def test_winograd_products_are_not_packed(self) -> None:
        # F(2,3): 1 x 3 tiles, 16 positions of 4 row tiles; Cw = 3: 4 column tiles, each of max(3 tiles, 4 rows) cycles.
        k = kernel(Algorithm.WINOGRAD, 1, 3, 3, tile=2)
        work = array_work(array(Dataflow.WS), k, self.block)
        assert (work.cycles, work.stages, work.fill) == (16 * 4 * 4 * 4, 16 * 4 * 4, 4)

    def test_post_reads_rows_of_accumulators_lanes_at_a_time(self) -> None:
        # Cw = 40 and R = 32: 50 channels lie as 40 + 10, three chunks of 10 positions, but of 16 pairs of lanes.
        wide = array(Dataflow.WS, columns=20)
        block = Block(2, 50, 7, 5)
        assert post_cycles(wide, self.k, block) == 3 * 16
        assert rows_posted(wide, self.k, block) == 3 * 10
        assert post_cycles(wide, self.k, Block(4, 50, 7, 5)) == rows_posted(wide, self.k, Block(4, 50, 7, 5)) == 3 * 20
        # 10 channels have a unit of 8 pairs.
        assert post_cycles(wide, self.k, Block(1, 10, 7, 5)) == 8
        # Input-stationary: the 10 positions of a channel lie in one row, and channels come in planes of 16.
        assert post_cycles(array(Dataflow.IS, columns=20), self.k, block) == 64
        # One channel: a chunk waits for no fewer than 16 pairs of lanes.
        assert post_cycles(array(Dataflow.IS, columns=20), self.k, replace(block, channels=1)) == 16
        # Winograd, Cw = 20, 16 lanes: 3 tiles x 16 positions, 50 channels as 16 + 4, 16 + 4 and 10.
        k = kernel(Algorithm.WINOGRAD, 1, 3, 3, tile=2)
        assert post_cycles(wide, k, block) == 48 * 5
        assert rows_posted(wide, k, block) == 48 * 3

    def test_accumulator_rows(self) -> None:
        assert accumulator_rows(array(Dataflow.NS), self.k, self.block) == 10 * 2
        assert accumulator_rows(array(Dataflow.IS), self.k, self.block) == 10 * 2
        # A row of 5 positions lies on 6, and two of them on 12, more than 10 columns of products.
        assert accumulator_rows(array(Dataflow.IS, columns=5), self.k, self.block) == 10 * 2
        # Winograd: 48 sums per channel; Cw = 3: 4 rows for 10 channels.
        k = kernel(Algorithm.WINOGRAD, 1, 3, 3, tile=2)
        assert accumulator_rows(array(Dataflow.WS), k, self.block) == 48 * 4


class TestVectorUnit:
    """Section 7's table for 20 channels (2 units), 6 output columns, blocks of 4 rows; R = 32 (NARROW: 16)."""

    @staticmethod
    def slots(op: Op, machine: Machine = WIDE, units: int = 2, **other: Any) -> int:
        return slots(machine, VectorWork(op, out_width=6, units=units, **other), 4)

    def test_depthwise(self) -> None:
        # 2 units are one chunk of 32 lanes: 16 loads, and 6 taps of each of 24 positions; of 16 lanes they are two.
        assert self.slots(Op.DEPTHWISE, kernel=(3, 2)) == 16 + 24 * 6
        assert self.slots(Op.DEPTHWISE, NARROW, kernel=(3, 2)) == 2 * (16 + 24 * 6)

    def test_element_wise(self) -> None:
        # A load, and of each position three tensors; five units are 3 chunks.
        assert self.slots(Op.ADD, operands=2) == 1 + 24
        assert self.slots(Op.ADD, operands=3) == 1 + 24 * 2
        assert self.slots(Op.ADD, units=5, operands=3) == 3 * (1 + 24 * 2)
        assert self.slots(Op.ADD, operands=3, bends=True) == 1 + 24 * 3
        assert self.slots(Op.MUL, operands=2) == 1 + 24 * 2
        # SCALE streams one tensor, and loads the factors of two units.
        assert self.slots(Op.MUL, operands=2) == 1 + 24 * 2
        assert self.slots(Op.SCALE, operands=2) == 2 + 24
        # R = 16: a unit in each chunk; of one channel in each of 16 slots where the channels have slopes of their own.
        assert self.slots(Op.SCALE, NARROW, operands=2) == 2 * (1 + 24)
        assert self.slots(Op.ADD, NARROW, operands=2, own_slopes=True, bends=True) == 2 * (16 + 48)

    def test_what_takes_each_value_once(self) -> None:
        assert self.slots(Op.ACTIVATION) == self.slots(Op.RESIZE) == 1 + 24
        assert self.slots(Op.ACTIVATION, own_slopes=True) == 16 + 24
        assert self.slots(Op.LRN) == 1 + 24

    def test_concatenation(self) -> None:
        # Each channel has the rescaling of its own. Inputs that begin inside a unit: of three tensors, two units each.
        assert self.slots(Op.CONCAT, operands=3) == 16 + 24
        assert self.slots(Op.CONCAT, operands=3, merges=True) == 16 + 24 * 6


class TestPooling:
    """Section 7's two walks. X = 64: R = 32 lanes; 40 channels (3 units, 2 chunks) unless said otherwise."""

    @staticmethod
    def cycles(*blocks: int, machine: Machine = WIDE, **changes: object) -> tuple[int, ...]:
        shape: dict[str, object] = {
            "blocks": blocks,
            "out_width": 27,
            "units": 3,
            "kernel": (3, 3),
            "stride": (1, 1),
            "dilation": (1, 1),
            "pad_left": 1,
        }
        return pool_cycles(machine, PoolWork(**(shape | changes)))  # type: ignore[arg-type]

    def test_pixels_come_once(self) -> None:
        # Blocks of 5 rows and of 2: 7 and 4 rows of pixels, of 28 columns, the pad on the right too; a load each chunk.
        assert self.cycles(5, 5, 2) == (2 * (1 + 7 * 28), 2 * (1 + 7 * 28), 2 * (1 + 4 * 28))
        # Stride 2 over 55 columns: 2 x 26 + 3 of them.
        assert self.cycles(5, stride=(2, 2), pad_left=0) == (2 * (1 + 11 * 55),)
        # 16 lanes: three chunks.
        assert self.cycles(5, machine=NARROW) == (3 * (1 + 7 * 28),)

    def test_windows_that_share_nothing_are_walked_tap_by_tap(self) -> None:
        # 2 x 2, stride 2: 10 x 54 pixels are no fewer than 5 x 27 x 4 taps. Stride 3: more.
        assert self.cycles(5, kernel=(2, 2), stride=(2, 2), pad_left=0) == (2 * (1 + 5 * 27 * 4),)
        assert self.cycles(5, kernel=(2, 2), stride=(3, 3), pad_left=0) == (2 * (1 + 5 * 27 * 4),)

    def test_one_walk_for_all_blocks(self) -> None:
        # Stride 4 of columns: 4 x 26 + 3 = 107 of them. A block of three rows has 5 x 107 = 535 pixels, 729 taps; one
        # of a row 321 pixels, 243 taps: together fewer pixels, and three of a row alone fewer taps.
        assert self.cycles(3, 1, stride=(1, 4), pad_left=0) == (2 * (1 + 535), 2 * (1 + 321))
        assert self.cycles(1, 1, 1, stride=(1, 4), pad_left=0) == (2 * (1 + 243),) * 3

    def test_what_does_not_sweep(self) -> None:
        assert self.cycles(5, kernel=(4, 3)) == (2 * (1 + 5 * 27 * 12),)
        assert self.cycles(5, dilation=(2, 1)) == (2 * (1 + 5 * 27 * 9),)
        assert self.cycles(5, kernel=(1, 3), dilation=(2, 1)) == (2 * (1 + 5 * 28),)  # a single row is near
        # 1 x 3, stride 5: 15 rows of pixels of 28 are fewer than 5 x 27 x 3 taps, were the stride not above 4.
        assert self.cycles(5, kernel=(3, 3), stride=(5, 1)) == (2 * (1 + 5 * 27 * 9),)
        # A row of two pixels is too short, one of 513 too long, by one each.
        assert self.cycles(5, kernel=(3, 2), out_width=1, pad_left=0) == (2 * (1 + 5 * 6),)
        assert self.cycles(5, kernel=(3, 2), out_width=2, pad_left=0) == (2 * (1 + 7 * 3),)
        assert self.cycles(5, out_width=512) == (2 * (1 + 5 * 512 * 9),)
        assert self.cycles(5, out_width=511) == (2 * (1 + 7 * 512),)
        # Slopes of channels are loaded in 16 slots, and walked tap by tap.
        assert self.cycles(5, loads=16) == (2 * (16 + 5 * 27 * 9),)

    def test_multipliers_of_positions(self) -> None:
        # 3 x 3 with a pad: rows of windows have 2, 3, 3, 3, 2 rows, columns 2, 3, 3, 3, 3, 2. Multipliers of six
        # columns are padded to eight, 32 bytes; three rows of them to 128.
        assert multiplier_bytes([0, 1, 1, 1, 0], [0, 1, 1, 1, 1, 0]) == 128
        assert multiplier_bytes([0, 0, 0, 0, 0], [0, 1, 1, 1, 1, 0]) == 64
        assert multiplier_bytes([0, 0, 0, 0, 0], [0, 0, 0]) == 0
