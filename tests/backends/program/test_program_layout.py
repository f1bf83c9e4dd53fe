"""Formats and packed weights against the addresses and orders that docs/program.md states, element by element."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamap.backends.program import packing
from dynamap.backends.program.layout import from_format, plain_layout, to_format, toeplitz_layout
from dynamap.backends.program.specification import DATAFLOWS_OF, AlgorithmCode, DataflowCode, FormatCode
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.mapping.memory import Block, place

shapes = st.builds(TensorShape, st.integers(1, 40), st.integers(1, 6), st.integers(1, 9))


@given(shape=shapes, seed=st.integers(0, 2**32 - 1))
def test_c16_and_hwc_put_each_value_at_its_address(shape: TensorShape, seed: int) -> None:
    values = np.random.default_rng(seed).integers(-128, 128, shape.as_list()).astype(np.int8)
    for code in (FormatCode.C16, FormatCode.HWC):
        layout = plain_layout(shape, code)
        stored = to_format(values, layout)
        assert len(stored) == layout.size_bytes and layout.row_bytes % 64 == 0
        expected = np.zeros(layout.size_bytes, np.int8)
        for (c, y, x), value in np.ndenumerate(values):
            if code is FormatCode.C16:
                address = c // 16 * layout.plane_bytes + y * layout.row_bytes + 16 * x + c % 16
            else:
                address = y * layout.row_bytes + x * shape.channels + c
            expected[address] = value
        np.testing.assert_array_equal(stored.view(np.int8), expected)
        read = from_format(stored, layout)
        stored[:] = 85
        np.testing.assert_array_equal(read, values, "what was read does not change with the memory")


@given(
    shape=st.builds(TensorShape, st.integers(1, 5), st.integers(3, 9), st.integers(3, 9)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    pads=st.tuples(*[st.integers(0, 2)] * 4),
)
def test_toeplitz_windows(
    shape: TensorShape,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    pads: tuple[int, int, int, int],
) -> None:
    window = Window(kernel, stride, pads, dilation)
    height, width = window.output_size(shape.height, shape.width)
    if min(height, width) < 1:
        return
    values = np.random.default_rng(0).integers(-128, 128, shape.as_list()).astype(np.int8)
    layout = toeplitz_layout(shape, window, height, width)
    assert layout.window_bytes == -(-kernel[0] * kernel[1] * shape.channels // 16) * 16
    stored = to_format(values, layout, pad_value=-7).view(np.int8)
    for y in range(height):
        for x in range(width):
            start = y * layout.row_bytes + x * layout.window_bytes
            b = 0
            for k1 in range(kernel[0]):
                for k2 in range(kernel[1]):
                    row, column = y * stride[0] - pads[0] + k1 * dilation[0], x * stride[1] - pads[1] + k2 * dilation[1]
                    inside = 0 <= row < shape.height and 0 <= column < shape.width
                    for c in range(shape.channels):
                        assert stored[start + b] == (values[c, row, column] if inside else -7)
                        b += 1
            assert not stored[start + b : start + layout.window_bytes].any()


CONTRACTIONS = {
    "im2col, odd units": (AlgorithmCode.IM2COL, packing.im2col(1, (3, 2), False)),
    "im2col, even units": (AlgorithmCode.IM2COL, packing.im2col(2, (2, 3), False)),
    "im2col, dilated": (AlgorithmCode.IM2COL, packing.im2col(2, (2, 3), True)),
    "im2col of toeplitz": (AlgorithmCode.IM2COL, packing.toeplitz(48)),
    "kn2row": (AlgorithmCode.KN2ROW, packing.kn2row(2, (2, 2))),
    "winograd": (AlgorithmCode.WINOGRAD, packing.winograd(1, 6, 2)),
}
PACKED = [(name, flow) for name, (algorithm, _) in CONTRACTIONS.items() for flow in DATAFLOWS_OF[algorithm]]


def in_order(weights: np.ndarray, k: packing.Contraction, flow: DataflowCode, rows: int, wide: int) -> list[int]:
    """The stream as section 3 of docs/program.md orders it, one loop per level."""
    if flow is DataflowCode.NS:
        (values,) = weights
        return tile_by_tile(list(values), wide)
    stream = []
    for repeat in weights:
        for segment in range(k.segments):
            lines = lines_of(repeat, k, segment)
            for first in range(0, len(lines), rows):
                row_tile = lines[first : first + rows]
                if flow is DataflowCode.WS:
                    stream += tile_by_tile(row_tile, wide)
                else:
                    stream += [int(line[c]) for c in range(weights.shape[2]) for line in row_tile]
    return stream


def tile_by_tile(lines: list[np.ndarray], wide: int) -> list[int]:
    """Column tile by column tile, in each line by line."""
    return [
        int(value) for first in range(0, len(lines[0]), wide) for line in lines for value in line[first : first + wide]
    ]


def lines_of(weights: np.ndarray, k: packing.Contraction, segment: int) -> list[np.ndarray]:
    """The values of a segment, each with one weight per channel, with zeros between its pixels."""
    lines: list[np.ndarray] = []
    for p in range(k.pixels):
        start = (segment * k.pixels + p) * k.piece
        lines += list(weights[start : start + k.piece])
        if p < k.pixels - 1:
            lines += [np.zeros(weights.shape[1], weights.dtype)] * k.gap
    return lines


@pytest.mark.parametrize(("name", "flow"), PACKED)
@pytest.mark.parametrize(("rows", "wide"), [(5, 7), (16, 4), (1, 1), (200, 100)])
def test_weights_are_packed_in_the_order_of_the_page(name: str, flow: DataflowCode, rows: int, wide: int) -> None:
    _, k = CONTRACTIONS[name]
    generator = np.random.default_rng(0)
    for channels in (1, 4, 17):
        weights = generator.integers(-127, 128, (k.repeats, k.values, channels)).astype(k.dtype)
        stream = packing.pack(weights, k, flow, rows, wide)
        assert stream.view(k.dtype).tolist() == in_order(weights, k, flow, rows, wide)
        np.testing.assert_array_equal(packing.unpack(stream, k, flow, channels, rows, wide), weights)


def test_gaps_between_pixels_follow_the_odd_pitch() -> None:
    """Two units have a pitch of three: 3 pixels of 32 values, 16 zeros between them; one unit has a pitch of one."""
    assert packing.im2col(2, (1, 3), False).segment_values == 3 * 32 + 2 * 16
    assert packing.im2col(1, (1, 3), False).segment_values == 3 * 16


@given(
    lives=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=14),
)
def test_blocks_that_live_together_do_not_overlap(lives: list[tuple[int, int, int]]) -> None:
    blocks = [Block(str(i), 64 * size, first, first + length) for i, (size, first, length) in enumerate(lives)]
    offsets = place(blocks)
    assert set(offsets) == {block.tensor for block in blocks}
    for a in blocks:
        assert offsets[a.tensor] % 64 == 0
        for b in blocks:
            if a is b or a.last < b.first or b.last < a.first:
                continue
            first, second = offsets[a.tensor], offsets[b.tensor]
            assert first + a.size <= second or second + b.size <= first
    peak = max(offsets[block.tensor] + block.size for block in blocks)
    busiest = max(sum(b.size for b in blocks if b.first <= step <= b.last) for step in range(16))
    assert busiest <= peak <= sum(block.size for block in blocks)


def test_a_chain_needs_no_more_than_its_two_largest_neighbours() -> None:
    """Sizes 3, 5, 4, 2: at the busiest moment 5 + 4 live, and first fit needs no more."""
    blocks = [Block(str(i), 64 * size, i, i + 1) for i, size in enumerate((3, 5, 4, 2))]
    offsets = place(blocks)
    assert max(offsets[block.tensor] + block.size for block in blocks) == 9 * 64
