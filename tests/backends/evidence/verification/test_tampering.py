"""Every kind of value in a saved plan is changed by hand, one at a time: verification must fail and say where."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dynamap.backends.evidence.verification import Check, Verdict, verify_plan
from dynamap.cost.errors import InputError
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan, load_plan

SEEN_BY_CONSEQUENCE = {"layers.input_format", "layers.output_format"}
"""Another format, like another request, may be right by itself: what does not go with it is named, not the key."""

TRUE_ANYWAY = {"schema", "solver.seconds", "model.source", "model.seed", "request.multipliers"}
"""``schema`` is another file format, ``seconds`` is a measurement; source and seed say how to find the model again, and
here the network is given (its digest is checked). The array is given too, and fits within one multiplier more."""


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], object]]:
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from leaves(part, (*path, key))
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield from leaves(part, (*path, index))
    else:
        yield path, value


def kinds(document: dict[str, Any]) -> dict[str, list[tuple[str | int, ...]]]:
    """Paths by their keys, list positions left out: one entry for all ``layers[].cycles``."""
    found: dict[str, list[tuple[str | int, ...]]] = {}
    for path, _ in leaves(document):
        found.setdefault(".".join(str(part) for part in path if isinstance(part, str)), []).append(path)
    return found


def changed(value: object) -> object:
    """Another value of the same type that a careful forger could write."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * 1.01 + 0.001
    if value is None:
        return 1
    if isinstance(value, str):
        swaps = {"c16": "hwc", "hwc": "c16", "toeplitz": "c16", "ns": "ws", "ws": "is", "is": "ns"}
        swaps |= {"im2col": "kn2row", "kn2row": "im2col", "winograd": "im2col", "dp": "ilp", "optimal": "feasible"}
        swaps |= {"u200": "u250", "stream_inputs": "stream_weights", "stream_weights": "stream_inputs"}
        swaps |= {"compute": "input", "input": "compute", "weights": "output", "output": "weights"}
        return swaps.get(value, value + "x")
    assert value in ({}, [])
    return {"x": 1} if value == {} else [1]


