"""Several plans on one page: their figures, their latencies, and the same layers side by side."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from dynamap.backends.evidence.report import Evidence, Scope, Wanted, gather, html_report
from dynamap.backends.evidence.report.comparison import matches
from dynamap.backends.evidence.report.kinds import way_of
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.planner.models import resolve
from dynamap.planner.plan.plan import Plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from support.report_page import Node, read_page, table_rows

NOTHING = Wanted(Scope.NONE)


@pytest.fixture(scope="module")
def slower(hostile_model: Path) -> Plan:
    """The hostile model by one dataflow, at another clock."""
    request = Request(array=(8, 8), clock_mhz=150.0, algorithms=(Algorithm.KN2ROW,), dataflows=(Dataflow.WS,))
    return plan_network(resolve(str(hostile_model), weights=False), "zcu104", request)


@pytest.fixture(scope="module")
def compared(hostile: Evidence, slower: Plan) -> Node:
    return read_page(html_report([hostile, gather(slower, "slower.json", "2" * 64, NOTHING)])).by_id("comparison")


def test_the_figures_stand_side_by_side(compared: Node, hostile: Evidence, slower: Plan) -> None:
    table = compared.all("table", "figures-table")[0]
    rows = {row.all("th")[0].text: row for row in table.all("tbody")[0].all("tr")}
    cells = {name: [cell.text for cell in row.all("td")] for name, row in rows.items()}
    assert cells["Plan file"] == ["<i>plan.json", "slower.json"]
    assert cells["Latency"] == [f"{hostile.plan.latency_ms:.6f} ms", f"{slower.latency_ms:.6f} ms"]
    assert cells["Clock"] == ["300 MHz", "150 MHz"] and cells["Array"] == ["8 × 8", "8 × 8"]
    differing = {name for name, row in rows.items() if row.attributes.get("class") == "differs"}
    assert {"Clock", "Latency"} <= differing and "Array" not in differing
    for use in slower.resources:
        assert any(f"{use.used:,} (" in texts[1] for texts in cells.values())


def test_latencies_are_bars_on_one_scale(compared: Node, hostile: Evidence, slower: Plan) -> None:
    first, second = compared.all("ul", "bars")[0].all("li")
    widths = [
        float(re.findall(r"width:([\d.]+)%", bar.all("i", "fill")[0].attributes["style"])[0]) for bar in (first, second)
    ]
    assert widths[1] == 100.0
    assert widths[0] == pytest.approx(100 * hostile.plan.latency_ms / slower.latency_ms, abs=0.006)
    more = 100 * (slower.latency_ms / hostile.plan.latency_ms - 1)
    assert f"+{more:.1f}%" in second.text and "%" not in first.all("span", "what")[0].text


def test_layers_of_the_same_name_are_compared_in_time(compared: Node, hostile: Evidence, slower: Plan) -> None:
    table = compared.by_id("compared")
    heads = [head.text for head in table.all("th")]
    assert heads == ["Layer", "Op", "A: how", "A, µs", "B: how", "B, µs", "B − A, µs", "B ÷ A"]
    rows = table_rows(table)
    assert len(rows) == len(hostile.plan.layers)
    for cells, here, there in zip(rows, hostile.plan.layers, slower.layers, strict=True):
        assert here.name == there.name
        before, after = here.cycles / 300, there.cycles / 150
        keys = [cell.attributes["data-v"] for cell in cells]
        assert float(keys[3]) == pytest.approx(before / 1000) and float(keys[5]) == pytest.approx(after / 1000)
        assert float(keys[6]) == pytest.approx(after - before)
        assert float(keys[7]) == pytest.approx(after / before)
        changed = "changed" in cells[4].attributes.get("class", "")
        assert changed == (way_of(here) != way_of(there))
        assert ("worse" in cells[6].attributes["class"]) == (after > before)
    assert any("changed" in row[4].attributes.get("class", "") for row in rows)


def test_layers_that_a_plan_lacks_are_left_open(hostile: Evidence, slower: Plan) -> None:
    fewer = replace(slower, layers=slower.layers[1:])
    others = [gather(plan, "p.json", "", NOTHING) for plan in (fewer, slower)]
    page = read_page(html_report([hostile, *others]))
    assert "The plan's layers are not the model's" in page.by_id("p1-graph").text
    rows = table_rows(page.by_id("compared"))
    assert [cell.text for cell in rows[0][4:8]] == ["–"] * 4
    assert rows[0][9].text != "–" and rows[1][5].text != "–"


def test_a_name_that_comes_twice_is_two_layers(slower: Plan) -> None:
    twice = replace(slower, layers=(slower.layers[0], slower.layers[0], slower.layers[1]))
    found = matches([slower, twice])
    assert len(found) == len(slower.layers) + 1
    assert [match.name for match in found].count(slower.layers[0].name) == 2
    assert sum(match.layers[0] is None for match in found) == 1


def test_plans_without_a_common_layer_are_compared_as_a_whole(hostile: Evidence, paper_plan: Plan) -> None:
    page = read_page(html_report([hostile, gather(paper_plan, "paper.json", "", NOTHING)]))
    text = page.by_id("comparison").text
    assert "The plans have no layers of the same name." in text
    assert "different cost models: their times are answers to different questions" in text
    assert page.by_id("p1-summary") and page.by_id("p0-layers")


def test_thirty_plans_have_thirty_names(slower: Plan) -> None:
    parts = [gather(slower, f"{index}.json", "", NOTHING) for index in range(30)]
    page = read_page(html_report(parts))
    heads = [head.text for head in page.by_id("compared").all("th")]
    assert heads[-4:] == ["AD: how", "AD, µs", "AD − A, µs", "AD ÷ A"]
    assert len(page.all("article")) == 30
