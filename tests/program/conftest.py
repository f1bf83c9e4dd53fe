"""Lets the tests of this folder import their support module."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def small_image() -> bytes:
    """The program of one small convolution."""
    from program_support import one_conv, plan_on

    from dynamap.backends.program.lowering.compile import compile_program
    from dynamap.backends.quantise import quantise
    from dynamap.cost.geometry import TensorShape, Window

    network = one_conv(TensorShape(5, 6, 7), 9, Window((3, 3), pads=(1, 1, 1, 1)))
    return compile_program(plan_on(network, (5, 7)), quantise(network, samples=1)).image
