"""Fronts against their definition, on made-up answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dynamap.planner.explore.fronts import Axis, fronts_of, setting_words, undominated, varying_settings
from dynamap.planner.explore.plots import write_plots
from dynamap.planner.explore.row import Row


def row(number: int, used: int, cycles: int | None, *, budget: int = 0, status: str = "", **more: object) -> Row:
    """A row of made-up multipliers; infeasible without cycles."""
    base = Row(
        combination=number,
        model="m",
        device="d",
        clock_mhz=100.0,
        bandwidth_gbs=1.0,
        fill_percent=80,
        packing="on",
        algorithms="im2col",
        dataflows="ns",
        solver="dp",
        multipliers_budget=budget or used,
        on_chip_budget_bytes=1000,
        status=status or ("infeasible" if cycles is None else "optimal"),
        reason="",
        objective_cycles=cycles,
        latency_ms=None if cycles is None else cycles / 1e5,
        multipliers=None if cycles is None else used,
        on_chip_bytes=None if cycles is None else 500,
    )
    return replace(base, **more)  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.one_of(st.none(), st.integers(1, 12))), max_size=12))
def test_a_front_is_what_nothing_dominates(answers: list[tuple[int, int | None]]) -> None:
    rows = [row(number, used, cycles) for number, (used, cycles) in enumerate(answers)]
    points = {(used, cycles) for used, cycles in answers if cycles is not None}
    expected = {(u, c) for u, c in points if not any((v <= u and d <= c) and (v, d) != (u, c) for v, d in points)}
    front = [(r.multipliers, r.objective_cycles) for r in undominated(rows, Axis.MULTIPLIERS)]
    assert set(front) == expected and len(front) == len(expected)
    assert front == sorted(front) and [c for _, c in front] == sorted((c for _, c in front if c), reverse=True)


def test_only_proven_optima_are_points() -> None:
    rows = [row(0, 4, 100), row(1, 8, 50, status="feasible"), row(2, 16, None, status="unknown"), row(3, 20, None)]
    front = fronts_of(rows)[0]
    assert front.axis is Axis.MULTIPLIERS and front.places == ((4, 0.001),)
    assert (front.swept, front.unproven) == (4, 2)


def test_the_other_budget_is_at_its_largest() -> None:
    """A row with less memory is slower for its multipliers, and would look like a point between two others."""
    whole = [row(0, 10, 100, on_chip_budget_bytes=1000), row(1, 20, 50, on_chip_budget_bytes=1000)]
    half = [
        row(2, 9, 110, budget=10, on_chip_budget_bytes=500, on_chip_bytes=400),
        row(3, 15, 60, budget=20, on_chip_budget_bytes=500, on_chip_bytes=450),
    ]
    multipliers, memory = fronts_of(whole + half)
    assert [r.combination for r in multipliers.points] == [0, 1]
    assert [r.combination for r in memory.points] == [3, 1] and memory.swept == 2


def test_models_devices_and_settings_have_fronts_of_their_own() -> None:
    rows = [
        row(0, 4, 10),
        row(1, 4, 20, device="e"),
        row(2, 4, 30, clock_mhz=50.0),
        row(3, 4, 40, model="n"),
    ]
    fronts = fronts_of(reversed(rows))
    assert [(f.model, f.device, f.axis) for f in fronts[::2]] == [
        ("m", "d", Axis.MULTIPLIERS),
        ("m", "e", Axis.MULTIPLIERS),
        ("m", "d", Axis.MULTIPLIERS),
        ("n", "d", Axis.MULTIPLIERS),
    ]
    assert varying_settings(fronts) == (0,) and varying_settings(fronts[:4]) == ()
    assert setting_words(fronts[4], (0, 2, 3, 4)) == ["50 MHz", "80% fill", "packing on", "algorithms im2col"]
    assert fronts_of([]) == ()


def test_plots(tmp_path: Path) -> None:
    """Files for every model and axis that has points; any name is text and no path; the same bytes every time."""
    rows = [
        row(0, 4, 10, model="../$evil$ <b>"),
        row(1, 9, 5, model="../$evil$ <b>", device="a_{b}$x"),
        row(2, 4, None, model="hopeless"),
    ]
    names = {".._evil_b_-multipliers", ".._evil_b_-on-chip"}
    first = write_plots(fronts_of(rows), tmp_path / "deep" / "a")
    assert {p.name for p in first} == {f"{name}.{kind}" for name in names for kind in ("svg", "png")}
    again = write_plots(fronts_of(rows), tmp_path / "b")
    for one, other in zip(first, again, strict=True):
        assert one.parent == tmp_path / "deep" / "a" and one.read_bytes() == other.read_bytes()
    assert "<b>" not in (tmp_path / "b" / ".._evil_b_-multipliers.svg").read_text().replace("&lt;b&gt;", "")
    assert first[1].read_bytes().startswith(b"\x89PNG")
