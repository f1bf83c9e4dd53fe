"""From a comparison to the factors of a device: what was measured over what the model estimates.

One measurement fixes where the estimate lies for one design, not how well the model scales to others, so an interval
stays. It is halved where placed or routed logic lay inside it; it stays as wide where the measurement lay outside
(the model is then known to be off in more than its level) or where it is only the estimate of the vendor's compiler.
It is never below a quarter of the model's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dynamap.backends.evidence.vendor_reports.comparison import Compared, Comparison, Row
from dynamap.cost.calibration import LEAST_CLOCK, LEAST_FACTOR, MOST_FACTOR, UNIT, Factor
from dynamap.cost.device import Device, parse_device
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.fitting.estimates import model_uncertainty_percent


@dataclass(frozen=True)
class Calibrated:
    """The device with its new calibration, and what was left out of it with the reason."""

    device: Device
    left_out: tuple[str, ...]


def project_device(tables: Mapping[str, Any]) -> Device:
    """The device that a project was planned for, with the request's overrides.

    Raises:
        InputError: the prediction's description of it is damaged.
    """
    return parse_device(tables, "the project's predicted.json, device_tables")


def calibrate(comparison: Comparison) -> Calibrated:
    """The project's device, with factors from the report that is nearest to the hardware.

    A factor that the device had already is refined: the project's estimate was made with it.

    Raises:
        InputError: nothing of the comparison can calibrate the device.
    """
    device = project_device(comparison.prediction.device_tables)
    old = device.calibration
    left_out: list[str] = []
    factors: dict[str, Factor] = {}
    best = comparison.furthest
    if best is not None and best.whole_device:
        left_out.append(f"{best.report.path} covers the whole device, not the kernel alone: no resource is calibrated")
    elif best is not None:
        for row in best.rows:
            if row.name == "multipliers":
                continue
            factor, reason = _factor(row, best, old.factor(row.name))
            if factor is None:
                left_out.append(f"{row.unit}: {reason}")
            else:
                factors["lut" if row.name == "alm" else row.name] = factor
    clock_permille, reason = _clock(comparison, old.clock_permille)
    if reason:
        left_out.append(f"clock: {reason}")
    if not factors and (comparison.clock is None or reason):
        raise InputError("the reports calibrate nothing: " + "; ".join(left_out or ["no resource was measured"]))
    new = replace(old, **factors, clock_permille=clock_permille, source=_source(comparison))
    return Calibrated(replace(device, calibration=new), tuple(left_out))


def _factor(row: Row, compared: Compared, old: Factor | None) -> tuple[Factor | None, str]:
    if not row.estimated:
        measured = f"estimated none, measured {row.measured:,}" if row.measured else "none estimated, none measured"
        return None, measured
    base = UNIT if old is None else old.permille
    permille = -(-row.measured * base // row.estimated)
    if not LEAST_FACTOR <= permille <= MOST_FACTOR:
        return None, (
            f"measured {row.measured:,} is not comparable with the estimated {row.estimated:,} (a factor of "
            f"{permille / UNIT:.3g}; accepted are {LEAST_FACTOR / UNIT:g} to {MOST_FACTOR / UNIT:g})"
        )
    uncertainty = row.uncertainty_percent
    if compared.report.stage.implemented and row.inside:
        least = -(-model_uncertainty_percent(row.name) // 4)
        uncertainty = max(least, -(-uncertainty // 2))
    return Factor(permille, uncertainty), ""


def _clock(comparison: Comparison, old_permille: int) -> tuple[int, str]:
    """The new share of the clock, or the old one with the reason.

    Slack is not turned into a higher clock: the tools stop when the clock that they were asked for is met.
    """
    clock = comparison.clock
    if clock is None:
        return old_permille, "no report of the implementation says what it is"
    if not clock.same_target:
        return old_permille, f"the tools were asked for {clock.target_mhz:.1f} MHz, not {clock.predicted_mhz:g}"
    if clock.inside:
        return old_permille, ""
    achieved_hz, planned_hz = int(clock.achieved_mhz * 1e6), round(clock.predicted_mhz * 1e6)
    permille = old_permille * achieved_hz // planned_hz
    if permille < LEAST_CLOCK:
        return old_permille, f"{clock.achieved_mhz:.1f} MHz is less than a tenth of the clock asked for"
    return permille, ""


def _source(comparison: Comparison) -> str:
    best = comparison.furthest
    parts = [] if best is None else [f"{best.report.kind} of {best.report.tool} ({best.stage})"]
    if comparison.clock is not None:
        parts.append(f"clock of {comparison.clock.path.rsplit('/', 1)[-1]}")
    return f"{comparison.prediction.model}: {', '.join(parts)}"
