"""Blocks of convolutions in ``feed_bench.sv``: from their bytes to the sums in the accumulators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.program.specification import DataflowCode
from dynamap.backends.vitis_rtl.array import ArrayShape
from dynamap.backends.vitis_rtl.feeding import ConvolutionBlock, FeedShape, held_starts, tile_starts
from dynamap.backends.vitis_rtl.simulation import Simulations, feed_bench
from support.feed_blocks import RESET, Data, Script, memory_words, packed_weights, placed, units_in_memory

IntArray = npt.NDArray[np.int64]


def array_of(shape: FeedShape) -> ArrayShape:
    sizes = (shape.rows, shape.columns, shape.group_rows)
    return ArrayShape(*sizes, accumulator_rows=shape.accumulator_rows, factor_bits=shape.factor_bits)


def starts_of(shape: FeedShape, blocks: Sequence[ConvolutionBlock]) -> list[int]:
    """When each tile's first vector is at the array; all blocks have one dataflow, and are offered from cycle 0 on."""
    (dataflow,) = {block.dataflow for block in blocks}
    return held_starts(shape, blocks) if dataflow is DataflowCode.IS else tile_starts(shape, blocks)


def assert_in_their_cycles(
    seen: dict[str, IntArray], shape: FeedShape, blocks: Sequence[ConvolutionBlock], offered: int
) -> IntArray:
    """Every tile's first vector is at the array in the cycle that the formula says; these cycles."""
    starts = offered + np.array(starts_of(shape, blocks))
    np.testing.assert_array_equal(np.flatnonzero(seen["take"][RESET:, 0]) + RESET, starts)
    return starts


def vectors_of(block: ConvolutionBlock) -> int:
    """Vectors of each tile: windows, or weights of output channels where inputs stay."""
    return block.out_channels if block.dataflow is DataflowCode.IS else block.positions


def computed(
    simulations: Simulations,
    shape: FeedShape,
    blocks: list[ConvolutionBlock],
    datas: list[Data],
    stalled: Sequence[int] = (),
) -> tuple[dict[str, IntArray], list[IntArray], int]:
    """The records, the sums of the last two blocks [accumulator rows, channels], and when the first was offered.

    Inputs and weights lie one behind the other; blocks are in halves of the accumulators in turn, which are read when
    all are done. ``stalled``: cycles behind the first offer in which no block can be taken.
    """
    script = Script(shape)
    at, base, first = RESET + 1, 0, 48
    loaded = []
    for number, (block, data) in enumerate(zip(blocks, datas, strict=True)):
        stream = packed_weights(block, data.weights, shape)
        block = replace(block, base=base, weights=first, half=number % 2)
        plan = placed(block, 0, 0)
        words = memory_words(units_in_memory(block, data.image, 0, number), plan, shape.word_units)
        script.load(at, plan, words)
        end = script.weights(at, first, stream)
        at = max(end, at + plan.cycles(shape.word_units)) + 16
        wide = 16 * shape.word_units
        first = -(-(first + len(stream)) // wide) * wide + 48
        base += block.repeats * block.repeat_units
        loaded.append(block)
    assert first <= 16 * shape.weight_banks * shape.weight_depth
    assert base <= shape.input_banks * shape.input_depth
    offered = at + 1
    for number, block in enumerate(loaded):
        script.block(at + number, block)
    for cycle in stalled:
        script.put("late_block", offered + cycle, 1)
    last = starts_of(shape, loaded)[-1] + vectors_of(loaded[-1]) - 1
    at = offered + max(stalled, default=0) + last + array_of(shape).after_streaming()
    requests = []
    for block in loaded[-2:]:
        rows = block.sum_rows(shape)
        script.read(at, block.half, range(rows))
        requests.append(at + np.arange(rows))
        at += rows
    seen = simulations.run(feed_bench(shape), script.records(behind=shape.columns + 8))
    columns = np.arange(shape.columns)
    found = []
    for cycles in requests:
        answers = cycles[:, None] + 4 + columns
        assert np.all(seen["valid"][answers, columns] == 1)
        found.append(np.stack([seen["low"][answers, columns], seen["high"][answers, columns]], axis=-1))
    return seen, [part.reshape(len(part), -1) for part in found], offered
