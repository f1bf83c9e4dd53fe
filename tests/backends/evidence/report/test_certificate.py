"""In which sense a plan is the best is said as the request has it, and never more than was proven."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynamap.backends.evidence.report.certificate import certificate, proven
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.overlay.fitting.extras import NO_PARTS
from dynamap.cost.overlay.machine import Buffers
from dynamap.planner.mapping.objective import Aggregate
from dynamap.planner.plan.parts import TogetherInfo
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.given_overlay import GivenOverlay
from dynamap.planner.request.request import Request, SharingModel, Together
from support.report_page import read_page


def said(plan: Plan, request: Request) -> str:
    return read_page(certificate(plan, request)).text


def test_the_array_that_was_asked_for_bounds_the_claim(googlenet: Plan) -> None:
    rows, columns = googlenet.overlay.rows, googlenet.overlay.columns
    text = said(googlenet, Request(array=(rows, columns), clock_mhz=250.0, multipliers=7000, packing=False))
    assert f"On the array that was asked for, {rows} × {columns} and the buffer sizes that fit beside it" in text
    assert "Asked for: a clock of 250 MHz, at most 7,000 multipliers, no packing." in text
    assert "Over all" not in text


def test_restrictions_and_pins_are_named(googlenet: Plan) -> None:
    pins = {"<n6>": (Algorithm.WINOGRAD, None), "n0": (Algorithm.IM2COL, Dataflow.NS)}
    text = said(googlenet, Request(algorithms=(Algorithm.IM2COL,), dataflows=(Dataflow.WS,), pins=pins))
    assert "the algorithms im2col, the dataflows ws" in text and "Pinned by request: 2 layers (<n6>, n0)." in text
    assert "at most 2 MiB of on-chip memory" in said(googlenet, Request(on_chip_bytes=2 << 20))


def test_a_given_overlay_bounds_the_claim(googlenet: Plan) -> None:
    rows, columns = googlenet.overlay.rows, googlenet.overlay.columns
    given = GivenOverlay(rows, columns, Buffers(1 << 22, 1 << 23, 4096, 8192), NO_PARTS)
    assert f"On the overlay that was given, {rows} × {columns} with its buffers" in said(
        googlenet, Request(overlay=given)
    )


@pytest.mark.parametrize("bound", [588_739, 500_000])
def test_an_overlay_for_several_networks_has_a_proof_of_its_own(googlenet: Plan, bound: int) -> None:
    models = (SharingModel("one", "one", "", 0, 2), SharingModel("<two>", "two", "", 0, 1))
    request = Request(together=Together(Aggregate.SUM, models, 0))
    status = "optimal" if bound == 588_739 else "feasible"
    plan = replace(googlenet, together=TogetherInfo(status, 588_739, bound, (135_878, 316_983)))
    text = said(plan, request)
    assert "On the overlay that was sized for several networks" in text and "Over all" not in text
    assert "2 networks together: one (weight 2, 135,878 cycles), <two> (weight 1, 316,983 cycles)" in text
    assert "the weighted sum of the latencies, 588,739 cycles" in text
    assert proven(plan) == (status == "optimal")
    assert text.startswith("Proven optimal" if status == "optimal" else "Not proven optimal")
    assert ("so this choice is not proven" in text) == (status == "feasible")
    assert f"Together: status{status}" in text


def test_a_status_without_its_bound_is_no_proof(googlenet: Plan) -> None:
    solver = googlenet.solver
    assert proven(googlenet)
    assert not proven(replace(googlenet, solver=replace(solver, bound=solver.objective - 1)))
    assert not proven(replace(googlenet, solver=replace(solver, status="feasible")))
