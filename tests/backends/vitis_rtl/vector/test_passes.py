"""The RTL runs layers of the vector unit in several passes, in the cycles of its closed form."""

from __future__ import annotations

import pytest

from dynamap.backends.conformance.networks import network_of, one_conv
from dynamap.backends.conformance.test_pooling import IN_PASSES, PASSED_WINDOW, run_in_passes
from dynamap.backends.vitis_rtl.executor import RtlExecutor
from dynamap.cost.geometry import TensorShape
from dynamap.planner.network.network import Activation, ActivationKind, Pool, PoolKind
from support.rtl_conformance import Timed

POOLED = TensorShape(IN_PASSES.channels, *PASSED_WINDOW.output_size(IN_PASSES.height, IN_PASSES.width))


@pytest.mark.parametrize(
    ("kind", "stalls"),
    [(PoolKind.AVERAGE, False), pytest.param(PoolKind.MAX, True, marks=pytest.mark.full)],
)
def test_poolings(rtl_executor: RtlExecutor, kind: PoolKind, stalls: bool) -> None:
    """Results are looked up in a table that the first pass alone waits for."""
    pool = Pool("pool", ("input",), "output", kind, PASSED_WINDOW, activation=Activation(ActivationKind.SIGMOID))
    network = network_of(IN_PASSES, [pool], {"output": POOLED}, "output")
    run_in_passes(Timed(rtl_executor, stalls=stalls), network)


@pytest.mark.full
@pytest.mark.parametrize("kind", [ActivationKind.LEAKY_RELU, ActivationKind.SIGMOID], ids=str)
def test_depthwise_convolutions(rtl_executor: RtlExecutor, kind: ActivationKind) -> None:
    run_in_passes(
        Timed(rtl_executor),
        one_conv(IN_PASSES, IN_PASSES.channels, PASSED_WINDOW, groups=IN_PASSES.channels, kind=kind),
    )
