"""Names from models and devices as people may see them: nothing in them moves a cursor, ends a line or turns text."""

from __future__ import annotations

_PICTURES = 0x2400
_DELETE = "\x7f"


def visible(text: str) -> str:
    """The text with what is not printable shown: control characters by their pictures, others by number.

    Not printable are, beside controls, what turns the direction of writing, what separates lines, and lone surrogates.

    >>> visible("two\\nlines\\x1b[2J \\u202e")
    'two␊lines␛[2J \\\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _shown(letter) for letter in text)


def _shown(letter: str) -> str:
    if letter < " ":
        return chr(_PICTURES + ord(letter))
    if letter == _DELETE:
        return "\u2421"
    number = ord(letter)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