def with_change(document: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    result = copy.deepcopy(document)
    inner: Any = result
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return result


def failures(document: dict[str, Any], small_network: Network, folder: Path) -> list[str]:
    """What is found wrong with a document: the message that refuses it, or the details of failed checks."""
    path = folder / "plan.json"
    path.write_text(json.dumps(document))
    try:
        verification = verify_plan(load_plan(path), small_network)
    except InputError as refused:
        return [str(refused)]
    assert verification.verified == (not any(check.outcome is Verdict.FAILED for check in verification.checks))
    return [check.detail for check in verification.checks if check.outcome is Verdict.FAILED]


def require_all_noticed(small_plan: Plan, small_network: Network, folder: Path, places: int) -> None:
    """Changes ``places`` values of every kind."""
    document = small_plan.document()
    assert failures(document, small_network, folder) == []
    found = kinds(document)
    assert len(found) > 60
    unnoticed, unnamed = [], []
    for kind, paths in found.items():
        for path in {paths[0], paths[len(paths) // 2]} if places == 2 else paths[:1]:
            value = changed(document_value(document, path))
            complaints = failures(with_change(document, path, value), small_network, folder)
            key = next(part for part in reversed(path) if isinstance(part, str))
            if not complaints and kind not in TRUE_ANYWAY:
                unnoticed.append(path)
            named = any(word in c for c in complaints for word in (key, key.replace("_", " "), "certificate"))
            if complaints and not named and kind not in SEEN_BY_CONSEQUENCE and path[0] != "request":
                unnamed.append((path, complaints))
    assert unnoticed == []
    assert not unnamed, "\n".join(map(str, unnamed))


def document_value(document: dict[str, Any], path: tuple[str | int, ...]) -> object:
    value: Any = document
    for part in path:
        value = value[part]
    return value


@pytest.mark.parametrize("places", [1, pytest.param(2, marks=pytest.mark.full)])
def test_every_kind_of_value_of_an_overlay_plan(
    small_plan: Plan, small_network: Network, tmp_path: Path, places: int
) -> None:
    require_all_noticed(small_plan, small_network, tmp_path, places)


def test_every_kind_of_value_of_a_paper_plan(small_plan_by_paper: Plan, small_network: Network, tmp_path: Path) -> None:
    require_all_noticed(small_plan_by_paper, small_network, tmp_path, 1)


def failed(document: dict[str, Any], small_network: Network, folder: Path) -> list[Check]:
    path = folder / "plan.json"
    path.write_text(json.dumps(document))
    return [c for c in verify_plan(load_plan(path), small_network).checks if c.outcome is Verdict.FAILED]


def test_a_layer_that_claims_fewer_cycles_with_sums_that_fit(
    small_plan: Plan, small_network: Network, tmp_path: Path
) -> None:
    """A forger who knows the sums: cycles, objective, bound, latency and certificate's optimum all agree."""
    document = small_plan.document()
    saved = document["layers"][0]["cycles"] // 2
    document["layers"][0]["cycles"] -= saved
    document["solver"]["objective"] -= saved
    document["solver"]["bound"] -= saved
    document["latency_ms"] = round(document["solver"]["objective"] / (small_plan.overlay.clock_mhz * 1000), 6)
    names = [check.name for check in failed(document, small_network, tmp_path)]
    assert names == ["objective", "certificate", "second solver", "simulator"]


def test_a_budget_that_the_array_exceeds(small_plan: Plan, small_network: Network, tmp_path: Path) -> None:
    """More multipliers than were asked for allow the same plan of a given array; fewer than it has do not."""
    document = small_plan.document()
    document["request"]["multipliers"] = small_plan.overlay.rows * small_plan.overlay.columns - 1
    assert any("multipliers" in complaint for complaint in failures(document, small_network, tmp_path))


def test_a_worse_mapping_that_is_true_to_itself_is_not_optimal(
    small_plan: Plan, small_network: Network, tmp_path: Path
) -> None:
    """A plan whose numbers are all right, but made without its best algorithm and then called unrestricted."""
    from dynamap.cost.algorithms import Algorithm, Dataflow
    from dynamap.planner.planning import plan_network
    from dynamap.planner.request.request import Request

    request = Request(array=(8, 6), multipliers=64, algorithms=(Algorithm.IM2COL,), dataflows=(Dataflow.IS,))
    worse = plan_network(small_network, "u200", request)
    assert worse.solver.objective > small_plan.solver.objective
    document = worse.document()
    document["request"] = small_plan.document()["request"]
    names = [check.name for check in failed(document, small_network, tmp_path)]
    assert {"objective", "second solver", "certificate"} <= set(names)
    assert "simulator" not in names  # it does take the cycles that it says


def test_the_sentence_names_layer_and_counter(small_plan: Plan, small_network: Network, tmp_path: Path) -> None:
    document = small_plan.document()
    document["layers"][3]["bytes_read"] += 64
    (check, other) = failed(document, small_network, tmp_path)
    read = small_plan.layers[3].bytes_read
    assert check.name == "simulator"
    assert re.fullmatch(rf"layer 'right': bytes_read is {read + 64} in the plan, simulated {read}", check.detail)
    assert (other.name, other.detail) == (
        "document",
        f"layers[3].bytes_read is {read + 64} in the plan, recomputed {read}",
    )


@pytest.mark.parametrize("key", ["layers", "solver", "overlay", "device", "request", "latency_ms"])
def test_a_missing_key_is_one_message(key: str, small_plan: Plan, small_network: Network, tmp_path: Path) -> None:
    document = small_plan.document()
    del document[key]
    (message,) = failures(document, small_network, tmp_path)
    assert key in message


def test_layers_that_were_removed_or_exchanged(small_plan: Plan, small_network: Network, tmp_path: Path) -> None:
    document = small_plan.document()
    del document["layers"][4]
    assert "the number of layers is 10 in the plan, recomputed 11" in failures(document, small_network, tmp_path)
    document = small_plan.document()
    document["layers"][2], document["layers"][3] = document["layers"][3], document["layers"][2]
    assert "layers[2].name is 'right' in the plan, recomputed 'left'" in failures(document, small_network, tmp_path)
