"""Convolutions from memory to memory: all bytes as the emulator's, all events and the total in their cycles."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.backends.program.specification import AlgorithmCode, DataflowCode, FormatCode
from dynamap.backends.vitis_rtl.core.post import DrainShape, LaneShape
from dynamap.backends.vitis_rtl.core.registers import LEAST_PIXELS_WORD, CorePass
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.backends.vitis_rtl.feeding import FeedShape
from dynamap.backends.vitis_rtl.memory.ports import MemoryPort, PlannedMemory
from dynamap.backends.vitis_rtl.simulation import Simulations
from support.layer_checks import SHORT, SMALL, check, check_with_stalls, on_the_cores
from support.layer_records import Layer, passes_of
from support.random_layers import random_layer

LARGE = CoreShape(
    FeedShape(rows=129, columns=48, weight_depth=1024),
    DrainShape(LaneShape(columns=48, pairs=32)),
    MemoryPort(64),
)
"""A core of a large device, with words of 64 bytes."""

GOOGLENET = {
    "1x1": Layer(192, 14, 14, 64, block_rows=7),
    "3x3": Layer(96, 14, 14, 128, (3, 3), pad=1, block_rows=4),
    "5x5 whose weights stream": Layer(16, 14, 14, 48, (5, 5), pad=2, block_channels=16),
}

LAYERS = {
    "1x1 of one block": Layer(16, 4, 5, 16),
    "1x1 in blocks of rows": Layer(40, 9, 7, 24, block_rows=2),
    "3x3 in blocks of rows, pads above and below": Layer(20, 9, 9, 40, (3, 3), pad=1, block_rows=3, look_up=True),
    "5x5 in single rows": Layer(16, 5, 6, 16, (5, 5), pad=2, block_rows=1),
    "3x3 of stride 2": Layer(16, 13, 10, 32, (3, 3), stride=2, pad=1, block_rows=2),
    "3x3 of dilation 2": Layer(16, 8, 9, 16, (3, 3), pad=2, dilation=2, block_rows=3),
    "1x1 whose weights stream": Layer(64, 6, 6, 100, block_channels=32),
    "3x3 whose weights stream, a last block of one channel": Layer(48, 5, 5, 33, (3, 3), pad=1, block_channels=16),
    "fully connected, of one position": Layer(96, 1, 1, 100, block_channels=48, look_up=True),
}


HWC, TOEPLITZ = FormatCode.HWC, FormatCode.TOEPLITZ

FIRST_LAYERS = {
    "hwc of 3 channels": Layer(3, 9, 11, 24, (3, 3), stride=2, pad=1, block_rows=2, input_format=HWC),
    "hwc of 1 channel, a pixel per cycle fills the queue": Layer(1, 28, 28, 16, (5, 5), block_rows=4, input_format=HWC),
    "hwc to hwc": Layer(3, 6, 7, 5, (3, 3), pad=1, block_rows=2, input_format=HWC, output_format=HWC),
    "hwc of 40 channels": Layer(40, 6, 5, 16, (3, 3), pad=1, block_rows=2, input_format=HWC),
    "hwc of 70 channels, longer than a word": Layer(70, 4, 3, 20, block_channels=16, input_format=HWC),
    "hwc that stays": Layer(
        3, 9, 11, 24, (3, 3), stride=2, pad=1, block_rows=2, input_format=HWC, dataflow=DataflowCode.IS
    ),
}
WINDOWS = {
    "windows of 3 channels": Layer(3, 9, 11, 24, (3, 3), stride=2, pad=1, block_rows=2, input_format=TOEPLITZ),
    "windows of 7 x 7": Layer(3, 14, 14, 16, (7, 7), stride=2, pad=3, block_rows=2, input_format=TOEPLITZ),
    "windows whose weights stream": Layer(3, 5, 5, 40, (3, 3), pad=1, block_channels=16, input_format=TOEPLITZ),
}
PIXELS = {
    "pixels of 3 channels": Layer(16, 6, 9, 3, (3, 3), pad=1, block_rows=2, output_format=HWC),
    "pixels of 24 channels": Layer(20, 5, 5, 24, block_rows=2, output_format=HWC, look_up=True),
    "pixels of 70 channels": Layer(16, 4, 7, 70, block_rows=1, output_format=HWC),
    "pixels of 64 channels": Layer(16, 3, 4, 64, block_rows=1, output_format=HWC),
    "one pixel of 10 channels": Layer(48, 1, 1, 10, block_channels=16, output_format=HWC),
}
KEPT = {
    "two chunks of one block": Layer(32, 4, 5, 20, (3, 3), pad=1, block_channels=32, chunk_units=1),
    "three chunks of four blocks": Layer(80, 4, 4, 56, block_channels=16, chunk_units=2, look_up=True),
    "bands": Layer(16, 9, 5, 40, (3, 3), pad=1, block_channels=16, band_rows=3),
    "bands of chunks of five blocks": Layer(48, 6, 4, 72, (3, 3), pad=1, block_channels=16, chunk_units=1, band_rows=2),
    "chunks whose inputs stream": Layer(48, 7, 4, 24, (3, 3), pad=1, block_rows=2, chunk_units=1),
    "one position": Layer(96, 1, 1, 100, block_channels=48, chunk_units=2, look_up=True),
}
KN2ROW = {
    "3x3": Layer(20, 7, 9, 24, (3, 3), pad=1, block_rows=2, algorithm=AlgorithmCode.KN2ROW),
    "2x5 without pads": Layer(16, 7, 9, 40, (2, 5), block_rows=3, algorithm=AlgorithmCode.KN2ROW),
    "5x5 whose weights stream": Layer(16, 4, 6, 40, (5, 5), pad=2, block_channels=16, algorithm=AlgorithmCode.KN2ROW),
    "dilated": Layer(16, 7, 8, 16, (3, 3), pad=2, dilation=2, block_rows=2, algorithm=AlgorithmCode.KN2ROW),
    "chunks": Layer(48, 4, 4, 16, (3, 3), pad=1, block_channels=16, chunk_units=2, algorithm=AlgorithmCode.KN2ROW),
}
NS = DataflowCode.NS
STAYING = {
    "one tile of sums": Layer(16, 4, 4, 16, dataflow=NS),
    "few positions, few values": Layer(16, 1, 3, 20, dataflow=NS),
    "tiles of positions and of columns": Layer(20, 6, 7, 50, block_rows=4, dataflow=NS, look_up=True),
    "3x3 with pads, an even number of units": Layer(24, 7, 6, 24, (3, 3), pad=1, block_rows=3, dataflow=NS),
    "3x3 with pads, an odd number of units": Layer(40, 7, 6, 24, (3, 3), pad=1, block_rows=3, dataflow=NS),
    "stride and dilation": Layer(16, 11, 10, 17, (3, 2), stride=2, dilation=2, pad=1, block_rows=2, dataflow=NS),
    "weights stream": Layer(48, 5, 5, 70, block_channels=32, dataflow=NS),
    "chunks": Layer(48, 4, 5, 40, (3, 3), pad=1, block_channels=16, chunk_units=1, dataflow=NS),
    "windows": Layer(3, 9, 11, 24, (3, 3), stride=2, pad=1, block_rows=2, input_format=TOEPLITZ, dataflow=NS),
    "one position": Layer(96, 1, 1, 100, block_channels=48, dataflow=NS),
}


IS = DataflowCode.IS
KN2ROW_CODE = AlgorithmCode.KN2ROW
HELD = {
    "one tile": Layer(16, 4, 4, 16, dataflow=IS),
    "few positions, few channels": Layer(16, 1, 3, 5, dataflow=IS),
    "rows of an odd number of pixels, tiles of positions": Layer(20, 9, 7, 50, block_rows=4, dataflow=IS, look_up=True),
    "3x3 with pads": Layer(24, 7, 6, 24, (3, 3), pad=1, block_rows=3, dataflow=IS),
    "stride and dilation": Layer(16, 11, 10, 17, (3, 2), stride=2, dilation=2, pad=1, block_rows=2, dataflow=IS),
    "weights stream": Layer(48, 5, 5, 70, block_channels=32, dataflow=IS),
    "3x3 whose weights stream": Layer(48, 5, 5, 33, (3, 3), pad=1, block_channels=16, dataflow=IS),
    "chunks": Layer(48, 4, 5, 40, (3, 3), pad=1, block_channels=16, chunk_units=1, dataflow=IS),
    "bands": Layer(16, 9, 5, 40, (3, 3), pad=1, block_channels=16, band_rows=3, dataflow=IS),
    "chunks whose inputs stream": Layer(48, 7, 4, 24, (3, 3), pad=1, block_rows=2, chunk_units=1, dataflow=IS),
    "windows": Layer(3, 9, 11, 24, (3, 3), stride=2, pad=1, block_rows=2, input_format=TOEPLITZ, dataflow=IS),
    "to hwc": Layer(20, 5, 5, 24, block_rows=2, output_format=HWC, dataflow=IS, look_up=True),
    "one position": Layer(96, 1, 1, 100, block_channels=48, dataflow=IS),
    "kn2row": Layer(20, 7, 9, 24, (3, 3), pad=1, block_rows=2, algorithm=KN2ROW_CODE, dataflow=IS),
    "kn2row in chunks": Layer(
        48, 4, 4, 16, (3, 3), pad=1, block_channels=16, chunk_units=2, algorithm=KN2ROW_CODE, dataflow=IS
    ),
}


@pytest.mark.parametrize(("shape", "layer"), on_the_cores(HELD, SMALL, SHORT))
def test_inputs_stay_in_the_array(simulations: Simulations, shape: CoreShape, layer: Layer) -> None:
    """Weights stream past two positions in each column; channels come out one after the other."""
    check(simulations, shape, layer, 1)


@pytest.mark.parametrize(("shape", "layer"), on_the_cores(STAYING, SMALL, SHORT))
def test_sums_stay_in_the_array(simulations: Simulations, shape: CoreShape, layer: Layer) -> None:
    """Windows are turned into values; a column's two channels come one after the other, and lie beside each other."""
    check(simulations, shape, layer, 1)


