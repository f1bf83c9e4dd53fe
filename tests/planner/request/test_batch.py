"""Images one after another: what a plan states of them, what `verify` checks, and that no image disturbs the next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import dynamap
from dynamap.backends.emulator.executor import Emulator, execute
from dynamap.backends.evidence.verification import Verdict, verify_plan
from dynamap.backends.program.host import integer_inputs, prepare, random_inputs
from dynamap.backends.program.specification import Role
from dynamap.cost.errors import InputError
from dynamap.plans import Plan
from support.repository import DIGITS_MODEL

IMAGES = 7


@pytest.fixture(scope="module")
def plans() -> tuple[Plan, Plan]:
    """Of one image, and of seven."""
    alone = dynamap.plan(DIGITS_MODEL, "pynq-z2", array=(8, 8))
    return alone, dynamap.plan(DIGITS_MODEL, "pynq-z2", array=(8, 8), batch=IMAGES)


def test_seven_images_take_seven_times_one(plans: tuple[Plan, Plan]) -> None:
    alone, batch = plans
    assert alone.batch is None and "batch" not in alone.document()
    assert batch.batch is not None and batch.layers == alone.layers
    cycles = sum(layer.cycles for layer in alone.layers)
    khz = round(alone.overlay.clock_mhz * 1000)
    assert (batch.batch.images, batch.batch.cycles) == (7, 7 * cycles)
    assert batch.batch.latency_ms == pytest.approx(7 * cycles / khz, abs=1e-6)
    assert batch.batch.images_per_second == pytest.approx(1000 * khz / cycles, abs=1e-3)


def test_what_a_plan_says_of_a_batch_is_verified(plans: tuple[Plan, Plan], tmp_path: Path) -> None:
    _, batch = plans
    assert batch.verify(full=False).verified
    path = tmp_path / "plan.json"
    batch.save(path)
    assert dynamap.load_plan(path).document() == batch.document()
    assert batch.batch is not None
    wrong = replace(batch, batch=replace(batch.batch, cycles=batch.batch.cycles - 1))
    failed = [check.detail for check in verify_plan(wrong, full=False).checks if check.outcome is Verdict.FAILED]
    assert any(f"batch.cycles is {wrong.batch.cycles} in the plan, 7 images take" in detail for detail in failed)


def test_no_image_disturbs_the_next(plans: tuple[Plan, Plan]) -> None:
    """The program and its weights stay in memory; each image of a series is what it is alone."""
    prepared = prepare(plans[1])
    images = [integer_inputs(prepared.quantised, random_inputs(prepared.network, seed)) for seed in range(3)]
    series = Emulator(prepared.program)
    results = []
    for image in images:
        for name, values in image.items():
            series.write_input(name, values)
        for _ in series.run():
            pass
        outputs = prepared.program.tensors_of(Role.OUTPUT)
        results.append({name: series.read_entry(entry) for name, entry in outputs.items()})
    for image, result in zip(images, results, strict=True):
        for name, values in execute(prepared.program, image).items():
            np.testing.assert_array_equal(result[name], values)
    assert any((results[0][name] != results[1][name]).any() for name in results[0])


def test_the_published_model_is_of_one_image() -> None:
    with pytest.raises(InputError, match="--batch is for the overlay's own cost model"):
        dynamap.plan(DIGITS_MODEL, "pynq-z2", batch=2, cost_model="paper")
