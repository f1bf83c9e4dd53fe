"""Devices: what is shipped loads, what is broken is refused with a message that says where."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dynamap.cost.device import DEFAULT_DEVICE, Device, device_names, load_device, parse_device
from dynamap.cost.errors import InputError

GOOD = """
[device]
name = "mine"
vendor = "amd"
part = "xc1"

[resources]
multiplier = "dsp48e2"
multipliers = 100
lut = 1000
ff = 2000
bram36 = 10

[system]
clock_mhz = 286.5
memory_ports = 2
port_bytes = 64
memory_bandwidth_gbs = 19.2
memory_bytes = 4096
memory_banks = ["DDR[0]", "DDR[1]"]
"""

SHIPPED = {
    "u200",
    "u250",
    "u280",
    "u50",
    "u55c",
    "zcu102",
    "zcu104",
    "kv260",
    "vcu118",
    "vc709",
    "pynq-z2",
    "arria10-gx1150",
    "stratix10-gx2800",
    "stratix10-mx2100",
}


def _load(folder: Path, text: str) -> Device:
    path = folder / "board.toml"
    path.write_text(text, encoding="utf-8")
    return load_device(str(path))


def test_every_device_of_the_design_is_shipped_and_the_default_comes_first() -> None:
    assert set(device_names()) == SHIPPED
    assert device_names()[0] == DEFAULT_DEVICE == "u200"


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_shipped_device_loads(name: str) -> None:
    device = load_device(name)
    assert device.name == name
    assert len(set(device.system.memory_banks)) == device.system.memory_ports
    assert device.part and device.family
    assert device.system.memory_bytes >= 512 * 1024 * 1024


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_document_reads_back_through_json(name: str) -> None:
    device = load_device(name)
    assert parse_device(json.loads(json.dumps(device.document())), name) == device


def test_values_of_the_default_device() -> None:
    """AMD's data sheet of the card: 1,182,240 LUTs, 2,160 BRAM36, 960 URAM, 4 x 64 bit at 2,400 MT/s."""
    device = load_device("u200")
    assert device.resources.multipliers == 6833
    assert device.resources.multiplier.packs_int8
    assert (device.resources.lut, device.resources.bram36, device.resources.uram) == (1_182_240, 2160, 960)
    assert device.clock_khz == 300_000
    assert device.bandwidth_bytes_per_ms == 4 * 8 * 2_400_000  # 2,400,000 transfers per ms and bank
    assert device.resources.kernel_lut == 1_004_904  # 85 % of 1,182,240


def test_intel_multipliers_are_two_per_block() -> None:
    for name, blocks in (("arria10-gx1150", 1518), ("stratix10-gx2800", 5760), ("stratix10-mx2100", 3960)):
        resources = load_device(name).resources
        assert resources.multipliers == resources.multiplier.per_block * blocks
        assert not resources.multiplier.packs_int8


def test_fractions_are_exact_and_defaults_fill_in(tmp_path: Path) -> None:
    device = _load(tmp_path, GOOD)
    assert device.clock_khz == 286_500
    assert device.bandwidth_bytes_per_ms == 19_200_000
    assert device.system.read_latency_cycles == device.system.write_latency_cycles == 64
    assert (device.board, device.resources.uram, device.resources.shell_lut_percent) == ("", 0, 0)


