"""Each parser against samples that were written by hand: the expected numbers are read off the sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynamap.backends.evidence.vendor_reports.readers.acl_quartus import read_acl_quartus
from dynamap.backends.evidence.vendor_reports.readers.aoc_reports import read_area, read_quartus
from dynamap.backends.evidence.vendor_reports.readers.csynth_rpt import read_csynth_rpt
from dynamap.backends.evidence.vendor_reports.readers.csynth_xml import read_csynth_xml
from dynamap.backends.evidence.vendor_reports.readers.hierarchy import read_hierarchy
from dynamap.backends.evidence.vendor_reports.readers.kernel_utilization import read_kernel_utilization
from dynamap.backends.evidence.vendor_reports.readers.timing import read_timing
from dynamap.backends.evidence.vendor_reports.readers.utilization import read_utilization, stage_of
from dynamap.backends.evidence.vendor_reports.readers.xclbin_info import read_xclbin_info
from dynamap.backends.evidence.vendor_reports.values import Measured, OtherSubject, ReportError, Scope, Stage
from support.report_samples import SAMPLES

ZU7EV = "xczu7ev-ffvc1156-2-e"


def used(report: Measured) -> dict[str, int]:
    return {name: amount.used for name, amount in report.resources.items()}


def available(report: Measured) -> dict[str, int | None]:
    return {name: amount.available for name, amount in report.resources.items()}


def test_csynth_xml() -> None:
    report = read_csynth_xml(SAMPLES / "csynth_2023.2.xml", "csynth.xml", "overlay")
    # 587 halves of a block are 293.5 blocks, rounded up.
    assert used(report) == {"lut": 101_300, "ff": 160_250, "dsp_blocks": 864, "bram36": 294, "uram": 96}
    assert available(report) == {"lut": 230_400, "ff": 460_800, "dsp_blocks": 1728, "bram36": 312, "uram": 96}
    assert (report.tool, report.part, report.design) == ("Vitis HLS 2023.2", ZU7EV, "overlay")
    assert (report.stage, report.scope) == (Stage.ESTIMATED, Scope.KERNEL)
    assert report.clock is not None
    assert report.clock.achieved_mhz == 400.0  # 2.5 ns
    assert report.clock.target_mhz == pytest.approx(300.3, abs=0.001)  # 3.33 ns


def test_csynth_xml_of_2019_names_dsp_slices_otherwise_and_has_no_uram() -> None:
    report = read_csynth_xml(SAMPLES / "csynth_2019.2.xml", "csynth.xml", "overlay")
    assert used(report) == {"lut": 30_222, "ff": 20_111, "dsp_blocks": 131, "bram36": 50}
    assert available(report)["dsp_blocks"] == 220
    assert report.tool == "Vitis HLS 2019.2"


def test_csynth_rpt() -> None:
    report = read_csynth_rpt(SAMPLES / "overlay_csynth_2021.1.rpt", "overlay_csynth.rpt", "overlay")
    # The summary's total, not that of the table of instances.
    assert used(report) == {"lut": 99_500, "ff": 150_320, "dsp_blocks": 870, "bram36": 295, "uram": 90}
    assert available(report) == {"lut": 230_400, "ff": 460_800, "dsp_blocks": 1728, "bram36": 312, "uram": 96}
    assert (report.tool, report.part) == ("Vitis HLS 2021.1", ZU7EV)
    assert report.clock is not None
    assert (report.clock.target_mhz, report.clock.achieved_mhz) == (250.0, 312.5)  # 4 ns, 3.2 ns


def test_csynth_rpt_of_2019() -> None:
    report = read_csynth_rpt(SAMPLES / "overlay_csynth_2019.2.rpt", "overlay_csynth.rpt", "overlay")
    assert used(report) == {"lut": 30_000, "ff": 20_111, "dsp_blocks": 131, "bram36": 50}
    assert report.clock is not None
    assert (report.clock.target_mhz, report.clock.achieved_mhz) == (100.0, 125.0)


def test_synthesis_summary() -> None:
    report = read_csynth_rpt(SAMPLES / "csynth_summary_2024.2.rpt", "csynth.rpt", "overlay")
    assert used(report) == {"lut": 102_000, "ff": 161_000, "dsp_blocks": 868, "bram36": 301, "uram": 80}
    assert (report.tool, report.part, report.clock) == ("Vitis HLS 2024.2", ZU7EV, None)


def test_utilization_of_a_whole_ultrascale_design() -> None:
    report = read_utilization(SAMPLES / "full_util_placed_2023.2.rpt", "full_util_placed.rpt", "overlay")
    assert used(report) == {"lut": 95_123, "ff": 165_432, "bram36": 301, "uram": 96, "dsp_blocks": 864}
    assert available(report)["bram36"] == 312
    assert (report.stage, report.scope, report.tool) == (Stage.PLACED, Scope.DEVICE, "Vivado 2023.2")
    assert report.design == "vitis_design_wrapper"


def test_utilization_of_the_kernel_alone() -> None:
    report = read_utilization(SAMPLES / "overlay_utilization_routed_2023.2.rpt", "overlay_utilization.rpt", "overlay")
    assert used(report)["lut"] == 93_000
    assert used(report)["bram36"] == 300  # 299.5
    assert (report.stage, report.scope) == (Stage.ROUTED, Scope.KERNEL)


def test_utilization_of_a_7_series_design() -> None:
    report = read_utilization(SAMPLES / "utilization_synth_2019.2.rpt", "utilization_synth.rpt", "overlay")
    assert used(report) == {"lut": 28_111, "ff": 31_999, "bram36": 53, "dsp_blocks": 131}
    assert (report.stage, report.scope, report.part) == (Stage.SYNTHESIZED, Scope.KERNEL, "7z020clg400-1")


@pytest.mark.parametrize(
    ("state", "name", "stage"),
    [
        ("Routed", "x.rpt", Stage.ROUTED),
        ("Physopt postRoute", "x_placed.rpt", Stage.ROUTED),
        ("Physopt postPlace", "x.rpt", Stage.PLACED),
        ("Fully Placed", "x.rpt", Stage.PLACED),
        ("Optimized", "x.rpt", Stage.SYNTHESIZED),
        ("Synthesized", "x_routed.rpt", Stage.SYNTHESIZED),
        ("", "routed/impl_1_kernel_util_placed.rpt", Stage.PLACED),
        ("", "impl_1_timing_summary_postroute_physopted.rpt", Stage.ROUTED),
    ],
)
def test_stages(state: str, name: str, stage: Stage) -> None:
    assert stage_of(state, name) is stage


@pytest.mark.parametrize(
    ("design", "scope"),
    [
        ("overlay", Scope.KERNEL),
        ("bd_0_wrapper", Scope.KERNEL),
        ("pfm_dynamic_overlay_1_0", Scope.KERNEL),
        ("pfm_top_wrapper", Scope.DEVICE),
        ("overlay_1_data_width_converter", Scope.DEVICE),
    ],
)
def test_designs_that_are_the_kernel_alone(design: str, scope: Scope, tmp_path: Path) -> None:
    text = (SAMPLES / "full_util_placed_2023.2.rpt").read_text().replace("vitis_design_wrapper", design)
    (tmp_path / "util.rpt").write_text(text)
    assert read_utilization(tmp_path / "util.rpt", "util.rpt", "overlay").scope is scope


def test_kernel_utilization() -> None:
    path = SAMPLES / "impl_1_kernel_util_routed_2022.2.rpt"
    report = read_kernel_utilization(path, "impl_1_kernel_util_routed.rpt", "overlay")
    assert used(report) == {"lut": 88_000, "ff": 171_000, "bram36": 292, "uram": 96, "dsp_blocks": 864}
    assert available(report) == {"lut": 226_079, "ff": 455_368, "bram36": 310, "uram": 96, "dsp_blocks": 1728}
    assert (report.stage, report.scope, report.tool) == (Stage.ROUTED, Scope.KERNEL, "Vivado 2022.2")


def test_hierarchical_utilization() -> None:
    report = read_hierarchy(SAMPLES / "hierarchical_util_2020.1.rpt", "hierarchical_util.rpt", "overlay")
    # 279 whole blocks and 25 halves: 291.5, rounded up.
    assert used(report) == {"lut": 87_000, "ff": 166_000, "bram36": 292, "uram": 96, "dsp_blocks": 864}
    assert (report.stage, report.scope) == (Stage.ROUTED, Scope.KERNEL)


def test_timing_takes_the_clock_that_was_asked_for() -> None:
    path = SAMPLES / "impl_1_timing_summary_routed_2023.2.rpt"
    report = read_timing(path, "timing.rpt", 300.0)
    assert report.clock is not None
    assert report.clock.slack_ns == -0.267
    assert report.clock.achieved_mhz == pytest.approx(1000 / 3.6)  # 3.333 + 0.267 ns
    assert report.stage is Stage.ROUTED
    slow = read_timing(path, "timing.rpt", 150.0).clock
    assert slow is not None
    assert slow.achieved_mhz == pytest.approx(1000 / 7.084)  # 6.667 + 0.417 ns


def test_timing_without_the_clock_says_which_there_are() -> None:
    report = read_timing(SAMPLES / "impl_1_timing_summary_routed_2023.2.rpt", "timing.rpt", 250.0)
    assert report.clock is None  # a clock of 250 MHz is there, but it times no path
    assert "no clock of about 250 MHz with paths (clocks: clk_pl_0 100.0 MHz, " in report.notes[0]


def test_xclbin_info() -> None:
    report = read_xclbin_info(SAMPLES / "overlay_2024.1.xclbin.info", "overlay.xclbin.info", "overlay")
    assert report.clock is not None
    assert (report.clock.achieved_mhz, report.clock.target_mhz) == (278.4, 300.0)
    assert (report.tool, report.stage) == ("Vitis 2024.1", Stage.ROUTED)


def test_xclbin_info_of_an_older_version_rounds(tmp_path: Path) -> None:
    text = (SAMPLES / "overlay_2024.1.xclbin.info").read_text().replace("Requested Freq", "-").replace("Achieved", "-")
    (tmp_path / "a").write_text(text)
    clock = read_xclbin_info(tmp_path / "a", "a", "overlay").clock
    assert clock is not None
    assert (clock.achieved_mhz, clock.target_mhz) == (278.0, None)


def test_aoc_area_takes_the_boards_part_off() -> None:
    """183,001 - 66,800 ALUTs are 116,201, two of them in an ALM: 58,101 (rounded up)."""
    report = read_area(SAMPLES / "aoc_19.4/area.json", "area.json")
    assert used(report) == {"alm": 58_101, "ff": 228_400, "m20k": 718, "dsp_blocks": 426}
    assert available(report) == {"alm": 427_200, "ff": 1_708_800, "m20k": 2713, "dsp_blocks": 1518}
    assert (report.tool, report.part, report.design) == ("aoc 19.4.0", "10AX115N2F40E2LG", "pac_a10")
    assert report.stage is Stage.ESTIMATED


def test_aoc_area_of_22_has_its_columns_in_another_order() -> None:
    report = read_area(SAMPLES / "aoc_22.4/area.json", "area.json")
    assert used(report) == {"alm": 58_000, "ff": 228_000, "m20k": 718, "dsp_blocks": 426}


def test_quartus_takes_the_kernel_system() -> None:
    report = read_quartus(SAMPLES / "aoc_22.4/quartus.json", "quartus.json")
    assert used(report) == {"alm": 97_001, "ff": 231_000, "m20k": 741, "dsp_blocks": 426}  # 97,000.5 rounded up
    assert report.clock is not None
    assert report.clock.achieved_mhz == 240.0
    assert (report.scope, report.stage) == (Scope.KERNEL, Stage.ROUTED)


def test_quartus_without_a_kernel_row_covers_the_device(tmp_path: Path) -> None:
    text = (SAMPLES / "aoc_22.4/quartus.json").read_text().replace("Kernel System", "Something")
    (tmp_path / "quartus.json").write_text(text)
    report = read_quartus(tmp_path / "quartus.json", "quartus.json")
    assert used(report) == {"alm": 150_100, "ff": 331_000, "m20k": 930, "dsp_blocks": 426}
    assert available(report)["alm"] == 427_200
    assert (report.scope, report.tool, report.part) == (Scope.DEVICE, "aoc", "")


def test_quartus_that_has_not_run() -> None:
    with pytest.raises(OtherSubject, match="no figures yet: Quartus has not run"):
        read_quartus(SAMPLES / "aoc_19.4/quartus.json", "quartus.json")


def test_acl_quartus_report() -> None:
    report = read_acl_quartus(SAMPLES / "acl_quartus_report.txt", "acl_quartus_report.txt")
    assert used(report) == {"alm": 150_100, "ff": 331_000, "m20k": 930, "dsp_blocks": 426}
    assert available(report) == {"alm": 427_200, "ff": None, "m20k": 2713, "dsp_blocks": 1518}
    assert report.clock is not None
    assert report.clock.achieved_mhz == 240.0


def test_reports_of_other_subjects_are_told_apart(tmp_path: Path) -> None:
    changed = tmp_path / "file"
    changed.write_text((SAMPLES / "overlay_2024.1.xclbin.info").read_text().replace("Bitstream", "HW Emulation Binary"))
    with pytest.raises(OtherSubject, match=r"is of an emulation \(HW Emulation Binary\)"):
        read_xclbin_info(changed, "x", "overlay")
    with pytest.raises(OtherSubject, match=r"is of the kernel\(s\) overlay, not of 'other'"):
        read_xclbin_info(SAMPLES / "overlay_2024.1.xclbin.info", "x", "other")
    with pytest.raises(OtherSubject, match="is of the function 'overlay', not of 'load'"):
        read_csynth_xml(SAMPLES / "csynth_2023.2.xml", "x", "load")
    with pytest.raises(OtherSubject, match="is of the function 'overlay', not of 'load'"):
        read_csynth_rpt(SAMPLES / "overlay_csynth_2021.1.rpt", "x", "load")
    with pytest.raises(OtherSubject, match="has no row for the kernel 'other'"):
        read_kernel_utilization(SAMPLES / "impl_1_kernel_util_routed_2022.2.rpt", "x", "other")
    with pytest.raises(OtherSubject, match="has no instance of the kernel 'other'"):
        read_hierarchy(SAMPLES / "hierarchical_util_2020.1.rpt", "x", "other")
    with pytest.raises(ReportError, match="has no section 'Intra Clock Table'"):
        text = (SAMPLES / "impl_1_timing_summary_routed_2023.2.rpt").read_text()
        changed.write_text(text[: text.index("| Intra Clock")])
        read_timing(changed, "x", 300.0)
