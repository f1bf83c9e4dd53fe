"""The table of layers: what was chosen, what it costs, what bounds it, and how far the next choice is behind.

Every cell carries the value to sort by. The rows are complete without scripts; a script sorts and filters them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dynamap.backends.evidence.report.evidence import Evidence
from dynamap.backends.evidence.report.kinds import (
    LABELS,
    Kind,
    algorithm_label,
    bound_of,
    kind_of,
    layer_costs,
    unit_ms,
)
from dynamap.backends.evidence.report.legend import kinds_in
from dynamap.backends.evidence.report.markup import Markup, element, joined, named_in_parts
from dynamap.backends.evidence.report.words import digits, integer, more, percent, size, times
from dynamap.planner.plan.layers import OnArray, OnVectorUnit, PlannedLayer
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.words import bound_word, dataflow_word, format_words, op_word

NAME = "Layer"
"""The heading of the column of names, which stays in sight on a phone."""


@dataclass(frozen=True)
class Cell:
    """What a cell shows and the value that it is sorted by; ``css`` is its class."""

    content: Markup | str
    key: str | float
    css: str = ""


def heading(title: str, column: int, *, number: bool, hint: str) -> Markup:
    """A column's heading with the button that sorts by it."""
    return element(
        "th",
        element("button", title, type="button", data_column=column, data_number=number, title=hint),
        scope="col",
        class_="number" if number else "name" if title == NAME else None,
        data_title=title,
    )


def row_of(
    cells: list[Cell], *, number: int | None, kind: str, op: str, words: str, identity: str | None = None
) -> Markup:
    """A row; ``words`` is what the filter looks in."""
    return element(
        "tr",
        *(element("td", cell.content, class_=cell.css or None, data_v=_key(cell.key)) for cell in cells),
        id=identity,
        data_layer=number,
        data_kind=kind,
        data_op=op,
        data_words=words.lower(),
    )


def _key(key: str | float) -> str:
    return key if isinstance(key, str) else f"{key:.12g}"


_COLUMNS = (
    ("#", False, "order of execution"),
    (NAME, False, "the ONNX node's name"),
    ("Op", False, "operation"),
    ("In", True, "channels × height × width; sorts by the number of values"),
    ("Out", True, "channels × height × width; sorts by the number of values"),
    ("Kernel", True, "kernel, / stride where it is not 1, and groups"),
    ("MMAC", True, "millions of multiply-accumulates"),
    ("Algorithm", False, "how the layer is computed"),
    ("Flow", False, "dataflow of the array: ns non-stationary, ws weight-stationary, is input-stationary"),
    ("Formats", False, "of the tensor read and of the tensor written"),
    ("Cycles", True, "clock cycles of the layer"),
    ("µs", True, "microseconds of the layer"),
    ("Share", True, "of the latency"),
    ("Use", True, "useful products ÷ what the array can do in the layer's time"),
    ("Bound by", False, "the largest of compute, input, weights and output cycles"),
    ("Runner-up", False, "the best other algorithm or dataflow, at the same formats"),
    ("Gap", True, "how much longer the runner-up takes"),
    ("Read", True, "bytes from device memory"),
    ("Written", True, "bytes to device memory"),
)


def layer_table(evidence: Evidence, prefix: str) -> Markup:
    """The controls and the table; ``prefix`` makes its identities unique on the page."""
    plan = evidence.plan
    costs, unit = layer_costs(plan), unit_ms(plan)
    total = max(plan.solver.objective, sum(costs), 1)
    most = max((*costs, 1))
    rows = [
        row_of(
            _cells(plan, index, layer, cost, unit, total, most),
            number=index,
            kind=kind_of(layer).value,
            op=op_word(layer),
            words=f"{layer.name} {op_word(layer)} {algorithm_label(layer)} {dataflow_word(layer)} {bound_of(layer)}",
            identity=f"{prefix}row{index}",
        )
        for index, (layer, cost) in enumerate(zip(plan.layers, costs, strict=True))
    ]
    headings = [
        heading(title, column, number=number, hint=hint) for column, (title, number, hint) in enumerate(_COLUMNS)
    ]
    return joined(
        [
            controls(f"{prefix}layers", kinds_in(plan), sorted({op_word(layer) for layer in plan.layers}), len(rows)),
            element(
                "div",
                element(
                    "table",
                    element(
                        "caption",
                        element("span", "Click a heading to sort, a row for all that was considered for the layer."),
                    ),
                    element("thead", element("tr", *headings)),
                    element("tbody", *rows),
                    id=f"{prefix}layers",
                    class_="layers",
                ),
                class_="wide",
                tabindex=0,
            ),
        ]
    )


