"""Sweeps as values: their combinations, their identity, and what is refused before any work."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.device import load_device
from dynamap.cost.errors import InputError
from dynamap.planner.explore.budgets import ALL, Budget
from dynamap.planner.explore.identity import CodeIdentity
from dynamap.planner.explore.sweep import Sweep, Swept, differences
from dynamap.planner.request.options import Options
from support.explore.small import LANES, tiny_device, tiny_network

HALF = Budget(percent=Decimal(50))


def test_all_combinations_once_and_in_order(tmp_path: Path) -> None:
    networks = [tiny_network(tmp_path, name) for name in ("a", "b")]
    devices = [tiny_device(tmp_path, "small", multipliers=10), tiny_device(tmp_path, "large", multipliers=1000)]
    options = Swept(
        clocks_mhz=(None, 50.0),
        multipliers=(ALL, HALF, Budget(amount=64)),
        on_chip=(ALL, HALF),
        algorithms=(tuple(Algorithm), (Algorithm.IM2COL,)),
    )
    combinations = Sweep.of(networks, devices, options).combinations
    assert len(combinations) == 2 * 2 * 2 * 3 * 2 * 2
    assert [each.number for each in combinations] == list(range(len(combinations)))
    assert (
        len({repr(replace(each, number=0)) for each in combinations}) == len(combinations) - 16
    )  # 64 is all that the small one has
    first = combinations[:3]
    # 10 multipliers besides the 48 of the lanes: all, half, and no more than there are.
    assert [each.multipliers for each in first] == [10, 5, 10]
    assert {each.request.on_chip_bytes for each in combinations} == {80 * 4608, 40 * 4608}
    assert [each.multipliers for each in combinations if each.device.name == "large"][:3] == [1000, 500, 64]
    assert combinations[0].model.name == "a" and combinations[-1].model.name == "b"


def test_shares_of_the_device_bound_the_budgets(tmp_path: Path) -> None:
    """A share of the multipliers, less those of the lanes, is *all*."""
    device = tiny_device(tmp_path, multipliers=100)
    total = device.resources.multipliers
    options = Swept(fills=(None, 60, 100), multipliers=(ALL, HALF))
    combinations = Sweep.of([tiny_network(tmp_path)], [device], options).combinations
    assert [each.request.fill_percent for each in combinations] == [None, None, 60, 60, 100, 100]
    arrays = [share * total // 100 - 3 * LANES for share in (80, 60, 100)]
    assert [each.multipliers for each in combinations] == [n for all_ in arrays for n in (all_, all_ // 2)]
    with pytest.raises(InputError, match="a value of fills twice"):
        Swept(fills=(80, 80))


def test_requests_are_those_of_plan(tmp_path: Path) -> None:
    """A budget of multipliers that does not bind is no part of the request; where memory is swept, its budget is."""
    sweep = Sweep.of(
        [tiny_network(tmp_path)],
        [tiny_device(tmp_path, multipliers=10)],
        Swept(multipliers=(ALL, Budget(amount=7), Budget(amount=10)), on_chip=(ALL, Budget(amount=10**9), HALF)),
    )
    asked = [(c.request.multipliers, c.request.on_chip_bytes) for c in sweep.combinations]
    assert asked == [(m, b) for b in (80 * 4608, 80 * 4608, 40 * 4608) for m in (None, 7, None)]
    (plain,) = Sweep.of([tiny_network(tmp_path)], [tiny_device(tmp_path, multipliers=10)], Swept()).combinations
    assert (plain.request.multipliers, plain.request.on_chip_bytes) == (None, None)
    assert all(c.request.clock_mhz is None and c.request.packing is None for c in sweep.combinations)


def test_a_device_without_room_for_the_lanes(tmp_path: Path) -> None:
    device = tiny_device(tmp_path, multipliers=1)
    starved = replace(device, resources=replace(device.resources, multipliers=3 * LANES - 5))
    (asked,) = Sweep.of([tiny_network(tmp_path)], [starved], Swept()).combinations
    assert asked.multipliers == 0


def _document(sweep: Sweep) -> dict[str, object]:
    document: dict[str, object] = json.loads(json.dumps(sweep.document()))
    return document


def test_what_identifies_a_sweep(tmp_path: Path) -> None:
    network, other = tiny_network(tmp_path, "a"), tiny_network(tmp_path, "b")
    device = tiny_device(tmp_path)
    sweep = Sweep.of([network], [device], Swept())
    assert differences(_document(sweep), Sweep.of([network], [device], Swept()).document()) == []
    changed = {
        "its models are a and not a, b": Sweep.of([network, other], [device], Swept()),
        "its models are a, b and not b, a": Sweep.of([other, network], [device], Swept()),
        "its model 'a' has other contents": Sweep.of([replace(network, sha256="1" * 64)], [device], Swept()),
        "its device 'tiny' has other contents": Sweep.of([network], [device.with_overrides(60)], Swept()),
        "its devices are tiny and not u50": Sweep.of([network], [load_device("u50")], Swept()),
        "its multipliers is all and not 50%, all": Sweep.of([network], [device], Swept(multipliers=(HALF, ALL))),
        "its on_chip is all and not 50%": Sweep.of([network], [device], Swept(on_chip=(HALF,))),
        "its clocks_mhz is None and not 60.0": Sweep.of([network], [device], Swept(clocks_mhz=(60.0,))),
        "its algorithms is im2col+kn2row+winograd and not im2col": Sweep.of(
            [network], [device], Swept(algorithms=((Algorithm.IM2COL,),))
        ),
        "its packing is None and not False": Sweep.of([network], [device], Swept(alike=Options(packing=False))),
        "its time_limit is None and not 5": Sweep.of([network], [device], Swept(alike=Options(time_limit=5))),
        "it was computed by dynamap 0.0.9 (code 123456789012) and this is": replace(
            sweep, identity=CodeIdentity("0.0.9", "123456789012ab")
        ),
    }
    for words, another in changed.items():
        old, new = (sweep, another) if "0.0.9" not in words else (another, sweep)
        if words == "its models are a, b and not b, a":
            old = Sweep.of([network, other], [device], Swept())
        (sentence,) = differences(_document(old), new.document())
        assert sentence.startswith(words)
        assert old.document()["sha256"] != new.document()["sha256"]
    assert differences({"schema": "dynamap.sweep/9"}, sweep.document()) == [
        "its schema is 'dynamap.sweep/9' and not 'dynamap.sweep/1'"
    ]


def test_refused_before_any_work(tmp_path: Path) -> None:
    network, device = tiny_network(tmp_path), tiny_device(tmp_path)
    with pytest.raises(InputError, match="at least one model"):
        Sweep.of([], [device], Swept())
    with pytest.raises(InputError, match="at least one device"):
        Sweep.of([network], [], Swept())
    with pytest.raises(InputError, match="two models of the sweep are called 'net'"):
        Sweep.of([network, network], [device], Swept())
    with pytest.raises(InputError, match="two devices of the sweep are called 'tiny'"):
        Sweep.of([network], [device, device], Swept())
    with pytest.raises(InputError, match="at least one value of multipliers"):
        Swept(multipliers=())
    with pytest.raises(InputError, match="a value of clocks_mhz twice"):
        Swept(clocks_mhz=(100.0, 100.0))
    for clock in (0.0, -1.0, float("nan"), float("inf"), 5000.0):
        with pytest.raises(InputError, match="the clock"):
            Sweep.of([network], [device], Swept(clocks_mhz=(clock,)))
    with pytest.raises(InputError, match="the bandwidth"):
        Sweep.of([network], [device], Swept(bandwidths_gbs=(0.0,)))
