"""A program that does not fit the overlay's buffers is refused, by the sizes of docs/overlay.md."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from dynamap.backends.program import Program
from dynamap.backends.simulator import simulate
from dynamap.backends.simulator.blank import blank_program
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.models.placeholders import placeholder
from dynamap.planner.network.network import Conv, Network
from dynamap.planner.plan.layers import Blocking, Mode
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request


@pytest.fixture(scope="module")
def program() -> Program:
    """3 x 3 over 16 channels, 10 x 5 pixels, 40 outputs, non-stationary on a 4 x 3 array: one block of all rows."""
    conv = Conv("conv", ("x",), "y", Window((3, 3), pads=(1, 1, 1, 1)), placeholder((40, 16, 3, 3)), placeholder((40,)))
    shapes = {"x": TensorShape(16, 10, 5), "y": TensorShape(40, 10, 5)}
    network = Network("one", "0" * 64, (conv,), shapes, ("x",), ("y",))
    request = Request(array=(4, 3), algorithms=(Algorithm.IM2COL,), dataflows=(Dataflow.NS,), packing=False)
    plan = plan_network(network, "zcu104", request)
    chosen = replace(
        plan.layers[0],
        input_format=Format.C16,
        output_format=Format.C16,
        blocking=Blocking(Mode.STREAM_INPUTS, 10, 40, 1),
    )
    return blank_program(replace(plan, layers=(chosen,)), network)


# Input: 10 rows of 5 pixels, kept as 8, of 16 bytes, in a half. Weights: 40 (16 + 144), padded to 64. Output: 10 rows
# of 8 pixels of 48 bytes, in a half of the output buffer, which is half as large as the input buffer. Sums: 50 x
# ceil(40 / 3) rows of accumulators. Row buffers: 144 values.
EXACT = {"input_buffer": 4 * 3840, "weight_buffer": 6400, "accumulator_rows": 700, "row_buffer": 144}


def on_overlay(program: Program, **sizes: int) -> Program:
    return replace(program, header=replace(program.header, **sizes))


def test_what_fits_exactly_is_run(program: Program) -> None:
    assert {f.name for f in fields(program.header)} >= set(EXACT)
    assert simulate(on_overlay(program, **EXACT)).cycles == simulate(program).cycles


@pytest.mark.parametrize(
    ("buffer", "name"),
    [
        ("weight_buffer", "6400 bytes of the weight buffer and 6399"),
        ("accumulator_rows", "700 rows of the accumulators and 699"),
        ("row_buffer", "144 bytes of the row buffers and 143"),
    ],
)
def test_one_less_is_refused(program: Program, buffer: str, name: str) -> None:
    with pytest.raises(InputError, match=f"layer 'conv', pass 0: a block needs {name} are there"):
        simulate(on_overlay(program, **EXACT | {buffer: EXACT[buffer] - 1}))


def test_output_and_input_halves(program: Program) -> None:
    with pytest.raises(InputError, match="3840 bytes of the output buffer and 3839 are there"):
        simulate(on_overlay(program, **EXACT | {"input_buffer": 4 * 3840 - 4}))
    with pytest.raises(InputError, match="1280 bytes of the input buffer and 1279 are there"):
        simulate(on_overlay(program, **EXACT | {"input_buffer": 2 * 1279}))
