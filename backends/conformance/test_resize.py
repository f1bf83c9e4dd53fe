"""Enlargement by whole factors."""

from __future__ import annotations

from dynamap.backends.conformance.checking import check, packed_device, plain_target
from dynamap.backends.conformance.networks import network_of
from dynamap.backends.conformance.plans import integer_image, plan_on
from dynamap.backends.contract import Executor
from dynamap.backends.quantise import quantise
from dynamap.cost.geometry import TensorShape
from dynamap.planner.network.network import Resize


def test_interleaving(executor: Executor) -> None:
    """Six groups of channels become twice the rows and three times the columns; 17 channels take 32 of each group."""
    for channels in (17, 16, 3):
        each = -(-channels // 16) * 16
        resize = Resize("resize", ("input",), "output", 2, 3, interleaved=True)
        shapes = {"output": TensorShape(channels, 14, 15)}
        network = network_of(TensorShape(6 * each, 7, 5), [resize], shapes, "output")
        for device, array in (plain_target(executor), (packed_device(executor), (8, 8))):
            plan = plan_on(network, array, device=device)
            assert check(executor, plan, quantise(network, samples=1), integer_image(network, 2))


def test_enlargement(executor: Executor) -> None:
    """Three times the rows, twice the columns."""
    resize = Resize("resize", ("input",), "output", 3, 2)
    network = network_of(TensorShape(17, 7, 5), [resize], {"output": TensorShape(17, 21, 10)}, "output")
    for device, array in (plain_target(executor), (packed_device(executor), (8, 8))):
        plan = plan_on(network, array, device=device)
        assert check(executor, plan, quantise(network, samples=1), integer_image(network, 2))
