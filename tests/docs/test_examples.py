"""The examples of README.md and docs/ do what the pages say."""

from __future__ import annotations

import re
from pathlib import Path

import page_examples
import pytest
from page_examples import (
    READ,
    ROOT,
    RUN,
    Block,
    Step,
    blocks,
    differs,
    pages,
    run_page,
    run_python,
    run_shell,
    steps,
)

PAGES = pages()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_block_is_to_be_run_or_to_be_read(page: Path) -> None:
    known = {*RUN, *READ}
    wrong = [b.line for b in blocks(page) if b.language not in known and not b.language.startswith("{")]
    assert not wrong, f"{page.name}: blocks without a language that says what they are, in lines {wrong}"


INSTALLED = ("docs/quick-start.md", "docs/tutorial.md")
"""Those that `test_package.py` runs in every test run, with the installed package."""
LONG = ("docs/accuracy.md", "docs/report.md", "docs/verification.md", "docs/what-if.md")
"""Those that take ten seconds or more, beside the others of their kind."""


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=name, marks=pytest.mark.full if name in (*INSTALLED, *LONG) else ())
        for page, name in zip(PAGES, NAMES, strict=True)
    ],
)
def test_examples(page: Path, tmp_path: Path) -> None:
    complaints = run_page(page, tmp_path, full=False)
    assert not complaints, "\n\n".join(complaints)


HEAVY = [page for page in PAGES if any(block.full and block.language in RUN for block in blocks(page))]


@pytest.mark.full
@pytest.mark.parametrize("page", HEAVY, ids=[str(page.relative_to(ROOT)) for page in HEAVY])
def test_heavy_examples(page: Path, tmp_path: Path) -> None:
    complaints = run_page(page, tmp_path, full=True)
    assert not complaints, "\n\n".join(complaints)


def test_blocks_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n```console\n$ x\n```\n<!-- full -->\n```python\n1\n```\n````text\n```console\n````\n")
    assert blocks(page) == [
        Block("console", "$ x\n", 2, False),
        Block("python", "1\n", 6, True),
        Block("text", "```console\n", 9, False),
    ]


def test_steps_are_found() -> None:
    text = "$ first\nout\n\nmore\n$ second \\\n>   part\n$ third\n"
    expected = [Step("first", "out\n\nmore\n"), Step("second \\\n  part", None), Step("third", None)]
    assert steps(Block("console", text, 1, False)) == expected
    assert steps(Block("sh", "a  # why\n\n# not this\nb\n", 1, False)) == [Step("a  # why", None), Step("b", None)]


@pytest.mark.parametrize(
    ("expected", "printed", "wrong"),
    [("a 1\n", "a 1\n", False), ("a 1\n", "a 2\n", True), ("a ... s\n", "a 0.25 s\n", False), ("a\n", "a\nb\n", True)],
)
def test_outputs_are_compared(expected: str, printed: str, wrong: bool) -> None:
    assert differs(expected, printed) is wrong


def test_failing_commands_are_seen(tmp_path: Path) -> None:
    assert run_shell(Step("echo right", "right\n"), tmp_path) is None
    assert "and the page says" in str(run_shell(Step("echo wrong", "right\n"), tmp_path))
    assert "status 3" in str(run_shell(Step("exit 3", None), tmp_path))
    assert "status 1" in str(run_shell(Step("false | cat", None), tmp_path))


def test_wrong_python_is_seen(tmp_path: Path) -> None:
    names: dict[str, object] = {}
    assert run_python(Block("python", "x = 3\n", 1, False), names, tmp_path) is None
    assert run_python(Block("python", ">>> x + 1\n4\n", 1, False), names, tmp_path) is None
    assert "Expected" in str(run_python(Block("python", ">>> x + 1\n5\n", 1, False), names, tmp_path))
    with pytest.raises(ZeroDivisionError):
        run_python(Block("python", "x / 0\n", 1, False), names, tmp_path)


def test_a_page_with_a_wrong_example_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo a\nb\n```\n<!-- full -->\n```sh\nfalse\n```\n")
    monkeypatch.setattr(page_examples, "prepare_folder", lambda folder: None)
    assert len(run_page(page, tmp_path, full=False)) == 1
    assert len(run_page(page, tmp_path, full=True)) == 2


def test_figures_of_the_claims_are_printed_by_a_command() -> None:
    """What is in bold on the page of the claims stands in an output on it, which the tests above compare."""
    page = ROOT / "docs" / "claims.md"
    figures = re.findall(r"\*\*(\d[^*]*)\*\*", page.read_text(encoding="utf-8"))
    printed = [step.output or "" for b in blocks(page) if b.language == "console" for step in steps(b)]
    assert len(figures) >= 4
    assert not [figure for figure in figures if not any(figure in output for output in printed)]