def test_overrides() -> None:
    device = load_device("u200").with_overrides(clock_mhz=286, bandwidth_gbs=38.4, multipliers=6084)
    assert device.clock_khz == 286_000
    assert device.bandwidth_bytes_per_ms == 38_400_000
    assert device.resources.multipliers == 6084
    assert device.resources.lut == load_device("u200").resources.lut
    assert load_device("u200").with_overrides() == load_device("u200")
    # More than 4 ports x 64 bytes x 300 MHz = 76.8 GB/s can carry: allowed, not usable.
    assert load_device("u200").with_overrides(bandwidth_gbs=500).bandwidth_bytes_per_ms == 500_000_000


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"clock_mhz": 0}, "the clock: expected a number of MHz above 0 and at most 2000, found 0"),
        ({"clock_mhz": -1.5}, "the clock: .* found -1.5"),
        ({"clock_mhz": float("nan")}, "the clock: .* found nan"),
        ({"clock_mhz": 300e6}, "the clock: .* at most 2000, found 300000000.0"),
        ({"clock_mhz": 286.00001}, "the clock: 286.00001 is too fine, steps of 1/1000 MHz are accepted"),
        ({"bandwidth_gbs": -3}, "the bandwidth: expected a number of GB/s above 0"),
        ({"bandwidth_gbs": float("inf")}, "the bandwidth: .* found inf"),
        ({"multipliers": 0}, "the number of multipliers: .* found 0"),
    ],
)
def test_overrides_are_validated(override: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_device("u200").with_overrides(**override)  # type: ignore[arg-type]


def test_unknown_device_lists_the_names_and_suggests_the_nearest() -> None:
    with pytest.raises(InputError, match=r"device 'zcu10' is neither .*; did you mean 'zcu102' or 'zcu104'\? .*u200, "):
        load_device("zcu10")


def test_missing_file() -> None:
    with pytest.raises(InputError, match=r"device 'none/such.toml' is neither a TOML file that exists"):
        load_device("none/such.toml")


@pytest.mark.parametrize(
    ("found", "replacement", "message"),
    [
        ("lut = 1000", "lut = = 1000", r"not valid TOML: .*line 10, column 7"),
        ("lut = 1000\n", "", r"\[resources\] lut: the key is missing, expected an integer from 1"),
        ("lut = 1000", "lut = 0", r"\[resources\] lut: expected an integer from 1 to \d+, found 0"),
        ("lut = 1000", "lut = -5", r"\[resources\] lut: expected an integer .*, found -5"),
        ("lut = 1000", "lut = 10.5", r"\[resources\] lut: .* found the number 10.5"),
        ("lut = 1000", "lut = true", r"\[resources\] lut: .* found the boolean True"),
        ("lut = 1000", 'lut = "1000"', r"\[resources\] lut: .* found the string '1000'"),
        ("lut = 1000", "luts = 1000", r"\[resources\] has an unknown key 'luts'; did you mean 'lut'\?"),
        (
            "lut = 1000",
            "lut = 1000\nzz = 1",
            r"\[resources\] has an unknown key 'zz' \(accepted: multiplier, ",
        ),
        (
            "bram36 = 10",
            "bram36 = 0",
            r"\[resources\] bram36: a device of vendor 'amd' needs at least one block",
        ),
        ("bram36 = 10", "bram36 = 10\nm20k = 4", r"m20k: a device of vendor 'amd' has none, found 4"),
        (
            "bram36 = 10",
            "bram36 = 10\nshell_lut_percent = 100",
            r"shell_lut_percent: .* from 0 to 95, found 100",
        ),
        ('"dsp48e2"', '"dsp48e3"', r"multiplier: 'dsp48e3' is not known; did you mean 'dsp48e2' or 'dsp48e1'\?"),
        ('"dsp48e2"', '"intel-18x19"', r"multiplier: a device of vendor 'amd' has no 'intel-18x19'"),
        ("multipliers = 100", "multipliers = 0", r"\[resources\] multipliers: .* found 0"),
        ('vendor = "amd"', 'vendor = "xilinx"', r"\[device\] vendor: 'xilinx' is not known .*amd, intel"),
        ('name = "mine"', 'name = ""', r"\[device\] name: expected a string that is not empty"),
        ('name = "mine"', "name = 7", r"\[device\] name: expected a string, found the integer 7"),
        ('name = "mine"\n', "", r"\[device\] name: the key is missing"),
        ("clock_mhz = 286.5", "clock_mhz = -1", r"\[system\] clock_mhz: expected a number of MHz above 0"),
        ("clock_mhz = 286.5", "clock_mhz = nan", r"\[system\] clock_mhz: .* found NaN"),
        (
            "clock_mhz = 286.5",
            "clock_mhz = 300_000_000",
            r"\[system\] clock_mhz: .* at most 2000, found 300000000",
        ),
        ("clock_mhz = 286.5", 'clock_mhz = "fast"', r"\[system\] clock_mhz: .* found the string 'fast'"),
        ("clock_mhz = 286.5", "clock_mhz = 1.23456", r"clock_mhz: 1.23456 is too fine, steps of 1/1000 MHz"),
        ("clock_mhz = 286.5\n", "", r"\[system\] clock_mhz: the key is missing, expected a number of MHz"),
        ("memory_ports = 2", "memory_ports = 4", r"memory_banks: one bank per memory port .* found 2 banks"),
        ("port_bytes = 64", "port_bytes = 48", r"port_bytes: expected one of 8, 16, 32, 64, found 48"),
        ("port_bytes = 64", "port_bytes = 128", r"port_bytes: expected an integer from 8 to 64, found 128"),
        ("= 19.2", "= 0.0", r"\[system\] memory_bandwidth_gbs: expected a number of GB/s above 0"),
        (
            '["DDR[0]", "DDR[1]"]',
            '"DDR[0]"',
            r"memory_banks: expected an array of strings .* found the string",
        ),
        (
            '["DDR[0]", "DDR[1]"]',
            '["DDR[0]", 1]',
            r"memory_banks: expected an array of strings .* found the array",
        ),
        ("memory_bytes = 4096", "memory_bytes = 4e3", r"memory_bytes: .* found the number"),
        ("[system]", "[sytem]", r"unknown entry 'sytem'; did you mean 'system'\?"),
        ("[system]", "[resources.system]", r"the table \[system\] is missing"),
        ("\n[device]", "\nsystem = 3\n[device]", r"not valid TOML"),
        (GOOD, "", r"the table \[device\] is missing"),
        (GOOD, "device = 3", r"device must be a table, written \[device\], found the integer 3"),
    ],
)
def test_broken_file_is_refused_by_name(tmp_path: Path, found: str, replacement: str, message: str) -> None:
    assert found in GOOD
    expected = re.escape(str(tmp_path / "board.toml")) + r": .*" + message
    with pytest.raises(InputError, match=expected):
        _load(tmp_path, GOOD.replace(found, replacement))


def test_intel_device_refuses_amd_memories(tmp_path: Path) -> None:
    text = GOOD.replace('"amd"', '"intel"').replace('"dsp48e2"', '"intel-18x19"')
    with pytest.raises(InputError, match=r"bram36: a device of vendor 'intel' has none, found 10; .*m20k"):
        _load(tmp_path, text)
    with pytest.raises(InputError, match=r"m20k: a device of vendor 'intel' needs at least one block"):
        _load(tmp_path, text.replace("bram36 = 10\n", ""))


def test_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "board.toml"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputError, match=r"board\.toml: the device file cannot be read as text"):
        load_device(str(path))
