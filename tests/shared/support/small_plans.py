"""A small network with layers of every kind, and its plans."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.models.placeholders import placeholder
from dynamap.planner.network.network import Add, Concat, Conv, HostLayer, Lrn, Network, Pool, PoolKind
from dynamap.planner.plan.layers import OnArray, PlannedLayer
from dynamap.planner.plan.plan import Plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request

DEVICE = "u200"
ARRAY = Request(array=(8, 6), multipliers=64)
"""A small budget, so that few arrays are considered, on a device with memory enough for the largest buffers."""


def conv(name: str, source: str, target: str, depth: int, outputs: int, kernel: int, groups: int = 1) -> Conv:
    pad = kernel // 2
    return Conv(
        name=name,
        inputs=(source,),
        output=target,
        window=Window((kernel, kernel), pads=(pad, pad, pad, pad)),
        weights=placeholder((outputs, depth // groups, kernel, kernel)),
        bias=placeholder((outputs,)),
        groups=groups,
    )


@pytest.fixture(scope="session")
def small_network() -> Network:
    """A stem, two branches joined in place, a depthwise layer, a residual, LRN, pooling, a classifier, a host layer."""
    layers = (
        conv("stem", "x", "a", 3, 32, 3),
        Pool("pool", ("a",), "b", PoolKind.MAX, Window((2, 2), (2, 2))),
        conv("left", "b", "c", 32, 32, 1),
        conv("right", "b", "d", 32, 16, 3),
        Concat("join", ("c", "d"), "e"),
        conv("depthwise", "e", "f", 48, 48, 3, groups=48),
        Add("sum", ("e", "f"), "g"),
        Lrn("lrn", ("g",), "h", 5, 1e-4, 0.75, 1.0),
        Pool("mean", ("h",), "i", PoolKind.AVERAGE, Window((7, 7))),
        conv("classify", "i", "j", 48, 10, 1),
        HostLayer("softmax", ("j",), "k", "Softmax"),
    )
    sizes = {"x": (3, 14, 14), "a": (32, 14, 14), "b": (32, 7, 7), "c": (32, 7, 7), "d": (16, 7, 7), "e": (48, 7, 7)}
    sizes |= {"f": (48, 7, 7), "g": (48, 7, 7), "h": (48, 7, 7), "i": (48, 1, 1), "j": (10, 1, 1), "k": (10, 1, 1)}
    shapes = {name: TensorShape(*size) for name, size in sizes.items()}
    return Network("small", "5" * 64, layers, shapes, ("x",), ("k",), notices=("a notice",))


@pytest.fixture(scope="session")
def small_plan(small_network: Network) -> Plan:
    return plan_network(small_network, DEVICE, ARRAY)


@pytest.fixture(scope="session")
def small_plan_by_paper(small_network: Network) -> Plan:
    return plan_network(small_network, DEVICE, replace(ARRAY, cost_model="paper"))


def mapping(plan: Plan) -> list[PlannedLayer]:
    """What was decided for each layer, and what it costs, without the options that there were."""
    return [replace(layer, options=()) if isinstance(layer, OnArray) else layer for layer in plan.layers]
