"""The kernel on DSP48E1: pairs 17 bits apart, lifted; and what 25 bits have no room for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dynamap.backends.conformance.checking import check
from dynamap.backends.conformance.networks import one_conv
from dynamap.backends.conformance.plans import integer_image, plan_on, redecided
from dynamap.backends.conformance.test_convolution import OUTPUTS, SHAPE, WINDOWS, decisions
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from dynamap.backends.vitis_hls import backend
from dynamap.backends.vitis_hls.csim import CSimulationExecutor
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request

WINDOW = WINDOWS["3x3 same"]
NETWORK = one_conv(SHAPE, OUTPUTS, WINDOW)
EXACT = ("-O0", "-DOVERLAY_EXACT_WIDTHS", "-Wno-uninitialized", "-Wno-maybe-uninitialized")


@pytest.fixture(scope="module")
def executor() -> CSimulationExecutor:
    """With the bits that the registers have."""
    return CSimulationExecutor(EXACT)


def decided(algorithm: str, flow: str) -> Iterator[Plan]:
    """Plans for pynq-z2 that pack, with every blocking and pair of formats."""
    plan = plan_on(NETWORK, (5, 7), device="pynq-z2", request=Request())
    assert plan.overlay.packing == 2
    for each, choices in decisions(WINDOW, NETWORK.tensors["output"].height):
        if each == algorithm and choices[0]["dataflow"] == flow:
            yield from (replace(plan, layers=(redecided(plan.layers[0], **words),)) for words in choices)


@pytest.mark.parametrize(
    ("algorithm", "flow"), [("im2col", "ns"), ("im2col", "ws"), ("im2col", "is"), ("kn2row", "ws"), ("winograd", "ws")]
)
def test_values_in_exact_widths(executor: CSimulationExecutor, algorithm: str, flow: str) -> None:
    """In the first blocking that the overlay's buffers hold."""
    quantised, image = quantise(NETWORK, samples=1), integer_image(NETWORK, 1)
    assert any(check(executor, plan, quantised, image) for plan in decided(algorithm, flow))


def test_data_of_nine_bits_do_not_stay_in_pairs(executor: CSimulationExecutor) -> None:
    """kn2row whose inputs stay: refused before anything is written or run, with what to do."""
    plan, quantised, image = next(decided("kn2row", "is")), quantise(NETWORK, samples=1), integer_image(NETWORK, 1)
    program = compile_program(plan, quantised)
    assert program.commands[0].data_offset, "a zero point"
    for run in (lambda: backend.generate(plan, program, image), lambda: list(executor.run(program, image))):
        with pytest.raises(InputError, match="for two of them: plan with --dataflows ns,ws, or with --no-packing"):
            run()
