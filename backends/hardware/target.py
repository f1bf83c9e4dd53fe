"""The plan that a project is made for, checked against the backend and its device once more."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from types import MappingProxyType

from dynamap.cost.device import Device, parse_device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.overlay.fitting.extras import NO_EXTRAS
from dynamap.cost.overlay.fitting.shortfall import shortfalls, too_many
from dynamap.cost.overlay.machine import NO_VECTOR_BUFFERS, Machine
from dynamap.planner.plan.plan import Plan

VENDORS = MappingProxyType({"amd": ("AMD", "vitis-hls"), "intel": ("Intel", "intel-opencl")})
"""What a vendor of devices is called, and the backend for it."""

ANY_VENDOR = "any"
"""The vendor of a backend whose projects do not depend on the device."""


def plan_digest(plan: Plan) -> str:
    """A digest of what the plan decided: of its document, but for the seconds that were measured."""
    document = plan.document()
    document["solver"] = {key: value for key, value in document["solver"].items() if key != "seconds"}
    if "segments" in document:
        document["segments"] = [{**segment, "seconds": None} for segment in document["segments"]]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


def target_device(plan: Plan, backend: str, vendor: str) -> Device:
    """The plan's device, if the backend is for it and it holds the overlay.

    Raises:
        InputError: the plan's description of it is damaged, or it is another vendor's.
        InfeasibleError: the overlay is larger than it.
    """
    device = device_of(plan)
    check_vendor(device, backend, vendor)
    check_fits(plan, device)
    return device


def device_of(plan: Plan) -> Device:
    """The plan's device.

    Raises:
        InputError: the plan's description of it is damaged.
    """
    return parse_device(plan.device, "the plan's device")


def check_vendor(device: Device, backend: str, vendor: str) -> None:
    """Refuses a device of another vendor than the backend's; a backend of the vendor ``any`` takes every device.

    Raises:
        InputError: it is another one's; the message names the backend for it.
    """
    if vendor in (device.vendor, ANY_VENDOR):
        return
    own = VENDORS[vendor][0] if vendor in VENDORS else vendor
    other = f"use {VENDORS[device.vendor][1]}, or " if device.vendor in VENDORS else ""
    raise InputError(
        f"the plan is for device {device.name!r} of vendor {device.vendor!r}; the backend {backend} is for {own} "
        f"devices: {other}plan for a device of vendor {vendor!r}"
    )


def machine_of_plan(plan: Plan, device: Device) -> Machine:
    """The machine that the plan's overlay makes on its device."""
    return Machine(
        plan.overlay.word_bytes,
        device.clock_khz,
        device.bandwidth_bytes_per_ms,
        device.system.read_latency_cycles,
        device.system.write_latency_cycles,
        plan.overlay.packing,
        device.resources.multiplier_columns.crossings,
    )


def check_fits(plan: Plan, device: Device) -> None:
    """Compares the overlay with the device again, since a plan is a file that anyone may have changed.

    Raises:
        InfeasibleError: it needs more than there is; the message says of what.
    """
    o = plan.overlay
    machine = machine_of_plan(plan, device)
    where = f"the overlay of {o.rows} x {o.columns} does not fit device {device.name!r}"
    multipliers = o.rows * o.columns + machine.lane_multipliers
    if multipliers > device.resources.multipliers:
        raise InfeasibleError(
            f"{where}: it needs {too_many(multipliers, device.resources.multipliers, 'multipliers')}; plan again"
        )
    if o.packing == 2 and not device.resources.multiplier.packs_int8:
        raise InfeasibleError(f"{where}: its multipliers do not hold two int8 products; plan again")
    # The least of any kernel; what the layers ask for besides is counted where theirs is made (`plan_spread`).
    least = replace(machine, vector=NO_VECTOR_BUFFERS)
    lacking = shortfalls(device, least, o.rows, o.columns, o.buffers, NO_EXTRAS)
    if lacking:
        raise InfeasibleError(f"{where}: it needs {' and '.join(lacking)}; plan again")