@pytest.mark.parametrize("layer", FIRST_LAYERS.values(), ids=FIRST_LAYERS.keys())
def test_pixels_of_hwc_are_taken(simulations: Simulations, layer: Layer) -> None:
    """Words wait for the pixels in front of them, in the queue, and on the port when that is full."""
    check(simulations, SMALL, layer, 1)


MORE = WINDOWS | PIXELS | KEPT | KN2ROW


@pytest.mark.parametrize(("shape", "layer"), on_the_cores(MORE, SMALL, SHORT))
def test_other_formats_and_passes(simulations: Simulations, shape: CoreShape, layer: Layer) -> None:
    """Windows that the host has laid out, pixels behind each other, sums of several passes, a segment for each tap."""
    check(simulations, shape, layer, 1)


@pytest.mark.parametrize(("shape", "layer"), on_the_cores(LAYERS, SMALL, SHORT))
def test_a_convolution_from_memory_to_memory(simulations: Simulations, shape: CoreShape, layer: Layer) -> None:
    check(simulations, shape, layer, 1)


@pytest.mark.parametrize("latencies", [(2, 2), (199, 100)], ids=str)
def test_latencies_are_counted(simulations: Simulations, latencies: tuple[int, int]) -> None:
    """With 199 cycles 8 bursts cover no latency: data comes with bubbles, and its cycles are known all the same."""
    check(simulations, SHORT, Layer(60, 10, 9, 24, (3, 3), pad=1, block_rows=2), 2, PlannedMemory(*latencies))


