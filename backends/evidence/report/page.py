"""The page: its frame, its style and script, and the sections of each plan in their order."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from importlib.resources import files

from dynamap.backends.evidence.report.checks import checks
from dynamap.backends.evidence.report.comparison import comparison
from dynamap.backends.evidence.report.evidence import Evidence
from dynamap.backends.evidence.report.graph import graph
from dynamap.backends.evidence.report.layer_table import layer_table
from dynamap.backends.evidence.report.markup import Markup, element, embedded, isolated, named, visible
from dynamap.backends.evidence.report.resources import resources
from dynamap.backends.evidence.report.roofline import roofline
from dynamap.backends.evidence.report.scripted import plan_data
from dynamap.backends.evidence.report.strategies import strategies
from dynamap.backends.evidence.report.summary import summary
from dynamap.backends.evidence.report.timeline import timeline
from dynamap.backends.evidence.report.words import letter

Section = Callable[[Evidence, str], Markup]

SECTIONS: tuple[tuple[str, str, Section], ...] = (
    ("summary", "Summary", summary),
    ("table", "Layers", layer_table),
    ("graph", "Network", graph),
    ("roofline", "Roofline", roofline),
    ("timeline", "Time line", timeline),
    ("resources", "Resources", resources),
    ("strategies", "Fixed strategies", strategies),
    ("checks", "What the numbers mean", checks),
)
"""Identity, title and content of each section of a plan."""


def html_report(plans: Sequence[Evidence]) -> str:
    """One self-contained page on one plan, or on several with their comparison in front.

    It loads nothing: a policy in its head forbids all but its own style and script. Same evidence, same text.
    """
    titles = [plan_title(evidence, index, len(plans)) for index, evidence in enumerate(plans)]
    heading = titles[0] if len(plans) == 1 else f"{len(plans)} plans compared"
    script, style = _asset("report.js"), _asset("report.css")
    body = [
        element(
            "div",
            element("header", element("p", "DYNAMAP", class_="brand"), element("h1", *_heading(plans)), class_="top"),
            _navigation(plans),
            element("main", *_content(plans, titles)),
            id="page",
        ),
        element("aside", id="inspector", hidden=True, aria_live="polite", aria_label="Layer"),
        element("div", id="tip", hidden=True, role="tooltip"),
        element("script", embedded([plan_data(evidence) for evidence in plans]), type="application/json", id="data"),
        element("script", Markup(script)),
    ]
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="generator", content="dynamap report"),
        element("title", isolated(visible(heading))),
        element("style", Markup(style)),
    ]
    page = element("html", element("head", *head), "\n", element("body", *body), lang="en")
    return f"<!doctype html>\n{page}\n"


def plan_title(evidence: Evidence, index: int, count: int) -> str:
    """``googlenet on u200``, with a letter in front where there are several."""
    plan = evidence.plan
    words = f"{plan.model.name} on {evidence.board.name}"
    return f"{letter(index)}: {words}" if count > 1 else words


def _heading(plans: Sequence[Evidence]) -> list[Markup | str]:
    if len(plans) > 1:
        return [f"{len(plans)} plans compared"]
    return [named(plans[0].plan.model.name), " on ", named(plans[0].board.name)]


def _navigation(plans: Sequence[Evidence]) -> Markup:
    if len(plans) == 1:
        links = [element("a", title, href=f"#{identity}") for identity, title, _ in SECTIONS]
    else:
        links = [element("a", "Comparison", href="#comparison")]
        links += [
            element("a", f"{letter(index)}: ", named(evidence.plan.model.name), href=f"#p{index}-summary")
            for index, evidence in enumerate(plans)
        ]
    return element("nav", *links, aria_label="Sections")


def _content(plans: Sequence[Evidence], titles: Sequence[str]) -> list[Markup]:
    if len(plans) == 1:
        return _sections(plans[0], "")
    parts = [element("section", element("h2", "Comparison"), comparison(plans, titles), id="comparison")]
    for index, evidence in enumerate(plans):
        title = element("h2", f"{letter(index)}: ", named(evidence.plan.model.name), " on ", named(evidence.board.name))
        links = [element("a", name, href=f"#p{index}-{identity}") for identity, name, _ in SECTIONS]
        within = element("p", *links, class_="within")
        parts.append(element("article", title, within, *_sections(evidence, f"p{index}-"), data_plan=index))
    return parts


def _sections(evidence: Evidence, prefix: str) -> list[Markup]:
    level = "h3" if prefix else "h2"
    return [
        element("section", element(level, title), content(evidence, prefix), id=f"{prefix}{identity}")
        for identity, title, content in SECTIONS
    ]


def _asset(name: str) -> str:
    return (files("dynamap.backends.evidence.report") / "assets" / name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = ("default-src 'none'", "style-src 'unsafe-inline'", f"script-src 'sha256-{digest}'", "base-uri 'none'")
    return "; ".join((*rules, "form-action 'none'"))
