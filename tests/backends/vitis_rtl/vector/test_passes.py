"""The RTL runs layers of the vector unit in several passes, in the cycles of its closed form."""

from __future__ import annotations

import pytest

from dynamap.backends.conformance.networks import network_of, one_conv
from dynamap.backends.conformance.test_passes import SHAPE, WINDOW, run_in_passes
from dynamap.backends.vitis_rtl.executor import RtlExecutor
from dynamap.cost.geometry import TensorShape
from dynamap.planner.network.network import Activation, ActivationKind, Pool, PoolKind
from support.rtl_conformance import Timed

POOLED = TensorShape(SHAPE.channels, *WINDOW.output_size(SHAPE.height, SHAPE.width))


@pytest.mark.parametrize(
    ("kind", "stalls"),
    [(PoolKind.AVERAGE, False), pytest.param(PoolKind.MAX, True, marks=pytest.mark.full)],
)
def test_poolings(rtl_executor: RtlExecutor, kind: PoolKind, stalls: bool) -> None:
    """Results are looked up in a table that the first pass alone waits for."""
    pool = Pool("pool", ("input",), "output", kind, WINDOW, activation=Activation(ActivationKind.SIGMOID))
    network = network_of(SHAPE, [pool], {"output": POOLED}, "output")
    run_in_passes(Timed(rtl_executor, stalls=stalls), network)


@pytest.mark.full
@pytest.mark.parametrize("kind", [ActivationKind.LEAKY_RELU, ActivationKind.SIGMOID], ids=str)
def test_depthwise_convolutions(rtl_executor: RtlExecutor, kind: ActivationKind) -> None:
    run_in_passes(Timed(rtl_executor), one_conv(SHAPE, SHAPE.channels, WINDOW, groups=SHAPE.channels, kind=kind))
