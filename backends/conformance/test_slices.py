"""Siblings: convolutions that are done as one, whose channels are read where they lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dynamap.backends.conformance.checking import check, packed_device
from dynamap.backends.conformance.networks import NetworkBuilder
from dynamap.backends.conformance.plans import SMALL, integer_image, plan_on
from dynamap.backends.contract import Executor
from dynamap.backends.quantise import quantise
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.joining.siblings import joined
from dynamap.planner.network.network import (
    Activation,
    ActivationKind,
    Add,
    Concat,
    Conv,
    Network,
    Pool,
    PoolKind,
    Slice,
)
from dynamap.planner.plan.layers import InPlace


def siblings() -> Network:
    """Two convolutions of one input, with 16 and 20 channels; one is read by the array, one by the vector unit."""
    builder = NetworkBuilder(0, 18, 7, 6)
    relu, wide = Activation(ActivationKind.RELU), Window((3, 3), pads=(1, 1, 1, 1))
    first, second = (conv(builder, "input", name, size, Window((1, 1)), relu) for name, size in (("a", 20), ("b", 16)))
    third = conv(builder, second, "c", 20, wide, relu)
    pooled = builder.add(Pool("pool", (first,), "pooled", PoolKind.MAX, wide), TensorShape(20, 7, 6))
    return builder.network(builder.add(Add("sum", (third, pooled), "sum"), TensorShape(20, 7, 6)))


def with_a_concatenation() -> Network:
    """Two convolutions of one input: one is convolved, and the other is joined with what that gives."""
    builder = NetworkBuilder(0, 18, 7, 6)
    relu, wide = Activation(ActivationKind.RELU), Window((3, 3), pads=(1, 1, 1, 1))
    first, second = (conv(builder, "input", name, 16, Window((1, 1)), relu) for name in "ab")
    third = conv(builder, second, "c", 20, wide, relu)
    joint = builder.add(Concat("all", (first, third), "all"), TensorShape(36, 7, 6))
    return builder.network(conv(builder, joint, "d", 8, Window((1, 1)), relu))


def conv(
    builder: NetworkBuilder, source: str, output: str, channels: int, window: Window, activation: Activation
) -> str:
    """A convolution of a tensor, with the same height and width."""
    shape = builder.tensors[source]
    weights = builder.generator.standard_normal((channels, shape.channels, *window.kernel), dtype=np.float32)
    bias = builder.generator.standard_normal(channels, dtype=np.float32)
    layer = Conv(output, (source,), output, window, weights, bias, activation=activation)
    return builder.add(layer, replace(shape, channels=channels))


def test_siblings(executor: Executor) -> None:
    """The one whose channels are whole units lies in front."""
    network = joined(siblings())
    assert [(layer.name, layer.first) for layer in network.layers if isinstance(layer, Slice)] == [("b", 0), ("a", 16)]
    plan = plan_on(network, (8, 8), SMALL, packed_device(executor))
    assert check(executor, plan, quantise(network, samples=1), integer_image(network, 0))


def test_a_concatenation_behind_its_slice(executor: Executor) -> None:
    """What it begins with is the last channels of the convolution in front."""
    network = joined(with_a_concatenation())
    assert [layer.name for layer in network.layers if isinstance(layer, Slice)] == ["b", "a"]
    plan = plan_on(network, (8, 8), SMALL, packed_device(executor))
    assert {layer.name for layer in plan.layers if isinstance(layer, InPlace)} == {"b", "a", "all"}
    assert check(executor, plan, quantise(network, samples=1), integer_image(network, 0))
