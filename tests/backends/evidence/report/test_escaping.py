"""Names are only text: in elements, in attributes, in drawings, in embedded JSON, in both directions of writing."""

from __future__ import annotations

import re
import unicodedata

import pytest

from dynamap.backends.evidence.report import Evidence, html_report
from dynamap.backends.evidence.report.markup import element, embedded, isolated, named, prose
from support.report_page import HOSTILE, Node, data_of, read_page, table_rows

_ELEMENTS = (
    "html head meta title style body header nav main aside article section script h1 h2 h3 h4 p a b i em small span "
    "bdi wbr code div ul li dl dt dd figure figcaption form input select option output button details summary table "
    "caption thead tbody tr th td svg g path rect line text"
)
ELEMENTS = frozenset(_ELEMENTS.split())
"""What a page is made of; a name that became an element would add to it, or to the scripts."""


@pytest.fixture(scope="module")
def text(hostile: Evidence) -> str:
    return html_report([hostile, hostile])


@pytest.fixture(scope="module")
def tree(text: str) -> Node:
    return read_page(text)


def test_names_make_no_elements_and_no_scripts(tree: Node) -> None:
    assert {node.tag for node in tree.walk()} <= ELEMENTS
    scripts = tree.all("script")
    assert [node.attributes.get("type", "") for node in scripts] == ["application/json", ""]
    assert not [node for node in tree.walk() for key in node.attributes if key.startswith("on")]


def test_names_are_read_back_from_the_table_and_the_drawings(tree: Node) -> None:
    rows = table_rows(tree.by_id("p0-layers"))
    names = [row[1].text for row in rows]
    assert names[:3] == [HOSTILE[0], HOSTILE[1], "two␊lines␉tabbed"]
    assert names[4:] == [HOSTILE[3], HOSTILE[4]]
    assert all(row[1].all("bdi") for row in rows)
    titles = [node.all("title")[0].text for node in tree.by_id("p0-graph").all("g", "node")]
    assert titles[0].split("\n")[0] == HOSTILE[0] and titles[1].split("\n")[0] == HOSTILE[1]
    assert titles[4].split("\n")[0] == f"\u2068{HOSTILE[3]}\u2069"


def test_names_are_read_back_from_the_embedded_data(tree: Node) -> None:
    first, second = data_of(tree)
    names = [layer["name"] for layer in first["layers"]]
    assert [name for name in names if name != "sum"] == list(HOSTILE)
    assert first == second


def test_embedded_data_cannot_leave_its_element() -> None:
    words = embedded({"</script>": "<!-- & \u2028 \ud800 <script>"})
    assert not re.search("[<>&\u2028]", words) and words.isascii()


def test_right_to_left_names_turn_nothing_around_them(text: str, tree: Node) -> None:
    """Outside of an element ``bdi`` a character that turns its surroundings stands between isolates."""
    for node in tree.walk():
        if node.tag in ("bdi", "script"):
            continue
        for child in node.children:
            outside = re.sub("\u2068[^\u2069]*\u2069", "", child) if isinstance(child, str) else ""
            assert not any(unicodedata.bidirectional(c) in ("R", "AL", "RLO", "RLE") for c in outside), child


def test_the_page_loads_nothing(text: str, tree: Node) -> None:
    for node in tree.walk():
        assert not {"src", "data", "action", "srcset", "poster"} & set(node.attributes)
        assert node.attributes.get("href", "#").startswith("#")
        assert node.tag not in ("link", "iframe", "object", "embed", "img", "base")
    style = tree.all("style")[0].text
    assert "url(" not in style and "@import" not in style
    (policy,) = [n.attributes["content"] for n in tree.all("meta") if "http-equiv" in n.attributes]
    assert policy.startswith("default-src 'none'") and "script-src 'sha256-" in policy


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (element("a", "<&>\"'", title="\"'<&>"), '<a title="&quot;&#x27;&lt;&amp;&gt;">&lt;&amp;&gt;&quot;&#x27;</a>'),
        (element("p", ["x", element("br"), None], hidden=True, id=None), "<p hidden>x<br></p>"),
        (element("p", "a\x00b\ud800c\ufffe"), "<p>a\ufffdb\ufffdc\ufffd</p>"),
        (named("a\nb"), "<bdi>a␊b</bdi>"),
        (prose("run `a <b>` now"), "run <code>a &lt;b&gt;</code> now"),
        (prose("an odd ` quote <"), "an odd ` quote &lt;"),
    ],
)
def test_markup(made: str, expected: str) -> None:
    assert made == expected
    made.encode()


def test_isolates_only_where_they_are_needed() -> None:
    assert isolated("conv1/3x3") == "conv1/3x3"
    assert isolated("\u05d0") == "\u2068\u05d0\u2069"
