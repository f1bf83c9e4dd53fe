"""Where the memories of a plan's overlay lie, on its own device."""

from __future__ import annotations

from dataclasses import replace

from dynamap.backends.hardware.target import machine_of_plan
from dynamap.cost.device import Device
from dynamap.cost.errors import InfeasibleError
from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.fitting.memory.spreading import Spread, memory_spread
from dynamap.cost.overlay.fitting.shortfall import shortfalls
from dynamap.cost.overlay.machine import VectorBuffers
from dynamap.planner.plan.plan import Plan


def plan_spread(plan: Plan, device: Device, extras: Extras, vector: VectorBuffers | None) -> Spread:
    """The memories of a kernel with ``extras`` and these buffers of its vector unit, over the kinds of block.

    Raises:
        InfeasibleError: they do not fit the device.
    """
    overlay = plan.overlay
    machine = replace(machine_of_plan(plan, device), vector=vector)
    sizes = overlay.rows, overlay.columns, overlay.buffers
    spread = memory_spread(device, machine, *sizes, extras)
    if spread is None:
        lacking = shortfalls(device, machine, *sizes, extras)
        raise InfeasibleError(
            f"the plan's buffers do not fit device {device.name!r}: the overlay needs {' and '.join(lacking)}; "
            "plan again"
        )
    return spread
