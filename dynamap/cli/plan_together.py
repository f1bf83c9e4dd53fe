"""``dynamap plan`` for several models: one overlay, one plan per model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Group
from rich.text import Text

from dynamap.backends.host.estimate import with_host_seconds
from dynamap.cli.output import message, show, show_json
from dynamap.cli.places import check_places
from dynamap.cli.plan_inputs import Task
from dynamap.cli.plan_report import layer_table, overlay_lines, progress_shown, tell_of_the_fit
from dynamap.cli.tables import Column, Content, FittedTable, LabelledLines
from dynamap.cost.errors import InputError, in_words
from dynamap.planner.plan.answer import answer_together
from dynamap.planner.plan.plan import Plan
from dynamap.planner.results.files import write_files
from dynamap.planner.studies.together import plan_together

SCHEMA = "dynamap.plans/1"


def plan_together_command(task: Task, output: Path | None, as_json: bool, read: Iterable[Path | None]) -> int:
    """Plans, prints and writes one file per model into the folder ``output``; 1 where the optimum is not proven.

    ``read``: the files that must not be written over.

    Raises:
        InputError: the request or the folder is wrong, or two models would have the same file.
        InfeasibleError: no overlay runs all of them.
    """
    files = [] if output is None else plan_files(output, [network.source or network.name for network in task.networks])
    if output is not None and output.is_dir():
        check_places({f"--output: the plan {path.name}": path for path in files}, read)
    with progress_shown() as report:
        plans = plan_together(
            task.networks,
            task.device,
            task.request,
            weights=task.weights,
            objective=task.objective,
            progress=report,
        )
    plans = tuple(with_host_seconds(plan, network.whole) for plan, network in zip(plans, task.networks, strict=True))
    tell_of_the_fit(plans, task.networks)
    if output is not None:
        _write(output, dict(zip(files, plans, strict=True)))
    if as_json:
        show_json(plans_document(plans), indent=1)
    else:
        show(together_report(plans))
    for path in files:
        message(f"wrote {path}")
    return 0 if all(_proven(plan) for plan in plans) else 1


def plan_files(folder: Path, sources: Sequence[str]) -> list[Path]:
    """Where the plan of each model is written: ``folder``, under the model's name.

    Raises:
        InputError: the folder cannot be one, or two models have the same name.
    """
    if folder.is_file() or folder.suffix == ".json":
        raise InputError(
            f"several models are written into a folder, one file each: -o {str(folder)!r} must name a folder"
        )
    if not folder.parent.is_dir():
        raise InputError(f"cannot write {str(folder)!r}: there is no folder {str(folder.parent)!r}")
    files = [folder / f"{Path(source).name.removesuffix('.onnx')}.json" for source in sources]
    seen: dict[str, str] = {}
    for path, source in zip(files, sources, strict=True):
        other = seen.setdefault(str(path).casefold(), source)
        if other != source or files.count(path) > 1:
            raise InputError(
                f"models {other!r} and {source!r} would both be written to {str(path)!r}: leave one out (--weights can "
                "count a model twice) or rename its file"
            )
    return files


def _write(folder: Path, plans: dict[Path, Plan]) -> None:
    existed = folder.is_dir()
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {str(folder)!r}: {in_words(error)}") from None
    try:
        write_files({path: plan.content() for path, plan in plans.items()})
    except BaseException:
        if not existed:
            folder.rmdir()
        raise


def plans_document(plans: Sequence[Plan]) -> dict[str, object]:
    """All plans in one document."""
    documents = [plan.document() for plan in plans]
    return {"schema": SCHEMA, "together": documents[0]["together"], "plans": documents}


_COLUMNS = (
    Column("network", content=Content.NAMES),
    Column("weight", right=True, rank=1),
    Column("cycles", right=True, rank=2),
    Column("latency, ms", right=True),
    Column("share of the objective", right=True, rank=3),
)


def together_report(plans: Sequence[Plan]) -> Group:
    """The answer, the layers of every network, then one row per network, the overlay and the proof."""
    together, shared = plans[0].request["together"], plans[0].together
    assert shared is not None
    worst = together["objective"] == "worst"
    rows = []
    for plan, model in zip(plans, together["models"], strict=True):
        weighted = model["weight"] * plan.solver.objective
        share = f"{weighted / shared.objective:.1%}"
        cells = (plan.model.name, f"{model['weight']}", f"{plan.solver.objective:,}", f"{plan.latency_ms:.4f}", share)
        rows.append(cells)
    title = f"{len(plans)} networks on one overlay of {plans[0].device['device']['name']}"
    table = FittedTable(_COLUMNS, rows, title=title)
    gap = (shared.objective - shared.bound) / shared.objective if shared.objective else 0.0
    solver = plans[0].solver
    what = "the largest of the weighted cycles" if worst else "the sum of the weighted cycles"
    lines = [
        ("objective", f"{what}: {shared.objective:,}"),
        *overlay_lines(plans[0]),
        (
            "proof",
            f"{shared.status}: bound {shared.bound:,} (gap {gap:.2%}) over all mappings of all networks; "
            f"{solver.arrays_considered:,} arrays considered, {solver.arrays_solved:,} solved with {solver.name}, "
            f"{solver.seconds:.2f} s",
        ),
    ]
    layers = [part for plan in plans for part in (layer_table(plan), Text())]
    return Group(Text(answer_together(plans)), Text(), *layers, table, LabelledLines(lines))


def _proven(plan: Plan) -> bool:
    assert plan.together is not None
    return plan.solver.status == plan.together.status == "optimal"
