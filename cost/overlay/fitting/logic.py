"""LUTs and flip-flops of an overlay: design estimates for its data paths, not measurements.

A device that was calibrated with reports of the vendor's tools (``cost/calibration.py``) scales them.
"""

from __future__ import annotations

from dynamap.cost.calibration import UNIT, Factor
from dynamap.cost.device import Device
from dynamap.cost.overlay.limits import POOL_ROW_BITS, POOL_WINDOW_BITS
from dynamap.cost.overlay.machine import Machine
from dynamap.cost.overlay.pooling import line_words
from dynamap.cost.overlay.transfer import Ints

LUT_PER_PE = {1: 40, 2: 60}
"""Operands and accumulators sit in flip-flops; LUTs hold the adders, and with packing the split of the two products."""
FF_PER_PE = {1: 110, 2: 150}
LUT_PER_LANE, FF_PER_LANE = 200, 400
LUT_PER_WORD_BYTE, FF_PER_WORD_BYTE = 230, 600
"""Window rotation, layout and the Winograd transforms, per byte of the memory word."""
POOL_LUT_PER_WORD_BYTE, POOL_FF_PER_WORD_BYTE = 150, 250
"""The pooling unit's adders with their maxima (two of 18 and two of 24 bits) and the choice of pixels, per byte."""
POOL_BITS_PER_WORD_BYTE, BITS_PER_LUT = 3 * POOL_ROW_BITS + POOL_WINDOW_BITS, 64
"""Its rows of running and completed results, in LUTs used as memory of 64 bits."""
LUT_BASE, FF_BASE = 12_000, 15_000
ALM_TENTHS_PER_LUT = 6


def logic_use(device: Device, machine: Machine, rows: Ints | int, columns: Ints | int) -> tuple[Ints | int, Ints | int]:
    """Estimated (LUTs or ALMs, FFs) of an overlay."""
    pes = rows * columns
    lut = pes * LUT_PER_PE[machine.packing] + machine.lanes * LUT_PER_LANE
    pool_lut = POOL_LUT_PER_WORD_BYTE + POOL_BITS_PER_WORD_BYTE * line_words(machine.word_units) // BITS_PER_LUT
    lut = lut + machine.word_bytes * (LUT_PER_WORD_BYTE + pool_lut) + LUT_BASE
    ff = pes * FF_PER_PE[machine.packing] + machine.lanes * FF_PER_LANE
    ff = ff + machine.word_bytes * (FF_PER_WORD_BYTE + POOL_FF_PER_WORD_BYTE) + FF_BASE
    if device.vendor == "intel":
        lut = lut * ALM_TENTHS_PER_LUT // 10
    return calibrated(lut, device.calibration.lut), calibrated(ff, device.calibration.ff)


def calibrated(estimate: Ints | int, factor: Factor | None) -> Ints | int:
    """The estimate times the factor, rounded up."""
    return estimate if factor is None else -(-estimate * factor.permille // UNIT)
