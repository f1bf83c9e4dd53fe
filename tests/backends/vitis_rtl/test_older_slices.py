"""Kernels of DSP48E1: plans for devices that have them, every value, and each layer in the cycles of its plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dynamap.backends.conformance.checking import check
from dynamap.backends.conformance.networks import one_conv
from dynamap.backends.conformance.plans import integer_image, plan_on, redecided
from dynamap.backends.conformance.test_convolution import OUTPUTS, SHAPE, WINDOWS, decisions
from dynamap.backends.hardware.sizes import simulated_sizes
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import ConvArithmetic, QuantisedNetwork, quantise
from dynamap.backends.vitis_rtl import tools
from dynamap.backends.vitis_rtl.backend import backend
from dynamap.backends.vitis_rtl.executor import RtlExecutor
from dynamap.backends.vitis_rtl.program.shape import group_rows, kernel_shape
from dynamap.backends.vitis_rtl.project.mapping import reading
from dynamap.backends.vitis_rtl.sources import KERNEL_SOURCES, write_sources
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request
from support.rtl_conformance import Timed

DEVICE, ARRAY = "pynq-z2", (8, 8)
WINDOW = "3x3 same"
FLOWS = ("ws", "ns", "is")


def planned(name: str) -> Plan:
    """With two products per multiplier."""
    return plan_on(one_conv(SHAPE, OUTPUTS, WINDOWS[name]), ARRAY, device=DEVICE, request=Request())


def decided(name: str, flow: str, algorithm: str = "im2col") -> Iterator[Plan]:
    """The plan with every blocking and pair of formats of a dataflow; hwc is not read in words of 32 bytes."""
    plan = planned(name)
    height = one_conv(SHAPE, OUTPUTS, WINDOWS[name]).tensors["output"].height
    for each, choices in decisions(WINDOWS[name], height):
        if each == algorithm and choices[0]["dataflow"] == flow:
            for words in choices:
                if words["input_format"] == "hwc":
                    continue
                yield replace(plan, layers=(redecided(plan.layers[0], **words),))


def with_least_weights(quantised: QuantisedNetwork) -> QuantisedNetwork:
    """Half of the weights are -128, as in a model that was quantised elsewhere."""
    ((name, layer),) = quantised.layers.items()
    assert isinstance(layer, ConvArithmetic)
    weights = np.where(np.arange(layer.weights_oihw.size) % 2, -128, layer.weights_oihw.ravel()).astype(np.int8)
    made = replace(layer, weights_oihw=weights.reshape(layer.weights_oihw.shape))
    return replace(quantised, layers={name: made})


def test_a_plan_packs_and_its_program_says_in_what() -> None:
    plan = planned(WINDOW)
    program = compile_program(plan, quantise(one_conv(SHAPE, OUTPUTS, WINDOWS[WINDOW]), samples=1))
    assert (plan.overlay.packing, program.header.factor_bits) == (2, 25)
    core = kernel_shape(program, simulated_sizes(program)).core
    assert (core.feed.factor_bits, core.feed.group_rows, core.drain.lanes.factor_bits) == (25, 4, 25)


@pytest.mark.parametrize("flow", FLOWS)
def test_values_and_cycles(rtl_executor: RtlExecutor, flow: str) -> None:
    """Inputs of -128 among them, in pairs where they stay."""
    network = one_conv(SHAPE, OUTPUTS, WINDOWS[WINDOW])
    quantised, image = quantise(network, samples=1), integer_image(network, 1)
    assert any((values == -128).any() for values in image.values())
    assert check(Timed(rtl_executor), next(decided(WINDOW, flow)), quantised, image)


@pytest.mark.parametrize("flow", ["ws", "is"])
def test_weights_of_minus_128(rtl_executor: RtlExecutor, flow: str) -> None:
    """Groups of three rows hold their sums; of eight rows the last group is of two."""
    network = one_conv(SHAPE, OUTPUTS, WINDOWS[WINDOW])
    quantised, image = with_least_weights(quantise(network, samples=1)), integer_image(network, 1)
    plan = next(decided(WINDOW, flow))
    assert group_rows(compile_program(plan, quantised)) == 3
    assert check(Timed(rtl_executor), plan, quantised, image)


@pytest.mark.full
def test_the_kernel_has_the_slices_that_its_plan_counts(tmp_path: Path) -> None:
    """As ``make synth`` elaborates it for 7 series."""
    plan = planned(WINDOW)
    quantised = quantise(one_conv(SHAPE, OUTPUTS, WINDOWS[WINDOW]), samples=1)
    files = backend.generate(plan, compile_program(plan, quantised), integer_image(quantised.network, 1))
    assert b"MULTIPLIER := DSP48E1\n" in files["config.mk"]
    write_sources(tmp_path, KERNEL_SOURCES)
    (tmp_path / "params.svh").write_bytes(files["src/params.svh"])
    script = (
        f"{reading(tmp_path, 'dynamap_kernel', {}, KERNEL_SOURCES)}flatten\nopt_expr\ntee -q -o s.json stat -json\n"
    )
    (tmp_path / "elaborate.ys").write_text(script)
    tools.yosys().run(["-q", "-s", "elaborate.ys"], tmp_path)
    cells = json.loads((tmp_path / "s.json").read_text())["design"]["num_cells_by_type"]
    (counted,) = (use.used for use in plan.resources if use.name == "multipliers")
    assert (cells["DSP48E1"], cells.get("DSP48E2", 0), cells.get("$mul", 0)) == (counted, 0, 0)


@pytest.mark.full
@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("name", WINDOWS)
def test_every_format_border_and_blocking_of_im2col(rtl_executor: RtlExecutor, name: str, flow: str) -> None:
    network = one_conv(SHAPE, OUTPUTS, WINDOWS[name])
    quantised, image = quantise(network, samples=1), integer_image(network, 1)
    ran = sum(check(Timed(rtl_executor), plan, quantised, image) for plan in decided(name, flow))
    assert ran or name == "whole", "its weights leave no room in the buffers"
