"""Blocks for the feeding half of the convolution core: their bytes in memory, and what NumPy says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.program.specification import DataflowCode
from dynamap.backends.vitis_rtl.feeding import UNIT, ConvolutionBlock, FeedShape, Layout, PlacedPixels, PlacedPlanes

IntArray = npt.NDArray[np.int64]

RESET = 24


@dataclass(frozen=True)
class Data:
    """A block's input [channels, height, width] and weights [out_channels, channels, kernel rows, kernel columns].

    With repeats, each has them as a first axis.
    """

    image: IntArray
    weights: IntArray


def random_data(block: ConvolutionBlock, seed: int) -> Data:
    """All values but -128 in weights, which an array of G = 8 refuses."""
    random = np.random.default_rng(seed)
    most = 1 << 13 if block.wide else 1 << 7
    repeats = (block.repeats,) if block.wide else ()
    image = random.integers(-most, most, (*repeats, block.channels, block.height, block.width))
    weights = random.integers(1 - most, most, (*repeats, block.out_channels, block.channels, *block.kernel))
    return Data(image, weights >> 9 if block.wide else weights)  # sums stay within 32 bits


def units_in_memory(block: ConvolutionBlock, image: IntArray, gap_units: int, seed: int) -> IntArray:
    """Bytes of a block's input, [units, 16]: planes of an image, or rows of windows or of tiles as they follow."""
    if block.layout is Layout.PIXELS:
        return planes_in_memory(image, gap_units, seed)
    values = np.moveaxis(image.reshape(-1, *image.shape[-3:]), 1, -1)  # repeat, row, pixel, channel
    padded = np.zeros((*values.shape[:3], UNIT * block.planes // block.value_bytes), np.int64)
    padded[..., : block.channels] = values
    raw = padded.astype("<i2" if block.wide else np.int8).view(np.int8).reshape(len(values) * block.height, -1)
    rows = np.zeros((len(raw), UNIT * block.row_units), np.int64)
    rows[:, : raw.shape[1]] = raw
    return rows.reshape(-1, UNIT)


def planes_in_memory(image: IntArray, gap_units: int, seed: int) -> IntArray:
    """Bytes of the rows of a c16 tensor, [units, 16], by the formula of docs/program.md, other rows between the planes.

    What belongs to no channel is random: nothing may depend on it.
    """
    channels, height, width = image.shape
    planes, columns = -(-channels // 16), 4 * -(-width // 4)
    units = np.random.default_rng(seed).integers(-128, 128, (planes * (height * columns + gap_units), UNIT))
    for c in range(channels):
        for y in range(height):
            for x in range(width):
                units[(c // 16) * (height * columns + gap_units) + y * columns + x, c % 16] = image[c, y, x]
    return units


def placed(block: ConvolutionBlock, gap_units: int, offset: int) -> PlacedPlanes:
    """Where LOAD puts them."""
    if block.layout is not Layout.PIXELS:
        units = block.repeats * block.repeat_units
        return PlacedPlanes(block.base, 1, 1, units, units, offset)
    units = block.height * 4 * -(-block.width // 4)
    return PlacedPlanes(block.base, block.pitch, block.planes, units, units + gap_units, offset)


def memory_words(units: IntArray, plan: PlacedPlanes, word_units: int) -> IntArray:
    """The words that arrive, [words, bytes]: of each run those that it touches; planes without a gap are one run."""
    runs = (
        [(plan.offset, plan.planes * plan.plane_units)]
        if plan.contiguous
        else [(plan.offset + j * plan.plane_step, plan.plane_units) for j in range(plan.planes)]
    )
    last = -(-(runs[-1][0] + runs[-1][1]) // word_units)
    memory = np.zeros((last * word_units, UNIT), np.int64)
    memory[plan.offset : plan.offset + len(units)] = units[: len(memory) - plan.offset]
    words = memory.reshape(-1, word_units * UNIT)
    touched = [np.arange(first // word_units, -(-(first + count) // word_units)) for first, count in runs]
    return words[np.concatenate(touched)]


def pixels_in_memory(image: IntArray, plan: PlacedPixels, word_units: int, seed: int) -> IntArray:
    """The words of an hwc tensor, by the formula of docs/program.md; what belongs to no pixel is random."""
    wide = UNIT * word_units
    first = UNIT * plan.offset
    count = -(-(first + plan.rows * plan.row_bytes) // wide) * wide
    memory = np.random.default_rng(seed).integers(-128, 128, count)
    for y in range(plan.rows):
        for x in range(plan.columns):
            for c in range(plan.channels):
                memory[first + y * plan.row_bytes + x * plan.channels + c] = image[c, y, x]
    return memory.reshape(-1, wide)


def pixel(image: IntArray, block: ConvolutionBlock, c: int, y: int, x: int) -> int:
    """What a window reads there: pads outside the image."""
    inside = 0 <= y < block.height and 0 <= x < block.width
    return int(image[c, y, x]) if inside else block.pad_value


def windows(block: ConvolutionBlock, image: IntArray) -> IntArray:
    """The values under every tap, [positions, kernel rows, kernel columns, channels]."""
    found = np.zeros((block.positions, *block.kernel, block.channels), np.int64)
    for position in range(block.positions):
        y, x = divmod(position, block.columns)
        for k1 in range(block.kernel[0]):
            for k2 in range(block.kernel[1]):
                row = block.first_row + y * block.stride[0] + k1 * block.dilation[0]
                column = x * block.stride[1] - block.pad_left + k2 * block.dilation[1]
                for c in range(block.channels):
                    found[position, k1, k2, c] = pixel(image, block, c, row, column)
    return found


def sums(block: ConvolutionBlock, data: Data) -> IntArray:
    """The convolution, [positions, out_channels], repeat behind repeat."""
    if block.wide:
        alone = replace(block, repeats=1, layout=Layout.PIXELS)
        parts = [Data(image, weights) for image, weights in zip(data.image, data.weights, strict=True)]
        return np.concatenate([sums(alone, part) for part in parts])
    return np.einsum("pabc,ocab->po", windows(block, data.image), data.weights)


def packed_weights(block: ConvolutionBlock, weights: IntArray, shape: FeedShape) -> IntArray:
    """The bytes of docs/program.md, section 3: repeat, segment, row tile, then column tile, value and output channel
    (WS), or output channel and value (IS)."""
    if block.wide:
        alone = replace(block, repeats=1, layout=Layout.WINDOWS)
        half = replace(shape, columns=shape.columns // 2)
        assert 2 * half.columns == shape.columns, "a column of 16-bit weights is half a pair"
        numbers = np.concatenate([packed_weights(alone, part, half) for part in weights])
        return numbers.astype("<i2").view(np.int8).astype(np.int64)
    out = []
    for k1 in range(block.kernel[0]):
        for taps in [[k2] for k2 in range(block.kernel[1])] if block.taps_apart else [list(range(block.kernel[1]))]:
            values = []
            for k2 in taps:
                if k2 != taps[0]:
                    values += [np.zeros(block.out_channels, np.int64)] * (16 * (block.pitch - block.planes))
                for c in range(16 * block.planes):
                    inside = c < block.channels
                    values.append(weights[:, c, k1, k2] if inside else np.zeros(block.out_channels, np.int64))
            for row in range(0, len(values), shape.rows):
                if block.dataflow is DataflowCode.IS:
                    out += np.array(values[row : row + shape.rows]).T.reshape(-1).tolist()
                    continue
                for column in range(0, block.out_channels, 2 * shape.columns):
                    for value in values[row : row + shape.rows]:
                        out += list(value[column : column + 2 * shape.columns])
    return np.array(out, np.int64)


@dataclass
class Script:
    """Records for ``feed_bench.sv``, written in the order of time."""

    shape: FeedShape
    inputs: dict[str, IntArray] = field(default_factory=dict)
    cycles: int = RESET

    def put(self, name: str, cycle: int, value: int | IntArray) -> None:
        """Sets a field in one cycle."""
        wide = UNIT * self.shape.word_units
        if name not in self.inputs:
            self.inputs[name] = np.zeros((1 << 14, wide if name in ("word", "weight_word") else 1), np.int64)
        self.inputs[name][cycle] = value
        self.cycles = max(self.cycles, cycle + 1)

    def load(self, cycle: int, plan: PlacedPlanes | PlacedPixels, words: IntArray) -> int:
        """Offers a block to place and its words, one per cycle; the cycle behind them."""
        self.put("push_load", cycle, 1)
        for name, value in plan.registers(self.shape.word_units).items():
            self.put(name, cycle, value)
        for number, word in enumerate(words):
            self.put("push_word", cycle + number, 1)
            self.put("word", cycle + number, word)
        return cycle + len(words)

    def weights(self, cycle: int, first_byte: int, stream: IntArray) -> int:
        """Writes a stream into the weight buffer from a byte on; the cycle behind it."""
        wide = UNIT * self.shape.word_units
        start = first_byte // wide * wide
        laid = np.zeros(-(-(first_byte - start + len(stream)) // wide) * wide, np.int64)
        laid[first_byte - start :][: len(stream)] = stream
        for number, word in enumerate(laid.reshape(-1, wide)):
            self.put("weight_write", cycle + number, 1)
            self.put("weight_unit", cycle + number, start // UNIT + number * self.shape.word_units)
            self.put("weight_word", cycle + number, word)
        return cycle + len(laid) // wide

    def block(self, cycle: int, block: ConvolutionBlock) -> None:
        """Offers a block to compute."""
        self.put("push_block", cycle, 1)
        for name, value in block.registers(self.shape).items():
            self.put(name, cycle, value)

    def read(self, cycle: int, half: int, rows: Sequence[int]) -> None:
        """Asks for accumulator rows, one per cycle."""
        for number, row in enumerate(rows):
            self.put("read", cycle + number, 1)
            self.put("read_half", cycle + number, half)
            self.put("read_row", cycle + number, row)

    def records(self, behind: int = 0) -> dict[str, IntArray]:
        """All fields, with the reset in front and some cycles behind."""
        self.put("rst", 0, 1)
        self.inputs["rst"][:RESET] = 1
        return {name: values[: self.cycles + behind] for name, values in self.inputs.items()}
