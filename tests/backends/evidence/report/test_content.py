"""What the page says is what the plan says: both are read independently and compared."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from dynamap.backends.evidence.report import Evidence, Scope, Wanted, gather, html_report
from dynamap.backends.evidence.report.evidence import Baselines, Replay
from dynamap.backends.simulator.engine import Unit
from dynamap.planner.models import resolve
from dynamap.planner.plan.plan import Plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from dynamap.planner.studies.baselines import plan_baseline
from support.report_page import Node, data_of, read_page, table_rows


def number(text: str) -> float:
    """The first number of a text, with separators of thousands and a typographic minus."""
    found = re.search(r"[−-]?\d[\d,]*(\.\d+)?", text)
    assert found, text
    return float(found.group().replace(",", "").replace("−", "-"))


def style(node: Node, key: str) -> float:
    """A percentage of an element's style."""
    (value,) = re.findall(rf"{key}:([\d.]+)%", node.attributes["style"])
    return float(value)


def test_the_summary_states_the_figures_and_the_proof(page: Node, googlenet: Plan) -> None:
    text = page.by_id("summary").text
    solver = googlenet.solver
    assert f"{googlenet.latency_ms:,.3f} ms" in text
    assert f"{googlenet.overlay.rows} × {googlenet.overlay.columns}" in text
    assert "Proven optimal" in text and f"Over all {solver.arrays_considered:,} arrays that fit the device" in text
    facts = {
        row.all("dt")[0].text: row.all("dd")[0].text for row in page.by_id("summary").all("div") if row.all("dt")[:1]
    }
    for key, value in (
        ("Objective", f"{solver.objective:,} cycles"),
        ("Bound", f"{solver.bound:,} cycles"),
        ("Gap", "0"),
        ("Arrays considered", f"{solver.arrays_considered:,}"),
        ("Arrays solved", f"{solver.arrays_solved:,}"),
        ("Treewidth", str(solver.treewidth)),
        ("Solver", "dp"),
        ("Multipliers", f"{googlenet.overlay.multipliers:,}"),
        ("Clock", "300 MHz"),
    ):
        assert facts[key] == value


def test_an_unproven_plan_is_not_called_optimal(googlenet: Plan) -> None:
    bound = googlenet.solver.objective * 9 // 10
    open_plan = replace(googlenet, solver=replace(googlenet.solver, status="feasible", bound=bound))
    text = read_page(html_report([gather(open_plan, "p.json", "", Wanted(Scope.NONE))])).by_id("summary").text
    assert "Not proven optimal" in text and "Proven optimal" not in text
    assert f"the search ended with the bound {bound:,}, so that at most 10.0%" in text


def described(plan: Plan) -> list[SimpleNamespace]:
    """The layers as the plan's document has them."""
    return [SimpleNamespace(**layer) for layer in plan.document()["layers"]]


def test_shares_of_time_add_up_by_algorithm(page: Node, googlenet: Plan) -> None:
    by_algorithm: dict[str, int] = {}
    for layer in googlenet.document()["layers"]:
        algorithm = layer["algorithm"] or "vector"
        by_algorithm[algorithm] = by_algorithm.get(algorithm, 0) + layer["cycles"]
    stack = page.by_id("summary").all("div", "stack")[0]
    shown = {part.attributes["class"].split("k-")[1]: style(part, "width") for part in stack.all("span")}
    assert shown.keys() == {key for key, cycles in by_algorithm.items() if cycles}
    for key, share in shown.items():
        assert share == pytest.approx(100 * by_algorithm[key] / googlenet.solver.objective, abs=1e-3)


