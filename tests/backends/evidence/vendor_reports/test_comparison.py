"""Which reports are used, and what the comparison says: numbers derived by hand from prediction and samples."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dynamap.backends.evidence.vendor_reports.comparison import Comparison, document
from dynamap.backends.evidence.vendor_reports.values import ReportError
from support.report_samples import CSYNTH, LINKED, SAMPLES, Project, compared


def figures(comparison: Comparison, index: int) -> dict[str, tuple[int, int, int, int, bool]]:
    rows = comparison.compared[index].rows
    return {row.name: (row.estimated, row.least, row.most, row.measured, row.inside) for row in rows}


def test_estimate_of_the_compiler_against_the_prediction(project: Project) -> None:
    comparison = compared(project("zcu104", CSYNTH))
    assert figures(comparison, 0) == {
        "multipliers": (864, 864, 864, 864, True),
        "uram": (96, 86, 106, 96, True),  # 86.4 down, 105.6 up
        "bram36": (300, 270, 330, 294, True),
        "lut": (80_000, 48_000, 112_000, 101_300, True),
        "ff": (180_000, 108_000, 252_000, 160_250, True),
    }
    assert comparison.clock is None, "an estimate of the compiler is no achieved clock"
    assert comparison.all_inside
    assert comparison.findings == () and comparison.warnings == ()


def test_the_implementation_of_the_kernel_wins_and_the_packaged_clock(project: Project) -> None:
    comparison = compared(project("zcu104", LINKED))
    assert [each.report.kind for each in comparison.compared] == ["csynth.xml", "kernel utilization"]
    assert figures(comparison, 1)["lut"] == (80_000, 48_000, 112_000, 88_000, True)
    assert figures(comparison, 1)["bram36"] == (300, 270, 330, 292, True)
    clock = comparison.clock
    assert clock is not None
    assert (clock.achieved_mhz, clock.predicted_mhz, clock.inside) == (278.4, 300.0, False)
    assert clock.latency_ms == pytest.approx(600_000 / 278_400)
    assert not comparison.all_inside
    assert any("reaches 278.4 MHz of 300" in finding for finding in comparison.findings)
    assert comparison.warnings == (), "what the flow writes anyway is no cause for a warning"


def test_timing_summary_alone_gives_the_clock_by_its_slack(project: Project) -> None:
    place = "build/impl_1_timing_summary_routed.rpt"
    clock = compared(project("zcu104", CSYNTH | {place: LINKED[next(k for k in LINKED if "timing" in k)]})).clock
    assert clock is not None
    assert clock.achieved_mhz == pytest.approx(1000 / 3.6)
    assert clock.slack_ns == -0.267
    assert clock.same_target


def test_a_met_clock_is_inside(project: Project) -> None:
    text = (SAMPLES / "impl_1_timing_summary_routed_2023.2.rpt").read_text().replace("-0.267", " 0.000")
    folder = project("zcu104")
    (folder / "timing_summary.rpt").write_text(text)
    comparison = compared(folder)
    assert comparison.clock is not None and comparison.clock.inside  # 3.333 ns are 300.03 MHz
    assert comparison.all_inside


def test_whole_device_figures_are_shown_and_not_judged(project: Project) -> None:
    folder = project("zcu104", {"full_util_placed.rpt": "full_util_placed_2023.2.rpt"})
    comparison = compared(folder)
    assert comparison.compared[0].whole_device
    assert "covers the whole device" in comparison.findings[0]
    assert all(entry["inside"] is None for entry in document(comparison)["resources"])
    assert comparison.all_inside


def test_multipliers_that_differ_are_a_finding(project: Project) -> None:
    comparison = compared(project("zcu104", {"overlay_csynth.rpt": "overlay_csynth_2021.1.rpt"}))
    assert "870 DSP slices instead of 864; multipliers are exact in the plan" in comparison.findings[0]
    assert not comparison.all_inside


def test_what_is_outside_is_a_finding(project: Project) -> None:
    folder = project("zcu104", {"csynth.xml": "csynth_2023.2.xml"})
    path = folder / "csynth.xml"
    path.write_text(path.read_text().replace("<LUT>101300", "<LUT>300000"))
    findings = compared(folder).findings
    assert any("300,000 LUT are outside the estimate's 48,000 to 112,000" in finding for finding in findings)
    assert any("300,000 LUT are more than the 230,400 that there are" in finding for finding in findings)


def test_intel_compares_blocks_of_two_multipliers(project: Project) -> None:
    reports = {f"bin/overlay/reports/lib/json/{name}": f"aoc_22.4/{name}" for name in ("quartus.json", "info.json")}
    comparison = compared(project("arria10-gx1150", reports | {"bin/overlay/area.json": "aoc_22.4/area.json"}))
    assert [each.report.kind for each in comparison.compared] == ["quartus.json"], "area.json lies in no folder json"
    assert figures(comparison, 0) == {
        "multipliers": (426, 426, 426, 426, True),  # 852 multipliers
        "m20k": (700, 630, 770, 741, True),
        "alm": (90_000, 54_000, 126_000, 97_001, True),
        "ff": (200_000, 120_000, 280_000, 231_000, True),
    }
    assert comparison.clock is not None and comparison.clock.achieved_mhz == 240.0
    assert comparison.compared[0].rows[0].unit == "DSP blocks"


def test_intel_estimate_before_quartus(project: Project) -> None:
    places = ("area.json", "info.json", "quartus.json")
    folder = project("arria10-gx1150", {f"out/reports/resources/json/{name}": f"aoc_19.4/{name}" for name in places})
    comparison = compared(folder)
    assert [each.report.kind for each in comparison.compared] == ["area.json"]
    assert "quartus.json has no figures yet: Quartus has not run: not used" in comparison.warnings[0]
    assert comparison.broken == 0


def test_the_newest_of_alike_reports_is_used(project: Project) -> None:
    places = {f"build/{run}/csynth.xml": "csynth_2023.2.xml" for run in ("a", "b", "c")}
    folder = project("zcu104", places)
    base = (folder / "predicted.json").stat().st_mtime
    for run, age in (("a", 5), ("b", 50), ("c", 20)):
        path = folder / f"build/{run}/csynth.xml"
        path.write_text(path.read_text().replace("<FF>160250", f"<FF>16025{age // 10}"))
        os.utime(path, (base + age, base + age))
    comparison = compared(folder)
    assert comparison.compared[0].report.path == "build/b/csynth.xml"
    assert comparison.warnings == (
        "estimate: build/b/csynth.xml is used; not build/c/csynth.xml, build/a/csynth.xml, with other figures of the "
        "same stage",
    )


def test_reports_older_than_the_project_are_named(project: Project) -> None:
    folder = project("zcu104", CSYNTH)
    path = folder / next(iter(CSYNTH))
    os.utime(path, (1, 1))
    assert "older than predicted.json" in compared(folder).warnings[0]


def test_blocks_beside_the_kernel_are_passed_over(project: Project) -> None:
    folder = project("zcu104", CSYNTH | {"build/a_utilization_synth.rpt": "full_util_placed_2023.2.rpt"})
    path = folder / "build/a_utilization_synth.rpt"
    path.write_text(path.read_text().replace("vitis_design_wrapper", "design_axi_interconnect_0"))
    comparison = compared(folder)
    assert len(comparison.compared) == 1 and comparison.warnings == ()


def test_a_broken_report_beside_a_sound_one_is_a_warning(project: Project) -> None:
    folder = project("zcu104", CSYNTH | {"build/x/csynth.xml": "csynth_2023.2.xml"})
    (folder / "build/x/csynth.xml").write_text("<profile><Area")
    comparison = compared(folder)
    assert comparison.broken == 1
    assert comparison.warnings[0].startswith("build/x/csynth.xml is not whole XML (cut off?)")


@pytest.mark.parametrize(
    ("device", "place", "sample", "message"),
    [
        ("pynq-z2", "build/csynth.xml", "csynth_2023.2.xml", r"is for part 'xczu7ev-ffvc1156-2-e', and the project is"),
        ("zcu104", "build/utilization.rpt", "utilization_synth_2019.2.rpt", r"is for part '7z020clg400-1'"),
        ("zcu104", "build/quartus.txt", "acl_quartus_report.txt", r"no report of Vitis HLS, Vivado or v\+\+ below"),
    ],
)
def test_another_part_is_refused(project: Project, device: str, place: str, sample: str, message: str) -> None:
    folder = project(device, {place: sample})
    with pytest.raises(ReportError, match=message):
        compared(folder)


def test_parts_as_older_tools_write_them_are_the_same(project: Project) -> None:
    """7z020clg400-1 is xc7z020-clg400-1, xczu7evffvc1156-2 is xczu7ev-ffvc1156-2-e."""
    comparison = compared(project("pynq-z2", {"util_synth.rpt": "utilization_synth_2019.2.rpt"}, clock_mhz=100.0))
    assert figures(comparison, 0)["bram36"] == (50, 45, 55, 53, True)  # 52.5


def test_another_intel_device_is_refused(project: Project) -> None:
    folder = project("arria10-gx1150", {"json/area.json": "aoc_22.4/area.json", "json/info.json": "aoc_22.4/info.json"})
    path = folder / "json/info.json"
    path.write_text(path.read_text().replace("10AX115N2F40E2LG", "1SG280LU2F50E2VG"))
    with pytest.raises(ReportError, match="is for part '1SG280LU2F50E2VG'"):
        compared(folder)


def test_folders_that_cannot_be_compared(project: Project, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"is no folder: give the folder that `dynamap generate` wrote"):
        compared(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReportError, match=r"is no generated project: it has no predicted\.json"):
        compared(tmp_path / "empty")
    folder = project("zcu104")
    with pytest.raises(ReportError, match=r"`make hls` in the project makes the estimate .* `make xclbin`"):
        compared(folder)
    (folder / "csynth.xml").write_text("<profile/>")
    with pytest.raises(ReportError, match=r"no report below .* can be used: csynth.xml has no AreaEstimates"):
        compared(folder)


def test_intel_projects_name_their_own_targets(project: Project) -> None:
    with pytest.raises(ReportError, match=r"no report of aoc or Quartus below .*`make report`.*`make aocx`"):
        compared(project("arria10-gx1150"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "dynamap.predicted/0"}, r"has schema 'dynamap.predicted/0', .*generate the project again"),
        ({"cycles": -1}, r"is damaged: cycles must be a count, found -1"),
        ({"resources": {}}, r"resources must be a list"),
        ({"resources": [{"name": "lut"}]}, r"key 'used' is missing"),
        ({"clock_mhz": "300"}, r"clock_mhz and latency_ms must be positive numbers"),
        ({"device_tables": 3}, r"device_tables must be an object"),
    ],
)
def test_damaged_predictions(project: Project, change: dict[str, object], message: str) -> None:
    with pytest.raises(ReportError, match=message):
        compared(project("zcu104", CSYNTH, **change))


def test_the_document(project: Project) -> None:
    """The keys that docs/vendor-reports.md promises, by hand."""
    said = document(compared(project("zcu104", LINKED)))
    assert said["schema"] == "dynamap.measured/1"
    assert (said["tool"], said["stage"], said["scope"]) == ("Vivado 2022.2", "routed", "kernel")
    assert (said["device"], said["device_name"], said["model"]) == ("xczu7ev-ffvc1156-2-e", "zcu104", "example")
    lut = next(entry for entry in said["resources"] if entry["name"] == "lut")
    assert lut == {
        "name": "lut",
        "unit": "LUT",
        "estimated": 80_000,
        "interval": [48_000, 112_000],
        "uncertainty_percent": 40,
        "measured": 88_000,
        "inside": True,
        "permille": 1100,
        "available": 226_079,
    }
    assert said["clock_mhz"]["requested"] == 300.0 and said["clock_mhz"]["achieved"] == 278.4
    assert [report["kind"] for report in said["reports"]] == ["csynth.xml", "kernel utilization"]
    assert said["all_inside"] is False
