"""What each number of the report means, where it comes from, and how it was checked."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.backends.evidence.report.evidence import Absent, Evidence
from dynamap.backends.evidence.report.markup import Markup, element, joined, named, prose
from dynamap.backends.evidence.report.run_result import RunResult
from dynamap.backends.evidence.report.words import counted, digits, integer, percent
from dynamap.backends.evidence.verification import Verdict, Verification
from dynamap.backends.simulator import COUNTERS

_COUNTERS = ("counter is", "counters are")


@dataclass(frozen=True)
class Finding:
    """One way of checking: ``state`` is good, caution or open."""

    way: str
    meaning: str
    state: str
    words: Markup | str


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """What is predicted, simulated, emulated and measured, in the order of trust."""
    return (_predicted(evidence), _verified(evidence), _simulated(evidence), _emulated(evidence), _measured(evidence))


def _predicted(evidence: Evidence) -> Finding:
    solver = evidence.plan.solver
    model = "the closed formulas of the overlay" if evidence.plan.cost_model == "overlay" else "the published formulas"
    return Finding(
        "predicted",
        f"Cycles and bytes of every layer by {model}; resources by formulas with a stated uncertainty. All figures "
        "above are predictions unless a row below says more.",
        "good" if solver.status == "optimal" else "caution",
        f"{integer(solver.objective)} {solver.unit}, {evidence.plan.latency_ms:.6f} ms; status {solver.status}",
    )


def _verified(evidence: Evidence) -> Finding:
    meaning = (
        "The plan computed again without trusting it: the problem rebuilt, the certificate replayed, the mapping "
        "solved by another solver (`dynamap verify`)."
    )
    found = evidence.checks
    if isinstance(found, Absent):
        return Finding("verified", meaning, "open", found.reason)
    failed = [check for check in found.checks if check.outcome in (Verdict.FAILED, Verdict.NOT_REACHED)]
    passed = sum(check.outcome is Verdict.PASSED for check in found.checks)
    if failed:
        return Finding(
            "verified", meaning, "caution", f"{len(failed)} of {len(found.checks)} checks did not pass; see below"
        )
    return Finding("verified", meaning, "good", f"{passed} checks passed when this page was made; see below")


def _simulated(evidence: Evidence) -> Finding:
    meaning = (
        "The plan's program, run block by block by an event simulator that shares no formula with the cost model. It "
        "counts " + ", ".join(counter.replace("_", " ") for counter in COUNTERS) + " of every layer."
    )
    found = evidence.replay
    if isinstance(found, Absent):
        return Finding("simulated", meaning, "open", found.reason)
    if found.differences:
        words = [
            f"{counted(len(found.differences), *_COUNTERS)} not the plan's, the first: ",
            named(found.differences[0]),
        ]
        return Finding("simulated", meaning, "caution", joined(words))
    return Finding(
        "simulated",
        meaning,
        "good",
        f"{integer(found.simulation.cycles)} cycles: equal to the plan, every counter of every layer",
    )


def _emulated(evidence: Evidence) -> Finding:
    meaning = "The program executed with real data on this machine, bit by bit as the hardware would (`dynamap run`)."
    found = evidence.run
    if isinstance(found, Absent):
        return Finding("emulated", meaning, "open", found.reason)
    state = "caution" if found.differences or found.noise else "good"
    return Finding("emulated", meaning, state, _run_words(found))


def _run_words(run: RunResult) -> Markup:
    words: list[Markup | str] = [named(run.platform), f": {len(run.layers)} layers, {integer(run.elements)} values; "]
    if run.compared:
        share = percent(run.differing, run.elements)
        words.append(
            "every value equals the reference; "
            if not run.differing
            else f"{integer(run.differing)} values ({share}) differ from the reference, by {run.max_lsb} LSB at most; "
        )
    else:
        words.append("values were not compared with a reference; ")
    counters = ", ".join(counter.replace("_", " ") for counter in run.counters) or "nothing"
    if run.differences:
        words += [f"{counted(len(run.differences), *_COUNTERS)} not the plan's, the first: ", named(run.differences[0])]
    else:
        words.append(f"counted and equal to the plan: {counters}")
    for sentence in run.scales:
        words += ["; ", named(sentence)]
    return joined(words)


def _measured(evidence: Evidence) -> Finding:
    meaning = "What a vendor's tool reports for the generated project. No board was measured for this page."
    found = evidence.measurement
    if isinstance(found, Absent):
        return Finding("measured", meaning, "open", found.reason)
    words: list[Markup | str] = [
        named(found.tool),
        ", ",
        named(found.stage),
        f": {len(found.resources)} resources, beside the estimates above",
    ]
    if found.clock is not None:
        words.append(f"; clock {digits(found.clock.achieved_mhz, 4)} of {digits(found.clock.requested_mhz, 4)} MHz")
    return Finding("measured", meaning, "good", joined(words))


_GLOSSARY = {
    "Latency": "One inference at batch 1, from the first byte read from device memory to the last one written. Host "
    "layers, PCIe and the layout of the input are not in it.",
    "Images/s": "1 ÷ latency: inferences follow each other without overlap. It is no throughput of a batch.",
    "Cycles of a layer": "The makespan of LOAD, COMPUTE and STORE over its blocks; layers follow each other with a "
    "barrier, so they add up.",
    "Use": "Useful products ÷ what the array can do in the layer's time; a Winograd layer counts the products of its "
    "tiles, one per multiplier.",
    "Bound by": "The largest of four: compute cycles, cycles to load inputs, cycles to load weights, cycles to store.",
    "Runner-up, gap": "The best other algorithm and dataflow at the same tensor formats, and what it would cost more. "
    "What is considered for a layer when it is clicked is over all formats, so an option there may cost less than the "
    "choice: its neighbours would pay for the format.",
    "Optimal": "No other choice among the stated ones takes less time under the stated cost model. It says nothing of "
    "machines of another kind.",
}


def checks(evidence: Evidence, prefix: str) -> Markup:
    """The ways of checking with what each found here, the checks of `dynamap verify`, and the words explained."""
    rows = [_finding_row(finding) for finding in findings(evidence)]
    head = element("tr", *(element("th", title, scope="col") for title in ("Number", "What it is", "Here")))
    table = element("table", element("thead", head), element("tbody", *rows), class_="plain checks")
    words = [element("div", element("dt", key), element("dd", meaning)) for key, meaning in _GLOSSARY.items()]
    file = ("Plan file ", named(evidence.name), ", SHA-256 ", element("code", evidence.sha256))
    return element(
        "div",
        element("div", table, class_="wide"),
        None if isinstance(evidence.checks, Absent) else _verification(evidence.checks),
        element("dl", *words, class_="glossary"),
        element("p", *file, class_="muted"),
        class_="card",
    )


def _finding_row(finding: Finding) -> Markup:
    mark = {"good": "✓", "caution": "!", "open": "–"}[finding.state]
    words = finding.words if isinstance(finding.words, Markup) else prose(finding.words)
    return element(
        "tr",
        element("th", finding.way, scope="row"),
        element("td", prose(finding.meaning)),
        element("td", element("span", mark, class_=f"badge {finding.state}"), " ", words),
    )


def _verification(found: Verification) -> Markup:
    states = {
        Verdict.PASSED: "good",
        Verdict.FAILED: "caution",
        Verdict.NOT_REACHED: "caution",
        Verdict.NOT_ASKED: "open",
    }
    rows = [
        element(
            "tr",
            element("th", check.name, scope="row"),
            element("td", element("span", check.outcome.value, class_=f"badge {states.get(check.outcome, 'caution')}")),
            element("td", named(check.detail)),
        )
        for check in found.checks
    ]
    return element(
        "details",
        element("summary", f"The {len(rows)} checks of ", element("code", "dynamap verify --quick")),
        element("div", element("table", element("tbody", *rows), class_="plain"), class_="wide"),
        open=True,
    )
