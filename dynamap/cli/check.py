"""``dynamap check``: what becomes of every node of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamap.cli.output import message, show, show_json
from dynamap.planner.importer.fates import CheckReport, Fate
from dynamap.planner.network.given_shapes import Shapes

if TYPE_CHECKING:
    from rich.table import Table

_STYLES = {
    Fate.OVERLAY: "green",
    Fate.FOLDED: "dim",
    Fate.HOST: "yellow",
    Fate.UNSUPPORTED: "bold red",
}


def check(model: str, json: bool, shapes: Shapes | None = None) -> int:
    """Report on ``model``, an ONNX file or a built-in name, on stdout; notices go to stderr.

    Returns the exit status: 0 where every node is supported, 1 where some are not.

    Raises:
        InputError: there is no such model, or the file is damaged.
    """
    report = report_on(model, shapes)
    if json:
        show_json(check_document(report), indent=2)
    else:
        show(render_check(report))
        for notice in report.notices:
            message(f"note: {notice}")
    return 0 if report.supported else 1


def report_on(model: str, shapes: Shapes | None = None) -> CheckReport:
    """The report on an ONNX file, whose inputs have the ``shapes`` that are given, or on a built-in network.

    Raises:
        InputError: there is no such model, or the file is damaged.
    """
    from dynamap.planner.importer import check_model
    from dynamap.planner.models import CATALOGUE, model_proto

    if model in CATALOGUE:
        return check_model(model_proto(model), model, shapes)
    return check_model(model, shapes=shapes)


def render_check(report: CheckReport) -> Table:
    """The report as a table: one row per node, in the order of the file."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"{report.model}: {len(report.nodes)} nodes"), caption=summary(report))
    table.add_column("node", overflow="fold")
    table.add_column("operator")
    table.add_column("fate")
    table.add_column("layer", overflow="fold")
    table.add_column("reason and remedy", overflow="fold")
    for node in report.nodes:
        why = f"{node.reason}. {node.remedy}." if node.remedy else node.reason
        fate = Text(node.fate.value, style=_STYLES[node.fate])
        table.add_row(Text(node.node), Text(node.op_type), fate, Text(node.into), Text(why))
    return table


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
    }


def summary(report: CheckReport) -> str:
    """One sentence: how many nodes have which fate."""
    counts = ", ".join(f"{report.count(fate)} {fate.value}" for fate in Fate)
    verdict = "every node is supported" if report.supported else "the model cannot be planned as it is"
    return f"{counts}: {verdict}"
