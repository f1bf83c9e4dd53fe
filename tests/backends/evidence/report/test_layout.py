"""Nothing is clipped and nothing is covered, on a laptop, a phone and paper, whatever the names and numbers are."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium import webdriver

from dynamap.backends.evidence.report import Evidence, Wanted, gather, html_report
from dynamap.planner.models import resolve
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from support.browser import LAPTOP, PHONE, Browser
from support.report_page import Node, read_page


@pytest.fixture(scope="module")
def wide(evidence: Evidence, with_host: Evidence, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages whose tables are wide: grouped kernels, long Winograd names, long paths, large numbers."""
    plans = {
        name: gather(plan_network(resolve(name, weights=False), "u200", Request(array=array)), name, "", Wanted())
        for name, array in (("densenet121", (103, 49)), ("vgg19", (39, 128)))
    }
    folder = tmp_path_factory.mktemp("wide")
    for name, found in (plans | {"googlenet": evidence, "detector": with_host}).items():
        (folder / f"{name}.html").write_text(html_report([found]), encoding="utf-8")
    return {path.stem: path for path in folder.iterdir()}


NAMES = ("densenet121", "vgg19", "googlenet", "detector")

CLIPPED = """
return [...document.querySelectorAll(".wide, .scroll, .scroll svg")]
  .filter((node) => node.clientWidth && node.scrollWidth > node.clientWidth)
  .map((node) => [node.className, node.clientWidth, node.scrollWidth])
"""
HIDDEN_TEXT = """
return [...document.querySelectorAll("td, dd, dt, li, .figure span, .figure b")]
  .filter((node) => node.clientWidth && node.scrollWidth > node.clientWidth + 1
    && getComputedStyle(node).display !== "inline")
  .map((node) => node.outerHTML.slice(0, 100))
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_on_a_laptop_no_column_is_clipped(
    chromium: webdriver.Chrome, wide: dict[str, Path], name: str, scheme: str
) -> None:
    browser = Browser(chromium, wide[name], LAPTOP, scheme=scheme)
    assert browser.run("return [innerWidth, document.documentElement.scrollWidth <= innerWidth]") == [LAPTOP[0], True]
    assert browser.run(CLIPPED) == []
    assert browser.run(HIDDEN_TEXT) == []


@pytest.mark.parametrize("name", NAMES)
def test_on_paper_every_column_is_on_the_sheet(chromium: webdriver.Chrome, wide: dict[str, Path], name: str) -> None:
    """A4 across, 297 mm less twice 11 mm of margin, is 1039 pixels of CSS wide."""
    browser = Browser(chromium, wide[name], (1039, 718), media="print")
    assert browser.run("return document.querySelector('#layers').getBoundingClientRect().right") <= 1039
    assert browser.run("return document.querySelectorAll('#layers tbody tr:first-child td').length") == 19
    assert browser.run("return [...document.querySelectorAll('#layers th')].every((th) => th.offsetWidth > 8)")


COVERED = """
const [page, panel] = [document.getElementById("page"), document.getElementById("inspector")];
const [above, below] = [page.getBoundingClientRect(), panel.getBoundingClientRect()];
return [panel.hidden, above.bottom <= below.top + 0.5, below.bottom <= innerHeight + 0.5,
  above.height > innerHeight / 2, page.scrollWidth <= page.clientWidth];
"""


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("opener", ["#row5 td.name", "svg.network .node[data-layer='5']", "canvas"])
def test_the_details_of_a_layer_cover_nothing(
    chromium: webdriver.Chrome, wide: dict[str, Path], opener: str, size: tuple[int, int]
) -> None:
    """The window is divided: what was clicked stays in sight above the panel, and closing moves nothing."""
    browser = Browser(chromium, wide["detector"], size)
    browser.click(opener)
    assert browser.run(COVERED) == [False, True, True, True, True]
    rectangle = "const r = document.querySelector(arguments[0]).getBoundingClientRect(); return [r.top, r.bottom]"
    top, bottom = browser.run(rectangle, opener)
    end = browser.run("return document.getElementById('page').getBoundingClientRect().bottom")
    assert top >= 0 and bottom <= end + 1
    browser.click("#inspector .close")
    assert browser.run("return [document.getElementById('inspector').hidden, document.body.className]") == [True, ""]
    assert browser.run(rectangle, opener)[0] == pytest.approx(top, abs=2)


@pytest.fixture(scope="module")
def page(with_host: Evidence) -> Node:
    return read_page(html_report([with_host]))


def test_what_the_host_runs_and_every_output_are_named(page: Node) -> None:
    """The model's outputs are selected, box_corners and class_scores; the host makes the first two."""
    summary = page.by_id("summary").text
    assert "Overlay and host" in summary and "host 1: 3 nodes" in summary
    assert "boxes, class_scores → box_corners, selected" in summary
    ends = [box.all("text")[0].text for box in page.by_id("graph").all("g", "entry")]
    assert ends == ["input images", "to host boxes", "output class_scores"]


def test_boxes_of_a_card_have_names_of_their_own(page: Node) -> None:
    for card in page.by_id("graph").all("svg", "network"):
        names = [box.all("text")[0].text for box in card.all("g", "node")]
        assert len(set(names)) == len(names) and all(names)


def test_the_upper_end_of_an_interval_is_said(page: Node, with_host: Evidence) -> None:
    rows = page.by_id("resources").all("li")
    uses = with_host.plan.resources
    assert len(rows) == len(uses)
    for row, use in zip(rows, uses, strict=True):
        end = 100 * use.used * (100 + use.uncertainty_percent) / 100 / use.available
        said = f"at most {end:.{1 if end >= 1 else 2}f}%" if use.uncertainty_percent else "exactly"
        assert said in row.text
    assert "its upper end is what the design takes" in page.by_id("resources").text
