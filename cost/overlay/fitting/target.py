"""What a device makes of the overlay: its machine, and the multipliers that it leaves to the array."""

from __future__ import annotations

from dynamap.cost.device import Device
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.machine import Machine

FILL_PERCENT = 80
"""The share of a device's multipliers that large designs are published with: DPUCAHX8H takes 81 % of U280's."""


def machine_of(device: Device, packing: bool | None = None) -> Machine:
    """The machine that a device and its clock make. ``packing`` None means wherever the multiplier can.

    Raises:
        InputError: packing is asked for and the device's multiplier cannot.
    """
    multiplier = device.resources.multiplier
    if packing and not multiplier.packs_int8:
        raise InputError(
            f"device {device.name!r} cannot pack: its multiplier {multiplier.name} does not hold two int8 products; "
            "leave --packing out"
        )
    return Machine(
        word_bytes=device.system.memory_ports * device.system.port_bytes,
        clock_khz=device.clock_khz,
        bandwidth_bytes_per_ms=device.bandwidth_bytes_per_ms,
        read_latency=device.system.read_latency_cycles,
        write_latency=device.system.write_latency_cycles,
        packing=2 if (multiplier.packs_int8 if packing is None else packing) else 1,
        crossings=device.resources.multiplier_columns.crossings,
    )


def array_limit(device: Device, machine: Machine, fill_percent: int = FILL_PERCENT) -> int:
    """Multipliers that are left for the array where it and the lanes take at most such a share of the device's."""
    return device.resources.multipliers * fill_percent // 100 - machine.lane_multipliers
