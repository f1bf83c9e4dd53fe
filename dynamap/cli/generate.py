"""``dynamap generate PLAN.json`` and ``dynamap backends``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dynamap.cli.calibrated import say_source
from dynamap.cli.classes import RunInput
from dynamap.cli.output import message, show, show_json
from dynamap.cli.places import check_replaced
from dynamap.cli.tables import Column, Content, FittedTable

if TYPE_CHECKING:
    from dynamap.backends.range_calibration import RangeCalibration


def generate_command(
    plan: Path,
    backend: str,
    output: Path,
    given: RunInput,
    how: RangeCalibration,
    *,
    force: bool,
) -> int:
    """Writes the project of a plan, whole or not at all.

    Raises DynamapError where the plan, its model or input cannot be used, the backend cannot build it, or the
    folder has other contents, or holds an input where the project has a file.
    """
    from dynamap.backends.discovery import load_backend
    from dynamap.backends.inputs.labels import check_labels, read_labels
    from dynamap.backends.model_steps import project_files
    from dynamap.backends.planned_model import files_of_plan
    from dynamap.backends.program.host import prepare, preprocessing_of
    from dynamap.backends.program.parts import model_inputs
    from dynamap.backends.project import replaced_by, write_project
    from dynamap.planner.plan.plan import load_plan

    chosen = load_backend(backend)
    loaded = load_plan(plan)
    prepared = prepare(loaded, how, folder=plan.parent)
    labels = None if given.labels is None else read_labels(given.labels)
    check_labels(labels, given.labels, prepared.network)
    arrays = model_inputs(prepared.quantised, given.file, how.seed, preprocessing_of(loaded))
    files = project_files(chosen, prepared, arrays)
    if labels is not None:
        files["data/labels.txt"] = "".join(f"{label}\n" for label in labels).encode()
    read = [plan, given.file, given.labels, how.data, *files_of_plan(loaded, plan.parent)]
    check_replaced("--output", replaced_by(files, output), read)
    write_project(files, output, force=force)
    message(f"wrote {len(files) + 1} files to {output}")
    say_source(prepared.quantised)
    for notice in prepared.quantised.notices:
        message(f"note: {notice}")
    return 0


_COLUMNS = (
    Column("backend"),
    Column("vendor", rank=1),
    Column("package", rank=2),
    Column("description", content=Content.PROSE),
)


def backends_command(as_json: bool) -> int:
    """Lists the installed backends; one that cannot be loaded is listed with the reason."""
    from dynamap.backends.discovery import announced_backends, load_backend
    from dynamap.cost.errors import DynamapError

    rows = []
    for found in announced_backends():
        try:
            description, vendor = load_backend(found.name).description, load_backend(found.name).vendor
        except DynamapError as error:
            description, vendor = str(error), ""
        rows.append(
            {
                "name": found.name,
                "vendor": vendor,
                "package": f"{found.package} {found.version}".strip(),
                "description": description,
            }
        )
    if as_json:
        show_json(rows, indent=1)
        return 0
    shown = [tuple(row[key] for key in ("name", "vendor", "package", "description")) for row in rows]
    show(FittedTable(_COLUMNS, shown))
    return 0
