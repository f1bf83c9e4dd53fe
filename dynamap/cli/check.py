"""``dynamap check``: what becomes of every node of a model."""

from __future__ import annotations

from dataclasses import asdict

from rich.text import Text

from dynamap.cli.output import message, show, show_json
from dynamap.cli.tables import Column, Content, FittedTable
from dynamap.planner.importer.fates import CheckReport, Fate
from dynamap.planner.network.given_shapes import Shapes
from dynamap.planner.plan.segments import planned_segments, segment_line

_STYLES = {
    Fate.OVERLAY: "green",
    Fate.FOLDED: "dim",
    Fate.HOST: "yellow",
    Fate.UNSUPPORTED: "bold red",
}


def check(model: str, json: bool, shapes: Shapes | None = None, *, host: bool = True, every: bool = False) -> int:
    """Report on ``model``, an ONNX file or a built-in name, on stdout; notices go to stderr.

    ``host``: what the overlay cannot run is left to the host. ``every``: list all nodes, not only those of the host and
    those that cannot be run. Returns the exit status: 0 where every node is supported, 1 where some are not.

    Raises:
        InputError: there is no such model, or the file is damaged.
    """
    report = report_on(model, shapes, host=host)
    if json:
        show_json(check_document(report), indent=2)
    else:
        table = render_check(report, every=every)
        show(table if table.rows else Text(summary(report)), *map(Text, segment_lines(report)))
        for notice in report.notices:
            message(f"note: {notice}")
    return 0 if report.supported else 1


def report_on(model: str, shapes: Shapes | None = None, *, host: bool = True) -> CheckReport:
    """The report on an ONNX file, whose inputs have the ``shapes`` that are given, or on a built-in network.

    Raises:
        InputError: there is no such model, or the file is damaged.
    """
    from dynamap.planner.importer import check_model
    from dynamap.planner.models import CATALOGUE, model_proto

    if model in CATALOGUE:
        return check_model(model_proto(model), model, shapes, host=host)
    return check_model(model, shapes=shapes, host=host)


_COLUMNS = (
    Column("node", content=Content.NAMES),
    Column("operator", rank=1),
    Column("fate"),
    Column("layer", rank=2, content=Content.NAMES),
    Column("reason and remedy", content=Content.PROSE),
)


def render_check(report: CheckReport, *, every: bool = True) -> FittedTable:
    """The report as a table: one row per node, in the order of the file; else only of those that need attention."""
    rows = []
    for node in report.nodes:
        if not every and node.fate not in (Fate.HOST, Fate.UNSUPPORTED):
            continue
        why = f"{node.reason}. {node.remedy}." if node.remedy else node.reason
        rows.append((node.node, node.op_type, Text(node.fate.value, style=_STYLES[node.fate]), node.into, why))
    return FittedTable(_COLUMNS, rows, title=f"{report.model}: {len(report.nodes)} nodes", caption=summary(report))


def check_document(report: CheckReport) -> dict[str, object]:
    """The report as JSON data."""
    return {
        "model": report.model,
        "supported": report.supported,
        "counts": {fate.value: report.count(fate) for fate in Fate},
        "nodes": [
            {
                "name": node.node,
                "op": node.op_type,
                "fate": node.fate.value,
                "layer": node.into,
                "reason": node.reason,
                "remedy": node.remedy,
            }
            for node in report.nodes
        ],
        "notices": list(report.notices),
        "segments": [asdict(segment) for segment in planned_segments(report.whole)],
    }


def segment_lines(report: CheckReport) -> list[str]:
    """A line for each step of a model of which the host runs parts."""
    return [segment_line(segment) for segment in planned_segments(report.whole)]


def summary(report: CheckReport) -> str:
    """One sentence: how many nodes have which fate."""
    counts = ", ".join(f"{report.count(fate)} {fate.value}" for fate in Fate)
    verdict = "every node is supported" if report.supported else "the model cannot be planned as it is"
    return f"{counts}: {verdict}"
