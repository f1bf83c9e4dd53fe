"""LUTs and flip-flops of an overlay: on AMD devices as its RTL was measured, on Intel's as designed.

A device that was calibrated with reports of the vendor's tools (``cost/calibration.py``) scales them.
"""

from __future__ import annotations

import numpy as np

from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.estimates import (
    LOGIC_UNCERTAINTY_PERCENT,
    Estimate,
    calibrated,
)
from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.fitting.logic.array import ARRAY_UNCERTAINTY_PERCENT, OPERAND_BITS, array_ff, array_lut
from dynamap.cost.overlay.fitting.logic.engines import engine_ff, engine_lut, engine_uncertainty_percent
from dynamap.cost.overlay.machine import Machine
from dynamap.cost.overlay.transfer import Bools, Ints

LUT_PER_PE, FF_PER_PE = {1: 40, 2: 60}, {1: 110, 2: 150}
"""Of an array that is not in RTL (Intel's blocks): sums in registers, LUTs for adders and the split of two products."""
LUT_PER_LANE, FF_PER_LANE = 200, 400
LUT_PER_WORD_BYTE, FF_PER_WORD_BYTE = 230, 600
"""Window rotation, layout and the Winograd transforms, per byte of the memory word."""
SWEEP_LUT_PER_LANE, SWEEP_FF_PER_LANE = 92, 76
"""Running windows beside a lane."""
LUT_BASE, FF_BASE = 12_000, 15_000
ALM_TENTHS_PER_LUT = 6


def logic_use(
    device: Device, machine: Machine, rows: Ints | int, columns: Ints | int, extras: Extras
) -> tuple[Estimate, Estimate]:
    """Estimated (LUTs or ALMs, FFs) of an overlay; ``extras`` count where its RTL was measured."""
    if device.vendor == "intel":
        lut, ff = _designed(machine, rows * columns)
        percent = LOGIC_UNCERTAINTY_PERCENT
        return _estimate(device, "lut", lut, percent), _estimate(device, "ff", ff, percent)
    rows, columns = np.asarray(rows, np.int64), np.asarray(columns, np.int64)
    bits = OPERAND_BITS[extras.winograd]
    # One for all arrays of a machine, so that the upper end grows with the estimate.
    percent = max(ARRAY_UNCERTAINTY_PERCENT, engine_uncertainty_percent(machine))
    multiplier = device.resources.multiplier
    lut, ff = (made(rows, columns, bits, multiplier) for made in (array_lut, array_ff))
    return (
        _estimate(device, "lut", lut + engine_lut(machine, rows, columns, extras), percent),
        _estimate(device, "ff", ff + engine_ff(machine, rows, columns, extras), percent),
    )


def logic_fits(device: Device, machine: Machine, rows: Ints | int, columns: Ints | int, extras: Extras) -> Bools:
    """Whether the upper ends of both estimates are there."""
    lut, ff = logic_use(device, machine, rows, columns, extras)
    return np.asarray((lut.most <= device.resources.kernel_lut) & (ff.most <= device.resources.kernel_ff))


def _designed(machine: Machine, pes: Ints | int) -> tuple[Ints | int, Ints | int]:
    """ALMs and registers of the machine on Intel's devices."""
    word, lanes = machine.word_bytes, machine.lanes
    lut = lanes * (LUT_PER_LANE + SWEEP_LUT_PER_LANE) + word * LUT_PER_WORD_BYTE + LUT_BASE
    ff = lanes * (FF_PER_LANE + SWEEP_FF_PER_LANE) + word * FF_PER_WORD_BYTE + FF_BASE
    alms = (lut + pes * LUT_PER_PE[machine.packing]) * ALM_TENTHS_PER_LUT // 10
    return alms, ff + pes * FF_PER_PE[machine.packing]


def _estimate(device: Device, resource: str, total: Ints | int, percent: int) -> Estimate:
    factor = device.calibration.factor(resource)
    if factor is None:
        return Estimate(total, percent)
    return Estimate(calibrated(total, factor), factor.uncertainty_percent)
