"""What an overlay uses of its device, resource by resource, and how sure the estimate is."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.cost.device import BLOCK_BYTES, Device
from dynamap.cost.overlay.fitting.candidates import held_columns
from dynamap.cost.overlay.fitting.estimates import calibrated
from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.fitting.logic.use import logic_use
from dynamap.cost.overlay.fitting.memory.spreading import memory_uncertainty_percent, memory_use
from dynamap.cost.overlay.fitting.target import FILL_PERCENT
from dynamap.cost.overlay.machine import Overlay


@dataclass(frozen=True)
class Use:
    """One resource: what is used and what a kernel may use, with the uncertainty of the estimate in percent."""

    name: str
    used: int
    available: int
    uncertainty_percent: int


def report(device: Device, overlay: Overlay, limit: int, extras: Extras) -> tuple[Use, ...]:
    """What the overlay uses of the device; ``limit``: multipliers of the array that were asked for, maybe more."""
    machine = overlay.machine
    lut, ff = logic_use(device, machine, overlay.rows, overlay.columns, extras)
    memory = memory_use(device, machine, overlay.rows, overlay.columns, overlay.buffers, extras)
    assert memory is not None, "an overlay is only built of buffers that fit"
    r, calibration = device.resources, device.calibration
    counts = {"uram": r.kernel_uram, "bram36": r.kernel_bram36, "m20k": r.kernel_m20k}
    logic = "alm" if device.vendor == "intel" else "lut"
    blocks = []
    for name, used in memory.items():
        count = int(calibrated(used, calibration.factor(name)))
        blocks.append(Use(name, count, counts[name], memory_uncertainty_percent(device, name)))
    if r.on_chip_bytes is not None:
        total = sum(BLOCK_BYTES[use.name] * use.used for use in blocks)
        most = max(use.uncertainty_percent for use in blocks)
        blocks.append(Use("on_chip_bytes", total, r.on_chip_bytes, most))
    return (
        Use("multipliers", overlay.multipliers, max(r.multipliers, limit + machine.lane_multipliers), 0),
        *blocks,
        Use(logic, int(lut.used), r.kernel_lut, int(lut.uncertainty_percent)),
        Use("ff", int(ff.used), r.kernel_ff, int(ff.uncertainty_percent)),
    )


def fit_notices(device: Device, overlay: Overlay, fill_percent: int | None) -> tuple[str, ...]:
    """What a user is told who asks for more of a device than published designs take, or gets it."""
    notices = []
    used, there = overlay.multipliers, device.resources.multipliers
    if (fill_percent or 0) > FILL_PERCENT or used * 100 > there * FILL_PERCENT:
        notices.append(
            f"the overlay takes {used:,} of {there:,} multipliers ({used * 100 // there}%), and more than "
            f"{FILL_PERCENT}% were allowed: published designs leave a fifth, and one that does not may not be routed "
            "or not reach its clock"
        )
    held = held_columns(device, overlay.rows)
    if held is not None and overlay.columns > held:
        notices.append(
            f"the columns of multipliers of device {device.name!r} hold {held} columns of {overlay.rows} rows and not "
            f"{overlay.columns}: the cascades of the others would have to go on in another column, which costs "
            "what is not counted here"
        )
    return tuple(notices)
