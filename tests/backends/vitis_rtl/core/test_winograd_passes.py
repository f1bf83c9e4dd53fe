"""Winograd from memory to memory on the core: all bytes as the emulator's, all events and the total in their cycles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynamap.backends.program.specification import AlgorithmCode, FormatCode
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory
from dynamap.backends.vitis_rtl.simulation import Simulations
from support import layer_checks
from support.layer_checks import check, check_with_stalls, on_the_cores
from support.layer_records import Layer


def with_winograd(shape: CoreShape, pixel_depth: int) -> CoreShape:
    """The same core with transforms, and larger buffers for them."""
    feed = replace(shape.feed, operand_bits=16, input_depth=512, weight_depth=2048, accumulator_rows=512)
    drain = replace(shape.drain, winograd=True, accumulator_rows=512)
    return replace(shape, feed=feed, drain=drain, pixel_depth=pixel_depth)


SMALL, SHORT = with_winograd(layer_checks.SMALL, 256), with_winograd(layer_checks.SHORT, 1024)

CORES = [pytest.param(SMALL, id="16x8"), pytest.param(SHORT, id="21x24", marks=pytest.mark.full)]
"""The second one takes half a minute to compile."""

WINOGRAD = AlgorithmCode.WINOGRAD
HWC = FormatCode.HWC


def winograd(*sizes: int, kernel: tuple[int, int] = (3, 3), m: int = 2, **more: object) -> Layer:
    """A convolution of channels, height, width and output channels; ``m``: outputs of a tile along a line."""
    layer = Layer(*sizes, kernel, algorithm=WINOGRAD, winograd_tile=m)
    return replace(layer, **more)  # type: ignore[arg-type]


LAYERS = {
    "one block, no pads": winograd(16, 6, 6, 8),
    "one block, m = 4": winograd(16, 8, 7, 16, m=4, pad=1),
    "blocks of rows": winograd(20, 9, 9, 12, pad=1, block_rows=2, look_up=True),
    "blocks of rows, m = 4, more than a tile of channels": winograd(17, 10, 8, 28, m=4, pad=1, block_rows=4),
    "weights stream": winograd(32, 6, 5, 40, pad=1, block_channels=16),
    "weights stream, m = 4, a last block of one channel": winograd(32, 5, 5, 33, m=4, pad=1, block_channels=16),
    "1x3": winograd(16, 5, 9, 24, kernel=(1, 3), m=4, block_rows=2),
    "3x1": winograd(48, 8, 3, 10, kernel=(3, 1), m=2, block_rows=4),
    "5x5 in four rounds": winograd(16, 8, 8, 16, kernel=(5, 5), m=4, pad=2, block_rows=4),
    "1x7 in three rounds": winograd(16, 3, 10, 16, kernel=(1, 7), m=2, block_rows=1),
    "chunks": winograd(48, 5, 4, 24, pad=1, block_channels=16, chunk_units=2),
    "bands": winograd(16, 9, 5, 40, pad=1, block_channels=16, band_rows=4),
    "hwc": winograd(16, 6, 7, 24, pad=1, block_rows=2, output_format=HWC),
    "1x7, m = 5, blocks of rows": winograd(20, 4, 13, 28, kernel=(1, 7), m=5, pad=3, block_rows=2, look_up=True),
    "7x1, m = 5, blocks of rows": winograd(16, 13, 5, 24, kernel=(7, 1), m=5, pad=3, block_rows=5),
    "1x5, m = 5, weights stream": winograd(32, 3, 11, 33, kernel=(1, 5), m=5, block_channels=16),
    "5x1, m = 5, chunks": winograd(48, 9, 4, 24, kernel=(5, 1), m=5, block_channels=16, chunk_units=2),
    "1x4, m = 5, hwc": winograd(16, 4, 9, 24, kernel=(1, 4), m=5, block_rows=2, output_format=HWC),
}


@pytest.mark.parametrize(("shape", "layer"), on_the_cores(LAYERS, SMALL, SHORT, in_turn=False))
def test_layers_are_computed_in_their_cycles(simulations: Simulations, shape: CoreShape, layer: Layer) -> None:
    """Tiles of all sizes in one and two dimensions, rounds, blocks of rows and of channels, sums that are kept."""
    check(simulations, shape, layer, 1)


def test_pixels_of_hwc_are_transformed(simulations: Simulations) -> None:
    """They are placed as without Winograd."""
    check(simulations, SMALL, winograd(3, 9, 10, 16, m=4, pad=1, block_rows=4, input_format=HWC), 2)


@pytest.mark.parametrize("shape", CORES)
def test_a_core_with_winograd_runs_the_rest(simulations: Simulations, shape: CoreShape) -> None:
    """Operands of bytes in an array of 16 bits, im2col before and behind Winograd."""
    check(simulations, shape, Layer(20, 9, 9, 40, (3, 3), pad=1, block_rows=3, look_up=True), 3)
    check(simulations, shape, Layer(16, 5, 5, 33, (3, 3), pad=1, block_channels=16, algorithm=AlgorithmCode.KN2ROW), 4)


@pytest.mark.parametrize("shape", CORES)
def test_stalls_of_the_memory_change_no_byte(simulations: Simulations, shape: CoreShape) -> None:
    """All channels stall, latencies and gaps change."""
    random = np.random.default_rng(shape.feed.rows)
    for layer in (LAYERS["blocks of rows"], LAYERS["weights stream"]):
        check_with_stalls(simulations, shape, layer, 4, random)


@pytest.mark.full
def test_the_array_in_instances_runs_a_layer_too(simulations: Simulations) -> None:
    """The style that is synthesised: the same bytes in the same cycles."""
    check(simulations, SMALL, LAYERS["one block, m = 4"], 3, memory=PlannedMemory(2, 2), loops=False)
