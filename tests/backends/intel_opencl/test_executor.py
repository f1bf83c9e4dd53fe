"""Whole networks on the kernels under Intel's emulator, and what its executor says when something is wrong."""

from __future__ import annotations

import pytest

import dynamap
from dynamap.backends.hardware.sizes import simulated_sizes
from dynamap.backends.intel_opencl import executor as module
from dynamap.backends.intel_opencl.emulator import EmulatorMissingError
from dynamap.backends.intel_opencl.executor import Emulation, EmulatorExecutor
from dynamap.backends.program import Program
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape, Window
from support.programs import assert_equal_layer_by_layer, integer_image, one_conv, plan_on
from support.repository import DIGITS_MODEL

NETWORK = one_conv(TensorShape(20, 6, 5), 19, Window((3, 3), pads=(1, 1, 1, 1)))


def small_program(device: str = "arria10-gx1150") -> Program:
    return compile_program(plan_on(NETWORK, (4, 4), device=device), quantise(NETWORK, samples=1))


@pytest.mark.full
def test_the_trained_digits_network() -> None:
    plan = plan_on(dynamap.load(DIGITS_MODEL), (72, 48), device="stratix10-gx2800")
    assert_equal_layer_by_layer(EmulatorExecutor(), plan)


@pytest.mark.full
@pytest.mark.parametrize("model", ["googlenet", "resnet50", "squeezenet"])
def test_built_in_networks(model: str) -> None:
    plan = dynamap.plan(dynamap.load(model), device="stratix10-gx2800")
    assert plan.overlay.rows * plan.overlay.columns > 8_000
    assert_equal_layer_by_layer(EmulatorExecutor(), plan)


def test_one_build_runs_programs_until_it_is_closed() -> None:
    program, image = small_program(), integer_image(NETWORK, 0)
    with Emulation(simulated_sizes(program)) as emulation:
        first, second = (list(emulation.run(program, image)) for _ in range(2))
        assert (first[0].values == second[0].values).all() and first[0].counters == second[0].counters
        assert emulation.alive
        next(iter(emulation.run(program, image)))  # who leaves it in the middle ends it
    assert not emulation.alive


def test_a_program_that_packs_products_is_refused() -> None:
    with pytest.raises(InputError, match=r"2 int8 products per multiplier.*plan for an Intel device"):
        list(EmulatorExecutor().run(small_program("zcu104"), integer_image(NETWORK, 0)))


def test_a_missing_emulator_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> dict[str, str]:
        raise EmulatorMissingError("Intel's FPGA emulator is not installed: run 'pip install ...'")

    monkeypatch.setattr(module, "emulator_environment", missing)
    with pytest.raises(InputError, match="is not installed: run 'pip install"):
        list(EmulatorExecutor().run(small_program(), integer_image(NETWORK, 0)))


def test_a_build_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(InputError, match=r"building the kernels is not done after 0\.05 s"):
        list(EmulatorExecutor(build_seconds=0.05).run(small_program(), integer_image(NETWORK, 0)))


@pytest.mark.full
def test_kernels_that_never_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """LOAD waits for a word that no STORE has announced."""
    files = module.kernel_files()
    files["load.cl"] = files["load.cl"].replace(b"if (i > 0) {", b"if (i >= 0) {")
    monkeypatch.setattr(module, "kernel_files", lambda: files)
    with pytest.raises(InputError, match=r"layer 'conv' is not done after 2 s.*wait for each other"):
        list(EmulatorExecutor(layer_seconds=2).run(small_program(), integer_image(NETWORK, 0)))


def test_kernels_that_do_not_compile_are_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    files = module.kernel_files()
    files["store.cl"] += b"\nthis is no OpenCL\n"
    monkeypatch.setattr(module, "kernel_files", lambda: files)
    with pytest.raises(InputError, match=r"(?s)the kernels do not build:.*store\.cl"):
        list(EmulatorExecutor().run(small_program(), integer_image(NETWORK, 0)))


def test_an_emulator_that_crashes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    files = module.kernel_files()
    files["post.cl"] = files["post.cl"].replace(b"int arrived = 0;", b"int arrived = 0; *(global int *)8 = 1;")
    monkeypatch.setattr(module, "kernel_files", lambda: files)
    with pytest.raises(InputError, match=r"ended by itself \(status -\d+\)"):
        list(EmulatorExecutor().run(small_program(), integer_image(NETWORK, 0)))
