"""What ``dynamap devices`` shows."""

from __future__ import annotations

from dynamap.cli.output import show, show_json
from dynamap.cli.tables import Column, Content, FittedTable
from dynamap.cost.device import ALIASES, DEFAULT_DEVICE, Device, device_names, load_device, shipped_text
from dynamap.cost.errors import InputError

_COLUMNS = (
    Column("device"),
    Column("vendor", rank=5),
    Column("part", rank=4),
    Column("multipliers", right=True),
    Column("int8 / cycle", right=True, rank=3),
    Column("on-chip MB", right=True),
    Column("MHz", right=True),
    Column("ports", right=True, rank=2),
    Column("GB/s", right=True),
    Column("note", rank=1, content=Content.PROSE),
)


_CAPTION = "A path of a TOML file is accepted wherever a device is; `dynamap devices NAME` prints one to begin with."


def devices_command(name: str | None, as_json: bool) -> None:
    """Lists the devices, or prints the file of one of them.

    Raises:
        InputError: no device of that name comes with the project.
    """
    if name is not None:
        _print_one(name, as_json)
    elif as_json:
        show_json(devices_document(), indent=2)
    else:
        show(devices_table())


def _print_one(name: str, as_json: bool) -> None:
    device = load_device(name)
    own = ALIASES.get(name, name)
    if own not in device_names():
        raise InputError(f"{name!r} is a file of your own: give the name of a device that comes with the project")
    if as_json:
        show_json(device.document(), indent=2)
    else:
        show(shipped_text(own).rstrip("\n"))


def devices_table() -> FittedTable:
    """The devices that come with the project, one row each."""
    rows = []
    for device in _devices():
        resources, system = device.resources, device.system
        rows.append(
            (
                f"{device.name} (default)" if device.name == DEFAULT_DEVICE else device.name,
                device.vendor,
                device.part,
                f"{resources.multipliers:,} {resources.multiplier.name}",
                f"{resources.multipliers * resources.multiplier.int8_products:,}",
                f"{_on_chip_bytes(device) / 1e6:.1f}",
                f"{system.clock_khz / 1e3:g}",
                f"{system.memory_ports} x {system.port_bytes} B",
                f"{system.bandwidth_bytes_per_ms / 1e6:g}",
                device.note,
            )
        )
    return FittedTable(_COLUMNS, rows, caption=_CAPTION)


def devices_document() -> dict[str, object]:
    """The same as JSON data: the tables of each device's file."""
    return {"default": DEFAULT_DEVICE, "devices": [device.document() for device in _devices()]}


def _devices() -> list[Device]:
    return [load_device(name) for name in device_names()]


def _on_chip_bytes(device: Device) -> int:
    """Block memory without the shell's share: 36 Kbit, 288 Kbit and 20 Kbit per block."""
    resources = device.resources
    kilobits = 36 * resources.kernel_bram36 + 288 * resources.kernel_uram + 20 * resources.kernel_m20k
    return kilobits * 1024 // 8
