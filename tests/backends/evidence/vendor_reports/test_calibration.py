"""Factors from a comparison, by hand; what they change in planning; the device file that holds them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dynamap.backends.evidence.vendor_reports.calibration import calibrate
from dynamap.backends.evidence.vendor_reports.device_file import calibrated_name, device_toml, text_of
from dynamap.backends.evidence.verification import verify_plan
from dynamap.backends.evidence.verification.report import Verdict
from dynamap.cost.calibration import DeviceCalibration, Factor
from dynamap.cost.device import Device, load_device, parse_device, shipped_text
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.fitting.candidates import Candidates, require_array
from dynamap.cost.overlay.fitting.target import array_limit, machine_of
from dynamap.planner.models.placeholders import placeholder
from dynamap.planner.network.network import Conv, Network
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from support.report_samples import CSYNTH, LINKED, SAMPLES, Project, compared, prediction

ZCU104 = load_device("zcu104")


def test_factors_of_an_implementation(project: Project) -> None:
    """88,000 / 80,000, 171,000 / 180,000, 292 / 300 = 0.9733 up, 96 / 96; 278.4 / 300 MHz down."""
    found = calibrate(compared(project("zcu104", LINKED)))
    assert found.device.calibration == DeviceCalibration(
        lut=Factor(1100, 20),
        ff=Factor(950, 20),
        bram36=Factor(974, 5),
        uram=Factor(1000, 5),
        clock_permille=928,
        source="example: kernel utilization of Vivado 2022.2 (routed), clock of overlay.hw.xclbin.info",
    )
    assert replace(found.device, calibration=DeviceCalibration()) == ZCU104
    assert found.device.clock_khz == 278_400
    assert found.left_out == ()


def test_an_estimate_of_the_compiler_moves_the_level_and_keeps_the_interval(project: Project) -> None:
    """101,300 / 80,000 = 1.26625 up, 160,250 / 180,000 = 0.8903 up, 294 / 300."""
    found = calibrate(compared(project("zcu104", CSYNTH)))
    calibration = found.device.calibration
    assert (calibration.lut, calibration.ff) == (Factor(1267, 40), Factor(891, 40))
    assert (calibration.bram36, calibration.uram) == (Factor(980, 10), Factor(1000, 10))
    assert calibration.clock_permille == 1000
    assert found.left_out == ("clock: no report of the implementation says what it is",)


def test_a_measurement_outside_keeps_the_interval(project: Project) -> None:
    """60,000 +- 40 % ends at 84,000: with 88,000 the model is off in more than its level. 88 / 60 = 1.4667 up."""
    folder = project("zcu104", LINKED, resources=_resources(lut=60_000))
    assert calibrate(compared(folder)).device.calibration.lut == Factor(1467, 40)


def test_a_second_measurement_refines_the_first(project: Project) -> None:
    """The project was planned with 1.1 and predicted 84,000 +- 20 %; 88,000 / 84,000 x 1.1 = 1.15239 up."""
    device = replace(ZCU104, name="mine", calibration=DeviceCalibration(lut=Factor(1100, 20), clock_permille=950))
    folder = project(
        "zcu104",
        LINKED,
        device="mine",
        device_tables=device.document(),
        resources=_resources(lut=84_000, percent=20),
        clock_mhz=285.0,
    )
    found = calibrate(compared(folder)).device.calibration
    assert found.lut == Factor(1153, 10)
    # The xclbin was asked for 300 MHz and the plan has 285: no measurement of this plan's clock.
    assert found.clock_permille == 950


def test_intervals_never_vanish(project: Project) -> None:
    folder = project("zcu104", LINKED, resources=_resources(lut=88_000, percent=10))
    assert calibrate(compared(folder)).device.calibration.lut == Factor(1000, 10)  # a quarter of 40


def test_slack_does_not_raise_the_clock(project: Project) -> None:
    folder = project("zcu104", CSYNTH)
    text = (SAMPLES / "impl_1_timing_summary_routed_2023.2.rpt").read_text()
    (folder / "timing_summary_routed.rpt").write_text(text.replace("-0.267", " 0.800"))
    assert calibrate(compared(folder)).device.calibration.clock_permille == 1000


def test_the_clock_by_slack_is_rounded_down(project: Project) -> None:
    """1000 / 3.6 = 277.78 of 300 MHz: 0.9259."""
    folder = project("zcu104", CSYNTH | {"timing_summary_routed.rpt": "impl_1_timing_summary_routed_2023.2.rpt"})
    assert calibrate(compared(folder)).device.calibration.clock_permille == 925


def test_what_cannot_be_calibrated_is_said(project: Project) -> None:
    folder = project("zcu104", LINKED, resources=[*_resources(lut=5_000), _use("m20k", 3, 10)])
    found = calibrate(compared(folder))
    assert found.left_out[0].startswith("LUT: measured 88,000 is not comparable with the estimated 5,000 (a factor of")
    assert found.device.calibration.lut is None


def test_memory_moved_to_another_kind(project: Project) -> None:
    resources = [use for use in _resources(lut=80_000) if use["name"] != "uram"] + [_use("uram", 0, 10)]
    found = calibrate(compared(project("zcu104", LINKED, resources=resources)))
    assert "URAM: estimated none, measured 96" in found.left_out


def test_a_whole_device_calibrates_the_clock_alone(project: Project) -> None:
    folder = project("arria10-gx1150", {"bin/acl_quartus_report.txt": "acl_quartus_report.txt"})
    found = calibrate(compared(folder))
    assert found.device.calibration.document() == {
        "source": "example: acl_quartus_report.txt of Quartus (routed), clock of acl_quartus_report.txt",
        "clock_permille": 800,
    }
    assert "covers the whole device" in found.left_out[0]


def test_nothing_to_calibrate(project: Project) -> None:
    folder = project("zcu104", {"full_util_placed.rpt": "full_util_placed_2023.2.rpt"})
    with pytest.raises(InputError, match=r"calibrate nothing: full_util_placed\.rpt covers the whole device"):
        calibrate(compared(folder))


def _use(name: str, used: int, percent: int) -> dict[str, object]:
    return {"name": name, "used": used, "available": 10 * used, "uncertainty_percent": percent}


def _resources(lut: int, percent: int = 40) -> list[dict[str, object]]:
    entries = prediction("zcu104")["resources"]
    return [_use("lut", lut, percent) if entry["name"] == "lut" else entry for entry in entries]


# What a calibration changes in planning.


def _candidates(device: Device) -> Candidates:
    machine = machine_of(device)
    return Candidates.of(device, machine, array_limit(device, machine))


def test_a_logic_factor_is_a_device_with_other_counts() -> None:
    """Where everything takes 1.2 times as much, 72,000 LUTs are 60,000; both are as sure."""
    known = replace(ZCU104, calibration=DeviceCalibration(lut=Factor(1000, 0)))
    small = replace(known, resources=replace(ZCU104.resources, lut=72_000))
    smaller = replace(known, resources=replace(ZCU104.resources, lut=60_000))
    calibrated = replace(small, calibration=DeviceCalibration(lut=Factor(1200, 0)))
    before, ours, theirs = _candidates(small), _candidates(calibrated), _candidates(smaller)
    assert ours.rows.tolist() == theirs.rows.tolist() and ours.columns.tolist() == theirs.columns.tolist()
    assert 0 < len(ours.rows) < len(before.rows)
    largest = int((before.rows * before.columns).argmax())
    rows, columns = int(before.rows[largest]), int(before.columns[largest])
    require_array(before, rows, columns)
    with pytest.raises(InfeasibleError, match=rf"array {rows}x{columns} .* needs [\d,]+ LUTs .* has 72,000 \("):
        require_array(ours, rows, columns)


@pytest.mark.parametrize(("permille", "as_many"), [(1500, 64), (750, 128), (1001, 95)])
def test_a_memory_factor_is_a_device_with_other_counts(permille: int, as_many: int) -> None:
    """96 blocks that fill 1.5 times as fast are 64 blocks; the arrays and buffers that fit are the same."""
    calibrated = replace(ZCU104, calibration=DeviceCalibration(uram=Factor(permille, 0)))
    other = replace(ZCU104, resources=replace(ZCU104.resources, uram=as_many))
    ours, theirs = _candidates(calibrated), _candidates(other)
    assert ours.rows.tolist() == theirs.rows.tolist() and ours.columns.tolist() == theirs.columns.tolist()
    for rows, columns in ((8, 8), (30, 20), (49, 32)):
        assert ours.buffers_for(rows, columns) == theirs.buffers_for(rows, columns)


def _network() -> Network:
    weights = [placeholder((32, 16, 3, 3)), placeholder((48, 32, 1, 1))]
    layers = (
        Conv("a", ("x",), "y", Window((3, 3), pads=(1, 1, 1, 1)), weights[0], placeholder((32,)), 1),
        Conv("b", ("y",), "z", Window((1, 1)), weights[1], placeholder((48,)), 1),
    )
    shapes = {"x": TensorShape(16, 28, 28), "y": TensorShape(32, 28, 28), "z": TensorShape(48, 28, 28)}
    return Network("two", "5" * 64, layers, shapes, ("x",), ("z",))


def test_a_plan_of_a_calibrated_device_is_scaled_and_verifies(tmp_path: Path) -> None:
    network, request = _network(), Request(array=(8, 6))
    factors = DeviceCalibration(lut=Factor(1500, 20), bram36=Factor(1100, 5), clock_permille=900)
    device = replace(ZCU104, name="mine", calibration=factors)
    plan, before = plan_network(network, device, request), plan_network(network, ZCU104, request)
    assert (plan.overlay.clock_mhz, before.overlay.clock_mhz) == (270.0, 300.0)
    uses, old = ({use.name: use for use in each.resources} for each in (plan, before))
    assert uses["lut"].used == (3 * old["lut"].used + 1) // 2  # times 1.5, rounded up
    # Words of 64 bytes are within what was mapped: 15 % of the kernel, 20 % as the device's own reports say.
    assert (old["lut"].uncertainty_percent, uses["lut"].uncertainty_percent) == (15, 20)
    assert uses["ff"] == old["ff"]
    assert uses["bram36"].used <= uses["bram36"].available == 312
    assert parse_device(plan.device, "plan") == device
    verification = verify_plan(plan, network, full=False)
    failed = [check.name for check in verification.checks if check.outcome is Verdict.FAILED]
    assert failed == []


def test_a_calibrated_device_of_a_shipped_name_is_not_that_device() -> None:
    device = replace(ZCU104, calibration=DeviceCalibration(lut=Factor(1500, 20)))
    network = _network()
    verification = verify_plan(plan_network(network, device, Request(array=(8, 6))), network, full=False)
    (check,) = [check for check in verification.checks if check.name == "device"]
    assert check.outcome is Verdict.FAILED
    assert "a device of your own needs a name of its own" in check.detail


def test_a_given_clock_is_taken_as_it_is() -> None:
    device = replace(ZCU104, calibration=DeviceCalibration(clock_permille=900))
    assert device.clock_khz == 270_000
    assert device.with_overrides(bandwidth_gbs=10).clock_khz == 270_000
    assert device.with_overrides(clock_mhz=200).clock_khz == 200_000


def test_without_a_calibration_nothing_changes() -> None:
    assert set(ZCU104.document()) == {"device", "resources", "system"}
    machine = machine_of(ZCU104)
    explicit = replace(
        ZCU104, calibration=DeviceCalibration(Factor(1000, 15), Factor(1000, 15), *[Factor(1000, 0)] * 3)
    )
    plan = plan_network(_network(), ZCU104, Request(array=(8, 6)))
    assert plan_network(_network(), explicit, Request(array=(8, 6))).resources == plan.resources
    assert machine_of(explicit) == machine


# The device file.


def test_the_file_keeps_the_comments(project: Project) -> None:
    device = calibrate(compared(project("zcu104", LINKED))).device
    device = replace(device, name=calibrated_name(device))
    text, kept = device_toml(device, text_of(device))
    assert kept
    comments = [line for line in shipped_text("zcu104").splitlines() if line.startswith("#")]
    assert comments and all(line in text.splitlines() for line in comments)
    assert 'name = "zcu104-calibrated"' in text
    assert "lut = { permille = 1100, uncertainty_percent = 20 }" in text
    assert "clock_permille = 928" in text


def test_the_file_reads_back_and_is_calibrated_again(project: Project, tmp_path: Path) -> None:
    device = replace(calibrate(compared(project("zcu104", LINKED))).device, name="board")
    text, _ = device_toml(device, text_of(device))
    path = tmp_path / "board.toml"
    path.write_text(text)
    assert load_device(str(path)) == device
    again = replace(device, calibration=DeviceCalibration(ff=Factor(1234, 30)))
    second, kept = device_toml(again, text)
    assert kept
    assert second.count("[calibration]") == 1 and second.count("Measured over estimated") == 1
    path.write_text(second)
    assert load_device(str(path)) == again


def test_overridden_values_are_changed_in_their_lines(project: Project) -> None:
    asked = ZCU104.with_overrides(clock_mhz=250, bandwidth_gbs=12.5)
    text, kept = device_toml(replace(asked, name="slow"), shipped_text("zcu104"))
    assert kept
    assert "clock_mhz = 250" in text and "memory_bandwidth_gbs = 12.5" in text


@pytest.mark.parametrize(
    "text", [None, "device.name = 'x'", "[device]\nname = 'x'", "nonsense [", shipped_text("pynq-z2")]
)
def test_without_a_file_that_fits_it_is_written_anew(text: str | None, tmp_path: Path) -> None:
    device = replace(
        ZCU104,
        name="odd [name], ü = 1",
        note='a "b" \\ c # d',
        calibration=DeviceCalibration(uram=Factor(1500, 5), source='from "x"'),
    )
    written, kept = device_toml(device, text)
    assert kept == (text == shipped_text("pynq-z2"))
    path = tmp_path / "device.toml"
    path.write_text(written, encoding="utf-8")
    assert load_device(str(path)) == device


def test_a_shipped_name_is_refused() -> None:
    with pytest.raises(InputError, match="'zcu104' is the name of a device that comes with the project"):
        device_toml(ZCU104, None)
