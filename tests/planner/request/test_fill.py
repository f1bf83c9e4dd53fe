"""The share of a device that a plan leaves free: --fill, the columns of slices, and what a user is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dynamap.cost.device import load_device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.slice_columns import SliceColumns
from dynamap.planner.network.network import Network
from dynamap.planner.plan.layers import OnArray
from dynamap.planner.plan.plan import load_plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.replanning import on_overlay_of
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import target

LANES = 3 * 128  # of a u200: a memory word of 256 bytes, a lane for two of them, three multipliers in each


@pytest.mark.parametrize(
    ("asked", "limit"),
    [  # 6,833 multipliers: 80 % are 5,466, half are 3,416
        ({}, 5466 - LANES),
        ({"fill_percent": "50%"}, 3416 - LANES),
        ({"fill_percent": 100}, 6833 - LANES),
        ({"multipliers": 6072}, 6072),
        ({"multipliers": 6072, "fill_percent": "100%"}, 6072),
        ({"multipliers": 6072, "fill_percent": 80}, 5466 - LANES),
    ],
)
def test_what_the_array_may_take(asked: dict[str, object], limit: int) -> None:
    assert target("u200", Request().asking(asked))[2].limit == limit


@pytest.mark.parametrize("value", ["0%", "101", 0, 101, "eighty", "-5%", 80.5, True])
def test_a_share_is_whole_and_within_all_there_is(value: object) -> None:
    with pytest.raises(InputError, match="fill_percent must be a whole share from 1% to 100%"):
        Request().asking({"fill_percent": value})


@pytest.mark.parametrize("device", ["u200", "zcu104", "pynq-z2", "arria10-gx1150"])
def test_a_plan_leaves_room(small_network: Network, device: str) -> None:
    plan = plan_network(small_network, device)
    uses = {use.name: use for use in plan.resources}
    assert plan.overlay.multipliers * 5 <= load_device(device).resources.multipliers * 4
    for use in uses.values():
        assert use.used * (100 + use.uncertainty_percent) <= use.available * 100, use.name
    assert not [notice for notice in plan.notices if "multipliers" in notice]


def test_who_asks_for_more_is_told(small_network: Network) -> None:
    plan = plan_network(small_network, "zcu104", Request(fill_percent=95))
    assert any("of 1,728 multipliers" in notice and "more than 80% were allowed" in notice for notice in plan.notices)
    assert plan.request["fill_percent"] == 95


def test_the_papers_array_is_planned_where_all_is_asked_for(small_network: Network) -> None:
    # 92 rows: one stack in each of 3 x 19 columns of 120 slices, so that 57 columns are held and 66 are not.
    asked = {"array": "92x66", "clock_mhz": 286.0, "packing": False}
    with pytest.raises(InfeasibleError, match="needs 6072 multipliers and device 'u200' leaves 5082"):
        plan_network(small_network, "u200", Request().asking(asked))
    with pytest.raises(InfeasibleError, match="of device 'u200' hold 57 columns of 92 rows"):
        plan_network(small_network, "u200", Request().asking({**asked, "multipliers": 6072}))
    plan = plan_network(small_network, "u200", Request().asking({**asked, "fill_percent": "100%"}))
    assert (plan.overlay.rows, plan.overlay.columns, plan.overlay.packing) == (92, 66, 1)
    assert any("hold 57 columns of 92 rows and not 66" in notice for notice in plan.notices)


def test_an_overlay_that_exists_is_kept_as_full_as_it_is(small_network: Network) -> None:
    full = plan_network(small_network, "zcu104", Request(array=(48, 30), fill_percent=100))
    assert full.overlay.multipliers * 5 > 1728 * 4
    board, request = on_overlay_of(full, Request())
    again = plan_network(small_network, board, request)
    assert (again.overlay, again.solver.objective) == (full.overlay, full.solver.objective)
    with pytest.raises(InputError, match="--fill cannot be combined with --overlay"):
        on_overlay_of(full, Request(fill_percent=90))


def test_the_papers_model_has_no_lanes_to_leave_room_for(small_network: Network) -> None:
    with pytest.raises(InputError, match="leave --fill out and say --multipliers"):
        plan_network(small_network, "u200", Request(cost_model="paper", fill_percent=80))


def test_plans_of_earlier_versions_are_planned_again(small_network: Network, tmp_path: Path) -> None:
    document = plan_network(small_network, "zcu104").document()
    del document["overlay"]["crossings"]
    (tmp_path / "old.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="'crossings' is missing, as in plans of earlier versions: plan"):
        load_plan(tmp_path / "old.json")


def test_registers_at_borders_are_cycles_of_the_array(small_network: Network) -> None:
    # The same chip as one die: what is left out are two registers between an operand and its stored sum.
    board = load_device("u200")
    one_die = replace(board.resources, multiplier_columns=SliceColumns((((57, 120),),)))
    request = Request(array=(16, 16))
    three, one = (plan_network(small_network, on, request) for on in (board, replace(board, resources=one_die)))
    assert (three.overlay.crossings, one.overlay.crossings) == (2, 0)
    for more, less in zip(three.layers, one.layers, strict=True):
        assert (more.cycles > less.cycles) == isinstance(more, OnArray), more.name
