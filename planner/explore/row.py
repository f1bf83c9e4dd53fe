"""A row of a sweep's results: what was asked, the answer, and what it takes of the device. In CSV and as JSON data."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import Enum
from functools import cache
from typing import Any, get_args, get_type_hints

from dynamap.cost.device import BLOCK_BYTES
from dynamap.cost.overlay.fitting.target import FILL_PERCENT
from dynamap.planner.explore.sweep import Combination
from dynamap.planner.plan.plan import Plan


class RowStatus(str, Enum):
    """What is known: the optimum, a solution with a bound, that there is none, or (in the time given) nothing."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"

    @property
    def proven(self) -> bool:
        return self in (RowStatus.OPTIMAL, RowStatus.INFEASIBLE)


SETTING = ("clock_mhz", "bandwidth_gbs", "fill_percent", "packing", "algorithms", "dataflows", "solver")
"""The columns that say what was asked but for the model, the device and the two budgets."""


@dataclass(frozen=True)
class Row:
    """One combination and its answer; None where there is no plan, or where the device has no such resource.

    ``multipliers_budget`` bounds rows x columns of the array, ``on_chip_budget_bytes`` all memory blocks.
    ``multipliers`` and ``on_chip_bytes`` are those of the whole overlay; buffers are in bytes, ``accumulator_rows`` in
    rows. ``plan_sha256`` is the digest of the plan's document with ``seconds`` set to 0.
    """

    combination: int
    model: str
    device: str
    clock_mhz: float
    bandwidth_gbs: float
    packing: str
    algorithms: str
    dataflows: str
    solver: str
    multipliers_budget: int
    on_chip_budget_bytes: int
    status: str
    reason: str
    objective_cycles: int | None = None
    bound_cycles: int | None = None
    latency_ms: float | None = None
    rows: int | None = None
    columns: int | None = None
    input_buffer: int | None = None
    weight_buffer: int | None = None
    output_buffer: int | None = None
    accumulator_rows: int | None = None
    row_buffer: int | None = None
    multipliers: int | None = None
    on_chip_bytes: int | None = None
    bram36: int | None = None
    uram: int | None = None
    m20k: int | None = None
    lut: int | None = None
    alm: int | None = None
    ff: int | None = None
    arrays_considered: int | None = None
    arrays_solved: int | None = None
    plan_sha256: str = ""
    seconds: float = 0.0
    fill_percent: int = FILL_PERCENT

    @property
    def answer(self) -> RowStatus:
        return RowStatus(self.status)

    @property
    def request(self) -> tuple[object, ...]:
        """The columns that say what was asked."""
        return tuple(getattr(self, name) for name in REQUEST)

    @property
    def setting(self) -> tuple[object, ...]:
        """What was asked but for the model, the device and the two budgets."""
        return tuple(getattr(self, name) for name in SETTING)


COLUMNS = tuple(field.name for field in fields(Row))
REQUEST = ("combination", "model", "device", *SETTING, "multipliers_budget", "on_chip_budget_bytes")
"""The columns that say what was asked."""


def row_without_plan(asked: Combination, status: RowStatus, reason: str, seconds: float) -> Row:
    """The row of a combination that has no plan, with the reason on one line."""
    return Row(**_request(asked), status=status.value, reason=" ".join(reason.split()), seconds=round(seconds, 3))


def row_of(asked: Combination, plan: Plan, sha256: str, seconds: float) -> Row:
    """The row of a plan."""
    o, s = plan.overlay, plan.solver
    used = {use.name: use.used for use in plan.resources}
    return Row(
        **_request(asked),
        status=RowStatus(s.status).value,
        reason="" if s.status == "optimal" else f"the time limit of {asked.request.time_limit:g} s ended the search",
        objective_cycles=s.objective,
        bound_cycles=s.bound,
        latency_ms=plan.latency_ms,
        rows=o.rows,
        columns=o.columns,
        **asdict(o.buffers),
        output_buffer=o.output_buffer,
        multipliers=used["multipliers"],
        on_chip_bytes=sum(size * used.get(name, 0) for name, size in BLOCK_BYTES.items()),
        bram36=used.get("bram36"),
        uram=used.get("uram"),
        m20k=used.get("m20k"),
        lut=used.get("lut"),
        alm=used.get("alm"),
        ff=used.get("ff"),
        arrays_considered=s.arrays_considered,
        arrays_solved=s.arrays_solved,
        plan_sha256=sha256,
        seconds=round(seconds, 3),
    )


def _request(asked: Combination) -> dict[str, Any]:
    system, multiplier = asked.request.overriding(asked.device).system, asked.device.resources.multiplier
    packing = multiplier.packs_int8 if asked.request.packing is None else asked.request.packing
    budget = asked.request.on_chip_bytes
    return {
        "combination": asked.number,
        "model": " ".join(asked.model.name.split()),
        "device": " ".join(asked.device.name.split()),
        "clock_mhz": system.clock_khz / 1000,
        "bandwidth_gbs": system.bandwidth_bytes_per_ms / 1e6,
        "packing": "on" if packing else "off",
        "algorithms": "+".join(algorithm.value for algorithm in asked.request.algorithms),
        "dataflows": "+".join(dataflow.value for dataflow in asked.request.dataflows),
        "solver": asked.request.solver,
        "multipliers_budget": asked.multipliers,
        "on_chip_budget_bytes": asked.device.resources.kernel_on_chip_bytes if budget is None else budget,
        "fill_percent": FILL_PERCENT if asked.request.fill_percent is None else asked.request.fill_percent,
    }


def asked_by(asked: Combination) -> tuple[object, ...]:
    """What ``Row.request`` must be for a combination."""
    found = _request(asked)
    return tuple(found[name] for name in REQUEST)


def csv_line(row: Row | None) -> bytes:
    """A row as one line of CSV (RFC 4180 quoting, a line feed at the end); None: the heading."""
    values = COLUMNS if row is None else ["" if value is None else value for value in asdict(row).values()]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(values)
    return stream.getvalue().encode()


def row_from_csv(cells: Sequence[str]) -> Row:
    """The row of one line's cells.

    Raises:
        ValueError: they are not those of a row.
    """
    if len(cells) != len(COLUMNS):
        raise ValueError(f"it has {len(cells)} columns and not {len(COLUMNS)}")
    values: dict[str, Any] = {}
    for (name, (kind, optional)), cell in zip(_types().items(), cells, strict=True):
        values[name] = None if optional and cell == "" else kind(cell)
    return row_from_data(values)


def row_from_data(data: Mapping[str, Any]) -> Row:
    """The row of a JSON object.

    Raises:
        ValueError: it is not one.
    """
    if set(data) != set(COLUMNS):
        wrong = sorted(set(data) ^ set(COLUMNS))
        raise ValueError(f"the column {wrong[0]!r} is missing or unknown")
    for name, (kind, optional) in _types().items():
        value = data[name]
        fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
        if isinstance(value, bool) or not (fits or (optional and value is None)):
            raise ValueError(f"{name} is {value!r:.40}")
    RowStatus(data["status"])
    return Row(**data)


@cache
def _types() -> dict[str, tuple[Any, bool]]:
    """Per column: the type of its values, and whether it may be empty."""
    hints = get_type_hints(Row)
    kinds = {}
    for name in COLUMNS:
        parts = get_args(hints[name]) or (hints[name],)
        kinds[name] = parts[0], len(parts) > 1
    return kinds
