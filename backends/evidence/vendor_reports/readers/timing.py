"""Vivado's ``report_timing_summary`` (UG906): the slack of the kernel's clock.

The design's worst slack may be that of another clock (PCIe, memory), so the row of the kernel's clock in the "Intra
Clock Table" counts: the clock that has the frequency that was asked for, by the "Clock Summary". Columns are found by
where they end, since a clock without paths leaves its first columns blank.
"""

from __future__ import annotations

import re
from pathlib import Path

from dynamap.backends.evidence.vendor_reports.readers.utilization import stage_of
from dynamap.backends.evidence.vendor_reports.reading import head, read_text, real, vivado_version
from dynamap.backends.evidence.vendor_reports.values import Clock, Measured, OtherSubject, ReportError, Scope

_SAME_FREQUENCY = 0.005  # clock wizards and periods of three digits are this near to what was asked for
_NAMES = ("ap_clk", "kernel")


def read_timing(path: Path, name: str, target_mhz: float) -> Measured:
    """Reads it; ``name`` is what messages call the file, ``target_mhz`` the clock that the project asks for.

    Raises:
        ReportError: its tables are missing, or a value is absurd.
        OtherSubject: it is no timing summary.
    """
    text = read_text(path)
    if "Design Timing Summary" not in text:
        if "report_timing_summary" in text:
            raise ReportError("has no 'Design Timing Summary' (cut off?)")
        raise OtherSubject("is no timing summary")
    periods = _periods(_section(text, "Clock Summary"))
    slacks = _slacks(_section(text, "Intra Clock Table"))
    clock, notes = _kernel_clock(periods, slacks, target_mhz)
    said = head(text)
    return Measured(
        kind="timing summary",
        path=name,
        tool=vivado_version(text),
        stage=stage_of(said.get("Design State", ""), name),
        scope=Scope.KERNEL,
        clock=clock,
        part=said.get("Device", ""),
        design=said.get("Design", ""),
        notes=notes,
    )


def _kernel_clock(
    periods: dict[str, float], slacks: dict[str, float], target_mhz: float
) -> tuple[Clock | None, tuple[str, ...]]:
    timed = {clock: period for clock, period in periods.items() if clock in slacks}
    same = [clock for clock, p in timed.items() if abs(1000 / p - target_mhz) <= _SAME_FREQUENCY * target_mhz]
    named = [clock for clock in timed if any(part in clock.lower() for part in _NAMES)]
    both = [clock for clock in same if clock in named]
    chosen = both or same or named
    if not chosen:
        clocks = ", ".join(f"{clock} {1000 / period:.1f} MHz" for clock, period in list(periods.items())[:8])
        return None, (f"no clock of about {target_mhz:g} MHz with paths (clocks: {clocks or 'none'})",)
    worst = min(chosen, key=lambda clock: slacks[clock])
    delay = timed[worst] - slacks[worst]
    if delay <= 0.05:
        raise ReportError(f"clock {worst} has a period of {timed[worst]:g} ns and a slack of {slacks[worst]:g} ns")
    notes = () if len(chosen) == 1 else (f"of the clocks {', '.join(chosen[:8])}, {worst} has the least slack",)
    return Clock(1000 / delay, 1000 / timed[worst], slacks[worst]), notes


def _section(text: str, title: str) -> list[str]:
    """The lines of a section: from its title to the next one."""
    lines = text.splitlines()
    for start, line in enumerate(lines):
        if line.strip() == f"| {title}":
            body = []
            for later in lines[start + 1 :]:
                if re.match(r"\|\s+[A-Z]", later):
                    break
                body.append(later)
            return body
    raise ReportError(f"has no section {title!r} (cut off?)")


def _periods(lines: list[str]) -> dict[str, float]:
    found = {}
    for line in lines:
        match = re.match(r"\s*(\S+)\s+\{[^}]*\}\s+(\S+)\s+(\S+)", line)
        if match:
            period = real(match[2], f"the period of {match[1]}")
            if not 0.05 <= period <= 1e6:
                raise ReportError(f"clock {match[1]} has a period of {period:g} ns")
            found[match[1]] = period
    return found


def _slacks(lines: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    end = None
    for line in lines:
        column = line.find("WNS(ns)")
        if column >= 0:
            end = column + len("WNS(ns)")
        elif end is not None and line.strip() and not line.lstrip().startswith("-"):
            words = list(re.finditer(r"\S+", line))
            if len(words) > 1 and words[1].end() <= end + 1:
                found[words[0][0]] = real(words[1][0], f"the slack of {words[0][0]}")
    return found
