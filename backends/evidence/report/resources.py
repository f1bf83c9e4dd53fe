"""What the overlay takes of the device, with the uncertainty of each estimate, and what a vendor's tool found."""

from __future__ import annotations

from dynamap.backends.evidence.report.bars import Bar, bars
from dynamap.backends.evidence.report.evidence import Absent, Evidence
from dynamap.backends.evidence.report.markup import Markup, element, joined, named
from dynamap.backends.evidence.report.measurement import MeasuredResource, Measurement
from dynamap.backends.evidence.report.words import change, digits, integer, percent
from dynamap.planner.plan.parts import ResourceUse

NAMES = {
    "multipliers": "multipliers",
    "lut": "LUT",
    "alm": "ALM",
    "ff": "flip-flops",
    "bram36": "BRAM (36 Kb)",
    "uram": "URAM",
    "m20k": "M20K",
}


_UPPER_END = (
    "The line over a bar is the interval of the estimate: its upper end is what the design takes if it needs more than "
    "estimated by all of the uncertainty. Where that is within the device, the design is expected to fit even then. "
    "Where it is beyond, it may not, and a smaller array, a lower --fill or a larger device leaves room. Only the "
    "report of the vendor's tool says what it takes; and that all fits does not say that it can be routed at the clock."
)


def interval(use: ResourceUse) -> tuple[float, float]:
    """The least and the most that the estimate allows."""
    spread = use.used * use.uncertainty_percent / 100
    return use.used - spread, use.used + spread


def resources(evidence: Evidence, prefix: str) -> Markup:
    """A bar for each resource against what the device leaves beside its shell."""
    plan, measured = evidence.plan, evidence.measurement
    uses = [use for use in plan.resources if use.used or use.available]
    if not uses:
        return element("p", "The plan states no resources.", class_="absent")
    shares = [max(interval(use)[1], _measured(measured, use) or 0) / max(use.available, 1) for use in uses]
    full = max(1.0, *shares)
    rows = [_bar(use, _measured(measured, use)) for use in uses]
    caption = (
        "The whole width is what the device leaves beside its static design (the shell)"
        if full == 1.0
        else f"The whole width is {percent(full)} of what the device leaves beside its static design (the shell)"
    )
    parts = [
        bars(rows, full, "Resources"),
        element("p", f"{caption}. Multipliers are counted exactly.", class_="muted"),
        element("p", _UPPER_END, class_="muted") if any(use.uncertainty_percent for use in uses) else None,
    ]
    if plan.cost_model == "paper":
        parts.append(element("p", "The published cost model counts multipliers only.", class_="muted"))
    if not isinstance(measured, Absent):
        parts.append(_table(measured))
    return element("div", *parts, class_="card")


def _measured(measured: Measurement | Absent, use: ResourceUse) -> int | None:
    """What was measured, where it is in the plan's unit and its estimate is the plan's."""
    found = None if isinstance(measured, Absent) else measured.of(use.name)
    return found.measured if found and found.estimated == use.used else None


def _bar(use: ResourceUse, measured: int | None) -> Bar:
    low, high = interval(use)
    whole = max(use.available, 1)
    exceeds = high > use.available
    spread = f" ± {use.uncertainty_percent}%" if use.uncertainty_percent else " exactly"
    end = f", at most {percent(high, use.available)}" if use.uncertainty_percent else ""
    words = [
        element("b", percent(use.used, use.available)),
        f" {integer(use.used)}{spread} of {integer(use.available)}{end}",
        element("em", ": could exceed the device") if exceeds else None,
    ]
    if measured is not None:
        words.append(f"; measured {integer(measured)}")
    return Bar(
        name=NAMES.get(use.name, use.name),
        value=use.used / whole,
        words=joined(words),
        css="caution" if exceeds else "",
        hint=f"between {integer(round(low))} and {integer(round(high))}" if use.uncertainty_percent else "",
        low=low / whole if use.uncertainty_percent else None,
        high=high / whole if use.uncertainty_percent else None,
        mark=measured / whole if measured is not None else None,
    )


def _table(measured: Measurement) -> Markup:
    """Estimate against measurement, as the tool's report was imported."""
    heads = ("Resource", "Estimated", "Measured", "Difference", "Available", "")
    head = [element("th", title, scope="col", class_="number" if title in heads[1:5] else None) for title in heads]
    rows = [_measured_row(found) for found in measured.resources]
    clock = measured.clock
    words: list[Markup | str] = [named(measured.tool), ", ", named(measured.stage)]
    if measured.scope:
        words += [", of the ", named(measured.scope)]
    if measured.device:
        words += [", for ", named(measured.device)]
    if clock is not None:
        words.append(f"; clock asked {digits(clock.requested_mhz, 4)} MHz, reached {digits(clock.achieved_mhz, 4)} MHz")
    table = element("table", element("thead", element("tr", *head)), element("tbody", *rows), class_="plain measured")
    notes = element("ul", *(element("li", named(note)) for note in measured.notes)) if measured.notes else None
    return joined([element("h4", "Measured: ", *words), element("div", table, class_="wide"), notes])


def _measured_row(found: MeasuredResource) -> Markup:
    estimated = found.estimated
    cells = (
        "" if estimated is None else integer(estimated),
        integer(found.measured),
        "" if estimated is None else change(found.measured, estimated),
        "" if found.available is None else integer(found.available),
    )
    verdict = None
    if found.inside is not None:
        words, css = ("inside the interval", "good") if found.inside else ("outside the interval", "caution")
        verdict = element("span", words, class_=f"badge {css}")
    unit = found.unit if found.unit and found.unit != found.name else None
    return element(
        "tr",
        element("th", named(NAMES.get(found.name, found.name)), [" in ", named(unit)] if unit else None, scope="row"),
        *(element("td", cell, class_="number") for cell in cells),
        element("td", verdict),
    )
