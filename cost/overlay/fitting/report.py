"""What an overlay uses of its device, resource by resource, and how sure the estimate is."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.cost.calibration import DeviceCalibration
from dynamap.cost.device import BLOCK_BYTES, Device
from dynamap.cost.overlay.fitting.logic import calibrated, logic_use
from dynamap.cost.overlay.fitting.memories import BRAM36, M20K, URAM
from dynamap.cost.overlay.fitting.spreading import memory_use
from dynamap.cost.overlay.machine import Overlay

LOGIC_UNCERTAINTY_PERCENT = 40
MEMORY_UNCERTAINTY_PERCENT = 10


@dataclass(frozen=True)
class Use:
    """One resource: what is used and what a kernel may use, with the uncertainty of the estimate in percent."""

    name: str
    used: int
    available: int
    uncertainty_percent: int

    @property
    def fits(self) -> bool:
        return self.used <= self.available


def report(device: Device, overlay: Overlay, limit: int) -> tuple[Use, ...]:
    """What the overlay uses of the device; ``limit`` multipliers are available to the array."""
    machine = overlay.machine
    lut, ff = logic_use(device, machine, overlay.rows, overlay.columns)
    memory = memory_use(device, machine, overlay.rows, overlay.columns, overlay.buffers)
    assert memory is not None, "an overlay is only built of buffers that fit"
    r, calibration = device.resources, device.calibration
    counts = {URAM.name: r.kernel_uram, BRAM36.name: r.kernel_bram36, M20K.name: r.kernel_m20k}
    logic = "alm" if device.vendor == "intel" else "lut"
    blocks = []
    for name, used in memory.items():
        count = int(calibrated(used, calibration.factor(name)))
        blocks.append(Use(name, count, counts[name], uncertainty_percent(calibration, name)))
    if r.on_chip_bytes is not None:
        total = sum(BLOCK_BYTES[use.name] * use.used for use in blocks)
        most = max(use.uncertainty_percent for use in blocks)
        blocks.append(Use("on_chip_bytes", total, r.on_chip_bytes, most))
    return (
        Use("multipliers", overlay.multipliers, limit + machine.lane_multipliers, 0),
        *blocks,
        Use(logic, int(lut), r.kernel_lut, uncertainty_percent(calibration, logic)),
        Use("ff", int(ff), r.kernel_ff, uncertainty_percent(calibration, "ff")),
    )


def model_uncertainty_percent(resource: str) -> int:
    """The uncertainty of the model's own estimate of a resource, by the name in a plan."""
    if resource == "multipliers":
        return 0
    return LOGIC_UNCERTAINTY_PERCENT if resource in ("lut", "alm", "ff") else MEMORY_UNCERTAINTY_PERCENT


def uncertainty_percent(calibration: DeviceCalibration, resource: str) -> int:
    """The uncertainty of an estimate: the calibration's where it has one, else the model's own."""
    factor = calibration.factor(resource)
    return model_uncertainty_percent(resource) if factor is None else factor.uncertainty_percent
