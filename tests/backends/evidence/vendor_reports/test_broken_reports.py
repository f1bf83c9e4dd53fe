"""Reports that are cut off, damaged or hostile: one message, never another exception."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dynamap.backends.evidence.vendor_reports import reading
from dynamap.backends.evidence.vendor_reports.readers.acl_quartus import read_acl_quartus
from dynamap.backends.evidence.vendor_reports.readers.aoc_reports import read_area, read_quartus
from dynamap.backends.evidence.vendor_reports.readers.csynth_rpt import read_csynth_rpt
from dynamap.backends.evidence.vendor_reports.readers.csynth_xml import read_csynth_xml
from dynamap.backends.evidence.vendor_reports.readers.hierarchy import read_hierarchy
from dynamap.backends.evidence.vendor_reports.readers.kernel_utilization import read_kernel_utilization
from dynamap.backends.evidence.vendor_reports.readers.timing import read_timing
from dynamap.backends.evidence.vendor_reports.readers.utilization import read_utilization
from dynamap.backends.evidence.vendor_reports.readers.xclbin_info import read_xclbin_info
from dynamap.backends.evidence.vendor_reports.values import Measured, ReportError
from support.report_samples import SAMPLES

READERS: dict[str, Callable[[Path], Measured]] = {
    "csynth_2023.2.xml": lambda path: read_csynth_xml(path, "x", "overlay"),
    "csynth_2019.2.xml": lambda path: read_csynth_xml(path, "x", "overlay"),
    "overlay_csynth_2021.1.rpt": lambda path: read_csynth_rpt(path, "x", "overlay"),
    "csynth_summary_2024.2.rpt": lambda path: read_csynth_rpt(path, "x", "overlay"),
    "full_util_placed_2023.2.rpt": lambda path: read_utilization(path, "x", "overlay"),
    "utilization_synth_2019.2.rpt": lambda path: read_utilization(path, "x", "overlay"),
    "impl_1_kernel_util_routed_2022.2.rpt": lambda path: read_kernel_utilization(path, "x", "overlay"),
    "hierarchical_util_2020.1.rpt": lambda path: read_hierarchy(path, "x", "overlay"),
    "impl_1_timing_summary_routed_2023.2.rpt": lambda path: read_timing(path, "x", 300.0),
    "overlay_2024.1.xclbin.info": lambda path: read_xclbin_info(path, "x", "overlay"),
    "aoc_19.4/area.json": lambda path: read_area(path, "x"),
    "aoc_22.4/quartus.json": lambda path: read_quartus(path, "x"),
    "acl_quartus_report.txt": lambda path: read_acl_quartus(path, "x"),
}


def _figures_in_bounds(report: Measured) -> None:
    for amount in report.resources.values():
        assert 0 <= amount.used <= reading.MOST_COUNT
    if report.clock is not None and report.clock.achieved_mhz is not None:
        assert 0 < report.clock.achieved_mhz <= 20_000


@pytest.mark.parametrize("sample", READERS)
def test_cut_off_anywhere(sample: str, tmp_path: Path) -> None:
    """Every prefix of a report either reads, with figures in bounds, or is refused."""
    content = (SAMPLES / sample).read_bytes()
    path = tmp_path / "report"
    for size in range(0, len(content), max(1, len(content) // 60)):
        path.write_bytes(content[:size])
        try:
            _figures_in_bounds(READERS[sample](path))
        except ReportError as error:
            assert str(error)


@pytest.mark.parametrize("sample", READERS)
def test_damaged_anywhere(sample: str, tmp_path: Path) -> None:
    """Bytes overwritten, lines doubled or lost."""
    content = (SAMPLES / sample).read_bytes()
    path = tmp_path / "report"
    rng = random.Random(sample)
    for _ in range(40):
        changed = bytearray(content)
        for _ in range(rng.choice([1, 5, 40])):
            changed[rng.randrange(len(changed))] = rng.choice(b"\xff\x009-|{}[]<>\"'.,e ")
        lines = bytes(changed).splitlines(keepends=True)
        if rng.random() < 0.5:
            del lines[rng.randrange(len(lines))]
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
        path.write_bytes(b"".join(lines))
        try:
            _figures_in_bounds(READERS[sample](path))
        except ReportError as error:
            assert str(error)


@pytest.mark.parametrize(
    ("sample", "found", "replacement", "message"),
    [
        ("csynth_2023.2.xml", "<LUT>101300", "<LUT>-5", r"LUT is -5, expected 0 to"),
        (
            "csynth_2023.2.xml",
            "<LUT>101300",
            "<LUT>99999999999999999999",
            r"LUT is 99999999999999999999, expected 0 to",
        ),
        ("csynth_2023.2.xml", "<LUT>101300", "<LUT>many", r"LUT is 'many', expected a number"),
        ("csynth_2023.2.xml", "<EstimatedClockPeriod>2.500", "<EstimatedClockPeriod>0", r"0 ns, which is no clock"),
        ("csynth_2023.2.xml", "<EstimatedClockPeriod>2.500", "<EstimatedClockPeriod>nan", r"Period is nan"),
        ("csynth_2023.2.xml", "</profile>", "", r"is not whole XML \(cut off\?\): no element found"),
        ("csynth_2023.2.xml", "AreaEstimates", "Areas", r"has no AreaEstimates/Resources"),
        ("overlay_csynth_2021.1.rpt", "|Total ", "|Sum ", r"has no row 'Total'"),
        ("overlay_csynth_2021.1.rpt", "== Utilization", "== U", r"has no table of resources|has no column"),
        ("full_util_placed_2023.2.rpt", "| CLB LUTs ", "| LUTs ", r"has no row 'CLB LUTs' or 'Slice LUTs'"),
        ("full_util_placed_2023.2.rpt", "|  95123 ", "| -95123 ", r"CLB LUTs is -95123"),
        ("impl_1_kernel_util_routed_2022.2.rpt", "| Name ", "| Item ", r"has no table of LUT, REG, BRAM and DSP"),
        ("hierarchical_util_2020.1.rpt", "Total LUTs", "LUTs", r"has no table of 'Total LUTs'"),
        ("impl_1_timing_summary_routed_2023.2.rpt", "-0.267", "  9.99", r"period of 3.333 ns and a slack of 9.99"),
        ("impl_1_timing_summary_routed_2023.2.rpt", "| Design Timing Summary", "|", r"no 'Design Timing Summary'"),
        ("overlay_2024.1.xclbin.info", "278 MHz", "0 MHz", r"the kernel.s clock is 0 MHz"),
        ("overlay_2024.1.xclbin.info", "DATA\n", "NONE\n", r"has no clock of type DATA"),
        ("aoc_19.4/area.json", '"total":[183001', '"total":[-3', r"aluts of total is -3"),
        ("aoc_19.4/area.json", '"total":[183001', '"total":[null', r"aluts of total is 'None'"),
        ("aoc_19.4/area.json", "[66800", "[766800", r"the board's ALUTs are more than the total"),
        ("aoc_19.4/area.json", '"total":', '"sum":', r"has no list 'total'"),
        ("aoc_22.4/quartus.json", "97000.5", "few", r"alm is 'few', expected a number"),
        ("aoc_22.4/quartus.json", "quartusFitResourceUsageSummary", "q", r"quartusFitResourceUsageSummary is missing"),
        ("acl_quartus_report.txt", "Logic utilization", "Logic", r"has no line 'Logic utilization'"),
        ("acl_quartus_report.txt", "clock freq: 240.0", "clock freq: 1e99", r"the clock is 1e\+99 MHz"),
    ],
)
def test_what_is_wrong_is_said(sample: str, found: str, replacement: str, message: str, tmp_path: Path) -> None:
    text = (SAMPLES / sample).read_text()
    assert found in text
    path = tmp_path / "report"
    path.write_text(text.replace(found, replacement))
    with pytest.raises(ReportError, match=message):
        READERS[sample](path)


def test_an_entity_bomb_is_refused_unexpanded(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "x" * 1000}">' for i in range(12))
    path = tmp_path / "csynth.xml"
    path.write_text(f"<?xml version='1.0'?><!DOCTYPE profile [{entities}]><profile><a>&e11;</a></profile>")
    with pytest.raises(ReportError, match="declares a document type"):
        read_csynth_xml(path, "x", "overlay")


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("<a>" * 100_000)
    with pytest.raises(ReportError, match="nested too deep"):
        read_csynth_xml(path, "x", "overlay")
    path.write_text("[" * 200_000)
    with pytest.raises(ReportError, match="is not JSON"):
        read_area(path, "x")


def test_encodings(tmp_path: Path) -> None:
    """UTF-16 by its mark; a host's name in Latin-1 does no harm; binary is refused."""
    text = (SAMPLES / "utilization_synth_2019.2.rpt").read_text()
    path = tmp_path / "report"
    for content in (text.encode("utf-16"), text.encode("utf-8-sig"), text.replace("Sat", "Sät").encode("latin-1")):
        path.write_bytes(content)
        assert read_utilization(path, "x", "overlay").resources["lut"].used == 28_111
    path.write_bytes(b"PK\x03\x04" + bytes(range(256)))
    with pytest.raises(ReportError, match="is not text"):
        read_utilization(path, "x", "overlay")


