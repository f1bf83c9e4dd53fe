"""What a saved plan was made from, its request, device and overlay: to plan again, or to map other networks on it."""

from __future__ import annotations

from dataclasses import asdict, replace

from dynamap.cost.device import Device, parse_device
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.fitting.target import machine_of
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.plan_types import require_types
from dynamap.planner.request.given_overlay import GivenOverlay
from dynamap.planner.request.options import Decides, deciding
from dynamap.planner.request.request import Request, request_of


def stored_request(plan: Plan) -> Request:
    """What the plan answers.

    Raises:
        InputError: the plan's key 'request' cannot be read.
    """
    try:
        request = request_of(plan.request, plan.cost_model)
        require_types(request, "request.")
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, AssertionError) as error:
        raise InputError(f"the plan's key 'request' cannot be read ({type(error).__name__}: {error})") from None
    return request


def stored_device(plan: Plan) -> Device:
    """The device that the plan is for, with the overrides of its request.

    Raises:
        InputError: the plan's key 'device' cannot be read.
    """
    return parse_device(plan.device, "the plan's key 'device'")


def given_overlay(plan: Plan) -> GivenOverlay:
    """The array, the buffers and the kernel's parts of a plan."""
    overlay = plan.overlay
    return GivenOverlay(overlay.rows, overlay.columns, overlay.buffers, overlay.parts)


def on_overlay_of(plan: Plan, request: Request, device: Device | None = None) -> tuple[Device, Request]:
    """The device and the request that map a network on the overlay of ``plan``, otherwise as ``request`` says.

    Array, buffers, parts of the kernel, packing, memory word, lanes and clock are the overlay's, and so is the
    bandwidth where the request has none. ``device``, where the user names one, must be the overlay's.

    Raises:
        InputError: the request asks for what the overlay fixes, the device is another one, or the plan has no overlay.
    """
    for option in deciding(Decides.SIZES, Decides.MACHINE):
        if getattr(request, option.name) is not None:
            raise InputError(f"{option.called} cannot be combined with --overlay: the overlay that is kept has its own")
    if "paper" in (plan.cost_model, request.cost_model):
        raise InputError(
            "--overlay needs the overlay's own cost model: a plan by the published one has an array, but no buffers"
        )
    board, said = stored_device(plan), stored_request(plan)
    if device is not None and said.overriding(device) != board:
        raise InputError(
            f"the overlay was planned for device {board.name!r} and --device is {device.name!r}"
            f"{' with other numbers' if device.name == board.name else ''}: leave --device out to keep the overlay, "
            "or leave --overlay out to plan a new one"
        )
    machine = machine_of(board, plan.overlay.packing == 2)
    for key, here, there in plan.overlay.differences(machine):
        if key != "multipliers":  # they follow from the array, and planning says where it is too large
            raise InputError(
                f"the overlay's {key} is {here} and its device makes {there}: the plan was changed by hand; "
                "`dynamap verify` says where"
            )
    memory = board.resources.kernel_on_chip_bytes
    for name, size in asdict(plan.overlay.parts.vector).items():
        if not 0 <= size <= memory:
            raise InputError(
                f"the overlay's vector_{name} is {size} and its device has {memory:,} bytes on chip: the plan was "
                "changed by hand; `dynamap verify` says where"
            )
    bandwidth = said.bandwidth_gbs if request.bandwidth_gbs is None else request.bandwidth_gbs
    kept = replace(
        request,
        overlay=given_overlay(plan),
        packing=machine.packing == 2,
        clock_mhz=said.clock_mhz,
        on_chip_bytes=said.on_chip_bytes,
        bandwidth_gbs=bandwidth,
    )
    return board, kept
