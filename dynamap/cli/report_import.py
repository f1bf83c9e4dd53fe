"""``dynamap report import PROJECT``: reports of the vendor's tools against the project's prediction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Group
from rich.text import Text

from dynamap.backends.evidence.vendor_reports.calibration import Calibrated, calibrate
from dynamap.backends.evidence.vendor_reports.comparison import Compared, Comparison, Row, document
from dynamap.backends.evidence.vendor_reports.device_file import calibrated_name, device_toml, text_of
from dynamap.backends.evidence.vendor_reports.discovery import files_read
from dynamap.backends.evidence.vendor_reports.front_end import compare_project
from dynamap.backends.evidence.vendor_reports.values import ReportError
from dynamap.cli.output import message, show
from dynamap.cli.places import check_places
from dynamap.cli.tables import Column, FittedTable
from dynamap.cost.device import load_device
from dynamap.cost.errors import InputError
from dynamap.planner.results.documents import json_text
from dynamap.planner.results.files import Results


def import_command(
    project: Path,
    reports: Path | None,
    write_device: Path | None,
    device_file: Path | None,
    name: str | None,
    output: Path | None,
    as_json: bool,
) -> int:
    """Compares, prints, and writes what was asked for; 1 where a figure is outside its interval.

    Raises:
        InputError: the project, its reports or the device cannot be used, or a file cannot be written.
    """
    if write_device is None and (device_file is not None or name is not None):
        raise InputError("--device and --name say what --write-device writes: give it too")
    folder = project if reports is None else reports
    places = {"--output": output, "--write-device": write_device}
    check_places(places, [device_file])
    try:
        comparison = compare_project(project, folder)
    except ReportError as error:
        raise InputError(str(error)) from None
    check_places(places, files_read(project, folder, comparison.prediction))
    for warning in comparison.warnings:
        message(f"warning: {warning}")
    text = json_text(document(comparison), indent=1)
    device = None if write_device is None else _device_text(comparison, device_file, name)
    with Results() as results:
        if output is not None:
            results.write(output, f"{text}\n".encode())
        if write_device is not None and device is not None:
            results.write(write_device, device.encode())
    if write_device is not None:
        message(f"wrote {write_device}: plan with --device {write_device}")
    show(text if as_json else _tables(comparison))
    return 0 if comparison.all_inside else 1


def _device_text(comparison: Comparison, device_file: Path | None, name: str | None) -> str:
    if comparison.broken:
        raise InputError(
            f"{comparison.broken} report(s) could not be read (see the warnings): a device is calibrated with whole "
            "reports only; build again, or remove the broken files"
        )
    calibrated = calibrate(comparison)
    for reason in calibrated.left_out:
        message(f"not calibrated: {reason}")
    device = replace(calibrated.device, name=name or calibrated_name(calibrated.device))
    text, kept = device_toml(device, _original(calibrated, device_file))
    if not kept:
        message("the device's own file is not known (--device FILE.toml names it): written without its comments")
    return text


def _original(calibrated: Calibrated, device_file: Path | None) -> str | None:
    if device_file is None:
        return text_of(calibrated.device)
    given = load_device(str(device_file))
    if given.part != calibrated.device.part:
        raise InputError(f"{device_file}: is for part {given.part!r}, the project for {calibrated.device.part!r}")
    return device_file.read_text(encoding="utf-8")


def _tables(comparison: Comparison) -> Group:
    parts: list[FittedTable | Text] = [_table(comparison, compared) for compared in comparison.compared]
    clock = comparison.clock
    if clock is not None:
        slack = "" if clock.slack_ns is None else f", slack {clock.slack_ns:+.3f} ns"
        line = (
            f"Clock: {clock.achieved_mhz:.1f} MHz achieved of {clock.predicted_mhz:g} MHz planned{slack} ({clock.path})"
        )
        parts.append(Text(line, style="green" if clock.inside else "yellow"))
    parts += [Text(f"- {finding}") for finding in comparison.findings]
    if comparison.all_inside:
        parts.append(Text("Every figure lies in the interval of its estimate.", style="green"))
    return Group(*parts)


def _verdict(row: Row, compared: Compared) -> Text:
    if compared.whole_device:
        return Text("-")
    return Text("yes", style="green") if row.inside else Text("no", style="yellow")


_COLUMNS = (
    Column("resource"),
    Column("estimated", right=True),
    Column("interval", right=True, rank=1),
    Column("measured", right=True),
    Column("measured / estimated", right=True, rank=2),
    Column("available", right=True, rank=3),
    Column("inside"),
)


def _table(comparison: Comparison, compared: Compared) -> FittedTable:
    report = compared.report
    rows = [
        (
            row.unit,
            f"{row.estimated:,}",
            f"{row.least:,} to {row.most:,}" if row.uncertainty_percent else "exact",
            f"{row.measured:,}",
            "" if row.permille is None else f"{row.permille / 1000:.3f}",
            "" if row.available is None else f"{row.available:,}",
            _verdict(row, compared),
        )
        for row in compared.rows
    ]
    title = f"{comparison.prediction.model} on {comparison.prediction.device}: {report.tool}, {compared.stage}"
    return FittedTable(_COLUMNS, rows, title=title, caption="; ".join((report.path, *report.notes)))
