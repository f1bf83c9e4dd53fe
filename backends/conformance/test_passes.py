"""Layers of the vector unit in several passes, each over some of the planes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynamap.backends.conformance.checking import check, packed_device
from dynamap.backends.conformance.networks import network_of, one_conv
from dynamap.backends.conformance.plans import integer_image, plan_on
from dynamap.backends.contract import Executor
from dynamap.backends.quantise import quantise
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.network.network import Activation, ActivationKind, Network, Pool, PoolKind
from dynamap.planner.plan.layers import OnVectorUnit

SHAPE = TensorShape(150, 9, 7)
"""Ten planes, of which the last is not full."""

WINDOW = Window((3, 3), (2, 1), (1, 1, 1, 1))


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
def test_poolings(executor: Executor, kind: PoolKind, activation: ActivationKind | None) -> None:
    """Averages whose divisors differ by the position; results that are looked up, in a table that is written once."""
    pooled = TensorShape(SHAPE.channels, *WINDOW.output_size(SHAPE.height, SHAPE.width))
    after = Activation(activation, 0.2) if activation else None
    pool = Pool("pool", ("input",), "output", kind, WINDOW, activation=after)
    run_in_passes(executor, network_of(SHAPE, [pool], {"output": pooled}, "output"))


@pytest.mark.parametrize("activation", [None, ActivationKind.LEAKY_RELU, ActivationKind.SIGMOID], ids=str)
def test_depthwise_convolutions(executor: Executor, activation: ActivationKind | None) -> None:
    """Weights and parameters of each pass are those of its channels."""
    run_in_passes(
        executor, one_conv(SHAPE, SHAPE.channels, WINDOW, groups=SHAPE.channels, kind=activation, zero_point=-11)
    )
