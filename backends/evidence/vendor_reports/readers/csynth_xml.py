"""``csynth.xml``: the estimate that Vitis HLS makes from its schedule (UG1399, C synthesis reports).

``profile/AreaEstimates/Resources`` counts BRAM_18K, halves of a BRAM36; the tag of DSP slices was ``DSP48E`` up to
2020.1 and is ``DSP`` since. The file is read as a stream, and nothing in it is expanded: a document type is refused.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.parsers import expat

from dynamap.backends.evidence.vendor_reports.reading import count, plain, read_bytes, real, whole
from dynamap.backends.evidence.vendor_reports.values import (
    Amount,
    Clock,
    Measured,
    OtherSubject,
    ReportError,
    Scope,
    Stage,
)

_RESOURCES = {
    "lut": ("LUT", 1),
    "ff": ("FF", 1),
    "dsp_blocks": ("DSP", 1),
    "bram36": ("BRAM_18K", 2),
    "uram": ("URAM", 1),
}
_OLD_NAMES = {"DSP": "DSP48E"}
_USED, _AVAILABLE = "profile/AreaEstimates/Resources", "profile/AreaEstimates/AvailableResources"
_VERSION = "profile/ReportVersion/Version"
_PART, _TOP = "profile/UserAssignments/Part", "profile/UserAssignments/TopModelName"
_TARGET = "profile/UserAssignments/TargetClockPeriod"
_ESTIMATED = "profile/PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod"
_TAGS = (*(tag for tag, _ in _RESOURCES.values()), *_OLD_NAMES.values())
_WANTED = frozenset(
    (*(f"{where}/{tag}" for where in (_USED, _AVAILABLE) for tag in _TAGS), _VERSION, _PART, _TOP, _TARGET, _ESTIMATED)
)
_MOST_DEPTH = 64


def read_csynth_xml(path: Path, name: str, kernel: str) -> Measured:
    """Reads it; ``name`` is what messages call the file, ``kernel`` the top function of the project.

    Raises:
        ReportError: it is not XML, is cut off, has no resources, or a value is absurd.
        OtherSubject: it is of another function.
    """
    values = _leaves(read_bytes(path))
    design = values.get(_TOP, "")
    if design and design != kernel:
        raise OtherSubject(f"is of the function {design!r}, not of {kernel!r}")
    if not any(key.startswith(_USED) for key in values):
        raise ReportError("has no AreaEstimates/Resources: is it the csynth.xml of a finished synthesis?")
    resources = {}
    for resource, (tag, per_block) in _RESOURCES.items():
        used = _figure(values, _USED, tag)
        if used is not None:
            available = _figure(values, _AVAILABLE, tag)
            resources[resource] = Amount(
                whole(Fraction(used, per_block), tag), None if available is None else available // per_block
            )
    for needed in ("lut", "ff"):
        if needed not in resources:
            raise ReportError(f"has no {needed.upper()} among its resources (cut off?)")
    version = values.get(_VERSION, "")
    return Measured(
        kind="csynth.xml",
        path=name,
        tool=f"Vitis HLS {version}".strip(),
        stage=Stage.ESTIMATED,
        scope=Scope.KERNEL,
        resources=resources,
        clock=_clock(values),
        part=values.get(_PART, ""),
        design=design,
    )


def _figure(values: dict[str, str], where: str, tag: str) -> int | None:
    for spelling in (tag, _OLD_NAMES.get(tag, tag)):
        text = values.get(f"{where}/{spelling}")
        if text:
            return count(text, spelling)
    return None


def _clock(values: dict[str, str]) -> Clock | None:
    estimated = values.get(_ESTIMATED)
    target = values.get(_TARGET)
    if not estimated:
        return None
    return Clock(_frequency(estimated, "EstimatedClockPeriod"), _frequency(target, "TargetClockPeriod"))


def _frequency(period: str | None, what: str) -> float | None:
    if not period:
        return None
    value = real(period, what)
    if not 0.05 <= value <= 1e6:
        raise ReportError(f"{what} is {value:g} ns, which is no clock period")
    return 1000 / value


def _leaves(content: bytes) -> dict[str, str]:
    """The text of each element by its path, the first one where there are several; elements with children have none."""
    stack: list[str] = []
    parts: list[str] = []
    found: dict[str, str] = {}

    def start(tag: str, _: object) -> None:
        if len(stack) >= _MOST_DEPTH:
            raise ReportError("is nested too deep for a report")
        stack.append(tag)
        parts.clear()

    def end(_: str) -> None:
        where = "/".join(stack)
        if where in _WANTED:
            text = "".join(parts).strip()
            if text:
                found.setdefault(where, plain(text[:200]))
        stack.pop()
        parts.clear()

    def doctype(*_: object) -> None:
        raise ReportError("declares a document type, which no report does: it is not read")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = parts.append
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise ReportError(f"is not whole XML (cut off?): {error}") from None
    return found
