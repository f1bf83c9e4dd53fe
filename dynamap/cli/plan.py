"""``dynamap plan``: the search, the table, and the files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from dynamap.backends.host.estimate import with_host_seconds
from dynamap.cli.output import message, show, show_json
from dynamap.cli.places import check_places
from dynamap.cli.plan_inputs import read_task
from dynamap.cli.plan_report import plan_report, progress_shown, tell_of_the_fit
from dynamap.cli.plan_together import plan_together_command
from dynamap.cli.requests import Asked
from dynamap.cost.errors import InputError
from dynamap.planner.importer.reading.files import files_of_model
from dynamap.planner.pbqp.text_format import format_pbqp
from dynamap.planner.planning import plan_network
from dynamap.planner.results.files import Results


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
    alone = len(models) < 2 and from_plan is None
    given = [from_plan, overlay, *map(Path, models), None if asked.device is None else Path(asked.device)]
    check_places({"--output": output if alone else None, "--export-pbqp": export_pbqp}, given)
    task = read_task(models, asked, from_plan, overlay)
    read = chain(given, chain.from_iterable(files_of_model(Path(network.source)) for network in task.networks))
    for notice in dict.fromkeys(notice for network in task.networks for notice in network.notices):
        message(f"note: {notice}")
    if task.together:
        if export_pbqp is not None:
            raise InputError("--export-pbqp writes the mapping problem of one model, and there are several")
        return plan_together_command(task, output, as_json, read)
    check_places({"--output": output, "--export-pbqp": export_pbqp}, read)
    (network,) = task.networks
    with progress_shown() as report:
        plan = plan_network(network, task.device, task.request, report)
    plan = with_host_seconds(plan, network.whole)
    tell_of_the_fit([plan], task.networks)
    with Results() as results:
        if export_pbqp is not None:
            from dynamap.planner.network.joining.siblings import as_planned
            from dynamap.planner.studies.export_problem import plan_problem

            same = as_planned(network, plan.layers)
            problem = plan_problem(same, task.device, task.request, plan)
            results.write(export_pbqp, format_pbqp(problem).encode())
        if output is not None:
            results.write(output, plan.content())
    if as_json:
        show_json(plan.document(), indent=1)
    else:
        show(plan_report(plan))
    for path in (export_pbqp, output):
        if path is not None:
            message(f"wrote {path}")
    return 0 if plan.solver.status == "optimal" else 1
