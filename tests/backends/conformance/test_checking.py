"""The check of the conformance suite notices what an executor may do wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import pytest

from dynamap.backends.conformance.checking import check, packed_device, plain_target
from dynamap.backends.conformance.networks import one_conv, random_network
from dynamap.backends.conformance.plans import integer_image, plan_on
from dynamap.backends.contract import Int8Array, LayerRun
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.program import Program
from dynamap.backends.quantise import QuantisedNetwork, quantise
from dynamap.cost.device import load_device
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.plan.plan import Plan

Change = Callable[[list[LayerRun]], Iterable[LayerRun]]


@dataclass(frozen=True)
class Changed:
    """The emulator, with something done to what it yields."""

    change: Change
    platform: str = "changed"

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        yield from self.change(list(NumpyExecutor().run(program, inputs)))


@dataclass(frozen=True)
class OneProduct(Changed):
    largest_packing: int = 1


@dataclass(frozen=True)
class TwoProducts(Changed):
    least_packing: int = 2


@cache
def case() -> tuple[Plan, QuantisedNetwork, dict[str, Int8Array]]:
    network = one_conv(TensorShape(5, 6, 7), 9, Window((3, 3), pads=(1, 1, 1, 1)))
    return plan_on(network, (5, 7)), quantise(network, samples=1), integer_image(network, 1)


def one_value(runs: list[LayerRun]) -> list[LayerRun]:
    values = runs[-1].values.copy()
    values.flat[-1] ^= 1
    return [*runs[:-1], replace(runs[-1], values=values)]


def one_byte(runs: list[LayerRun]) -> list[LayerRun]:
    counters = {**runs[0].counters, "bytes_read": runs[0].counters["bytes_read"] + 1}
    return [replace(runs[0], counters=counters), *runs[1:]]


def test_the_emulator_passes() -> None:
    assert check(Changed(lambda runs: runs), *case())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (one_value, "layer conv"),
        (one_byte, "layer conv"),
        (lambda runs: [replace(runs[0], counters={})], "counts at least bytes"),
        (lambda runs: [], "every layer runs once"),
        (lambda runs: [*runs, *runs], "every layer runs once"),
    ],
    ids=["value", "counter", "no counters", "no layer", "twice"],
)
def test_what_is_wrong_is_noticed(change: Change, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check(Changed(change), *case())


def test_the_executor_says_how_many_products_a_multiplier_makes() -> None:
    packs = [load_device(packed_device(kind(list))).resources.multiplier.packs_int8 for kind in (Changed, OneProduct)]
    assert packs == [True, False]


def test_an_executor_for_packed_arrays_alone_gets_no_others() -> None:
    targets = [plain_target(kind(list)) for kind in (Changed, TwoProducts)]
    network = random_network(1)
    assert [plan_on(network, array, device=device).overlay.packing for device, array in targets] == [1, 2]
