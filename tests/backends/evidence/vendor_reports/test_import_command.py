"""`dynamap report import` as its user meets it: exit status, streams, files, one clear message for every wrong call."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dynamap.cli import main
from dynamap.cost.calibration import Factor
from dynamap.cost.device import load_device, shipped_text
from support.report_samples import CSYNTH, LINKED, SAMPLES, Project

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs `dynamap report import ARGUMENTS` in this process: exit status, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dynamap", "report", "import", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err and "internal error" not in err, err
        return int(stop.value.code or 0), out, err

    return run


def refused(result: tuple[int, str, str]) -> str:
    status, out, err = result
    assert (status, out) == (2, ""), result
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, err
    return errors[0]


def test_all_inside_ends_with_0_and_shows_a_table(project: Project, call: Call) -> None:
    status, out, err = call(project("zcu104", CSYNTH))
    assert (status, err) == (0, "")
    lut = next(line for line in out.splitlines() if "LUT" in line)
    assert re.split(r" {2,}", lut.strip()) == [
        "LUT",
        "80,000",
        "48,000 to 112,000",
        "101,300",
        "230,400",
        "yes",
    ]
    assert "Every figure lies in the interval of its estimate." in out


def test_outside_ends_with_1_and_json_is_one_document(project: Project, call: Call, tmp_path: Path) -> None:
    status, out, err = call(project("zcu104", LINKED), "--json", "-o", tmp_path / "measured.json")
    assert status == 1
    document = json.loads(out)
    assert document["schema"] == "dynamap.measured/1" and document["all_inside"] is False
    assert json.loads((tmp_path / "measured.json").read_text()) == document
    assert (err, document["warnings"]) == ("", [])


def test_the_device_is_written_and_plans_can_use_it(project: Project, call: Call, tmp_path: Path) -> None:
    target = tmp_path / "board.toml"
    status, _, err = call(project("zcu104", LINKED), "--write-device", target)
    assert status == 1  # the clock is not achieved; the file is written all the same
    assert f"wrote {target}: plan with --device {target}" in err
    device = load_device(str(target))
    assert device.name == "zcu104-calibrated"
    assert device.calibration.lut == Factor(1100, 20)
    assert device.clock_khz == 278_400


def test_the_devices_own_file_and_name(project: Project, call: Call, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(shipped_text("zcu104").replace("# Vitis AI DPUs: 300 MHz.", "# As measured in the laboratory."))
    target = tmp_path / "out.toml"
    call(project("zcu104", LINKED), "--write-device", target, "--device", own, "--name", "bench-3")
    assert "# As measured in the laboratory." in target.read_text()
    assert load_device(str(target)).name == "bench-3"


def test_reports_of_another_folder(project: Project, call: Call, tmp_path: Path) -> None:
    elsewhere = tmp_path / "results"
    elsewhere.mkdir()
    shutil.copyfile(SAMPLES / "csynth_2023.2.xml", elsewhere / "csynth.xml")
    status, out, _ = call(project("zcu104"), "--reports", elsewhere)
    assert status == 0 and "101,300" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), r"no report of Vitis HLS, Vivado or v\+\+ below .*`make hls`"),
        (("--reports", "none-such"), r"'none-such' is no folder"),
        (("--name", "x"), r"--device and --name say what --write-device writes"),
        (("--device", "x.toml"), r"--device and --name say what --write-device writes"),
    ],
)
def test_wrong_calls(project: Project, call: Call, arguments: tuple[str, ...], message: str) -> None:
    assert re.search(message, refused(call(project("zcu104"), *arguments)))


def test_a_folder_that_is_no_project(call: Call, tmp_path: Path) -> None:
    assert "is no generated project: it has no predicted.json" in refused(call(tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--name", "u200"), r"'u200' is the name of a device that comes with the project"),
        (("--device", "missing.toml"), r"device 'missing.toml' is neither"),
        (("--device", str(SAMPLES / "csynth_2019.2.xml")), r"not valid TOML|is neither"),
    ],
)
def test_nothing_is_written_where_the_device_cannot_be(
    project: Project, call: Call, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    folder = project("zcu104", LINKED)
    before = sorted(tmp_path.iterdir())
    outputs = ("--write-device", tmp_path / "board.toml", "-o", tmp_path / "measured.json")
    assert re.search(message, refused(call(folder, *outputs, *options)))
    assert sorted(tmp_path.iterdir()) == before


def test_a_device_of_another_part_is_refused(project: Project, call: Call, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(shipped_text("pynq-z2"))
    said = refused(call(project("zcu104", LINKED), "--write-device", tmp_path / "b.toml", "--device", own))
    assert "is for part 'xc7z020clg400-1', the project for 'xczu7ev-ffvc1156-2-e'" in said


def test_a_broken_report_calibrates_nothing(project: Project, call: Call, tmp_path: Path) -> None:
    folder = project("zcu104", LINKED)
    (folder / "build" / "overlay_csynth.xml").write_text("<profile>")
    assert call(folder)[0] == 1
    said = refused(call(folder, "--write-device", tmp_path / "b.toml"))
    assert "1 report(s) could not be read" in said
    assert not (tmp_path / "b.toml").exists()


def test_an_unwritable_place_is_an_error(project: Project, call: Call, tmp_path: Path) -> None:
    said = refused(call(project("zcu104", LINKED), "--write-device", tmp_path / "no" / "b.toml"))
    assert "cannot write" in said
