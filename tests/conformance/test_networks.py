"""Whole networks of all operators, with odd sizes: plans of the planner itself, whose counters must hold too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynamap.backends.contract import Executor
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.planner.network.network import Activation, ActivationKind, Add, Layer, Mul, Network, Pool, PoolKind, Resize
from support.conformance_support import check, packed_device
from support.programs import SMALL, integer_image, one_conv, plan_on
from support.random_networks import NetworkBuilder, random_network


@pytest.mark.parametrize("array", [(5, 7), (8, 8)], ids=["one product", "packed"])
@pytest.mark.parametrize("seed", range(8))
def test_random_networks(executor: Executor, seed: int, array: tuple[int, int]) -> None:
    network = random_network(seed)
    device = "pynq-z2" if array == (5, 7) else packed_device(executor)
    plan = plan_on(network, array, SMALL, device)
    quantised = quantise(network, samples=1, seed=seed)
    image = integer_image(network, seed)
    assert check(executor, plan, quantised, image)
    planned = {layer.name: layer for layer in plan.layers}
    for run in executor.run(compile_program(plan, quantised), image):
        wanted = {key: getattr(planned[run.name], key) for key in run.counters}
        assert dict(run.counters) == wanted, run.name


def small(shape: TensorShape, layers: list[Layer], shapes: dict[str, TensorShape], output: str) -> Network:
    return Network("small", "", tuple(layers), {"input": shape, **shapes}, ("input",), (output,))


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
    shape = TensorShape(35, 6, 5)
    height, width = window.output_size(6, 5)
    network = small(
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
        # X = 64, so n = 4 pixels or units per cycle. Rows that share a sweep: all (K = 4, 5 with stride 2) or two.
        (TensorShape(20, 13, 9), Window((4, 3), (2, 1), (1, 1, 2, 1))),
        (TensorShape(70, 11, 11), Window((5, 5), (2, 2), (2, 2, 2, 2))),
        (TensorShape(150, 9, 9), Window((5, 5), (1, 1), (2, 2, 2, 2))),
        (TensorShape(40, 10, 14), Window((7, 7), (1, 1), (3, 3, 3, 3))),
        (TensorShape(33, 12, 12), Window((2, 2), (3, 3))),
        # Single output columns: folded over pixels, or pixel by pixel.
        (TensorShape(16, 9, 30), Window((9, 30))),
        (TensorShape(130, 7, 7), Window((7, 6), (1, 1), (0, 1, 0, 0))),
        (TensorShape(48, 6, 40), Window((1, 9), (1, 2), (0, 4, 0, 4))),
        # Rows longer than those of running results, 128 pixels or 512 of a plane: tiles, in each order; the last of a
        # single column, which folds; windows that fold one by one.
        (TensorShape(16, 3, 600), Window((3, 3), (2, 2), (1, 1, 1, 1))),
        (TensorShape(5, 2, 514), Window((2, 2), (1, 1), (0, 1, 0, 0))),
        (TensorShape(24, 3, 300), Window((2, 9), (1, 4), (0, 4, 0, 4))),
        (TensorShape(17, 2, 150), Window((1, 140), (1, 5), (0, 70, 0, 3))),
        (TensorShape(3, 2, 1500), Window((2, 2), (2, 499))),
    ],
    ids=str,
)
def test_pooling_in_every_order(executor: Executor, kind: PoolKind, shape: TensorShape, window: Window) -> None:
    pooled = TensorShape(shape.channels, *window.output_size(shape.height, shape.width))
    network = small(shape, [Pool("pool", ("input",), "output", kind, window)], {"output": pooled}, "output")
    quantised, image = quantise(network, samples=1), integer_image(network, 3)
    for rows in {pooled.height, -(-pooled.height // 2), -(-pooled.height // 3)}:
        plan = plan_on(network, (8, 8), device=packed_device(executor))
        blocking = plan.layers[0].blocking
        assert blocking is not None
        layer = replace(plan.layers[0], blocking=replace(blocking, rows=rows))
        assert check(executor, replace(plan, layers=(layer,)), quantised, image)


@pytest.mark.parametrize("width", [12, 150], ids=["one tile", "two tiles"])
def test_dilated_maxima(executor: Executor, width: int) -> None:
    window = Window((3, 3), (1, 2), (2, 1, 2, 1), (2, 2))
    shape, pooled = TensorShape(16, 9, width), TensorShape(16, *window.output_size(9, width))
    pool = Pool("pool", ("input",), "output", PoolKind.MAX, window)
    network = small(shape, [pool], {"output": pooled}, "output")
    for device, array in (("pynq-z2", (5, 7)), (packed_device(executor), (8, 8))):
        plan = plan_on(network, array, device=device)
        assert check(executor, plan, quantise(network, samples=1), integer_image(network, 2))


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
    network = small(shape, layers, shapes, "output")
    plan = plan_on(network, (8, 8), device=packed_device(executor))
    # 5 rows x ceil(6 pixels x 3 units / n) words, each two cycles, or two for each operand.
    each = 2 if kind is ActivationKind.RELU else 4
    words = 5 * ceil_div(6 * 3, plan.overlay.word_bytes // 16)
    assert [layer.compute_cycles for layer in plan.layers[2:]] == [words * each] * 3
    assert check(executor, plan, quantise(network, samples=1), integer_image(network, 1))


def test_factor_per_channel(executor: Executor) -> None:
    shape = TensorShape(40, 6, 5)
    layers: list[Layer] = [
        Pool("pool", ("input",), "factor", PoolKind.AVERAGE, Window((6, 5))),
        Mul("mul", ("input", "factor"), "output"),
    ]
    network = small(shape, layers, {"factor": TensorShape(40, 1, 1), "output": shape}, "output")
    assert check(executor, plan_on(network, (5, 7)), quantise(network, samples=1), integer_image(network, 1))


def test_sum_of_many_and_product_with_itself(executor: Executor) -> None:
    shape = TensorShape(18, 5, 6)
    builder = NetworkBuilder(0, 18, 5, 6)
    twins = [builder.twin("input") for _ in range(4)]
    total = builder.add(Add("sum", (twins[0], *twins, "input"), "sum"), shape)
    builder.add(Mul("square", (total, total), "square"), shape)
    network = builder.network("square")
    assert check(executor, plan_on(network, (5, 7)), quantise(network, samples=1), integer_image(network, 2))


def test_enlargement(executor: Executor) -> None:
    resize = Resize("resize", ("input",), "output", 3, 2)
    network = small(TensorShape(17, 7, 5), [resize], {"output": TensorShape(17, 21, 10)}, "output")
    for device, array in (("pynq-z2", (5, 7)), (packed_device(executor), (8, 8))):
        plan = plan_on(network, array, device=device)
        assert check(executor, plan, quantise(network, samples=1), integer_image(network, 2))


@pytest.mark.parametrize("value", [-128, 127])
def test_extreme_images(executor: Executor, value: int) -> None:
    network = one_conv(TensorShape(64, 6, 6), 24, Window((3, 3), pads=(1, 1, 1, 1)), zero_point=-128)
    image = {"input": np.full((64, 6, 6), value, np.int8)}
    assert check(
        executor, plan_on(network, (8, 8), device=packed_device(executor)), quantise(network, samples=1), image
    )


@pytest.mark.parametrize("size", [1, 2, 65])
def test_smallest_images_and_single_channels(executor: Executor, size: int) -> None:
    network = one_conv(TensorShape(1, size, 1), 1, Window((1, 1)))
    assert check(executor, plan_on(network, (5, 7)), quantise(network, samples=1), integer_image(network, 0))