def test_the_table_has_every_layer_with_its_numbers(page: Node, googlenet: Plan) -> None:
    table = page.by_id("layers")
    heads = [head.text for head in table.all("th")]
    rows = table_rows(table)
    assert len(rows) == len(googlenet.layers)
    for cells, layer in zip(rows, described(googlenet), strict=True):
        shown = dict(zip(heads, cells, strict=True))
        assert shown["Layer"].text == layer.name
        assert shown["Op"].text == layer.op
        assert shown["In"].text == " × ".join(map(str, layer.shape["in"]))
        assert int(shown["Cycles"].text.replace(",", "")) == layer.cycles
        assert shown["Cycles"].attributes["data-v"] == str(layer.cycles)
        assert float(shown["µs"].attributes["data-v"]) == pytest.approx(layer.cycles / 300)
        assert shown["Flow"].text == (layer.dataflow or "")
        assert shown["Bound by"].text == (layer.bound_by or "")
        if layer.algorithm:
            tile = {None: "", 2: " F(2,3)", 4: " F(4,3)", 5: " F(5,4)"}[layer.winograd_tile]
            assert shown["Algorithm"].text.lower() == f"{layer.algorithm}{tile.lower()}"
            assert number(shown["Use"].text) == pytest.approx(100 * layer.utilization, abs=0.06)
        if layer.runner_up:
            assert shown["Runner-up"].text == f"{layer.runner_up['algorithm']}/{layer.runner_up['dataflow']}"
            gap = 100 * layer.runner_up["extra"] / layer.cycles
            assert number(shown["Gap"].text) == pytest.approx(gap, abs=0.06)


def test_the_script_knows_every_option(page: Node, googlenet: Plan) -> None:
    (data,) = data_of(page)
    tiles = {None: "", 2: " F(2,3)", 4: " F(4,3)", 5: " F(5,4)"}
    for shown, layer in zip(data["layers"], described(googlenet), strict=True):
        assert (shown["name"], shown["cost"]) == (layer.name, layer.cycles)
        assert shown["options"] == [
            [
                f"{o['algorithm']}{tiles[o['winograd_tile']]}/{o['dataflow']}",
                (o["algorithm"], o["dataflow"]) == (layer.algorithm, layer.dataflow),
                f"{o['input_format']} → {o['output_format']}",
                o["cost"],
            ]
            for o in layer.options
        ]


def test_the_graph_has_every_layer_once_and_every_edge(page: Node, googlenet: Plan) -> None:
    network = resolve("googlenet", weights=False)
    nodes = page.by_id("graph").all("g", "node")
    assert [int(node.attributes["data-layer"]) for node in nodes] == list(range(len(googlenet.layers)))
    for node, layer in zip(nodes, described(googlenet), strict=True):
        kind = node.attributes["class"].split("k-")[1]
        expected = "host" if layer.host else "free" if layer.in_place else layer.algorithm or "vector"
        assert kind == expected
        assert node.all("title")[0].text.split("\n")[0] == layer.name
    # An edge is drawn from the bottom of a box to the top of another one; entries repeat a producer in another card,
    # and what goes out of the network has a box of its own.
    drawn = set()
    for card in page.by_id("graph").all("svg", "network"):
        tops, bottoms = {}, {}
        for box in [g for g in card.all("g") if g.attributes["class"].split()[0] in ("node", "entry")]:
            name = box.all("title")[0].text.split("\n")[0]
            rect = box.all("rect")[0].attributes
            middle = int(rect["x"]) + int(rect["width"]) // 2
            bottom = int(rect["y"]) + int(rect["height"])
            bottoms[middle, bottom] = name
            tops[middle, int(rect["y"])] = name
        for path in card.all("path", "edge"):
            if "on" in path.attributes["class"].split():
                continue
            numbers = list(map(int, re.findall(r"\d+", path.attributes["d"])))
            drawn.add((bottoms[numbers[0], numbers[1]], tops[numbers[-2], numbers[-1]]))
    maker = {tensor: tensor for tensor in network.inputs}
    edges = set()
    for layer in network.layers:
        edges |= {(maker[tensor], layer.name) for tensor in layer.inputs}
        maker[layer.output] = layer.name
    edges |= {(maker[tensor], tensor) for tensor in network.outputs}
    assert drawn == edges


