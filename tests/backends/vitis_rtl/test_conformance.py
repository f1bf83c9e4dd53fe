"""Cases of the conformance suite that the RTL can do: convolutions by im2col, by kn2row and by Winograd."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynamap.backends.conformance.checking import PACKED, check
from dynamap.backends.conformance.networks import one_conv
from dynamap.backends.conformance.plans import integer_image, plan_on, redecided
from dynamap.backends.conformance.test_convolution import OUTPUTS, SHAPE, WINDOWS, decisions
from dynamap.backends.contract import Executor
from dynamap.backends.quantise import quantise
from dynamap.backends.vitis_rtl.executor import RtlExecutor
from support.rtl_conformance import Timed

pytestmark = pytest.mark.full
ARRAYS = [(16, 8), (21, 16), (40, 24)]
SOME = ("3x3 same", "dilated", "strided")


def check_window(executor: Executor, name: str, flow: str, array: tuple[int, int], algorithm: str = "im2col") -> None:
    """In the first blocking that the overlay's buffers hold, for each pair of formats."""
    network = one_conv(SHAPE, OUTPUTS, WINDOWS[name])
    quantised, image = quantise(network, samples=1), integer_image(network, 1)
    plan = plan_on(network, array, device=PACKED)
    ran = 0
    for each, choices in decisions(WINDOWS[name], network.tensors["output"].height):
        if each == algorithm and choices[0]["dataflow"] == flow:
            layers = (redecided(plan.layers[0], **words) for words in choices)
            ran += any(check(executor, replace(plan, layers=(layer,)), quantised, image) for layer in layers)
    assert ran or name == "whole", "its weights leave no room in the buffers"


@pytest.mark.parametrize("flow", ["ws", "ns", "is"])
@pytest.mark.parametrize("name", WINDOWS)
def test_every_format_border_and_blocking_of_im2col(rtl_executor: RtlExecutor, name: str, flow: str) -> None:
    check_window(Timed(rtl_executor), name, flow, (8, 8))


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array[0]}x{array[1]}")
@pytest.mark.parametrize("flow", ["ws", "ns", "is"])
@pytest.mark.parametrize("name", SOME)
def test_other_arrays(rtl_executor: RtlExecutor, name: str, flow: str, array: tuple[int, int]) -> None:
    """One whose rows fill no groups, among them."""
    check_window(Timed(rtl_executor), name, flow, array)


@pytest.mark.parametrize("flow", ["ws", "is"])
@pytest.mark.parametrize("name", ["3x3 same", "dilated"])
def test_kn2row(rtl_executor: RtlExecutor, name: str, flow: str) -> None:
    check_window(Timed(rtl_executor), name, flow, (8, 8), "kn2row")


@pytest.mark.parametrize("array", [(8, 8), *ARRAYS], ids=lambda array: f"{array[0]}x{array[1]}")
@pytest.mark.parametrize("name", ["3x3 same", "3x3 full", "2x2 lopsided", "1x3", "7x1"])
def test_winograd(rtl_executor: RtlExecutor, name: str, array: tuple[int, int]) -> None:
    """F(2,3) and F(4,3) in one and two dimensions, F(5,4) in one."""
    check_window(Timed(rtl_executor), name, "ws", array, "winograd")


@pytest.mark.parametrize("flow", ["ws", "is"])
@pytest.mark.parametrize("name", SOME)
def test_a_memory_that_stalls(rtl_executor: RtlExecutor, name: str, flow: str) -> None:
    check_window(Timed(rtl_executor, stalls=True), name, flow, (8, 8))
