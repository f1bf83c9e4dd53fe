"""HTML and SVG by construction: every text that is not already markup is escaped where it enters a page.

``element`` is the only way to make markup here, so a layer called ``<script>`` cannot become one. Names from models
also carry characters that turn or hide the text around them; ``named`` keeps their effect to the name.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterable

_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters but tabulator and line feed, lone surrogates, and what is no character."""

_VOID = ("meta", "br", "input", "link", "wbr")
_ISOLATED = ("R", "AL", "AN", "RLE", "LRE", "RLO", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escape(text: str) -> Markup:
    """Text for an element or a quoted attribute; what no document may hold becomes U+FFFD.

    >>> escape('<b a="1">')
    '&lt;b a=&quot;1&quot;&gt;'
    """
    return Markup(html.escape(_FORBIDDEN.sub("\ufffd", text), quote=True))


def visible(name: str) -> str:
    """A name on one line: its control characters as their pictures.

    >>> visible("two\\nlines")
    'two␊lines'
    """
    return "".join(chr(0x2400 + ord(letter)) if letter < " " else letter for letter in name)


def isolated(name: str) -> str:
    """A name for a tooltip or a drawing: between isolates (Unicode UAX 9) where it may turn what stands around it."""
    name = visible(name)
    if any(unicodedata.bidirectional(letter) in _ISOLATED for letter in name):
        return f"\u2068{name}\u2069"
    return name


def element(tag: str, *children: object, **attributes: object) -> Markup:
    """An element; children are escaped unless they are ``Markup``, lists are flattened, None is nothing.

    An attribute ``class_`` is ``class``, ``data_x`` is ``data-x``; None and False leave it out, True gives it no value.

    >>> element("td", "a<b", class_="name", data_v=3)
    '<td class="name" data-v="3">a&lt;b</td>'
    """
    words = [tag]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        key = name.rstrip("_").replace("_", "-")
        words.append(key if value is True else f'{key}="{escape(_text(value))}"')
    opening = f"<{' '.join(words)}>"
    if tag in _VOID:
        return Markup(opening)
    return Markup(f"{opening}{joined(children)}</{tag}>")


def joined(children: Iterable[object]) -> Markup:
    """The markup of several children, one after the other."""
    parts = []
    for child in children:
        if isinstance(child, Markup):
            parts.append(child)
        elif isinstance(child, (list, tuple)):
            parts.append(joined(child))
        elif child is not None:
            parts.append(escape(_text(child)))
    return Markup("".join(parts))


def named(text: str) -> Markup:
    """A name from a model, in an element that keeps the direction of its letters to itself."""
    return element("bdi", visible(text))


def named_in_parts(text: str, ends: str = "/.:") -> Markup:
    """The same, where there may be too little room: it is broken after its parts, each of which has such an end.

    >>> named_in_parts("/head/conv")
    '<bdi>/<wbr>head/<wbr>conv</bdi>'
    """
    parts = re.split(f"(?<=[{re.escape(ends)}])(?=[^{re.escape(ends)}])", visible(text))
    return element("bdi", parts[0], *([element("wbr"), part] for part in parts[1:]))


def prose(sentence: str) -> Markup:
    """A sentence with what stands between backquotes as code.

    >>> prose("see `a<b`")
    'see <code>a&lt;b</code>'
    """
    parts = sentence.split("`")
    if len(parts) % 2 == 0:
        return escape(sentence)
    return joined(element("code", part) if index % 2 else part for index, part in enumerate(parts))


def embedded(document: object) -> Markup:
    """JSON for a ``<script type="application/json">``: no character in it can end the element or begin a comment."""
    words = json.dumps(document, ensure_ascii=True, separators=(",", ":"))
    return Markup(words.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
