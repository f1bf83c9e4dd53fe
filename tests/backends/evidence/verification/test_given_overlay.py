"""Plans on a given overlay: true as they are, and found out where they claim another one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynamap.backends.evidence.verification import Verdict, verify_plan
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.replanning import on_overlay_of, stored_request
from dynamap.planner.request.request import Request
from support.small_plans import mapping


@pytest.fixture(scope="module")
def kept(small_plan: Plan, small_network: Network) -> Plan:
    return plan_network(small_network, *on_overlay_of(small_plan, Request()))


def test_the_same_mapping_on_its_own_overlay(small_plan: Plan, kept: Plan, small_network: Network) -> None:
    assert mapping(kept) == mapping(small_plan) and kept.overlay == small_plan.overlay
    assert verify_plan(kept, small_network).verified
    names = [check.name for check in verify_plan(kept, small_network).checks]
    assert "all arrays" not in names  # there was no choice of arrays to repeat
    assert stored_request(kept).overlay is not None


@pytest.mark.parametrize(
    "key", ["rows", "columns", "input_bytes", "weight_bytes", "accumulator_rows", "row_bytes", "vector_inputs"]
)
def test_another_overlay_than_was_asked_for(kept: Plan, small_network: Network, key: str) -> None:
    request = kept.document()["request"]
    request["overlay"][key] //= 2
    verification = verify_plan(replace(kept, request=request), small_network)
    assert {c.name: c for c in verification.checks}["request"].outcome is Verdict.FAILED
    with pytest.raises(InputError, match=r"'request' cannot be read .*unknown key 'depth'"):
        verify_plan(replace(kept, request={**request, "overlay": {**request["overlay"], "depth": 1}}), small_network)
    del request["overlay"][key]
    with pytest.raises(InputError, match=f"'request' cannot be read .*{key}"):
        verify_plan(replace(kept, request=request), small_network)


def test_an_overlay_that_the_device_cannot_hold(kept: Plan, small_network: Network) -> None:
    """600 columns of 2 x 4096 accumulator rows take two URAM blocks each, of 816, or 16 BRAM blocks each, of 1,836; the
    smallest accumulators, of 2 x 256 rows, take one BRAM block each."""
    assert kept.overlay.accumulator_rows == 4096
    large = replace(kept, overlay=replace(kept.overlay, rows=200, columns=100))
    board, request = on_overlay_of(large, Request())
    with pytest.raises(InfeasibleError, match="200x100 needs 20000 multipliers"):
        plan_network(small_network, board, request)
    wide = replace(kept, overlay=replace(kept.overlay, rows=1, columns=600))
    board, request = on_overlay_of(wide, Request())
    with pytest.raises(InfeasibleError, match="with the buffers of the given overlay does not fit device"):
        plan_network(small_network, board, request)
