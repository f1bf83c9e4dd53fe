"""Plans of several networks on one overlay, through the request: what they share, what they say, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.planner.mapping.objective import Aggregate
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan, load_plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.replanning import on_overlay_of, stored_request
from dynamap.planner.request.request import Request
from dynamap.planner.studies.together import plan_together
from support.networks import Builder

DEVICE = "pynq-z2"
SMALL = Request(multipliers=6)


def _network(name: str, channels: int, height: int, width: int, kernels: tuple[int, ...]) -> Network:
    builder = Builder(channels, height, width)
    tensor = "input"
    for kernel in kernels:
        tensor = builder.conv(tensor, 2 * channels, kernel)
    return replace(builder.network(tensor), name=name, sha256=name[0] * 64)


WIDE = _network("wide", 16, 3, 40, (1, 3))
DEEP = _network("deep", 48, 6, 6, (3, 1, 5))


@pytest.fixture(scope="module")
def plans() -> tuple[Plan, ...]:
    return plan_together((WIDE, DEEP), DEVICE, SMALL, weights=(3, 2))


def test_one_overlay_and_a_plan_for_each(plans: tuple[Plan, ...]) -> None:
    wide, deep = plans
    assert wide.overlay == deep.overlay and wide.device == deep.device
    assert [plan.model.name for plan in plans] == ["wide", "deep"]
    for number, plan in enumerate(plans):
        assert plan.together is not None and plan.together == wide.together
        assert plan.together.cycles[number] == plan.solver.objective == sum(layer.cycles for layer in plan.layers)
        assert plan.together.objective == 3 * wide.solver.objective + 2 * deep.solver.objective
        assert plan.together.status == "optimal" and plan.together.bound == plan.together.objective
        together = stored_request(plan).together
        assert together is not None and together.this == number
        assert [(model.name, model.weight) for model in together.models] == [("wide", 3), ("deep", 2)]


def test_each_is_the_best_mapping_on_the_overlay(plans: tuple[Plan, ...]) -> None:
    for plan, network in zip(plans, (WIDE, DEEP), strict=True):
        kept = plan_network(network, *on_overlay_of(plan, Request()))
        assert kept.layers == plan.layers and kept.overlay == plan.overlay


def test_no_given_array_is_better(plans: tuple[Plan, ...]) -> None:
    """Every array of the budget by itself, on which the buffers are chosen together."""
    assert plans[0].together is not None
    found = []
    for rows in range(1, 7):
        for columns in range(1, 6 // rows + 1):
            try:
                one = plan_together((WIDE, DEEP), DEVICE, replace(SMALL, array=(rows, columns)), weights=(3, 2))
            except InfeasibleError:
                continue
            assert one[0].together is not None and one[0].solver.arrays_considered == 1
            found.append(one[0].together.objective)
    assert plans[0].together.objective == min(found)


def test_saved_and_read_again(plans: tuple[Plan, ...], tmp_path: Path) -> None:
    plans[1].save(tmp_path / "deep.json")
    assert load_plan(tmp_path / "deep.json") == plans[1]


def test_one_network_is_a_plan_of_its_own() -> None:
    (alone,) = plan_together((DEEP,), DEVICE, SMALL)
    plan = plan_network(DEEP, DEVICE, SMALL)
    assert alone.layers == plan.layers and alone.overlay == plan.overlay
    assert replace(alone.solver, seconds=0.0) == replace(plan.solver, seconds=0.0)


def test_worst_case(plans: tuple[Plan, ...]) -> None:
    worst = plan_together((WIDE, DEEP), DEVICE, SMALL, objective=Aggregate.WORST)
    assert worst[0].together is not None
    assert worst[0].together.objective == max(plan.solver.objective for plan in worst)
    alone = [plan_network(network, DEVICE, SMALL).solver.objective for network in (WIDE, DEEP)]
    assert worst[0].together.objective >= max(alone)
    assert plans[0].solver.objective >= alone[0] and plans[1].solver.objective >= alone[1]


def test_restrictions_hold_everywhere_and_pins_where_the_layer_is() -> None:
    """Both have layers 0 and 1; only the second has layer 2."""
    pins: dict[str, tuple[Algorithm, Dataflow | None]] = {
        "layer1": (Algorithm.IM2COL, Dataflow.NS),
        "layer2": (Algorithm.KN2ROW, Dataflow.IS),
    }
    pinned = plan_together((WIDE, DEEP), DEVICE, replace(SMALL, pins=pins, dataflows=(Dataflow.WS,)))
    chosen = [[(x["algorithm"], x["dataflow"]) for x in plan.document()["layers"]] for plan in pinned]
    assert chosen[0][1] == chosen[1][1] == ("im2col", "ns") and chosen[1][2] == ("kn2row", "is")
    assert chosen[0][0][1] == chosen[1][0][1] == "ws"
    assert stored_request(pinned[0]).pins == pins


def test_on_a_given_overlay(plans: tuple[Plan, ...]) -> None:
    """Nothing is left to choose but the mappings, so weights do not matter to them."""
    board, request = on_overlay_of(plans[0], Request())
    kept = plan_together((DEEP, WIDE), board, request, weights=(1, 7))
    assert kept[0].layers == plans[1].layers and kept[1].layers == plans[0].layers
    assert kept[0].solver.arrays_considered == 1


def test_what_is_refused() -> None:
    both = (WIDE, DEEP)
    with pytest.raises(InputError, match="--weights gives 3 for 2 models"):
        plan_together(both, DEVICE, SMALL, weights=(1, 2, 3))
    with pytest.raises(InputError, match="must be positive, found 0"):
        plan_together(both, DEVICE, SMALL, weights=(1, 0))
    with pytest.raises(InputError, match="at least one"):
        plan_together((), DEVICE, SMALL)
    with pytest.raises(InputError, match="'layer9', which is a convolution of none of the models"):
        plan_together(both, DEVICE, replace(SMALL, pins={"layer9": (Algorithm.IM2COL, None)}))
    with pytest.raises(InputError, match="leave --cost-model out"):
        plan_together(both, DEVICE, replace(SMALL, cost_model="paper"))
    huge = _network("huge", 512, 2, 4000, (3,))
    with pytest.raises(InfeasibleError, match="layer 'layer0' fits no array of this device"):
        plan_together((WIDE, huge), DEVICE, SMALL)


def test_the_api_takes_words() -> None:
    import dynamap

    plans = dynamap.plan_together((WIDE, DEEP), DEVICE, weights=(3, 2), objective="worst", multipliers=6)
    assert plans[0].together is not None
    assert plans[0].together.objective == max(3 * plans[0].solver.objective, 2 * plans[1].solver.objective)
    with pytest.raises(InputError, match="objective does not know 'mean': choose from sum, worst"):
        dynamap.plan_together((WIDE, DEEP), DEVICE, objective="mean")
