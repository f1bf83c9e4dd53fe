"""A calibrated device as a TOML file: the device's own file with its comments, where it is known, and the new table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from dynamap.cost.device import Device, device_names, load_device, parse_device, shipped_text
from dynamap.cost.errors import InputError
from dynamap.cost.toml_table import parsed_toml

SUFFIX = "-calibrated"
_SOURCE = "the device file"
_REMARK = "# Measured over estimated, by `dynamap report import`; docs/devices.md says how it is used."
_HEADER = re.compile(r"\s*\[([A-Za-z0-9_.\-]+)\]\s*(#.*)?$")


def calibrated_name(device: Device) -> str:
    """A name of its own for the calibrated copy, since plans name their device."""
    return device.name if device.name.endswith(SUFFIX) else device.name + SUFFIX


def device_toml(device: Device, text: str | None) -> tuple[str, bool]:
    """The device's TOML, and whether the comments of ``text``, the file that it came from, were kept.

    Raises:
        InputError: the device has the name of a device that comes with the project.
    """
    if device.name in device_names():
        raise InputError(f"{device.name!r} is the name of a device that comes with the project: choose another name")
    if text is not None:
        edited = _edited(device, text)
        if edited is not None:
            return edited, True
    return _written(device), False


def text_of(device: Device) -> str | None:
    """The file that comes with the project for a device or its calibrated copy, if the part is the same; else None."""
    name = device.name.removesuffix(SUFFIX)
    if name in device_names() and load_device(name).part == device.part:
        return shipped_text(name)
    return None


def _edited(device: Device, text: str) -> str | None:
    """``text`` with the device's values in place of its own; None where that does not give the device."""
    wanted = device.document()
    wanted.pop("calibration", None)
    try:
        old = parse_device(parsed_toml(text, _SOURCE), _SOURCE)
    except InputError:
        return None
    changes = {
        (table, key): value
        for table, values in wanted.items()
        for key, value in values.items()
        if old.document()[table][key] != value
    }
    lines: list[str] = []
    table = ""
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header:
            table = header[1]
        if table.split(".")[0] == "calibration" or line == _REMARK:
            continue
        key = re.match(r"\s*([A-Za-z0-9_]+)\s*=", line)
        if key and (table, key[1]) in changes:
            comment = re.search(r'\s+#[^"\']*$', line)
            value = _value(changes.pop((table, key[1])))
            line = f"{key[1]} = {value}{comment[0] if comment else ''}"
        lines.append(line)
    if changes:
        return None
    while lines and not lines[-1].strip():
        lines.pop()
    edited = "\n".join([*lines, *_calibration(device), ""])
    try:
        same = parse_device(parsed_toml(edited, _SOURCE), _SOURCE) == device
    except InputError:
        return None
    return edited if same else None


def _written(device: Device) -> str:
    lines = []
    for table, values in replace(device, calibration=type(device.calibration)()).document().items():
        lines += [f"[{table}]", *(f"{key} = {_value(value)}" for key, value in values.items()), ""]
    text = "\n".join([*lines[:-1], *_calibration(device), ""])
    assert parse_device(parsed_toml(text, _SOURCE), _SOURCE) == device
    return text


def _calibration(device: Device) -> list[str]:
    table = device.calibration.document()
    if not table:
        return []
    head = ["", _REMARK, "[calibration]"]
    return head + [f"{key} = {_value(value)}" for key, value in table.items()]


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(part)}" for key, part in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(part) for part in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
