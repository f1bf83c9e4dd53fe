"""Every writer against a reader of its language: the text comes back to the letter, or it was refused; nothing runs."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from dynamap.backends.hardware.writers import c_comment, c_string, ini_value, make_word, markdown_text, tcl_word
from dynamap.cost.errors import InputError

PLAIN = ("xcu200-fsgd2104-2-e", "xilinx.com:zcu104:part0:1.1", "/opt/xilinx/platforms/a_b.xpfm", "DDR[0]", "HBM[0:3]")
HOSTILE = (
    "$(shell touch INJECTED)",
    "${X} $X $$ $(info x)",
    "`touch INJECTED`",
    "x; touch INJECTED",
    "x && touch INJECTED",
    "x | touch INJECTED",
    "x > INJECTED",
    "x\n\ttouch INJECTED",
    "x\nall: ; touch INJECTED",
    "x;exec touch INJECTED\nputs [exec id]",
    "[exec touch INJECTED]",
    "{*}[exec touch INJECTED]",
    '" ; exec touch INJECTED ; "',
    "} ; exec touch INJECTED ; {",
    "HP0\n[advanced]\nparam=x",
    "x # a comment",
    "x ; a comment",
    " leading and trailing ",
    "back\\slash \\n \\101 \\u0041",
    "ends with a backslash\\",
    "ends with a trigraph ??/",
    "??= ??( %: <: */ // /* \" '",
    "quote ' and \"",
    "-dash",
    "%~*?!^@&=,+",
    "tab\tform\x0cvertical\x0bcarriage\rnul\x00del\x7fesc\x1b[2J",
    "é 漢 \U0001f600",
    "\u202eturned \u2028 separated \ud800 half",
    "",
)
TEXTS = (*PLAIN, *HOSTILE)


def written(writer: Callable[[], str]) -> str | None:
    """What a writer writes; None where it refuses, naming the key."""
    try:
        return writer()
    except InputError as error:
        assert str(error).startswith("[key]: "), error
        return None


@pytest.mark.parametrize("text", TEXTS)
def test_make_and_its_shell_read_the_words_back(tmp_path: Path, text: str) -> None:
    value = written(lambda: make_word("[key]", text))
    if value is None:
        assert text not in PLAIN or "[" in text  # a shell would look for files of that pattern
        return
    (tmp_path / "Makefile").write_text(
        f"X := {value}\n$(info [$(X)])\nall:\n\t@printf '<%s>' $(X)\n\t@echo '' \"($(X))\"\n"
    )
    done = subprocess.run(["make", "-s"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"[{text}]\n<{text}> ({text})\n"
    assert [path.name for path in tmp_path.iterdir()] == ["Makefile"]


def tcl_read(line: str) -> list[str]:
    """The words of a command by rules 3 to 9 of Tcl(n), for commands without braces, quotes and substitutions."""
    words, letters, index = [], "", 0
    while index < len(line):
        letter = line[index]
        if letter == "\\":
            index += 1
            letters += line[index]
            assert not line[index].isalnum()  # others have a meaning: \n, \x41, \u0041
        elif letter == " ":
            words.append(letters)
            letters = ""
        else:
            assert letter not in '$[];"{}\n#'
            letters += letter
        index += 1
    return [*words, letters]


@pytest.mark.parametrize("text", TEXTS)
def test_tcl_reads_one_word_back(tmp_path: Path, text: str) -> None:
    word = written(lambda: tcl_word("[key]", text))
    if word is None:
        assert not text or text[0] == "-" or not (text.isascii() and text.isprintable())
        return
    assert tcl_read(f"set_part {word}") == ["set_part", text]
    if (tclsh := shutil.which("tclsh")) is not None:
        script = tmp_path / "run.tcl"
        script.write_text(f"proc set_part {{args}} {{puts -nonewline [join $args |]}}\nset_part {word}\n")
        done = subprocess.run([tclsh, script], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout == text
        assert [path.name for path in tmp_path.iterdir()] == ["run.tcl"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_configuration_keeps_its_sections(text: str) -> None:
    value = written(lambda: ini_value("[key]", text))
    if value is None:
        assert text not in PLAIN
        return
    parser = configparser.ConfigParser(inline_comment_prefixes=("#", ";"))  # with interpolation of %
    parser.read_string(f"[connectivity]\nsp={value}\n[clock]\n")
    assert parser.sections() == ["connectivity", "clock"] and parser["connectivity"]["sp"] == text


@pytest.mark.parametrize("flags", [("-std=c++17",), ("-std=c++11", "-trigraphs")])
def test_a_compiler_reads_strings_and_comments_back(tmp_path: Path, flags: tuple[str, ...]) -> None:
    texts = [text for text in TEXTS if "\x00" not in text]
    lines = [f"    puts_all({c_string(text)});  {c_comment(text)}" for text in texts]
    source = '#include <cstdio>\nvoid puts_all(const char *s) { std::printf("%s|END|", s); }\nint main() {\n'
    (tmp_path / "a.cpp").write_text("\n".join([source, *lines, "}\n"]), encoding="utf-8")
    command = ["g++", *flags, "-Wall", "-Wcomment", "-Werror", "a.cpp", "-o", "a"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    out = subprocess.run([tmp_path / "a"], capture_output=True, check=True).stdout
    assert out.split(b"|END|")[:-1] == [text.encode("utf-8", "replace") for text in texts]


def cells(page: str) -> list[str]:
    """The cells of the tables of a page, which must hold text alone."""
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    found = []
    for before, token in pairwise(tokens):
        if before.type in ("td_open", "th_open"):
            assert {part.type for part in token.children or ()} <= {"text", "text_special"}, token.content
            found.append("".join(part.content for part in token.children or ()))
    return found


@pytest.mark.parametrize(
    "text", [*TEXTS, "<b>x</b>", "a|b", "![x](http://y)", "[x](y)", "_a_ a_b **c** ~~d~~", "&lt;", "# x"]
)
def test_markdown_shows_the_letters_and_no_markup(text: str) -> None:
    shown = markdown_text(text)
    assert len(shown.splitlines()) <= 1
    inside = cells(f"| {shown} | z |\n|---|---|\n| y | {shown} |\n")
    printable = "".join(letter for letter in text if letter.isprintable()).strip()
    for cell in (inside[0], inside[3]):
        kept = "".join(letter for letter in cell if letter.isprintable() and not "␀" <= letter <= "␡")
        assert kept.replace("\\u202e", "").replace("\\u2028", "").replace("\\ud800", "").strip() == printable
    assert inside[1:3] == ["z", "y"]


@pytest.mark.parametrize("text", ["# x", "- x", "+ x", "1. x", "12) x", "=====", "---", "> x", "```", "    x"])
def test_markdown_text_begins_no_block(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"{markdown_text(text).strip()}\n")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
