"""Every algorithm, dataflow, format, border and blocking of a convolution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from dynamap.backends.conformance.checking import WIDE, check, packed_device, plain_target
from dynamap.backends.conformance.networks import one_conv
from dynamap.backends.conformance.plans import ONE_PRODUCT, integer_image, plan_on, redecided, ways
from dynamap.backends.contract import Executor
from dynamap.backends.quantise import quantise
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import ActivationKind
from dynamap.planner.plan.layers import Blocking, Mode

OVERLAYS = {"5 x 7, one product per multiplier": (5, 7), "8 x 8, packed": (8, 8)}
WINDOWS = {
    "3x3 same": Window((3, 3), pads=(1, 1, 1, 1)),
    "3x3 full": Window((3, 3), pads=(2, 2, 2, 2)),
    "2x2 lopsided": Window((2, 2), pads=(0, 1, 1, 0)),
    "1x3": Window((1, 3), pads=(0, 1, 0, 1)),
    "7x1": Window((7, 1), pads=(3, 0, 3, 0)),
    "5x4": Window((5, 4), pads=(2, 0, 1, 2)),
    "dilated": Window((3, 2), dilation=(2, 3), pads=(2, 1, 1, 2)),
    "strided": Window((3, 3), stride=(2, 3), pads=(1, 1, 0, 1)),
    "pointwise": Window((1, 1)),
    "whole": Window((9, 7)),
    "mostly pads": Window((2, 2), pads=(1, 4, 0, 5), dilation=(1, 9)),
}
TOO_LARGE = ("5x4", "whole")
"""Windows whose weights, transformed for Winograd, no blocking of these buffers holds."""

SHAPE = TensorShape(37, 9, 7)
OUTPUTS = 41


def blockings(height: int, step: int, *, whole_in: bool, whole_out: bool) -> list[Blocking]:
    """The smallest and the largest blocks, and some between; formats restrict them."""
    rows = sorted({min(height, step), min(height, 2 * step), height})
    channels = [OUTPUTS] if whole_out else [16, 32, OUTPUTS]
    units = [3] if whole_in else [1, 2, 3]
    inputs = [Blocking(Mode.STREAM_INPUTS, r, c, 3) for r, c in product(rows, channels)]
    return inputs + [Blocking(Mode.STREAM_WEIGHTS, r, c, u) for r, c, u in product(rows, channels, units)]


def decisions(window: Window, height: int) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Algorithms, each with the same dataflow and formats in every blocking; who runs one takes the first that fits."""
    formats = list(product(("c16", "hwc", "toeplitz"), ("c16", "hwc")))
    tried = 0
    for turn, (algorithm, tile, flow) in enumerate(ways(window)):
        possible = [pair for pair in formats if pair[0] != "toeplitz" or algorithm == "im2col"]
        for source, target in possible[turn % 2 :: 2]:
            choices = blockings(height, tile or 1, whole_in=source != "c16", whole_out=target == "hwc")
            tried += 1
            first = 5 * tried % len(choices)
            words = {"algorithm": algorithm, "winograd_tile": tile, "dataflow": flow}
            words |= {"input_format": source, "output_format": target}
            yield algorithm, [words | {"blocking": blocking} for blocking in choices[first:] + choices[:first]]


CASES = [
    pytest.param(name, algorithm, id=f"{algorithm}-{name}")
    for name, window in WINDOWS.items()
    for algorithm in dict.fromkeys(algorithm for algorithm, _, _ in ways(window))
    if not (algorithm == "winograd" and name in TOO_LARGE)
]


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize(("name", "algorithm"), CASES)
def test_every_way_to_compute_a_convolution(executor: Executor, name: str, algorithm: str, overlay: str) -> None:
    """Every dataflow and format, in blocks of many sizes: in the first of these that the buffers hold."""
    window = WINDOWS[name]
    array = OVERLAYS[overlay]
    network = one_conv(SHAPE, OUTPUTS, window)
    quantised = quantise(network, samples=1)
    image = integer_image(network, 1)
    plan = plan_on(network, array, device=ONE_PRODUCT if array == (5, 7) else packed_device(executor))
    ran = tried = 0
    for which, choices in decisions(window, network.tensors["output"].height):
        if which == algorithm:
            tried += 1
            layers = (redecided(plan.layers[0], **words) for words in choices)
            ran += any(check(executor, replace(plan, layers=(layer,)), quantised, image) for layer in layers)
    assert 4 * ran > tried  # the largest windows leave no room in the smallest buffers for the others


def test_tiles_that_are_fed_more_slowly_than_computed(executor: Executor) -> None:
    """NS: three segments of a word each for 40 rows take longer than 48 values, behind the last tile too."""
    network = one_conv(TensorShape(16, 9, 6), 3, Window((3, 1)))
    plan = plan_on(network, (40, 3), device=WIDE)
    layer = redecided(
        plan.layers[0],
        algorithm="im2col",
        dataflow="ns",
        winograd_tile=None,
        blocking=Blocking(Mode.STREAM_INPUTS, 7, 3, 1),
        input_format="c16",
        output_format="c16",
    )
    assert check(executor, replace(plan, layers=(layer,)), quantise(network, samples=1), integer_image(network, 3))


@pytest.mark.parametrize(("algorithm", "tile", "flow"), ways(WINDOWS["3x3 same"]))
@pytest.mark.parametrize("kind", [None, ActivationKind.LEAKY_RELU, ActivationKind.SIGMOID])
def test_activations_and_zero_points(
    executor: Executor, kind: ActivationKind | None, algorithm: str, tile: int | None, flow: str
) -> None:
    """The ends of the range of int8 as zero points, with activations of every shape."""
    for zero_point in (-128, 127):
        shape = TensorShape(19, 7, 6)
        network = one_conv(shape, 21, WINDOWS["3x3 same"], kind=kind, zero_point=zero_point)
        quantised = quantise(network, samples=1)
        plan = plan_on(network, (8, 8), device=packed_device(executor))
        layer = redecided(
            plan.layers[0],
            algorithm=algorithm,
            dataflow=flow,
            winograd_tile=tile,
            blocking=Blocking(Mode.STREAM_INPUTS, 4, 21, 2),
            input_format="c16",
            output_format="c16",
        )
        assert check(executor, replace(plan, layers=(layer,)), quantised, integer_image(network, 3))


@pytest.mark.parametrize("value", [-128, 127])
def test_extreme_images(executor: Executor, value: int) -> None:
    """The same extreme everywhere, with the largest sums."""
    network = one_conv(TensorShape(64, 6, 6), 24, Window((3, 3), pads=(1, 1, 1, 1)), zero_point=-128)
    image = {"input": np.full((64, 6, 6), value, np.int8)}
    assert check(
        executor, plan_on(network, (8, 8), device=packed_device(executor)), quantise(network, samples=1), image
    )


@pytest.mark.parametrize("size", [1, 2, 65])
def test_smallest_images_and_single_channels(executor: Executor, size: int) -> None:
    """A single row, column and channel."""
    network = one_conv(TensorShape(1, size, 1), 1, Window((1, 1)))
    device, array = plain_target(executor)
    plan = plan_on(network, array, device=device)
    assert check(executor, plan, quantise(network, samples=1), integer_image(network, 0))
