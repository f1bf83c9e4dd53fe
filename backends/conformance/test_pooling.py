"""Pooling: every kind, window, border and walk of the vector unit; with depthwise convolution, in several passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynamap.backends.conformance.checking import check, packed_device, plain_target
from dynamap.backends.conformance.networks import network_of, one_conv
from dynamap.backends.conformance.plans import integer_image, plan_on
from dynamap.backends.contract import Executor
from dynamap.backends.quantise import quantise
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.network.network import Activation, ActivationKind, Network, Pool, PoolKind
from dynamap.planner.plan.layers import OnVectorUnit


@pytest.mark.parametrize("kind", list(PoolKind))
@pytest.mark.parametrize(
    "window",
    [
        Window((3, 3), (2, 2), (0, 0, 1, 1)),
        Window((3, 2), (1, 1), (1, 1, 1, 0)),
        Window((1, 4), (1, 3)),
        Window((6, 5)),
    ],
    ids=str,
)
def test_pooling(executor: Executor, kind: PoolKind, window: Window) -> None:
    """Borders that lie inside, outside and on one side; windows that are the whole image."""
    shape = TensorShape(35, 6, 5)
    height, width = window.output_size(6, 5)
    network = network_of(
        shape, [Pool("pool", ("input",), "output", kind, window)], {"output": TensorShape(35, height, width)}, "output"
    )
    assert check(
        executor,
        plan_on(network, (8, 8), device=packed_device(executor)),
        quantise(network, samples=1),
        integer_image(network, 1),
    )


@pytest.mark.parametrize("kind", list(PoolKind))
@pytest.mark.parametrize(
    ("shape", "window"),
    [
        # Tap by tap: larger windows, and such as share nothing.
        (TensorShape(20, 13, 9), Window((4, 3), (2, 1), (1, 1, 2, 1))),
        (TensorShape(70, 11, 11), Window((5, 5), (2, 2), (2, 2, 2, 2))),
        (TensorShape(150, 9, 9), Window((5, 5), (1, 1), (2, 2, 2, 2))),
        (TensorShape(40, 10, 14), Window((7, 7), (1, 1), (3, 3, 3, 3))),
        (TensorShape(33, 12, 12), Window((2, 2), (3, 3))),
        # Single output columns, and windows of a single row.
        (TensorShape(16, 9, 30), Window((9, 30))),
        (TensorShape(130, 7, 7), Window((7, 6), (1, 1), (0, 1, 0, 0))),
        (TensorShape(48, 6, 40), Window((1, 9), (1, 2), (0, 4, 0, 4))),
        # Each pixel once: rows of three pixels, of 512 and of one more, which is too long; overlaps in one direction,
        # pads of two; by blocks with fewer pixels than taps, and fewer taps.
        (TensorShape(40, 9, 3), Window((3, 3), (1, 1), (2, 0, 1, 0))),
        (TensorShape(16, 3, 512), Window((3, 2))),
        (TensorShape(5, 2, 512), Window((2, 2), (1, 1), (0, 1, 0, 1))),
        (TensorShape(33, 8, 21), Window((3, 3), (1, 4), (2, 2, 2, 2))),
        (TensorShape(16, 11, 12), Window((3, 3), (2, 2), (1, 2, 1, 0))),
        # Wide images and windows.
        (TensorShape(16, 3, 600), Window((3, 3), (2, 2), (1, 1, 1, 1))),
        (TensorShape(24, 3, 300), Window((2, 9), (1, 4), (0, 4, 0, 4))),
        (TensorShape(17, 2, 150), Window((1, 140), (1, 5), (0, 70, 0, 3))),
        (TensorShape(3, 2, 1500), Window((2, 2), (2, 499))),
    ],
    ids=str,
)
def test_pooling_in_every_walk(executor: Executor, kind: PoolKind, shape: TensorShape, window: Window) -> None:
    """The walks of the vector unit, by sizes, and blocks of all, half and a third of the rows."""
    pooled = TensorShape(shape.channels, *window.output_size(shape.height, shape.width))
    network = network_of(shape, [Pool("pool", ("input",), "output", kind, window)], {"output": pooled}, "output")
    quantised, image = quantise(network, samples=1), integer_image(network, 3)
    for rows in {pooled.height, -(-pooled.height // 2), -(-pooled.height // 3)}:
        plan = plan_on(network, (8, 8), device=packed_device(executor))
        planned = plan.layers[0]
        assert isinstance(planned, OnVectorUnit) and planned.blocking is not None
        layer = replace(planned, blocking=replace(planned.blocking, rows=rows))
        assert check(executor, replace(plan, layers=(layer,)), quantised, image)


@pytest.mark.parametrize("width", [12, 150])
def test_dilated_maxima(executor: Executor, width: int) -> None:
    """Maxima over windows with holes."""
    window = Window((3, 3), (1, 2), (2, 1, 2, 1), (2, 2))
    shape, pooled = TensorShape(16, 9, width), TensorShape(16, *window.output_size(9, width))
    pool = Pool("pool", ("input",), "output", PoolKind.MAX, window)
    network = network_of(shape, [pool], {"output": pooled}, "output")
    for device, array in (plain_target(executor), (packed_device(executor), (8, 8))):
        plan = plan_on(network, array, device=device)
        assert check(executor, plan, quantise(network, samples=1), integer_image(network, 2))


IN_PASSES = TensorShape(150, 9, 7)
"""Ten planes, of which the last is not full."""

PASSED_WINDOW = Window((3, 3), (2, 1), (1, 1, 1, 1))


def run_in_passes(executor: Executor, network: Network) -> None:
    """Over three planes each and a last one, over six and four, and over all of them; in blocks of two rows and of all.

    Both of the layer's tensors are c16, which has planes.
    """
    quantised, image = quantise(network, samples=1), integer_image(network, 2)
    plan = plan_on(network, (8, 8), device=packed_device(executor))
    (planned,) = plan.layers
    assert isinstance(planned, OnVectorUnit) and planned.blocking is not None
    whole = planned.blocking
    for channels, rows in ((48, 2), (48, whole.rows), (96, 2), (whole.channels, 2)):
        blocking = replace(whole, channels=channels, rows=rows, units=-(-channels // 16))
        layer = replace(planned, blocking=blocking, input_format=Format.C16, output_format=Format.C16)
        assert check(executor, replace(plan, layers=(layer,)), quantised, image)


@pytest.mark.parametrize("kind", list(PoolKind))
@pytest.mark.parametrize("activation", [None, ActivationKind.LEAKY_RELU, ActivationKind.SIGMOID], ids=str)
def test_poolings_in_passes(executor: Executor, kind: PoolKind, activation: ActivationKind | None) -> None:
    """Averages whose divisors differ by the position; results that are looked up, in a table that is written once."""
    pooled = TensorShape(IN_PASSES.channels, *PASSED_WINDOW.output_size(IN_PASSES.height, IN_PASSES.width))
    after = Activation(activation, 0.2) if activation else None
    pool = Pool("pool", ("input",), "output", kind, PASSED_WINDOW, activation=after)
    run_in_passes(executor, network_of(IN_PASSES, [pool], {"output": pooled}, "output"))


@pytest.mark.parametrize("activation", [None, ActivationKind.LEAKY_RELU, ActivationKind.SIGMOID], ids=str)
def test_depthwise_convolutions_in_passes(executor: Executor, activation: ActivationKind | None) -> None:
    """Weights and parameters of each pass are those of its channels."""
    run_in_passes(
        executor,
        one_conv(
            IN_PASSES, IN_PASSES.channels, PASSED_WINDOW, groups=IN_PASSES.channels, kind=activation, zero_point=-11
        ),
    )
