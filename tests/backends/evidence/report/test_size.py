"""A page can be mailed: the largest network fits, and a program of many blocks is thinned out without losing work."""

from __future__ import annotations

import pytest

from dynamap.backends.evidence.report import Evidence, Scope, Wanted, gather, html_report, timeline
from dynamap.backends.evidence.report.evidence import Replay
from dynamap.planner.models import resolve
from dynamap.planner.planning import plan_network
from support.report_page import data_of, read_page


def test_the_page_of_inception_v4_is_small_and_whole() -> None:
    plan = plan_network(resolve("inception-v4", weights=False), "u200")
    text = html_report([gather(plan, "plan.json", "", Wanted(Scope.NONE))])
    assert len(text.encode()) < 1_500_000
    page = read_page(text)
    assert len(page.by_id("graph").all("g", "node")) == len(plan.layers) > 180
    assert len(page.by_id("layers").all("tr")) == 1 + len(plan.layers)
    assert data_of(page)[0]["slots"] == [layer.cycles for layer in plan.layers]


def test_too_many_spans_are_joined_and_their_work_is_kept(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(evidence.replay, Replay)
    simulation = evidence.replay.simulation
    every = timeline.spans(simulation)
    monkeypatch.setattr(timeline, "_MOST_SPANS", 600)
    fewer = timeline.spans(simulation)
    assert sum(map(len, fewer)) < sum(map(len, every))
    for unit, row, whole in zip(timeline.UNITS, fewer, every, strict=True):
        work = sum(length - idle for length, idle in zip(row[1::5], row[4::5], strict=True))
        assert work == timeline.busy_cycles(simulation)[unit]
        assert sum(row[0::5]) + sum(row[1::5]) == sum(whole[0::5]) + sum(whole[1::5])  # the end of the last span
        assert min(row[0::5]) >= 0 and set(row[2::5]) == set(whole[2::5])
    assert any(-2 in row[3::5] for row in fewer)
