"""One kernel for several networks: built alike for each of them, and each as planned on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import dynamap
from dynamap.backends.hardware.sizes import simulated_sizes, sizes_of_program
from dynamap.backends.program import Op
from dynamap.backends.simulator.blank import blank_program
from dynamap.backends.vitis_rtl.executor import RtlExecutor
from dynamap.backends.vitis_rtl.program.folding import folded
from dynamap.backends.vitis_rtl.program.shape import KernelShape, kernel_shape
from dynamap.cost.overlay.fitting.extras import Extras, KernelParts
from dynamap.cost.overlay.machine import VectorBuffers
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan
from support.repository import DIGITS_MODEL
from support.rtl_networks import EVERY_OPERATION, parsed
from support.rtl_programs import case_of, check_run

MORE = KernelParts(Extras(), VectorBuffers(1 << 19, 1 << 18, 1 << 17))
"""Winograd's transforms, a normalisation, swept windows, and larger buffers than any of the small programs takes."""


@pytest.fixture(scope="module")
def networks() -> tuple[Network, Network]:
    """One of all that a kernel may have, and one of little."""
    return dynamap.load("alexnet"), dynamap.load(Path(DIGITS_MODEL))


def shapes(plans: Sequence[Plan], networks: Sequence[Network], *, alone: bool = False) -> list[KernelShape]:
    """The kernel of each plan's project, or of its program ``alone``."""
    found = []
    for plan, network in zip(plans, networks, strict=True):
        program = folded(blank_program(plan, network))
        sizes = simulated_sizes(program)
        found.append(kernel_shape(program, sizes) if alone else kernel_shape(program, sizes, plan.overlay.parts))
    return found


def assert_one_kernel(plans: Sequence[Plan], networks: Sequence[Network]) -> None:
    first, second = shapes(plans, networks)
    assert first == second and first.core.winograd and first.vector.normalises
    own = shapes(plans, networks, alone=True)
    assert own[0] == first and own[1].vector != second.vector and not own[1].vector.normalises
    sizes = [
        sizes_of_program(blank_program(plan, network), 1, 64, winograd=plan.overlay.winograd)
        for plan, network in zip(plans, networks, strict=True)
    ]
    assert sizes[0] == sizes[1]
    assert plans[0].resources == plans[1].resources


def test_another_network_on_the_overlay_of_a_plan(networks: tuple[Network, Network]) -> None:
    first = dynamap.plan(networks[0], device="zcu104", array="16x8")
    assert_one_kernel([first, dynamap.plan(networks[1], overlay=first)], networks)


def test_an_overlay_for_several_networks(networks: tuple[Network, Network]) -> None:
    assert_one_kernel(dynamap.plan_together(networks, device="zcu104", array="16x8"), networks)


@pytest.mark.full
def test_a_program_on_the_kernel_of_others() -> None:
    """Each value, and each layer in the cycles that it has on its own kernel."""
    case = case_of(parsed(EVERY_OPERATION.replace("LRN<size=5, alpha=0.05, beta=0.75>", "Relu")))
    assert {command.op for command in case.program.commands} == set(Op) - {Op.LRN}
    check_run(case, RtlExecutor(parts=MORE))
