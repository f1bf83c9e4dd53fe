"""LUTs and flip-flops of an overlay: the array as its RTL was measured, the other data paths as designed.

A device that was calibrated with reports of the vendor's tools (``cost/calibration.py``) scales them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.array_logic import ARRAY_UNCERTAINTY_PERCENT, array_ff, array_lut
from dynamap.cost.overlay.fitting.estimates import (
    LOGIC_UNCERTAINTY_PERCENT,
    Estimate,
    calibrated,
)
from dynamap.cost.overlay.machine import Machine
from dynamap.cost.overlay.transfer import Ints

LUT_PER_PE, FF_PER_PE = {1: 40, 2: 60}, {1: 110, 2: 150}
"""Of an array that is not in RTL (Intel's blocks): sums in registers, LUTs for adders and the split of two products."""
LUT_PER_LANE, FF_PER_LANE = 200, 400
LUT_PER_WORD_BYTE, FF_PER_WORD_BYTE = 230, 600
"""Window rotation, layout and the Winograd transforms, per byte of the memory word."""
SWEEP_LUT_PER_LANE, SWEEP_FF_PER_LANE = 92, 76
"""Running windows beside a lane, as mapped (docs/rtl/vector.md)."""
LUT_BASE, FF_BASE = 12_000, 15_000
ALM_TENTHS_PER_LUT = 6


@dataclass(frozen=True, eq=False)
class Parts:
    """Cells by how well they are known: as measured, of data paths as designed."""

    measured: Ints | int
    designed: Ints | int


def logic_use(device: Device, machine: Machine, rows: Ints | int, columns: Ints | int) -> tuple[Estimate, Estimate]:
    """Estimated (LUTs or ALMs, FFs) of an overlay."""
    word, lanes, pes = machine.word_bytes, machine.lanes, rows * columns
    lut = lanes * (LUT_PER_LANE + SWEEP_LUT_PER_LANE) + word * LUT_PER_WORD_BYTE + LUT_BASE
    ff = lanes * (FF_PER_LANE + SWEEP_FF_PER_LANE) + word * FF_PER_WORD_BYTE + FF_BASE
    if device.vendor == "intel":
        alms = (lut + pes * LUT_PER_PE[machine.packing]) * ALM_TENTHS_PER_LUT // 10
        use = Parts(0, alms), Parts(0, ff + pes * FF_PER_PE[machine.packing])
    else:
        use = Parts(array_lut(rows, columns), lut), Parts(array_ff(rows, columns), ff)
    return _estimate(device, "lut", use[0]), _estimate(device, "ff", use[1])


def _estimate(device: Device, resource: str, parts: Parts) -> Estimate:
    """The sum of the parts, with the uncertainty of all together in whole percent."""
    factor = device.calibration.factor(resource)
    total = parts.measured + parts.designed
    if factor is not None:
        return Estimate(calibrated(total, factor), factor.uncertainty_percent)
    spread = parts.measured * ARRAY_UNCERTAINTY_PERCENT + parts.designed * LOGIC_UNCERTAINTY_PERCENT
    return Estimate(total, -(-spread // np.maximum(total, 1)))
