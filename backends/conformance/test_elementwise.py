"""Sums and products, of tensors and with a factor per channel."""

from __future__ import annotations

import pytest

from dynamap.backends.conformance.checking import check, packed_device, plain_target
from dynamap.backends.conformance.networks import NetworkBuilder, network_of
from dynamap.backends.conformance.plans import integer_image, plan_on
from dynamap.backends.contract import Executor
from dynamap.backends.quantise import quantise
from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.planner.network.network import Activation, ActivationKind, Add, Layer, Mul, Pool, PoolKind
from dynamap.planner.plan.layers import OnVectorUnit


@pytest.mark.parametrize("kind", [ActivationKind.RELU, ActivationKind.LEAKY_RELU])
def test_sums_and_products_before_an_activation(executor: Executor, kind: ActivationKind) -> None:
    """A slot for each value that is multiplied; two are added in one where no slope follows."""
    shape, activation = TensorShape(35, 5, 6), Activation(kind, 0.125)
    layers: list[Layer] = [
        Pool("twin", ("input",), "twin", PoolKind.MAX, Window((1, 1))),
        Pool("factor", ("input",), "factor", PoolKind.AVERAGE, Window((5, 6))),
        Add("sum", ("input", "twin"), "sum", activation),
        Mul("product", ("sum", "twin"), "product", activation),
        Mul("scaled", ("product", "factor"), "output", activation),
    ]
    shapes = {"twin": shape, "factor": TensorShape(35, 1, 1), "sum": shape, "product": shape, "output": shape}
    network = network_of(shape, layers, shapes, "output")
    plan = plan_on(network, (8, 8), device=packed_device(executor))
    # 3 planes, R / 16 of them in a chunk; of each 30 positions. A slot to load in each block, or one for each plane.
    planes = plan.overlay.lanes // 16
    rows = [layer.blocking.rows for layer in plan.layers[2:] if isinstance(layer, OnVectorUnit) and layer.blocking]
    blocks = [ceil_div(5, count) for count in rows]
    added = 1 if kind is ActivationKind.RELU else 2
    slots = [blocks[0] + 30 * added, blocks[1] + 30 * 2, blocks[2] * planes + 30]
    assert [layer.compute_cycles for layer in plan.layers[2:]] == [ceil_div(3, planes) * each for each in slots]
    assert check(executor, plan, quantise(network, samples=1), integer_image(network, 1))


@pytest.mark.parametrize("kind", [None, ActivationKind.CLIP, ActivationKind.TANH, ActivationKind.PRELU])
@pytest.mark.parametrize("terms", [2, 3])
def test_sums_of_tensors_with_scales_of_their_own(executor: Executor, terms: int, kind: ActivationKind | None) -> None:
    """Of the last two tensors the values come in one slot, from different banks; not where slopes follow."""
    shape, slopes = TensorShape(70, 7, 9), tuple(0.01 * channel for channel in range(70))
    activation = kind and Activation(kind, -0.5, 0.75, slopes=slopes if kind is ActivationKind.PRELU else ())
    builder = NetworkBuilder(3, 70, 7, 9)
    inputs = ["input", *(builder.twin("input") for _ in range(terms - 1))]
    network = builder.network(builder.add(Add("sum", tuple(inputs), "sum", activation), shape))
    plan = plan_on(network, (8, 8), device=packed_device(executor))
    made = plan.layers[-1]
    assert isinstance(made, OnVectorUnit) and made.blocking
    planes, blocks = plan.overlay.lanes // 16, ceil_div(7, made.blocking.rows)
    loads, taps = (16, terms) if kind is ActivationKind.PRELU else (1, terms - 1)
    assert made.compute_cycles == ceil_div(5, planes) * (loads * blocks + 63 * taps)
    assert check(executor, plan, quantise(network, samples=1), integer_image(network, 4))


def test_factor_per_channel(executor: Executor) -> None:
    """A product with a tensor of one pixel."""
    shape = TensorShape(40, 6, 5)
    layers: list[Layer] = [
        Pool("pool", ("input",), "factor", PoolKind.AVERAGE, Window((6, 5))),
        Mul("mul", ("input", "factor"), "output"),
    ]
    network = network_of(shape, layers, {"factor": TensorShape(40, 1, 1), "output": shape}, "output")
    device, array = plain_target(executor)
    plan = plan_on(network, array, device=device)
    assert check(executor, plan, quantise(network, samples=1), integer_image(network, 1))


def test_sum_of_many_and_product_with_itself(executor: Executor) -> None:
    """Five summands, one of them twice read, and a square."""
    shape = TensorShape(18, 5, 6)
    builder = NetworkBuilder(0, 18, 5, 6)
    twins = [builder.twin("input") for _ in range(4)]
    total = builder.add(Add("sum", (twins[0], *twins, "input"), "sum"), shape)
    builder.add(Mul("square", (total, total), "square"), shape)
    network = builder.network("square")
    device, array = plain_target(executor)
    plan = plan_on(network, array, device=device)
    assert check(executor, plan, quantise(network, samples=1), integer_image(network, 2))