@pytest.mark.parametrize("size", ["broad", "narrow"])
def test_points_of_the_roofline_stand_where_their_numbers_say(page: Node, googlenet: Plan, size: str) -> None:
    chart, strip = page.by_id("roofline").all("svg", size)
    marks = chart.all("path", "mark")
    working = [i for i, layer in enumerate(googlenet.layers) if layer.macs]
    assert [int(mark.attributes["data-layer"]) for mark in marks] == working
    points = []
    for mark in marks:
        layer = googlenet.layers[int(mark.attributes["data-layer"])]
        intensity = layer.macs / (layer.bytes_read + layer.bytes_written)
        speed = layer.macs * 300e6 / layer.cycles / 1e9
        hint = mark.all("title")[0].text.split("\n")[-1]
        shown = [float(value.replace(",", "")) for value in re.findall(r"[\d,]+\.?\d*", hint)]
        assert shown == pytest.approx([speed, intensity], rel=6e-3)
        x, y = map(float, re.findall(r"[\d.]+", mark.attributes["transform"]))
        points.append((math.log(intensity), math.log(speed), x, y))
    # Logarithmic axes: pixels are linear in the logarithms.
    for measured, pixel in ((0, 2), (1, 3)):
        low, high = min(points, key=lambda p: p[measured]), max(points, key=lambda p: p[measured])
        slope = (high[pixel] - low[pixel]) / (high[measured] - low[measured])
        assert (slope > 0) == (pixel == 2)
        for point in points:
            assert point[pixel] == pytest.approx(low[pixel] + slope * (point[measured] - low[measured]), abs=0.2)
    single = googlenet.overlay.rows * googlenet.overlay.columns * 300e6 / 1e12  # a product of each PE in every cycle
    assert f"direct peak, {2 * single:.2f} TMAC/s" in chart.text
    assert f"one product per multiplier, {single:.2f} TMAC/s" in chart.text and "memory, 76.8 GB/s" in chart.text
    moving = [i for i, layer in enumerate(googlenet.layers) if layer.cycles and not layer.macs]
    assert [int(mark.attributes["data-layer"]) for mark in strip.all("path", "mark")] == moving


def test_the_time_line_is_the_simulation(page: Node, evidence: Evidence, googlenet: Plan) -> None:
    assert isinstance(evidence.replay, Replay)
    simulation = evidence.replay.simulation
    (data,) = data_of(page)
    spans: dict[str, list[tuple[int, int, int]]] = {}
    for name, flat in zip(("LOAD", "PLACE", "COMPUTE", "POST", "STORE"), data["spans"], strict=True):
        clock, row = 0, []
        for at in range(0, len(flat), 5):
            start = clock + flat[at]
            clock = start + flat[at + 1]
            row.append((start, clock, flat[at + 2]))
        spans[name] = row
    expected: dict[str, list[tuple[int, int, int]]] = {name: [] for name in spans}
    for step in simulation.passes:
        for span in step.run.spans:
            expected[span.unit.value].append((step.start + span.start, step.start + span.end, step.layer))
    assert spans == expected
    slots = page.by_id("timeline").all("rect", "slot")
    timed = [(index, layer.cycles) for index, layer in enumerate(googlenet.layers) if layer.cycles]
    assert [int(slot.attributes["data-layer"]) for slot in slots] == [index for index, _ in timed]
    scale = sum(float(slot.attributes["width"]) for slot in slots) / googlenet.solver.objective
    for slot, (_, cycles) in zip(slots, timed, strict=True):
        assert float(slot.attributes["width"]) == pytest.approx(cycles * scale, abs=0.01)
    busy = [s for step in simulation.passes for s in step.run.spans if s.unit is Unit.COMPUTE]
    rows = {row.all("th")[0].text: row.all("td")[1].text for row in page.by_id("timeline").all("tbody")[0].all("tr")}
    occupied = sum(s.end - s.start - s.waited for s in busy)
    assert int(rows["COMPUTE"].replace(",", "")) == occupied >= sum(layer.compute_cycles for layer in googlenet.layers)


def test_the_drawing_for_paper_shows_how_busy_a_unit_is(page: Node, googlenet: Plan) -> None:
    """The area of COMPUTE's curve is its share of the time, to what the rounding of the curve loses."""
    curve = page.by_id("timeline").all("path", "u-compute")[0].attributes["d"]
    steps = re.findall(r"([MHV])([\d.]+)(?: ([\d.]+))?", curve)
    base = x = y = float(steps[0][2])
    left = x = float(steps[0][1])
    area = 0.0
    for letter, value, _ in steps[1:]:
        if letter == "H":
            area += (float(value) - x) * (base - y)
            x = float(value)
        else:
            y = float(value)
    height = 28.0
    share = area / ((x - left) * height)
    spans = sum(layer.compute_cycles for layer in googlenet.layers)
    assert share == pytest.approx(spans / googlenet.solver.objective, abs=0.03)


