"""Devices: what an FPGA board offers to the overlay, read from TOML files that a user can copy and edit.

A file has three tables: ``[device]`` says what it is, ``[resources]`` what the chip has, ``[system]``
how it is clocked and what memory it reaches; a fourth, ``[calibration]``, is optional. ``docs/devices.md`` explains
each key. Inside, everything is an
integer: clocks in kHz (= cycles per ms), bandwidths in bytes per ms (= kB/s).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from dynamap.cost.calibration import NONE, UNIT, DeviceCalibration, parse_calibration
from dynamap.cost.errors import InputError, in_words
from dynamap.cost.likeness import suggestion
from dynamap.cost.multiplier import MULTIPLIERS, Multiplier
from dynamap.cost.slice_columns import UNKNOWN_COLUMNS, SliceColumns
from dynamap.cost.toml_table import Table, parsed_toml, scaled, sections

DEFAULT_DEVICE = "u200"

_VENDOR_MULTIPLIERS = MappingProxyType({"amd": ("dsp48e2", "dsp48e1"), "intel": ("intel-18x19",)})
_SHELL_KEYS = ("shell_lut_percent", "shell_ff_percent", "shell_memory_percent")
_KEYS = MappingProxyType(
    {
        "device": ("name", "vendor", "family", "part", "board", "note"),
        "resources": (
            "multiplier",
            "multipliers",
            "lut",
            "ff",
            "bram36",
            "uram",
            "m20k",
            *_SHELL_KEYS,
            "on_chip_bytes",
            "multiplier_columns",
        ),
        "system": (
            "clock_mhz",
            "memory_ports",
            "port_bytes",
            "memory_bandwidth_gbs",
            "memory_bytes",
            "memory_banks",
            "read_latency_cycles",
            "write_latency_cycles",
        ),
    }
)
_OWN_FORM = ("multiplier", "on_chip_bytes", "multiplier_columns")
_MOST_CLOCK_MHZ = 2_000
_MOST_BANDWIDTH_GBS = 100_000
_MOST_COUNT = 100_000_000
MOST_MULTIPLIERS = 1_000_000
_KHZ_PER_MHZ = 1_000
_BYTES_PER_MS_PER_GBS = 1_000_000
_PORT_BYTES = (8, 16, 32, 64)
WORD_UNIT_BYTES = 16
"""A memory word is whole units of this size (docs/overlay.md, section 1)."""
_MOST_ON_CHIP_BYTES = 1 << 40
BLOCK_BYTES = MappingProxyType({"bram36": 36 * 1024 // 8, "uram": 288 * 1024 // 8, "m20k": 20 * 1024 // 8})
"""Bytes of one memory block of each kind (UG473, UG573; Intel Arria 10 and Stratix 10 embedded memory user guides)."""


@dataclass(frozen=True)
class Resources:
    """What the chip has. ``multipliers`` is what a kernel can use, ``kernel_*`` the rest without the shell.

    ``lut`` counts LUTs (AMD) or ALMs (Intel); ``bram36``, ``uram`` and ``m20k`` count blocks.
    ``shell_*_percent`` is the share of the board's static design; 0 where the counts already exclude it.
    ``on_chip_bytes`` is a budget: a kernel may use blocks of at most so many bytes, of whichever kind; None, all.
    ``multiplier_columns``: how the multipliers lie; where nothing is known of that, only their number bounds an array.
    """

    multiplier: Multiplier
    multipliers: int
    lut: int
    ff: int
    bram36: int
    uram: int
    m20k: int
    shell_lut_percent: int = 0
    shell_ff_percent: int = 0
    shell_memory_percent: int = 0
    on_chip_bytes: int | None = None
    multiplier_columns: SliceColumns = UNKNOWN_COLUMNS

    @property
    def kernel_lut(self) -> int:
        return _share(self.lut, self.shell_lut_percent)

    @property
    def kernel_ff(self) -> int:
        return _share(self.ff, self.shell_ff_percent)

    @property
    def kernel_bram36(self) -> int:
        return _share(self.bram36, self.shell_memory_percent)

    @property
    def kernel_uram(self) -> int:
        return _share(self.uram, self.shell_memory_percent)

    @property
    def kernel_m20k(self) -> int:
        return _share(self.m20k, self.shell_memory_percent)

    @property
    def kernel_on_chip_bytes(self) -> int:
        """Bytes of all memory blocks that a kernel can use, whatever the budget."""
        kinds = {"bram36": self.kernel_bram36, "uram": self.kernel_uram, "m20k": self.kernel_m20k}
        return sum(count * BLOCK_BYTES[kind] for kind, count in kinds.items())


@dataclass(frozen=True)
class System:
    """Clock and memory. The overlay moves data over ``memory_ports`` AXI ports in parallel, one per bank."""

    clock_khz: int
    memory_ports: int
    port_bytes: int
    bandwidth_bytes_per_ms: int
    memory_bytes: int
    memory_banks: tuple[str, ...]
    read_latency_cycles: int = 64
    write_latency_cycles: int = 64


@dataclass(frozen=True)
class Device:
    """One board. ``board`` is its Vitis platform or its aoc board, empty where it has none."""

    name: str
    vendor: str
    family: str
    part: str
    board: str
    note: str
    resources: Resources
    system: System
    calibration: DeviceCalibration = NONE

    @property
    def clock_khz(self) -> int:
        """Cycles per millisecond: the clock asked for, or what the calibration says is achieved of it."""
        return self.calibration.clock_khz(self.system.clock_khz)

    @property
    def bandwidth_bytes_per_ms(self) -> int:
        """All memory banks together; 1 GB/s is 1,000,000 bytes/ms."""
        return self.system.bandwidth_bytes_per_ms

    def with_overrides(
        self,
        clock_mhz: float | None = None,
        bandwidth_gbs: float | None = None,
        multipliers: int | None = None,
        on_chip_bytes: int | None = None,
    ) -> Device:
        """The same board at another clock, bandwidth, number of multipliers or budget of on-chip memory.

        A bandwidth beyond what the ports can carry (ports x bytes x clock) is accepted, and so is a budget beyond the
        memory blocks that the board has; the surplus is simply not usable. A clock that is given is taken as it is: the
        calibration's share is not applied. Of more multipliers than the board has nobody knows how they lie.

        Raises:
            InputError: a value is not positive, or out of any plausible range.
        """
        resources, system, calibration = self.resources, self.system, self.calibration
        if clock_mhz is not None:
            khz = scaled("the clock", clock_mhz, _KHZ_PER_MHZ, _MOST_CLOCK_MHZ, "MHz")
            system = replace(system, clock_khz=khz)
            calibration = replace(calibration, clock_permille=UNIT)
        if bandwidth_gbs is not None:
            rate = scaled("the bandwidth", bandwidth_gbs, _BYTES_PER_MS_PER_GBS, _MOST_BANDWIDTH_GBS, "GB/s")
            system = replace(system, bandwidth_bytes_per_ms=rate)
        if multipliers is not None:
            count = scaled("the number of multipliers", multipliers, 1, MOST_MULTIPLIERS, "multipliers")
            known = count <= resources.multiplier_columns.slices
            columns = resources.multiplier_columns if known else UNKNOWN_COLUMNS
            resources = replace(resources, multipliers=count, multiplier_columns=columns)
        if on_chip_bytes is not None:
            size = scaled("the on-chip memory", on_chip_bytes, 1, _MOST_ON_CHIP_BYTES, "bytes")
            resources = replace(resources, on_chip_bytes=size)
        return replace(self, resources=resources, system=system, calibration=calibration)

    def document(self) -> dict[str, dict[str, object]]:
        """The tables of the TOML file, as plain JSON data; ``parse_device`` reads them back."""
        r, s = self.resources, self.system
        tables: dict[str, dict[str, object]] = {
            "device": {key: getattr(self, key) for key in _KEYS["device"]},
            "resources": {
                "multiplier": r.multiplier.name,
                **{key: getattr(r, key) for key in _KEYS["resources"] if key not in _OWN_FORM},
                **({} if r.on_chip_bytes is None else {"on_chip_bytes": r.on_chip_bytes}),
                **({"multiplier_columns": r.multiplier_columns.texts()} if r.multiplier_columns.known else {}),
            },
            "system": {
                "clock_mhz": _unscaled(s.clock_khz, _KHZ_PER_MHZ),
                "memory_ports": s.memory_ports,
                "port_bytes": s.port_bytes,
                "memory_bandwidth_gbs": _unscaled(s.bandwidth_bytes_per_ms, _BYTES_PER_MS_PER_GBS),
                "memory_bytes": s.memory_bytes,
                "memory_banks": list(s.memory_banks),
                "read_latency_cycles": s.read_latency_cycles,
                "write_latency_cycles": s.write_latency_cycles,
            },
        }
        calibration = self.calibration.document()
        return tables | {"calibration": calibration} if calibration else tables


ALIASES: Mapping[str, str] = MappingProxyType(
    {
        **{f"alveo-{name}": name for name in ("u200", "u250", "u280", "u50", "u55c")},
        "u55": "u55c",
        "kria-kv260": "kv260",
        "k26": "kv260",
        "pynq": "pynq-z2",
        "arria10": "arria10-gx1150",
    }
)
"""What else the boards are called."""


@cache
def device_names() -> tuple[str, ...]:
    """The names of the devices that come with the project, the default first, then in alphabetical order."""
    names = sorted(path.stem for path in _devices_folder().glob("*.toml"))
    return tuple(sorted(names, key=lambda name: name != DEFAULT_DEVICE))


def load_device(name_or_path: str) -> Device:
    """A device by its name or another name of its board, or from a TOML file.

    Raises:
        InputError: no such device or file, or the file is wrong; the message says where and why.
    """
    name = ALIASES.get(name_or_path, name_or_path)
    if name in device_names():
        path = _devices_folder() / f"{name}.toml"
    else:
        path = Path(name_or_path)
        if not path.is_file():
            meant = suggestion(name_or_path, (*device_names(), *ALIASES))
            raise InputError(
                f"device {name_or_path!r} is neither a TOML file that exists nor the name of a device"
                f"{meant} (the devices are: {', '.join(device_names())})"
            )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the device file cannot be read as text: {in_words(error)}") from error
    return parse_device(parsed_toml(text, str(path)), str(path))


def shipped_text(name: str) -> str:
    """The TOML file of a device that comes with the project, with its comments."""
    return (_devices_folder() / f"{name}.toml").read_text(encoding="utf-8")


def parse_device(document: Mapping[str, object], source: str) -> Device:
    """A device from the tables of its file; ``source`` is named in messages.

    Raises:
        InputError: an entry is unknown, missing, of the wrong type or out of range.
    """
    tables = sections(source, document, tuple(_KEYS), ("calibration",))
    about, counts, system = (
        Table(source, name, values, _KEYS[name]) for name, values in zip(_KEYS, tables, strict=True)
    )
    vendor = about.choice("vendor", tuple(_VENDOR_MULTIPLIERS))
    device = Device(
        name=about.title("name"),
        vendor=vendor,
        family=about.name("family", default=""),
        part=about.name("part"),
        board=about.name("board", default=""),
        note=about.line("note", default=""),
        resources=_parse_resources(counts, vendor),
        system=_parse_system(system),
        calibration=parse_calibration(document.get("calibration", {}), source),
    )
    if not device.clock_khz:
        raise InputError(f"{system.where('clock_mhz')}: nothing is left of it after [calibration] clock_permille")
    return device


def _parse_resources(table: Table, vendor: str) -> Resources:
    multiplier = MULTIPLIERS[table.choice("multiplier", tuple(MULTIPLIERS))]
    if multiplier.name not in _VENDOR_MULTIPLIERS[vendor]:
        raise InputError(
            f"{table.where('multiplier')}: a device of vendor {vendor!r} has no {multiplier.name!r} "
            f"(accepted: {', '.join(_VENDOR_MULTIPLIERS[vendor])})"
        )
    blocks = {key: table.integer(key, least=0, most=_MOST_COUNT, default=0) for key in ("bram36", "uram", "m20k")}
    needed, foreign = ("bram36", ("m20k",)) if vendor == "amd" else ("m20k", ("bram36", "uram"))
    for key in foreign:
        if blocks[key]:
            raise InputError(
                f"{table.where(key)}: a device of vendor {vendor!r} has none, found {blocks[key]}; "
                f"its memory blocks are counted by {needed}"
            )
    if not blocks[needed]:
        raise InputError(f"{table.where(needed)}: a device of vendor {vendor!r} needs at least one block")
    count = table.integer("multipliers", least=1, most=MOST_MULTIPLIERS)
    return Resources(
        multiplier=multiplier,
        multipliers=count,
        lut=table.integer("lut", least=1, most=_MOST_COUNT),
        ff=table.integer("ff", least=1, most=_MOST_COUNT),
        **blocks,
        **{key: table.integer(key, least=0, most=95, default=0) for key in _SHELL_KEYS},
        on_chip_bytes=(
            table.integer("on_chip_bytes", least=1, most=_MOST_ON_CHIP_BYTES) if table.has("on_chip_bytes") else None
        ),
        multiplier_columns=_parse_columns(table, count),
    )


def _parse_columns(table: Table, multipliers: int) -> SliceColumns:
    key = "multiplier_columns"
    if not table.has(key):
        return UNKNOWN_COLUMNS
    columns = SliceColumns.parse(table.where(key), table.lines(key))
    if columns.slices < multipliers:
        raise InputError(
            f"{table.where(key)}: the columns have {columns.slices:,} slices, and multipliers says that a kernel can "
            f"use {multipliers:,}"
        )
    return columns


def _parse_system(table: Table) -> System:
    ports = table.integer("memory_ports", least=1, most=32)
    banks = table.names("memory_banks")
    if len(banks) != ports:
        raise InputError(
            f"{table.where('memory_banks')}: one bank per memory port is expected, "
            f"found {len(banks)} banks for memory_ports = {ports}"
        )
    port_bytes = table.integer("port_bytes", least=_PORT_BYTES[0], most=_PORT_BYTES[-1])
    if port_bytes not in _PORT_BYTES:
        accepted = ", ".join(map(str, _PORT_BYTES))
        raise InputError(f"{table.where('port_bytes')}: expected one of {accepted}, found {port_bytes}")
    if ports * port_bytes % WORD_UNIT_BYTES:
        raise InputError(
            f"{table.where('port_bytes')}: all ports together make the overlay's memory word, which must be a multiple "
            f"of {WORD_UNIT_BYTES} bytes, and {ports} x {port_bytes} is {ports * port_bytes}: take a larger port_bytes "
            "(a width converter stands between it and a narrower port of the board; memory_bandwidth_gbs then says "
            "what that port carries), or an even number of ports"
        )
    return System(
        clock_khz=table.scaled("clock_mhz", _KHZ_PER_MHZ, _MOST_CLOCK_MHZ, "MHz"),
        memory_ports=ports,
        port_bytes=port_bytes,
        bandwidth_bytes_per_ms=table.scaled("memory_bandwidth_gbs", _BYTES_PER_MS_PER_GBS, _MOST_BANDWIDTH_GBS, "GB/s"),
        memory_bytes=table.integer("memory_bytes", least=1, most=1 << 50),
        memory_banks=banks,
        read_latency_cycles=table.integer("read_latency_cycles", least=0, most=10_000, default=64),
        write_latency_cycles=table.integer("write_latency_cycles", least=0, most=10_000, default=64),
    )


def _devices_folder() -> Path:
    return Path(__file__).with_name("devices")


def _share(count: int, shell_percent: int) -> int:
    return count * (100 - shell_percent) // 100


def _unscaled(value: int, scale: int) -> int | float:
    return value // scale if value % scale == 0 else value / scale
