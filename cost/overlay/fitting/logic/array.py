"""LUTs and flip-flops of the array in RTL: of its columns, accumulators and edges (docs/rtl.md).

The numbers are fitted to what Yosys maps (``python benchmarks/rtl_resources.py``, cells that are no whole array); whole
arrays are the test. The moving operand has 16 bits where the array does Winograd, else 8.
"""

from __future__ import annotations

import numpy as np

from dynamap.cost.multiplier import DSP48E2, Multiplier, lifts
from dynamap.cost.overlay.transfer import Ints, ceil_ratio

OPERAND_BITS = {False: 8, True: 16}
"""Of what a PE passes on, by whether the array does Winograd; a flip-flop each."""
TAG_BITS = 4
"""Passed on with it; a PE takes no LUT."""
SPLIT_FF = 41
"""Of each group of rows: its sum's two parts and their carry."""
TREE_LUT_PER_ADDER, TREE_FF_PER_ADDER = 43, 46
"""Of a column's groups but one."""
ACCUMULATOR_LUT, ACCUMULATOR_FF = 313, 301
LEFT_LUT_PER_ROW, LEFT_FF_PER_ROW = {8: 14, 16: 22}, {8: 7, 16: 10}
TOP_LUT_PER_COLUMN, TOP_FF_PER_COLUMN = 24, 21
"""The edges, without what delays rows and columns."""
OFFSET_LUT, OFFSET_FF = 36, 30
"""Of each group of rows at the left edge where pairs are lifted."""
WEIGHT_BITS = 16
"""That enter a column at the top in a cycle."""
SHIFT_CYCLES = 32
"""A LUT delays a bit by so many cycles at most."""
ARRAY_UNCERTAINTY_PERCENT = 15
"""Within which every array that was measured lies; none of them is among the cells that the numbers are from."""


def array_lut(rows: Ints | int, columns: Ints | int, operand_bits: int, multiplier: Multiplier = DSP48E2) -> Ints:
    """LUTs of an array with accumulators and edges."""
    rows, columns = np.asarray(rows, np.int64), np.asarray(columns, np.int64)
    column = (groups_of(rows, multiplier) - 1) * TREE_LUT_PER_ADDER + ACCUMULATOR_LUT
    left = rows * LEFT_LUT_PER_ROW[operand_bits] + operand_bits * _shifts(rows)
    left = left + lifts(multiplier.wide_bits) * groups_of(rows, multiplier) * OFFSET_LUT
    top = columns * TOP_LUT_PER_COLUMN + WEIGHT_BITS * _shifts(columns)
    total: Ints = columns * column + left + top
    return total


def array_ff(rows: Ints | int, columns: Ints | int, operand_bits: int, multiplier: Multiplier = DSP48E2) -> Ints:
    """Flip-flops of an array with accumulators and edges."""
    rows, columns = np.asarray(rows, np.int64), np.asarray(columns, np.int64)
    groups = groups_of(rows, multiplier)
    column = rows * (operand_bits + TAG_BITS) + groups * SPLIT_FF + (groups - 1) * TREE_FF_PER_ADDER + ACCUMULATOR_FF
    left = rows * LEFT_FF_PER_ROW[operand_bits] + lifts(multiplier.wide_bits) * groups * OFFSET_FF
    total: Ints = columns * column + left + columns * TOP_FF_PER_COLUMN
    return total


def groups_of(rows: Ints, multiplier: Multiplier) -> Ints:
    """Groups of rows whose sums run down one cascade; the last may be a short one."""
    return ceil_ratio(rows, multiplier.group_rows)


def _shifts(lines: Ints) -> Ints:
    """LUTs per bit that delay line k by k cycles, for all lines: the sum of ceil(k / 32)."""
    whole = (lines - 1) // SHIFT_CYCLES
    total: Ints = SHIFT_CYCLES * whole * (whole + 1) // 2 + (lines - 1 - whole * SHIFT_CYCLES) * (whole + 1)
    return total
