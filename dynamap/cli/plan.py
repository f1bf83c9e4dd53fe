"""``dynamap plan``: the search, the table, and the files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from dynamap.cli.output import message, show
from dynamap.cli.plan_inputs import read_task
from dynamap.cli.plan_report import plan_report, progress_shown
from dynamap.cli.plan_together import plan_together_command
from dynamap.cli.requests import Asked
from dynamap.cost.errors import InputError
from dynamap.planner.planning import plan_network


def plan_command(
    models: Sequence[str],
    asked: Asked,
    from_plan: Path | None,
    overlay: Path | None,
    export_pbqp: Path | None,
    output: Path | None,
    as_json: bool,
) -> int:
    """Plans, prints and writes; 1 where the optimum is not proven.

    Raises:
        InputError: a model, the device, a plan or an option is wrong.
        InfeasibleError: nothing fits.
    """
    require_folder(export_pbqp)
    for path in (output, export_pbqp):
        _require_other(path, [*map(Path, models), *([overlay] if overlay else [])])
    if len(models) < 2 and from_plan is None:
        require_folder(output)
    task = read_task(models, asked, from_plan, overlay)
    for notice in dict.fromkeys(notice for network in task.networks for notice in network.notices):
        message(f"note: {notice}")
    if task.together:
        if export_pbqp is not None:
            raise InputError("--export-pbqp writes the mapping problem of one model, and there are several")
        return plan_together_command(task, output, as_json)
    require_folder(output)
    (network,) = task.networks
    with progress_shown() as report:
        plan = plan_network(network, task.device, task.request, report)
    if export_pbqp is not None:
        from dynamap.planner.studies.export_problem import export_mapping

        export_mapping(network, task.device, task.request, plan, export_pbqp)
        message(f"wrote {export_pbqp}")
    if output is not None:
        plan.save(output)
    show(json.dumps(plan.document(), indent=1) if as_json else plan_report(plan))
    if output is not None:
        message(f"wrote {output}")
    return 0 if plan.solver.status == "optimal" else 1


def _require_other(path: Path | None, read: Sequence[Path]) -> None:
    if path is not None and any(other.is_file() and path.exists() and path.samefile(other) for other in read):
        raise InputError(f"{str(path)!r} is what the plan is made from: write to another file")


def require_folder(path: Path | None) -> None:
    """Checks, before long work, that a file can be written where it is wanted.

    Raises:
        InputError: its folder does not exist, or it is a folder itself.
    """
    if path is not None and not path.parent.is_dir():
        raise InputError(f"cannot write {str(path)!r}: there is no folder {str(path.parent)!r}")
    if path is not None and path.is_dir():
        raise InputError(f"cannot write {str(path)!r}: it is a folder")
