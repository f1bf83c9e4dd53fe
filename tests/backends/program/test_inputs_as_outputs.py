"""A network whose output is its input: the host has it already, so that the program has an input and runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dynamap.backends.emulator import execute
from dynamap.backends.program.host import real_outputs
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.program.specification import Role
from dynamap.backends.quantise import quantise
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import HostLayer
from support.programs import integer_image, one_conv, plan_on


def test_the_program_reads_what_is_also_an_output() -> None:
    network = one_conv(TensorShape(5, 6, 7), 9, Window((3, 3)))
    copied = HostLayer("copy", ("input",), "again", "identity")
    network = replace(
        network,
        layers=(*network.layers, copied),
        tensors={**network.tensors, "again": network.tensors["input"]},
        outputs=("output", "input", "again"),
    )
    quantised = quantise(network, samples=1)
    program = compile_program(plan_on(network, (5, 7)), quantised)
    assert set(program.tensors_of(Role.INPUT)) == {"input"}
    assert set(program.tensors_of(Role.OUTPUT)) == {"output"}
    image = integer_image(network, 0)
    outputs = real_outputs(quantised, execute(program, image) | image)
    scheme = quantised.tensors["input"]
    expected = (image["input"].astype(np.float32) - scheme.zero_point) * np.float32(scheme.scale)
    np.testing.assert_array_equal(outputs["input"], expected)
    np.testing.assert_array_equal(outputs["again"], expected)
