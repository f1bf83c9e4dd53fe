"""Plans of several networks on one overlay: true as they are, and found out wherever they speak of the others."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dynamap.backends.evidence.verification import Verdict, verify_plan
from dynamap.cost.errors import InputError
from dynamap.planner.mapping.objective import Aggregate
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan, load_plan
from dynamap.planner.request.request import Request
from dynamap.planner.studies.together import plan_together

ASKED = Request(multipliers=24)


@pytest.fixture(scope="module")
def other(small_network: Network) -> Network:
    """The same layers but for the last ones."""
    kept = tuple(layer for layer in small_network.layers if layer.name not in ("mean", "classify", "softmax"))
    return replace(small_network, name="other", sha256="6" * 64, layers=kept, outputs=("h",))


@pytest.fixture(scope="module")
def both(small_network: Network, other: Network) -> tuple[Plan, ...]:
    return plan_together((other, small_network), "u200", ASKED, weights=(2, 1))


@pytest.fixture
def document(both: tuple[Plan, ...]) -> dict[str, Any]:
    """That of the second network's plan."""
    return copy.deepcopy(both[1].document())


@pytest.fixture
def failed(small_network: Network, other: Network, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Names of the checks that a document fails."""

    def names(document: dict[str, Any], *, full: bool = True) -> list[str]:
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(document))
        checks = verify_plan(load_plan(path), small_network, full=full, sharing=(other, small_network)).checks
        return [check.name for check in checks if check.outcome is Verdict.FAILED]

    return names


def test_both_are_true(both: tuple[Plan, ...], small_network: Network, other: Network) -> None:
    for small_plan, own in zip(both, (other, small_network), strict=True):
        verification = verify_plan(small_plan, own, sharing=(other, small_network))
        assert verification.verified, [check for check in verification.checks if check.outcome is Verdict.FAILED]
        details = {check.name: check for check in verification.checks}
        assert "the search for all 2 models" in details["all arrays"].detail
        quick = {check.name: check.outcome for check in verify_plan(small_plan, own, full=False).checks}
        assert quick["all arrays"] is Verdict.NOT_ASKED and quick["together"] is Verdict.PASSED


def test_worst_case_and_a_fixed_array_are_true(small_network: Network, other: Network) -> None:
    request = replace(ASKED, array=(4, 6))
    plans = plan_together((other, small_network), "u200", request, objective=Aggregate.WORST)
    names = [check.name for check in verify_plan(plans[0], other, sharing=(other, small_network)).checks]
    assert names[-2:] == ["together", "all arrays"]  # the buffers were chosen for both
    assert verify_plan(plans[0], other, sharing=(other, small_network)).verified


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("together", "objective"), 1),
        (("together", "bound"), 1),
        (("together", "status"), "feasible"),
        (("together", "cycles", 0), 1),
        (("together", "cycles", 1), 1),
        (("request", "together", "this"), 0),
        (("request", "together", "objective"), "worst"),
        (("request", "together", "models", 0, "weight"), 3),
        (("request", "together", "models", 0, "weight"), 0),
        (("request", "together", "models", 1, "sha256"), "7" * 64),
        (("request", "together", "models", 1, "name"), "x"),
    ],
)
def test_every_word_on_the_others_is_compared(failed: Any, document: dict[str, Any], path: Any, value: object) -> None:
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    assert inner[path[-1]] != value
    inner[path[-1]] = value
    assert "together" in failed(document, full=False)


@pytest.mark.parametrize("key", ["name", "sha256"])
def test_another_model_in_the_place_of_an_other_needs_the_search(
    failed: Any, document: dict[str, Any], key: str
) -> None:
    document["request"]["together"]["models"][0][key] = "8" * 64
    assert failed(document, full=False) == []
    assert failed(document) == ["all arrays"]


def test_a_forger_who_knows_the_sum(failed: Any, document: dict[str, Any]) -> None:
    """Fewer cycles for the other network, with objective and bound that fit: only the search finds it out."""
    document["together"]["cycles"][0] -= 10
    for key in ("objective", "bound"):
        document["together"][key] -= 20
    assert failed(document, full=False) == []
    assert failed(document) == ["all arrays"]


def test_a_search_that_was_ended(failed: Any, document: dict[str, Any]) -> None:
    """A bound below the optimum is true of an interrupted search; one above the optimum is not."""
    document["together"].update(bound=document["together"]["objective"] - 100, status="feasible")
    assert failed(document) == []


def test_half_of_the_keys(both: tuple[Plan, ...], failed: Any, document: dict[str, Any]) -> None:
    request = document["request"].pop("together")
    assert "together" in failed(document)
    document["request"]["together"] = request
    del document["together"]
    assert "together" in failed(document)


def test_models_that_are_missing(both: tuple[Plan, ...], small_network: Network) -> None:
    with pytest.raises(InputError, match="'other' is not there"):
        verify_plan(both[1], small_network)
    with pytest.raises(InputError, match="sized for 2 networks, and 1 are given"):
        verify_plan(both[1], small_network, sharing=(small_network,))
    assert verify_plan(both[1], small_network, full=False).verified


def test_a_document_that_cannot_be_read(document: dict[str, Any], tmp_path: Path, small_network: Network) -> None:
    def refused(words: str) -> None:
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(document))
        with pytest.raises(InputError, match=words):
            verify_plan(load_plan(path), small_network, full=False)

    document["request"]["together"]["this"] = 2
    refused(r"together.this is 2, of 2 models")
    document["request"]["together"]["models"] = 5
    refused("'request' cannot be read")
    cycles = document["together"].pop("cycles")
    refused("key 'cycles' is missing")
    document["together"]["cycles"] = "many"
    refused("cycles must be a list of integers")
    document["together"].update(cycles=cycles, bound=0.5)
    refused("together.bound must be an integer")
