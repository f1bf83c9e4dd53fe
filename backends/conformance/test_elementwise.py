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
    """A slot for each value that is combined, whatever follows."""
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
    slots = [blocks[0] + 30 * 2, blocks[1] + 30 * 2, blocks[2] * planes + 30]
    assert [layer.compute_cycles for layer in plan.layers[2:]] == [ceil_div(3, planes) * each for each in slots]
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
