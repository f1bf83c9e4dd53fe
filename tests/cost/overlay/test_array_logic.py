"""LUTs and flip-flops of the array, as estimated, against what Yosys mapped (benchmarks/results/rtl_resources.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dynamap.cost
from dynamap.cost.multiplier import DSP48E1
from dynamap.cost.overlay.fitting.logic.array import ARRAY_UNCERTAINTY_PERCENT, array_ff, array_lut

RESULTS = Path(dynamap.cost.__file__).parents[1] / "benchmarks" / "results" / "rtl_resources.json"


def measured() -> list[dict[str, Any]]:
    """Whole arrays."""
    cells = json.loads(RESULTS.read_text())["cells"]
    return [cell for cell in cells if cell["top"] == "systolic_array"]


def test_every_measured_array_is_within_the_interval() -> None:
    # None of them was used for the fit, which is of columns, accumulators and edges by themselves.
    cells = measured()
    assert {cell["parameters"]["OperandBits"] for cell in cells} == {8, 16}
    for cell in cells:
        size = [cell["parameters"][name] for name in ("Rows", "Columns", "OperandBits")]
        for name, estimate in (("lut", array_lut(*size)), ("ff", array_ff(*size))):
            off = abs(int(estimate) - cell[name]) * 100 / cell[name]
            assert off <= ARRAY_UNCERTAINTY_PERCENT, (cell["about"], name, int(estimate), cell[name])


@pytest.mark.parametrize(("rows", "columns", "lut", "ff"), [(1, 1, 359, 393), (8, 1, 625, 603), (9, 1, 706, 720)])
def test_small_arrays_by_hand(rows: int, columns: int, lut: int, ff: int) -> None:
    # 1 x 1: accumulator 313 + left 22 + top 24; 20 of the PE + split 41 + accumulator 301 + left 10 + top 21.
    # 8 x 1: 313 + 8 x 22 + 16 x 7 (rows 1 to 7 are delayed, a LUT a bit) + 24; 160 + 41 + 301 + 80 + 21.
    # 9 x 1: two groups, so an adder more (43, 46) and a split more (41).
    assert (int(array_lut(rows, columns, 16)), int(array_ff(rows, columns, 16))) == (lut, ff)


def test_an_array_of_dsp48e1_by_hand() -> None:
    # 9 x 1: three groups of four rows. 2 adders, accumulator, 9 x 14 + 8 x 8 (rows 1 to 8 are delayed), 3 offsets,
    # 24 at the top; 12 of each PE, 3 splits, 2 adders, accumulator, 9 x 7, 3 offsets, 21.
    size = (9, 1, 8, DSP48E1)
    assert int(array_lut(*size)) == 2 * 43 + 313 + 126 + 64 + 3 * 36 + 24
    assert int(array_ff(*size)) == 9 * 12 + 3 * 41 + 2 * 46 + 301 + 63 + 3 * 30 + 21


def test_the_edges_and_columns_of_dsp48e1_are_no_more_than_estimated_by_a_quarter() -> None:
    """Mapped by themselves: an array without its accumulators, which are those of any other."""
    cells = {cell["about"]: cell for cell in json.loads(RESULTS.read_text())["cells"]}
    for rows in (16, 40, 64):
        for name, estimate, accumulator in (("lut", array_lut, 313), ("ff", array_ff, 301)):
            parts = (f"column of DSP48E1, {rows} rows", f"left edge of DSP48E1, {rows} rows")
            column, left = (cells[about][name] for about in parts)
            found = 16 * column + left + cells["top edge of DSP48E1, 16 columns"][name]
            off = int(estimate(rows, 16, 8, DSP48E1)) - 16 * accumulator - found
            assert -0.15 * found <= off <= 0.25 * found, (rows, name, off, found)


def test_delays_beyond_a_lut_take_another() -> None:
    # Rows 1 to 32 are delayed within one LUT a bit, row 33 takes a second one.
    rows = np.array([33, 34])
    less, more = array_lut(rows, 1, 16)
    assert more - less == 22 + 16 * 2
