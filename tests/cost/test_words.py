"""Texts of device files: refused where they are read, with the key; numbers of any size get one message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dynamap.cost.device import load_device, shipped_text
from dynamap.cost.errors import InputError

NAMED = ("part", "board", "family", "memory_banks")
HARMFUL = (
    "$(shell x)",
    "a\\nb",
    "a\\\\",
    "`x`",
    "a;b",
    "a|b",
    "a#b",
    "-x",
    "a'b",
    "a\\u202e",
    "x\\u0000",
    "<b>",
    "a" * 300,
)


def changed(tmp_path: Path, key: str, value: str) -> str:
    """The ZCU104's file with another value for a key."""
    path = tmp_path / "board.toml"
    text, count = re.subn(rf"(?m)^{key} = .*$", lambda _: f"{key} = {value}", shipped_text("zcu104"))
    assert count == 1
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("key", [*NAMED, "name"])
@pytest.mark.parametrize("text", HARMFUL)
def test_a_harmful_name_is_refused(tmp_path: Path, key: str, text: str) -> None:
    value = f'["{text}"]' if key == "memory_banks" else f'"{text}"'
    with pytest.raises(InputError, match=rf"board.toml: \[(device|system)\] {key}: ") as caught:
        load_device(changed(tmp_path, key, value))
    assert len(str(caught.value)) < 400 and str(caught.value).isprintable()


@pytest.mark.parametrize("key", NAMED)
@pytest.mark.parametrize("text", ["a b", "é", 'a\\"b'])
def test_tools_names_are_single_words(tmp_path: Path, key: str, text: str) -> None:
    value = f'["{text}"]' if key == "memory_banks" else f'"{text}"'
    with pytest.raises(InputError, match=rf"{key}: .* cannot be a name because of "):
        load_device(changed(tmp_path, key, value))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("name", "Labor 2 (Zürich), rev. 1.1"),
        ("board", "/opt/xilinx/platforms/a_b-1.0/a.xpfm"),
        ("board", "xilinx.com:zcu104:part0:1.1"),
        ("note", 'any line, \\"quoted\\" $(or) not; 漢'),
    ],
)
def test_real_texts_are_read(tmp_path: Path, key: str, text: str) -> None:
    assert getattr(load_device(changed(tmp_path, key, f'"{text}"')), key) == text.replace("\\", "")


@pytest.mark.parametrize("text", ["a\\nb", "\\u001b[2J", "\\u202e", "x" * 2000])
def test_a_note_is_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"\[device\] note: "):
        load_device(changed(tmp_path, "note", f'"{text}"'))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("multipliers", "1" * 5000, "the number in line 13 has too many digits"),
        ("clock_mhz", "1e99999999999999999999", r"the number in line \d+ has too many digits"),
        ("multipliers", "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("lut", "0x" + "f" * 5000, r"\[resources\] lut: .* found an integer of 20,000 bits"),
        ("lut", "[0x" + "f" * 5000 + "]", r"\[resources\] lut: .* an integer of too many digits"),
        ("lut", "99999999999999999999", r"\[resources\] lut: .* found 99999999999999999999"),
        ("clock_mhz", "1e-9999999", r"\[system\] clock_mhz: 1E-9999999 is too fine"),
        ("clock_mhz", "0.0001", r"\[system\] clock_mhz: 0.0001 is too fine"),
        ("clock_mhz", "nan", r"\[system\] clock_mhz: expected a number"),
        ("clock_mhz", "inf", r"\[system\] clock_mhz: expected a number"),
        ("memory_bandwidth_gbs", "1e400", r"\[system\] memory_bandwidth_gbs: expected a number"),
        ("memory_bandwidth_gbs", "-1", r"\[system\] memory_bandwidth_gbs: expected a number"),
        ("memory_ports", "0", r"\[system\] memory_ports: expected an integer from 1"),
    ],
)
def test_numbers_of_any_size_get_one_message(tmp_path: Path, key: str, value: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_device(changed(tmp_path, key, value))
    assert len(str(caught.value)) < 500


def test_ports_make_a_word_of_whole_units(tmp_path: Path) -> None:
    path = Path(changed(tmp_path, "memory_ports", "1"))
    text = re.sub(r"(?m)^memory_banks = .*$", 'memory_banks = ["HP0"]', path.read_text())
    path.write_text(re.sub(r"(?m)^port_bytes = .*$", "port_bytes = 8", text))
    with pytest.raises(
        InputError, match=r"\[system\] port_bytes: .* multiple of 16 bytes, and 1 x 8 is 8: take a larger"
    ):
        load_device(str(path))


def test_a_clock_of_which_calibration_leaves_nothing_is_refused(tmp_path: Path) -> None:
    """0.001 MHz is 1 kHz, and half of it no whole kHz."""
    path = Path(changed(tmp_path, "clock_mhz", "0.001"))
    path.write_text(path.read_text() + "\n[calibration]\nclock_permille = 500\n")
    with pytest.raises(InputError, match=r"clock_mhz: nothing is left of it after \[calibration\] clock_permille"):
        load_device(str(path))