@pytest.mark.full
def test_the_array_in_instances_runs_a_layer_too(simulations: Simulations) -> None:
    """The style that is synthesised: the same bytes in the same cycles."""
    check(simulations, SMALL, LAYERS["5x5 in single rows"], 3, loops=False)


@pytest.mark.parametrize("shape", [SMALL, SHORT], ids=["16x8", "21x24"])
def test_stalls_of_the_memory_change_no_byte(simulations: Simulations, shape: CoreShape) -> None:
    """All channels stall, latencies and gaps change."""
    random = np.random.default_rng(shape.feed.rows)
    for layer in (
        Layer(20, 9, 9, 40, (3, 3), pad=1, block_rows=2),
        Layer(64, 6, 6, 100, block_channels=16, look_up=True),
        Layer(20, 9, 7, 40, (3, 3), pad=1, block_rows=2, dataflow=IS),
    ):
        check_with_stalls(simulations, shape, layer, 4, random)


@pytest.mark.full
@pytest.mark.parametrize("layer", GOOGLENET.values(), ids=GOOGLENET.keys())
def test_layers_of_an_inception_module(simulations: Simulations, layer: Layer) -> None:
    """With 6,192 multipliers, a tile of 96 channels and 64 lanes."""
    check(simulations, LARGE, layer, 5)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(12))
def test_random_convolutions(simulations: Simulations, seed: int) -> None:
    """Any shape that fits: at least six of a seed's ten."""
    random = np.random.default_rng(seed)
    shape = (SMALL, SHORT)[seed % 2]
    compared = 0
    for number in range(10):
        layer = random_layer(random, pixels=shape.word >= LEAST_PIXELS_WORD)
        if all(CorePass(shape, command).fits() for command in passes_of(layer)):
            memory = PlannedMemory(int(random.integers(2, 120)), int(random.integers(2, 120)))
            check(simulations, shape, layer, number, memory)
            compared += 1
    assert compared >= 6
