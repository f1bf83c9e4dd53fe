"""Siblings: convolutions that are done as one, whose channels are read where they lie."""

from __future__ import annotations

import numpy as np

from dynamap.backends.conformance.checking import check, packed_device
from dynamap.backends.conformance.networks import NetworkBuilder
from dynamap.backends.conformance.plans import SMALL, integer_image, plan_on
from dynamap.backends.contract import Executor
from dynamap.backends.quantise import quantise
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import Activation, ActivationKind, Add, Conv, Network, Pool, PoolKind, Slice
from dynamap.planner.network.siblings import joined


def siblings() -> Network:
    """Two convolutions of one input, with 16 and 20 channels; one is read by the array, one by the vector unit."""
    builder = NetworkBuilder(0, 18, 7, 6)
    relu, wide = Activation(ActivationKind.RELU), Window((3, 3), pads=(1, 1, 1, 1))

    def conv(source: str, output: str, channels: int, window: Window) -> str:
        read = builder.tensors[source].channels
        weights = builder.generator.standard_normal((channels, read, *window.kernel), dtype=np.float32)
        bias = builder.generator.standard_normal(channels, dtype=np.float32)
        return builder.add(
            Conv(output, (source,), output, window, weights, bias, activation=relu), TensorShape(channels, 7, 6)
        )

    first, second = (conv("input", name, channels, Window((1, 1))) for name, channels in (("a", 20), ("b", 16)))
    third = conv(second, "c", 20, wide)
    pooled = builder.add(Pool("pool", (first,), "pooled", PoolKind.MAX, wide), TensorShape(20, 7, 6))
    return builder.network(builder.add(Add("sum", (third, pooled), "sum"), TensorShape(20, 7, 6)))


def test_siblings(executor: Executor) -> None:
    """The one whose channels are whole units lies in front."""
    network = joined(siblings())
    assert [(layer.name, layer.first) for layer in network.layers if isinstance(layer, Slice)] == [("b", 0), ("a", 16)]
    plan = plan_on(network, (8, 8), SMALL, packed_device(executor))
    assert check(executor, plan, quantise(network, samples=1), integer_image(network, 0))
