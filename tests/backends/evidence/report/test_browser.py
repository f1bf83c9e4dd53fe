"""The page in a real browser (headless Chromium): it renders, sorts, filters, fits a phone and can be printed."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from dynamap.backends.evidence.report import Evidence, html_report
from dynamap.planner.plan.plan import Plan
from support.browser import PHONE, Browser
from support.report_page import HOSTILE


@pytest.fixture(scope="module")
def pages(
    evidence: Evidence, hostile: Evidence, paper_plan: Plan, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Files of one plan, of one with hostile names, and of a comparison."""
    from dynamap.backends.evidence.report import Wanted, gather

    folder = tmp_path_factory.mktemp("pages")
    paper = gather(paper_plan, "paper.json", "", Wanted())
    found = {"plan": [evidence], "hostile": [hostile], "comparison": [evidence, hostile, paper]}
    for name, parts in found.items():
        (folder / f"{name}.html").write_text(html_report(parts), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in found}


CYCLES = 10


@pytest.mark.parametrize("name", ["plan", "hostile", "comparison"])
def test_it_renders_without_complaint_and_loads_nothing(
    chromium: webdriver.Chrome, pages: dict[str, Path], name: str
) -> None:
    browser = Browser(chromium, pages[name])
    for selector in ("canvas", "svg.network .node", "svg.plot .mark", "table.layers tr"):
        assert chromium.find_elements(By.CSS_SELECTOR, selector), selector
    assert chromium.get_log("browser") == []
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    # The script ran to its end: the tip took over the titles, and every figure of time has its canvas.
    assert browser.run("return document.querySelectorAll('svg title').length") == 0
    figures = browser.run("return document.querySelectorAll('figure.time').length")
    assert browser.run("return document.querySelectorAll('canvas').length") == figures


def test_a_click_on_a_heading_sorts(chromium: webdriver.Chrome, pages: dict[str, Path], googlenet: Plan) -> None:
    browser = Browser(chromium, pages["plan"])
    cycles = sorted((layer.cycles for layer in googlenet.layers), reverse=True)
    assert browser.sort(CYCLES) == "descending"
    assert [int(key) for key in browser.column(CYCLES)] == cycles
    assert browser.sort(CYCLES) == "ascending"
    assert [int(key) for key in browser.column(CYCLES)] == cycles[::-1]
    assert browser.sort(1) == "ascending"
    # n2 before n10, n12 before n12+n16; and the other heading no longer says that it sorts.
    numbers = {layer.name: [int(number) for number in re.findall(r"\d+", layer.name)] for layer in googlenet.layers}
    assert browser.column(1) == sorted(numbers, key=numbers.__getitem__)
    assert browser.one(f"#layers th:nth-child({CYCLES + 1})").get_attribute("aria-sort") is None


SORTED = """
const order = new Intl.Collator("en", { numeric: true });
const table = document.getElementById("layers");
return [...table.querySelectorAll("th button")].flatMap((button, column) => [0, 1].map(() => {
  button.click();
  const keys = [...table.tBodies[0].rows].map((row) => row.cells[column].dataset.v);
  const numbers = keys.every((key) => key !== "" && !isNaN(key));
  const sign = button.parentElement.getAttribute("aria-sort") === "ascending" ? 1 : -1;
  const compare = (a, b) => sign * (numbers ? a - b : order.compare(a, b));
  return [button.textContent, sign, keys.length, keys.every((key, i) => !i || compare(keys[i - 1], key) <= 0)];
}));
"""


def test_every_column_sorts_both_ways(chromium: webdriver.Chrome, pages: dict[str, Path], googlenet: Plan) -> None:
    found = Browser(chromium, pages["plan"]).run(SORTED)
    assert len(found) == 2 * 19
    assert {(count, holds) for _, _, count, holds in found} == {(len(googlenet.layers), True)}
    assert all(first[1] == -second[1] for first, second in zip(found[::2], found[1::2], strict=True))


def test_filters_leave_what_they_say(chromium: webdriver.Chrome, pages: dict[str, Path], googlenet: Plan) -> None:
    browser = Browser(chromium, pages["plan"])
    names = browser.column(1)
    layers = googlenet.document()["layers"]
    assert names == [layer["name"] for layer in layers]
    by_kind = [layer["name"] for layer in layers if layer["algorithm"] == "winograd"]
    Select(browser.one("form.controls [data-filter=kind]")).select_by_value("winograd")
    assert browser.column(1) == by_kind
    assert browser.one("form.controls output").text == f"{len(by_kind)} of {len(names)} layers"
    Select(browser.one("form.controls [data-filter=kind]")).select_by_value("")
    Select(browser.one("form.controls [data-filter=op]")).select_by_value("maxpool")
    assert browser.column(1) == [layer["name"] for layer in layers if layer["op"] == "maxpool"]
    Select(browser.one("form.controls [data-filter=op]")).select_by_value("")
    browser.one("form.controls input").send_keys("IM2COL is")
    expected = [x["name"] for x in layers if (x["algorithm"], x["dataflow"]) == ("im2col", "is")]
    assert expected and browser.column(1) == expected
    browser.one("form.controls input").send_keys(" nothing has this")
    assert browser.column(1) == []
    browser.one("form.controls input").send_keys(Keys.ENTER)
    assert browser.one("form.controls output").text == f"0 of {len(names)} layers"


