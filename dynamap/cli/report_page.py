"""``dynamap report PLAN... -o FILE.html``: plans on one HTML page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from dynamap.backends.evidence.report import Evidence, Wanted, gather, html_report
from dynamap.backends.evidence.report.evidence import Absent, Replay
from dynamap.backends.evidence.report.measurement import read_measurement
from dynamap.backends.evidence.report.run_result import read_run
from dynamap.backends.planned_model import files_of_plan
from dynamap.cli.output import message
from dynamap.cli.places import check_places
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import Plan, load_plan
from dynamap.planner.results.files import write_file


def page_command(
    plans: Sequence[Path], output: Path, wanted: Wanted, runs: Sequence[Path], measurements: Sequence[Path]
) -> int:
    """Writes the page of one plan, or of several with their comparison.

    Raises:
        InputError: a plan or a file beside it cannot be used, or the page cannot be written.
    """
    if wanted.time_limit is not None and not wanted.time_limit > 0:
        raise InputError(f"--time-limit must be positive, found {wanted.time_limit}")
    for option, files in (("--run", runs), ("--measured", measurements)):
        if files and len(files) != len(plans):
            raise InputError(
                f"{option} must be given once for each plan, in their order, or not at all: "
                f"{len(files)} for {len(plans)} plan{'s' if len(plans) > 1 else ''}"
            )
    check_places({"--output": output}, (*plans, *runs, *measurements))
    loaded = [load_plan(path) for path in plans]
    for plan, path in zip(loaded, plans, strict=True):
        check_places({"--output": output}, files_of_plan(plan, path.parent))
    found = [
        _evidence(plan, path, wanted, runs[index] if runs else None, measurements[index] if measurements else None)
        for index, (plan, path) in enumerate(zip(loaded, plans, strict=True))
    ]
    page = html_report(found).encode()
    write_file(output, page)
    for evidence in found:
        if isinstance(evidence.replay, Replay) and evidence.replay.differences:
            message(f"note: {evidence.name} is not what the simulator finds: {evidence.replay.differences[0]}")
        if isinstance(evidence.network, Absent):
            message(f"note: {evidence.name}: {evidence.network.reason} The page lacks what needs the model.")
    message(f"wrote {output} ({len(page) / 1e6:.2f} MB): open it in a browser")
    return 0


def _evidence(plan: Plan, path: Path, wanted: Wanted, run: Path | None, measured: Path | None) -> Evidence:
    return gather(
        plan,
        path.name,
        hashlib.sha256(path.read_bytes()).hexdigest(),
        wanted,
        folder=path.parent,
        run=None if run is None else read_run(run, plan),
        measurement=None if measured is None else read_measurement(measured, plan),
    )