def controls(table: str, kinds: Sequence[Kind], ops: Sequence[str], rows: int) -> Markup:
    """The filters of a table and the number of rows that they leave."""
    by_kind = [element("option", "all algorithms", value="")]
    by_kind += [element("option", LABELS[kind], value=kind.value) for kind in kinds]
    by_op = [element("option", "all operations", value=""), *(element("option", op, value=op) for op in ops)]
    return element(
        "form",
        element(
            "input", type="search", placeholder="Filter layers…", aria_label="Filter layers by text", data_filter="text"
        ),
        element("select", *by_kind, aria_label="Filter by algorithm", data_filter="kind"),
        element("select", *by_op, aria_label="Filter by operation", data_filter="op") if ops else None,
        element("output", f"{rows} layers", aria_live="polite"),
        class_="controls",
        data_table=table,
    )


def _cells(plan: Plan, index: int, layer: PlannedLayer, cost: int, unit: float, total: int, most: int) -> list[Cell]:
    shape, runner = layer.shape, layer.runner_up if isinstance(layer, OnArray) else None
    extra = runner.extra if runner else None
    used = layer.utilization if isinstance(layer, (OnArray, OnVectorUnit)) else 0.0
    bound = bound_word(layer)
    microseconds = cost * unit * 1000
    swatch = element("i", class_=f"swatch k-{kind_of(layer).value}")
    formats = " → ".join(filter(None, format_words(layer)))
    flow = dataflow_word(layer)
    other = f"{runner.algorithm.value}/{runner.dataflow.value}" if runner else ""
    return [
        Cell(str(index), index, "number"),
        Cell(named_in_parts(layer.name), layer.name, "name"),
        Cell(named_in_parts(op_word(layer), ends="_"), op_word(layer)),
        Cell(times(shape.input), _elements(shape.input), "number"),
        Cell(times(shape.output), _elements(shape.output), "number"),
        Cell(kernel_words(layer), shape.kernel[0] * shape.kernel[1], "number kernel"),
        Cell(digits(layer.macs / 1e6) if layer.macs else "", layer.macs, "number"),
        Cell(joined([swatch, algorithm_label(layer)]), algorithm_label(layer)),
        Cell(flow, flow),
        Cell(formats, formats),
        Cell(integer(layer.cycles), layer.cycles, "number"),
        Cell(digits(microseconds), microseconds, "number"),
        Cell(_bar(cost, most, percent(cost, total) if cost else "", kind_of(layer)), cost, "number bar"),
        Cell(percent(used) if isinstance(layer, OnArray) else "", used, "number"),
        Cell(bound, bound, f"bound b-{bound}" if bound else ""),
        Cell(other, other),
        Cell(
            "" if extra is None else more(extra, cost),
            -1.0 if extra is None else extra / max(cost, 1),
            "number",
        ),
        Cell(size(layer.bytes_read) if layer.bytes_read else "", layer.bytes_read, "number"),
        Cell(size(layer.bytes_written) if layer.bytes_written else "", layer.bytes_written, "number"),
    ]


def _elements(shape: tuple[int, int, int]) -> int:
    return shape[0] * shape[1] * shape[2]


def kernel_words(layer: PlannedLayer) -> str:
    """``3 × 3 / 2`` and the groups; nothing for layers without a window."""
    shape = layer.shape
    if shape.kernel == (1, 1) and not layer.macs:
        return ""
    stride = "" if shape.stride == (1, 1) else f" / {shape.stride[0]}"
    if shape.stride[0] != shape.stride[1]:
        stride = f" / {times(shape.stride)}"
    groups = f", {shape.groups} groups" if shape.groups > 1 else ""
    dilation = f", dilated {times(shape.dilation)}" if shape.dilation != (1, 1) else ""
    return f"{times(shape.kernel)}{stride}{groups}{dilation}"


def _bar(cost: int, most: int, words: str, kind: Kind) -> Markup:
    return joined([element("i", class_=f"meter k-{kind.value}", style=f"width:{100 * cost / most:.2f}%"), words])
