"""Text in the languages of a generated project: each has one writer here, and no other way in for a user's text.

A user's text is every string of a device file, a plan or a model. Where a language can quote it, it is quoted; where
one text is read by two languages (a setting of a Makefile by make and then by a shell) there is no quoting that both
understand, and a text that either would take for more than letters is refused. ``tests/structure`` holds generators to
it. JSON is written by planner/results/documents.py, HTML by backends/evidence/report/markup.py.
"""

from __future__ import annotations

import re

from dynamap.cost.errors import InputError
from dynamap.cost.words import shown
from dynamap.planner.results.visible import visible

_MAKE = re.compile(r"(?!-)[A-Za-z0-9_./:+,=@%-]*", re.ASCII)
_TCL_PLAIN = re.compile(r"[A-Za-z0-9_./:+=,-]+", re.ASCII)
_INI = re.compile(r"(?!-)[A-Za-z0-9_./:+,=@\[\]()-]+", re.ASCII)
_MARKDOWN = re.compile(r"[\\`*\[\]<>|&~$!]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=:)//")
_LINE_START = re.compile(r"^(?=[#+=-])|^(\d+)(?=[.)])")


def make_word(what: str, text: str) -> str:
    """A word of the value of a variable, which recipes hand to a shell; it may be empty.

    >>> make_word("board", "xilinx.com:zcu104")
    'xilinx.com:zcu104'

    Raises:
        InputError: make or a shell would read it as more than its letters, or a tool as an option; the message names
            ``what``.
    """
    if not _MAKE.fullmatch(text):
        raise _refused(what, text, "a Makefile")
    return text


def tcl_word(what: str, text: str) -> str:
    """One word of a Tcl command, which Tcl reads as exactly this text (rule 9 of Tcl(n): backslash substitution).

    >>> print(tcl_word("part", "x;[exec y]"))
    x\\;\\[exec\\ y\\]

    Raises:
        InputError: it is empty, begins as an option does, or has a character outside of ASCII's printable ones.
    """
    if not text or text.startswith("-") or not (text.isascii() and text.isprintable()):
        raise _refused(what, text, "a Tcl script")
    if _TCL_PLAIN.fullmatch(text):
        return text
    return re.sub(r"([^A-Za-z0-9_./:+=,-])", r"\\\1", text)


def ini_value(what: str, text: str) -> str:
    """The value of a key in a configuration file of v++, which knows comments and variables but no quoting.

    Raises:
        InputError: it is empty, begins as an option does, or has a letter that could mean more than itself.
    """
    if not _INI.fullmatch(text):
        raise _refused(what, text, "a configuration file")
    return text


def c_string(text: str) -> str:
    """A string literal of C, C++ and OpenCL C; ``?`` is quoted for the sake of trigraphs.

    >>> print(c_string('a "b"'))
    "a \\"b\\""
    """
    quoted = "".join(_c_letter(byte) for byte in text.encode("utf-8", "replace"))
    return f'"{quoted}"'


def _c_letter(byte: int) -> str:
    letter = chr(byte)
    if letter in '"\\?':
        return f"\\{letter}"
    return letter if " " <= letter <= "~" else f"\\{byte:03o}"


def c_comment(text: str) -> str:
    """A comment to the end of a line of C, which nothing in it continues."""
    return f"// {visible(text).replace('??/', '? ?/').rstrip(chr(92) + ' ')}"


def markdown_text(text: str) -> str:
    """Text on one line of a Markdown page, also in a cell of a table; a reader sees these letters and no markup.

    >>> print(markdown_text("conv_1 <b>|*x*"))
    conv_1 \\<b\\>\\|\\*x\\*
    """
    quoted = _MARKDOWN.sub(lambda found: f"\\{found[0]}", visible(text))
    return _LINE_START.sub(lambda found: f"{found[1] or ''}\\", quoted)


def _refused(what: str, text: str, language: str) -> InputError:
    return InputError(
        f"{what}: {shown(text)} cannot be written into {language}, which would take it for more than a name: change it"
    )