def test_resource_bars_and_their_intervals(page: Node, googlenet: Plan) -> None:
    bars = page.by_id("resources").all("li")
    assert len(bars) == len(googlenet.resources)
    for bar, use in zip(bars, googlenet.resources, strict=True):
        share = 100 * use.used / use.available
        assert style(bar.all("i", "fill")[0], "width") == pytest.approx(share, abs=0.006)
        assert f"{use.used:,}" in bar.text and f"of {use.available:,}" in bar.text
        if not use.uncertainty_percent:
            assert not bar.all("i", "interval") and "exactly" in bar.text
            continue
        (interval,) = bar.all("i", "interval")
        assert style(interval, "left") == pytest.approx(share * (1 - use.uncertainty_percent / 100), abs=0.01)
        assert style(interval, "width") == pytest.approx(2 * share * use.uncertainty_percent / 100, abs=0.02)


def test_fixed_strategies_stand_beside_the_plan(page: Node, googlenet: Plan) -> None:
    rows = {
        bar.all("span", "who")[0].all("span")[0].text if bar.all("span", "who")[0].all("span") else "plan": bar
        for bar in page.by_id("strategies").all("li")
    }
    assert set(rows) >= {"plan", "im2col", "kn2row", "winograd", "ns", "ws", "is", "compute of the device"}
    network = resolve("googlenet", weights=False)
    array = Request(array=(googlenet.overlay.rows, googlenet.overlay.columns))
    for strategy in ("kn2row", "is"):
        found = plan_baseline(network, "u200", strategy, array)
        assert f"{found.latency_ms:.3f} ms" in rows[strategy].text
        assert f"{found.latency_ms / googlenet.latency_ms:.2f}×" in rows[strategy].text
        assert rows[strategy].all("span", "badge")[0].text == "proven"
    widths = {name: style(bar.all("i", "fill")[0], "width") for name, bar in rows.items()}
    # NS has one product per multiplier, and by im2col alone.
    assert widths["plan"] < widths["kn2row"] < widths["winograd"] < widths["ns"] == 100.0
    assert widths["compute of the device"] < widths["compute of the array"] < widths["plan"]


def test_full_baselines_have_arrays_of_their_own(hostile_model: Path) -> None:
    network = resolve(str(hostile_model), weights=False)
    plan = plan_network(network, "pynq-z2")
    found = gather(plan, "p.json", "", Wanted(Scope.FULL), folder=hostile_model.parent)
    section = read_page(html_report([found])).by_id("strategies")
    rows = {bar.all("span", "who")[0].all("span")[0].text: bar for bar in section.all("li")[1:]}
    assert list(rows)[:7] == ["two-step", "im2col", "kn2row", "winograd", "ns", "ws", "is"]
    for strategy in ("two-step", "ns"):
        expected = plan_baseline(network, "pynq-z2", strategy)
        assert f"on {expected.rows} × {expected.columns}" in rows[strategy].text
        shown = rows[strategy].all("b")[0].text
        assert number(shown) == pytest.approx(expected.latency_ms * (1 if "ms" in shown else 1000), rel=6e-3)
    assert "its own best array" in section.text


def test_a_strategy_that_finds_nothing_says_why(hostile: Evidence) -> None:
    assert isinstance(hostile.baselines, Baselines)
    failed = replace(hostile.baselines, failed=(("two-step", "nothing in 0.001 s <b>"),))
    section = read_page(html_report([replace(hostile, baselines=failed)])).by_id("strategies")
    assert "two-step found no plan: nothing in 0.001 s <b>" in section.text


def test_what_was_checked_is_said(page: Node, googlenet: Plan) -> None:
    rows = {row.all("th")[0].text: row for row in page.by_id("checks").all("tbody")[0].all("tr")}
    assert list(rows) == ["predicted", "verified", "simulated", "emulated", "measured"]
    assert f"{googlenet.solver.objective:,} cycles: equal to the plan, every counter" in rows["simulated"].text
    assert "12 checks passed" in rows["verified"].text or "11 checks passed" in rows["verified"].text
    assert "No run was given" in rows["emulated"].text and "No vendor tool's report" in rows["measured"].text
