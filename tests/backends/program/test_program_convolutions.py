"""For one quantised convolution, every algorithm, dataflow, format and blocking computes the same bytes.

The oracle is the direct convolution of the reference executor.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from dynamap.backends.conformance.plans import ONE_PRODUCT, ways
from dynamap.backends.emulator import execute
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import QuantisedNetwork, quantise
from dynamap.backends.quantise.reference import run_layers
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import ActivationKind, Network
from dynamap.planner.plan.layers import Blocking, Mode
from dynamap.planner.plan.plan import Plan
from support.programs import compare, integer_image, one_conv, plan_on, redecided

SAME = Window((3, 3), pads=(1, 1, 1, 1))
WINDOWS = {
    "3x3 same": SAME,
    "3x3 valid": Window((3, 3)),
    "3x3 full": Window((3, 3), pads=(2, 2, 2, 2)),
    "2x2 lopsided": Window((2, 2), pads=(0, 1, 1, 0)),
    "1x3": Window((1, 3), pads=(0, 1, 0, 1)),
    "7x1": Window((7, 1), pads=(3, 0, 3, 0)),
    "5x4": Window((5, 4), pads=(2, 0, 1, 2)),
    "dilated": Window((3, 2), dilation=(2, 3), pads=(2, 1, 1, 2)),
    "strided": Window((3, 3), stride=(2, 3), pads=(1, 1, 0, 1)),
    "strided and dilated": Window((2, 3), stride=(3, 1), pads=(1, 2, 1, 2), dilation=(3, 2)),
    "pointwise": Window((1, 1)),
    "pointwise strided": Window((1, 1), stride=(2, 2)),
    "whole": Window((9, 7)),
}
SHAPE = TensorShape(37, 9, 7)
OUTPUTS = 41


def blockings(height: int, step: int, *, toeplitz: bool, hwc_in: bool, hwc_out: bool) -> list[Blocking]:
    """Blocks of some and of all rows, channels and planes; hwc output and input restrict them."""
    rows = sorted({min(height, step), min(height, 2 * step), height})
    channels = [OUTPUTS] if hwc_out else [16, 32, OUTPUTS]
    planes = [3] if toeplitz or hwc_in else [1, 2, 3]
    streams = [Blocking(Mode.STREAM_INPUTS, r, c, 3) for r, c in product(rows, channels)]
    return streams + [Blocking(Mode.STREAM_WEIGHTS, r, c, p) for r, c, p in product(rows, channels, planes)]


def forced(plan: Plan, **changes: object) -> Plan:
    """The plan with its only layer changed."""
    return replace(plan, layers=(redecided(plan.layers[0], **changes),))


def output_of(plan: Plan, quantised: QuantisedNetwork, image: dict[str, np.ndarray]) -> np.ndarray:
    return execute(compile_program(plan, quantised), image)["output"]


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("array", [(5, 7), pytest.param((16, 3), marks=pytest.mark.full)], ids=str)
def test_every_way_to_compute_a_convolution_gives_the_same_bytes(name: str, array: tuple[int, int]) -> None:
    window = WINDOWS[name]
    network = one_conv(SHAPE, OUTPUTS, window)
    quantised = quantise(network, samples=1)
    image = integer_image(network, 1)
    expected = dict(run_layers(quantised, image))["output"]
    assert quantised.tensors["input"].zero_point == 37
    plan = plan_on(network, array, device=ONE_PRODUCT if array[0] == 5 else "zcu104")
    height = network.tensors["output"].height
    tried = 0
    for algorithm, tile, flow in ways(window):
        for source, target in product(("c16", "hwc", "toeplitz"), ("c16", "hwc")):
            if source == "toeplitz" and algorithm != "im2col":
                continue
            choices = blockings(
                height, tile or 1, toeplitz=source == "toeplitz", hwc_in=source == "hwc", hwc_out=target == "hwc"
            )
            chosen = choices[tried % 3 :: 3]  # every third, another third for the next combination
            for blocking in chosen:
                changed = forced(
                    plan,
                    algorithm=algorithm,
                    dataflow=flow,
                    winograd_tile=tile,
                    blocking=blocking,
                    input_format=source,
                    output_format=target,
                )
                found = output_of(changed, quantised, image)
                where = f"{algorithm} {tile} {flow} {source} to {target} {blocking}"
                np.testing.assert_array_equal(found, expected, where)
            tried += 1
    assert tried >= 3 * 6


@pytest.mark.parametrize(
    ("channels", "outputs", "groups", "order"),
    [
        (64, 64, 4, None),  # groups of whole planes: one after the other
        (64, 128, 4, None),
        (24, 36, 6, None),  # merged to one
        (96, 96, 12, None),  # merged to six of 16 channels
        (48, 48, 3, tuple(np.random.default_rng(0).permutation(48).tolist())),  # a shuffle needs a dense one
        (20, 20, 20, tuple(range(19, -1, -1))),
    ],
)
@pytest.mark.parametrize(("algorithm", "tile", "flow"), ways(SAME))
def test_groups_and_channel_orders(
    channels: int, outputs: int, groups: int, order: tuple[int, ...] | None, algorithm: str, tile: int | None, flow: str
) -> None:
    network = one_conv(TensorShape(channels, 6, 5), outputs, SAME, groups=groups, order=order)
    quantised = quantise(network, samples=1)
    image = integer_image(network, 2)
    plan = plan_on(network, (5, 7))
    for mode in Mode:
        changed = forced(
            plan,
            algorithm=algorithm,
            dataflow=flow,
            winograd_tile=tile,
            blocking=Blocking(mode, 4, 16, 1),
            input_format="c16",
            output_format="c16",
        )
        compare(changed, quantised, image, counters=False)


@pytest.mark.parametrize("kind", [None, ActivationKind.LEAKY_RELU, ActivationKind.SIGMOID, ActivationKind.TANH])
@pytest.mark.parametrize("zero_point", [-128, 0, 127])
def test_activations_and_extreme_zero_points(kind: ActivationKind | None, zero_point: int) -> None:
    network = one_conv(TensorShape(19, 7, 6), 21, SAME, kind=kind, zero_point=zero_point)
    quantised = quantise(network, samples=1)
    plan = plan_on(network, (5, 7))
    for algorithm, tile, flow in ways(SAME):
        changed = forced(plan, algorithm=algorithm, dataflow=flow, winograd_tile=tile, input_format="c16")
        changed = forced(changed, blocking=Blocking(Mode.STREAM_INPUTS, 4, 21, 2))
        compare(changed, quantised, integer_image(network, 3), counters=False)


def extreme(network: Network, value: int) -> dict[str, np.ndarray]:
    return {name: np.full(network.tensors[name].as_list(), value, np.int8) for name in network.inputs}


@pytest.mark.parametrize("value", [-128, 127])
def test_extreme_images(value: int) -> None:
    network = one_conv(TensorShape(64, 6, 6), 24, SAME, zero_point=-128)
    quantised = quantise(network, samples=1)
    plan = plan_on(network, (5, 7))
    for algorithm, tile, flow in ways(SAME):
        changed = forced(plan, algorithm=algorithm, winograd_tile=tile, dataflow=flow)
        changed = forced(changed, input_format="c16", blocking=Blocking(Mode.STREAM_INPUTS, 6, 24, 4))
        compare(changed, quantised, extreme(network, value), counters=False)