def test_empty_missing_and_oversized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report"
    with pytest.raises(ReportError, match="cannot be read: No such file"):
        read_acl_quartus(path, "x")
    path.write_text(" \n")
    with pytest.raises(ReportError, match="is empty"):
        read_acl_quartus(path, "x")
    monkeypatch.setattr(reading, "MOST_BYTES", 1 << 20)
    path.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(ReportError, match="is larger than 1 MiB"):
        read_acl_quartus(path, "x")


@pytest.mark.parametrize("sample", READERS)
@pytest.mark.parametrize("filler", [" ", "\n", "| ", "|Name:", "Report for 'x", "9", "<a>", "[", "a: "])
def test_size_costs_no_more_than_reading(sample: str, filler: str, tmp_path: Path) -> None:
    """A megabyte of what a search could trip over, before and within the report: seconds would be hours at 64 MB."""
    content = (SAMPLES / sample).read_bytes()
    path = tmp_path / "report"
    middle = content.index(b"\n", len(content) // 2)
    for at in (0, middle):
        path.write_bytes(content[:at] + filler.encode() * (1_000_000 // len(filler)) + content[at:])
        started = time.process_time()
        try:
            _figures_in_bounds(READERS[sample](path))
        except ReportError as error:
            assert len(str(error)) < 2_000
        assert time.process_time() - started < 3


@pytest.mark.parametrize("digits", [100, 5_000])
def test_numbers_of_many_digits(digits: int, tmp_path: Path) -> None:
    """Longer than Python converts to an integer without a limit of its own."""
    path = tmp_path / "report"
    for sample, found in (("csynth_2023.2.xml", "101300"), ("aoc_19.4/area.json", "183001")):
        path.write_text((SAMPLES / sample).read_text().replace(found, "9" * digits))
        with pytest.raises(ReportError, match=r"is 9999|is not JSON"):
            READERS[sample](path)


def test_control_characters_do_not_reach_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text((SAMPLES / "overlay_2024.1.xclbin.info").read_text().replace("Kernel: overlay", "Kernel: \x1b[2J"))
    with pytest.raises(ReportError) as caught:
        READERS["overlay_2024.1.xclbin.info"](path)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("sample", "table"),
    [
        ("impl_1_kernel_util_routed_2022.2.rpt", "| Name | LUT |\n| overlay_1 | 5 |\n"),
        ("hierarchical_util_2020.1.rpt", "| Instance | Module | Total LUTs |\n| overlay_1 | overlay | 5 |\n"),
        ("full_util_placed_2023.2.rpt", "| Site Type | Used |\n| CLB LUTs | 5 |\n"),
        ("overlay_csynth_2021.1.rpt", "|Name |LUT |\n|Total |5 |\n"),
    ],
)
def test_a_further_table_does_not_disturb_the_first(sample: str, table: str, tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text((SAMPLES / sample).read_text() + table)
    assert READERS[sample](path) == READERS[sample](SAMPLES / sample)
