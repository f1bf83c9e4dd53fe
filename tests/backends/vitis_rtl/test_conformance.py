"""Cases of the conformance suite that the RTL can do: convolutions by im2col whose inputs do not stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynamap.backends.conformance.checking import PACKED, check
from dynamap.backends.conformance.networks import one_conv
from dynamap.backends.conformance.plans import integer_image, plan_on, redecided
from dynamap.backends.conformance.test_convolution import OUTPUTS, SHAPE, WINDOWS, decisions
from dynamap.backends.quantise import quantise
from dynamap.backends.vitis_rtl.executor import RtlExecutor


@pytest.mark.full
@pytest.mark.parametrize("flow", ["ws", "ns"])
@pytest.mark.parametrize("name", WINDOWS)
def test_every_format_border_and_blocking_of_im2col(rtl_executor: RtlExecutor, name: str, flow: str) -> None:
    """In the first blocking that the overlay's buffers hold, for each pair of formats."""
    network = one_conv(SHAPE, OUTPUTS, WINDOWS[name])
    quantised, image = quantise(network, samples=1), integer_image(network, 1)
    plan = plan_on(network, (8, 8), device=PACKED)
    ran = 0
    for algorithm, choices in decisions(WINDOWS[name], network.tensors["output"].height):
        if algorithm == "im2col" and choices[0]["dataflow"] == flow:
            layers = (redecided(plan.layers[0], **words) for words in choices)
            ran += any(check(rtl_executor, replace(plan, layers=(layer,)), quantised, image) for layer in layers)
    assert ran or name == "whole", "its weights leave no room in the buffers"
