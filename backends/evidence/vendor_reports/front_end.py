"""The comparison as a programme without dependencies: ``compare_reports.py`` of a generated project."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from dynamap.backends.evidence.vendor_reports.comparison import Comparison, compare, document
from dynamap.backends.evidence.vendor_reports.discovery import find_reports
from dynamap.backends.evidence.vendor_reports.prediction import read_prediction
from dynamap.backends.evidence.vendor_reports.values import ReportError


def compare_project(project: Path, folder: Path) -> Comparison:
    """The comparison of a project with the reports below ``folder``.

    Raises:
        ReportError: the project or its reports cannot be used.
    """
    prediction = read_prediction(project)
    return compare(prediction, find_reports(project, folder, prediction))


def text_lines(comparison: Comparison) -> list[str]:
    """The comparison as lines of text."""
    lines = []
    for each in comparison.compared:
        lines.append(f"{each.report.path}: {each.report.tool}, {each.stage}")
        for row in each.rows:
            interval = f"{row.least:,} to {row.most:,}" if row.uncertainty_percent else "exact"
            mark = "" if row.inside or each.whole_device else "  outside"
            lines.append(
                f"  {row.unit:<10} estimated {row.estimated:>10,} ({interval}), measured {row.measured:>10,}{mark}"
            )
        lines += [f"  note: {note}" for note in each.report.notes]
    clock = comparison.clock
    if clock is not None:
        lines.append(f"{clock.path}: {clock.achieved_mhz:.1f} MHz achieved, {clock.predicted_mhz:g} MHz planned")
    lines += [f"finding: {finding}" for finding in comparison.findings]
    return lines


def main(project: Path, arguments: list[str]) -> int:
    """Prints the comparison; 1 if a figure is outside its interval, 2 if there is nothing to compare."""
    parser = argparse.ArgumentParser(
        prog="compare_reports.py",
        description="Compares what the plan predicts (predicted.json) with the reports of the vendor's tools.",
    )
    parser.add_argument("--work-dir", type=Path, default=project / "build", help="where the tools wrote their reports")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    try:
        comparison = compare_project(project, options.work_dir)
    except ReportError as error:
        print(f"compare_reports: {error}", file=sys.stderr)
        return 2
    for warning in comparison.warnings:
        print(f"compare_reports: {warning}", file=sys.stderr)
    print(json.dumps(document(comparison), indent=1) if options.json else "\n".join(text_lines(comparison)))
    return 0 if comparison.all_inside else 1
