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


@pytest.mark.parametrize("kind", [ActivationKind.RELU, ActivationKind.LEAKY_RELU])
def test_sums_and_products_before_an_activation(executor: Executor, kind: ActivationKind) -> None:
    """A leaky activation takes two of a lane's multipliers, so that sums and products take longer."""
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
    # 5 rows x ceil(6 pixels x 3 units / n) words, each two cycles, or two for each operand.
    each = 2 if kind is ActivationKind.RELU else 4
    words = 5 * ceil_div(6 * 3, plan.overlay.word_bytes // 16)
    assert [layer.compute_cycles for layer in plan.layers[2:]] == [words * each] * 3
    assert check(executor, plan, quantise(network, samples=1), integer_image(network, 1))


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