def test_a_layer_is_inspected_from_the_table_and_the_graph(
    chromium: webdriver.Chrome, pages: dict[str, Path], hostile: Evidence
) -> None:
    browser = Browser(chromium, pages["hostile"])
    assert not browser.one("#inspector").is_displayed()
    browser.click("#row0 td.name")
    assert browser.one("#inspector h3").text == HOSTILE[0]
    layer = hostile.plan.layers[0]
    assert f"{layer.cycles:,} cycles" in browser.one("#inspector").text
    assert len(browser.chrome.find_elements(By.CSS_SELECTOR, "#inspector tbody tr")) == len(layer.options)
    assert browser.run("return document.querySelectorAll('#inspector script').length") == 0
    browser.run("arguments[0].focus()", browser.one("svg.network .node[data-layer='1']"))
    browser.chrome.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.one("#inspector h3").get_property("textContent") == HOSTILE[1]
    browser.one("body").send_keys(Keys.ESCAPE)
    assert not browser.one("#inspector").is_displayed()
    assert chromium.get_log("browser") == []


def test_the_time_line_zooms(chromium: webdriver.Chrome, pages: dict[str, Path], googlenet: Plan) -> None:
    browser = Browser(chromium, pages["plan"])
    total = googlenet.solver.objective

    def shown() -> str:
        return browser.one(".zoom output").text

    assert shown() == f"0 to {googlenet.latency_ms:.3f} ms ({total:,} cycles)"
    colours = browser.run(
        "const canvas = document.querySelector('canvas');"
        "const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
        "return new Set(new Uint32Array(pixels.buffer)).size"
    )
    assert colours > 10
    for _ in range(3):
        browser.click(".zoom button[data-zoom=in]")
    browser.run("return new Promise(requestAnimationFrame)")
    assert shown().endswith(f"({round(total / 8):,} cycles)")
    browser.one("canvas").send_keys("0")
    browser.run("return new Promise(requestAnimationFrame)")
    assert shown().endswith(f"({total:,} cycles)")
    browser.click("canvas")  # its middle is in a layer that the inspector then shows
    name = browser.one("#inspector h3").text
    assert name in {layer.name for layer in googlenet.layers if layer.cycles}


@pytest.mark.parametrize("name", ["plan", "hostile", "comparison"])
def test_on_a_phone_the_page_is_as_wide_as_the_screen(
    chromium: webdriver.Chrome, pages: dict[str, Path], name: str
) -> None:
    browser = Browser(chromium, pages[name], PHONE)
    assert browser.run("return [innerWidth, document.documentElement.scrollWidth]") == [PHONE[0]] * 2
    wide = browser.run(
        "return [...document.querySelectorAll('main *')].filter(node => !node.closest('.wide, .scroll')"
        " && node.getBoundingClientRect().right > innerWidth + 1).map(node => node.outerHTML.slice(0, 120))"
    )
    assert wide == []
    table = browser.one(".wide:has(> table.layers)")
    assert table.get_property("scrollWidth") > table.get_property("clientWidth") > 300
    # Charts do not scroll: they are drawn for this width, in letters of 9 pixels and more, none beyond its frame.
    letters = browser.run(
        "return [...document.querySelectorAll('.plot text')].filter(node => node.getClientRects().length).map(node => {"
        " const frame = node.ownerSVGElement.getBoundingClientRect(), at = node.getBoundingClientRect();"
        " const scale = frame.width / node.ownerSVGElement.viewBox.baseVal.width;"
        " return [parseFloat(getComputedStyle(node).fontSize) * scale, at.left - frame.left, frame.right - at.right] })"
    )
    assert len(letters) > 10 and min(map(min, letters)) >= 0 and min(size for size, _, _ in letters) >= 9


def test_on_paper_nothing_is_hidden_and_nothing_is_for_clicking(
    chromium: webdriver.Chrome, pages: dict[str, Path], googlenet: Plan
) -> None:
    browser = Browser(chromium, pages["plan"], media="print")
    for selector in ("nav", "form.controls", ".zoom", "canvas"):
        assert not browser.one(selector).is_displayed(), selector
    for selector in (".time .drawing svg", "#layers", "svg.network", "#checks details table"):
        assert browser.one(selector).is_displayed(), selector
    assert browser.run(
        "return document.querySelector('.wide:has(> #layers)').scrollHeight <= 1 + "
        "document.querySelector('.wide:has(> #layers)').clientHeight"
    )
    heading = "return getComputedStyle(document.querySelector('#layers th:nth-child(2)'), '::before').content"
    assert browser.run(heading) == '"Layer"'
    arguments = {"preferCSSPageSize": True, "printBackground": True}
    pdf = base64.b64decode(chromium.execute_cdp_cmd("Page.printToPDF", arguments)["data"])
    assert pdf.startswith(b"%PDF-") and pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") >= 5


CONTRAST = """
function channel(value) {
  value /= 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
function rgba(colour) {
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data];
}
function background(node) {
  const found = rgba(getComputedStyle(node).backgroundColor);
  return found[3] === 255 ? found : background(node.parentElement);
}
return arguments[0].map((selector) => {
  const node = document.querySelector(selector);
  const [one, two] = [luminance(rgba(getComputedStyle(node).color)), luminance(background(node))];
  return [selector, (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05)];
});
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(chromium: webdriver.Chrome, pages: dict[str, Path], scheme: str) -> None:
    """The contrast of WCAG 2.1, 1.4.3: at least 4.5 to 1."""
    browser = Browser(chromium, pages["plan"], scheme=scheme)
    selectors = ["body", ".muted", "figcaption", "nav a", ".brand", ".certificate h3", ".certificate dt", ".badge.good"]
    selectors += ["td.name", ".what b", ".who small", ".badge.open", ".figure span", ".layers th button"]
    found = dict(browser.run(CONTRAST, selectors))
    assert {selector for selector, contrast in found.items() if contrast < 4.5} == set(), json.dumps(found)
    dark = browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(14, 19, 26)"
    assert dark == (scheme == "dark")
