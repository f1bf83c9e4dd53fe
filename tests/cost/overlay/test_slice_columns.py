"""Which arrays a chip's columns of slices hold, against slices that are walked one by one."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.device import Device, device_names, load_device, parse_device, shipped_text
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.fitting.candidates import Candidates, arrays_within
from dynamap.cost.overlay.fitting.extras import LEAST_EXTRAS
from dynamap.cost.overlay.fitting.report import report
from dynamap.cost.overlay.fitting.target import array_limit, machine_of
from dynamap.cost.overlay.machine import Overlay
from dynamap.cost.slice_columns import SliceColumns
from dynamap.cost.toml_table import parsed_toml


def walked(slices: SliceColumns, rows: int) -> int:
    """Columns of the array: each slice from the bottom up is the next row, and a cascade ends with its column."""
    stacks = 0
    for region in slices.regions:
        for count, height in region:
            for _ in range(count):
                row = 0
                for _ in range(height):
                    row += 1
                    if row == rows:
                        stacks, row = stacks + 1, 0
    return stacks


@pytest.mark.parametrize("texts", [["3 x 7"], ["2 x 5 + 1 x 3", "4x6"], ["1 x 1"], ["2 x 12", "1 x 12", "3 x 2"]])
@pytest.mark.parametrize("limit", [1, 7, 30, 1000])
def test_arrays_are_all_that_walked_columns_hold(texts: list[str], limit: int) -> None:
    slices = SliceColumns.parse("", texts)
    rows, columns = arrays_within(slices, limit)
    expected = {(r, c) for r in range(1, 30) for c in range(1, walked(slices, r) + 1) if r * c <= limit}
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == expected
    assert len(rows) == len(expected)


def test_without_columns_only_the_number_bounds() -> None:
    rows, columns = arrays_within(SliceColumns(), 6)
    pairs = set(zip(rows.tolist(), columns.tolist(), strict=True))
    assert pairs == {(r, c) for r in range(1, 7) for c in range(1, 7) if r * c <= 6}


@pytest.mark.parametrize(
    ("name", "slices", "stacks", "crossings"),
    [  # stacks of 16 rows in a column, by hand: 120 / 16, 144 / 16, 96 / 16, 200 / 16, 60 / 16 and 20 / 16
        ("u200", 6840, 3 * 19 * 7, 2),
        ("zcu104", 1728, 12 * 9, 0),
        ("kv260", 1248, 13 * 6, 0),
        ("vc709", 3600, 18 * 12, 0),
        ("pynq-z2", 220, 3 * 3 + 2 * 1, 0),
        ("u50", 5952, 32 * 5 + 32 * 6, 1),
        ("u280", 9024, 32 * 5 + 2 * 32 * 6, 2),
        ("u250", 12288, 4 * 32 * 6, 3),
        ("zcu102", 2520, 15 * 10, 0),
    ],
)
def test_columns_of_shipped_devices(name: str, slices: int, stacks: int, crossings: int) -> None:
    columns = load_device(name).resources.multiplier_columns
    assert (columns.slices, columns.held(16), columns.crossings) == (slices, stacks, crossings)
    assert machine_of(load_device(name)).crossings == crossings


def test_intel_devices_have_no_known_columns() -> None:
    for name in device_names():
        device = load_device(name)
        assert device.resources.multiplier_columns.known == (device.vendor == "amd")


@pytest.mark.parametrize("name", device_names())
def test_candidates_leave_a_fifth_and_lie_in_the_columns(name: str) -> None:
    device = load_device(name)
    machine = machine_of(device)
    candidates = Candidates.of(device, machine, array_limit(device, machine))
    assert (candidates.rows * candidates.columns + machine.lane_multipliers).max() <= device.resources.multipliers * 0.8
    slices = device.resources.multiplier_columns
    if slices.known:
        least = np.unique(candidates.rows)
        assert all(candidates.columns[candidates.rows == r].max() <= walked(slices, int(r)) for r in least)


@pytest.mark.parametrize("limit", [40, 63, 64, 80, 500])
def test_columns_of_two_products_are_whole_units_and_small_budgets_lose_nothing(limit: int) -> None:
    """A column makes two channels, a unit has 16; whatever a smaller budget may take, a larger one may."""
    device = load_device("zcu104")
    slices = device.resources.multiplier_columns
    sides = [(r, c) for r in range(1, limit + 1) for c in range(1, min(limit // r, walked(slices, r)) + 1)]
    expected = {(r, c) for r, c in sides if r * c < 64 or (r >= 8 and c % 8 == 0)}
    found = Candidates.of(device, machine_of(device), limit)
    assert set(zip(found.rows.tolist(), found.columns.tolist(), strict=True)) == expected


@pytest.mark.parametrize("name", device_names())
def test_what_is_there_covers_the_upper_ends_of_the_largest_array(name: str) -> None:
    device = load_device(name)
    machine = machine_of(device)
    candidates = Candidates.of(device, machine, array_limit(device, machine))
    largest = int(np.argmax(candidates.rows * candidates.columns))
    rows, columns = int(candidates.rows[largest]), int(candidates.columns[largest])
    buffers = candidates.buffers_for(rows, columns)
    assert buffers
    for some in buffers:
        uses = report(device, Overlay(machine, rows, columns, some), candidates.limit, LEAST_EXTRAS)
        assert {use.name for use in uses if use.uncertainty_percent} >= {"ff"}
        for use in uses:
            assert use.used * (100 + use.uncertainty_percent) <= use.available * 100, (some, use)


def edited(line: str) -> Device:
    text = shipped_text("zcu104").replace('multiplier_columns = ["12 x 144"]', line)
    return parse_device(parsed_toml(text, "mine.toml"), "mine.toml")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"12 x 144"', "expected an array of strings that are not empty, found the string '12 x 144'"),
        ("[]", "expected 1 to 16 regions"),
        ("[12, 144]", "expected an array of strings"),
        ('["12 x"]', "expected COLUMNS x SLICES of each region, such as '19 x 120' or .*, found '12 x'"),
        ('["0 x 144"]', "expected COLUMNS x SLICES"),
        ('["12 x 144 +"]', "expected COLUMNS x SLICES"),
        ('["12 x 14"]', "the columns have 168 slices, and multipliers says that a kernel can use 1,728"),
    ],
)
def test_wrong_columns_are_refused_by_their_key(value: str, message: str) -> None:
    with pytest.raises(InputError, match=r"mine\.toml: \[resources\] multiplier_columns: " + message):
        edited(f"multiplier_columns = {value}")


def test_columns_are_optional_and_are_read_back() -> None:
    assert not edited("").resources.multiplier_columns.known
    device = edited('multiplier_columns = ["6x144 + 6 x 144", "1 x 1"]')
    assert device.resources.multiplier_columns.regions == (((6, 144), (6, 144)), ((1, 1),))
    assert parse_device(device.document(), "again") == device


def test_of_more_multipliers_than_there_are_nobody_knows_the_columns() -> None:
    device = load_device("zcu104")
    assert device.with_overrides(multipliers=1728).resources.multiplier_columns.known
    assert not device.with_overrides(multipliers=1729).resources.multiplier_columns.known
