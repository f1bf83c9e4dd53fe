"""A prediction against what the tools say: resource by resource, and the clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dynamap.backends.evidence.vendor_reports.discovery import Choice
from dynamap.backends.evidence.vendor_reports.prediction import Estimate, Prediction
from dynamap.backends.evidence.vendor_reports.values import Amount, Measured, Scope, Stage

SCHEMA = "dynamap.measured/1"
STAGES = {
    Stage.ESTIMATED: "estimate of the compiler",
    Stage.SYNTHESIZED: "synthesis",
    Stage.PLACED: "placed",
    Stage.ROUTED: "routed",
}
_SAME_CLOCK = 0.01


@dataclass(frozen=True)
class Row:
    """One resource in one report. ``least`` and ``most``: the estimate's interval, ends included; in the same unit.

    Multipliers are compared as DSP slices or blocks, of which Intel's hold two multipliers.
    """

    name: str
    unit: str
    estimated: int
    least: int
    most: int
    uncertainty_percent: int
    measured: int
    available: int | None

    @property
    def inside(self) -> bool:
        """Whether the measurement is in the estimate's interval."""
        return self.least <= self.measured <= self.most

    @property
    def permille(self) -> int | None:
        """Measured over estimated in per mille, rounded up; None where nothing was estimated."""
        return -(-self.measured * 1000 // self.estimated) if self.estimated else None


@dataclass(frozen=True)
class Compared:
    """One report with its rows."""

    report: Measured
    rows: tuple[Row, ...]

    @property
    def stage(self) -> str:
        """Where the figures come from, in words."""
        return STAGES[self.report.stage]

    @property
    def whole_device(self) -> bool:
        """Whether the board's static design is in the figures too."""
        return self.report.scope is Scope.DEVICE


@dataclass(frozen=True)
class ClockRow:
    """The clock. ``latency_ms``: the plan's cycles at the achieved clock.

    Memory does not slow down with the kernel's clock, so at a lower clock the latency is at most this.
    """

    predicted_mhz: float
    target_mhz: float | None
    achieved_mhz: float
    slack_ns: float | None
    path: str
    latency_ms: float

    @property
    def inside(self) -> bool:
        """Whether the clock of the plan is achieved; a hertz per kilohertz is rounding of periods."""
        return self.achieved_mhz >= self.predicted_mhz * (1 - 0.001)

    @property
    def same_target(self) -> bool:
        """Whether the tools were asked for the clock of the plan."""
        return self.target_mhz is None or abs(self.target_mhz - self.predicted_mhz) <= _SAME_CLOCK * self.predicted_mhz


@dataclass(frozen=True)
class Comparison:
    """``compared`` has the compiler's estimate first, then the implementation; ``findings`` are sentences."""

    prediction: Prediction
    compared: tuple[Compared, ...]
    clock: ClockRow | None
    findings: tuple[str, ...]
    warnings: tuple[str, ...]
    broken: int

    @property
    def furthest(self) -> Compared | None:
        """The report that is nearest to the hardware and covers the kernel alone; else the last one."""
        alone = [compared for compared in self.compared if not compared.whole_device]
        found = alone or self.compared
        return found[-1] if found else None

    @property
    def all_inside(self) -> bool:
        """Whether everything that the furthest report and the clock say lies in the estimates' intervals.

        Figures of a whole device are not judged: the estimates are of the kernel alone.
        """
        best = self.furthest
        rows = () if best is None or best.whole_device else best.rows
        return all(row.inside for row in rows) and (self.clock is None or self.clock.inside)


def compare(prediction: Prediction, choice: Choice) -> Comparison:
    """The comparison of a prediction with the chosen reports."""
    compared = tuple(
        Compared(report, _rows(prediction, report))
        for report in (choice.estimate, choice.implementation)
        if report is not None
    )
    clock = None
    if choice.timing is not None and choice.timing.clock is not None and choice.timing.clock.achieved_mhz is not None:
        said = choice.timing.clock
        assert said.achieved_mhz is not None
        clock = ClockRow(
            prediction.clock_mhz,
            said.target_mhz,
            said.achieved_mhz,
            said.slack_ns,
            choice.timing.path,
            prediction.cycles / (said.achieved_mhz * 1000),
        )
    findings = [finding for each in compared for finding in _findings(prediction, each)]
    if clock is not None:
        findings += _clock_findings(clock)
    return Comparison(prediction, compared, clock, tuple(findings), choice.warnings, choice.broken)


def _rows(prediction: Prediction, report: Measured) -> tuple[Row, ...]:
    rows = []
    for estimate in prediction.resources:
        key = "dsp_blocks" if estimate.name == "multipliers" else estimate.name
        amount = report.resources.get(key)
        if amount is not None:
            rows.append(_row(prediction, estimate, amount))
    return tuple(rows)


def _row(prediction: Prediction, estimate: Estimate, amount: Amount) -> Row:
    per_block = prediction.multipliers_per_block if estimate.name == "multipliers" else 1
    used = -(-estimate.used // per_block)
    percent = estimate.uncertainty_percent
    return Row(
        name=estimate.name,
        unit=_unit(prediction, estimate.name),
        estimated=used,
        least=used * max(0, 100 - percent) // 100,
        most=-(-used * (100 + percent) // 100),
        uncertainty_percent=percent,
        measured=amount.used,
        available=amount.available if amount.available is not None else estimate.available // per_block,
    )


def _unit(prediction: Prediction, name: str) -> str:
    units = {"lut": "LUT", "alm": "ALM", "ff": "FF", "bram36": "BRAM36", "uram": "URAM", "m20k": "M20K"}
    if name == "multipliers":
        return "DSP slices" if prediction.multipliers_per_block == 1 else "DSP blocks"
    return units.get(name, name)


def _findings(prediction: Prediction, compared: Compared) -> list[str]:
    report = compared.report
    found = []
    where = f"{report.kind} ({compared.stage})"
    if compared.whole_device:
        found.append(f"{where} covers the whole device: the board's static design is in its figures")
    for row in compared.rows:
        if row.available is not None and row.measured > row.available:
            found.append(f"{where}: {row.measured:,} {row.unit} are more than the {row.available:,} that there are")
        if row.name == "multipliers":
            if row.measured != row.estimated:
                found.append(
                    f"{where}: {row.measured:,} {row.unit} instead of {row.estimated:,}; multipliers are exact in the "
                    "plan and are not calibrated: look which operations the tool put into DSPs or into logic"
                )
        elif not row.inside and not compared.whole_device:
            found.append(
                f"{where}: {row.measured:,} {row.unit} are outside the estimate's {row.least:,} to {row.most:,}"
            )
    names = {row.name for row in compared.rows}
    missing = [use.name for use in prediction.resources if use.name not in names]
    if missing:
        found.append(f"{where} says nothing of {', '.join(missing)}")
    return found


def _clock_findings(clock: ClockRow) -> list[str]:
    found = []
    if not clock.same_target:
        found.append(
            f"{clock.path}: the tools were asked for {clock.target_mhz:.1f} MHz, the plan has {clock.predicted_mhz:g}"
        )
    if not clock.inside:
        found.append(
            f"{clock.path}: the kernel reaches {clock.achieved_mhz:.1f} MHz of {clock.predicted_mhz:g}; the plan's "
            f"cycles then take at most {clock.latency_ms:.4f} ms"
        )
    return found


def document(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON data (docs/vendor-reports.md)."""
    best = comparison.furthest
    clock = comparison.clock
    return {
        "schema": SCHEMA,
        "model": comparison.prediction.model,
        "device_name": comparison.prediction.device,
        "tool": best.report.tool if best else "",
        "stage": best.stage if best else "",
        "scope": best.report.scope.value if best else "",
        "device": (best.report.part if best else "") or comparison.prediction.part,
        "resources": [_row_document(row, best) for row in best.rows] if best else [],
        "clock_mhz": None
        if clock is None
        else {
            "requested": clock.predicted_mhz,
            "achieved": round(clock.achieved_mhz, 3),
            "slack_ns": clock.slack_ns,
            "source": clock.path,
            "latency_ms": round(clock.latency_ms, 6),
        },
        "all_inside": comparison.all_inside,
        "reports": [
            {
                "kind": each.report.kind,
                "path": each.report.path,
                "tool": each.report.tool,
                "stage": each.stage,
                "scope": each.report.scope.value,
                "part": each.report.part,
                "resources": [_row_document(row, each) for row in each.rows],
                "notes": list(each.report.notes),
            }
            for each in comparison.compared
        ],
        "notes": [*comparison.findings],
        "warnings": [*comparison.warnings],
    }


def _row_document(row: Row, compared: Compared) -> dict[str, Any]:
    return {
        "name": row.name,
        "unit": row.unit,
        "estimated": row.estimated,
        "interval": [row.least, row.most],
        "uncertainty_percent": row.uncertainty_percent,
        "measured": row.measured,
        "inside": None if compared.whole_device else row.inside,
        "permille": row.permille,
        "available": row.available,
    }
