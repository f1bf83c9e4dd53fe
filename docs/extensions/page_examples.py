"""Runs the examples of a page of documentation, in a temporary folder, as a reader would.

What a fenced block is follows from its language:

- ``console``: lines that begin with ``$`` are commands, the lines below a command are what it prints (stdout and
  stderr). ``...`` stands for anything. A command without output below it may print what it likes; it must succeed,
  unless it says otherwise itself (``command; echo $?``).
- ``sh``: every line is a command that must succeed.
- ``python``: run in one interpreter for the whole page; with ``>>>`` its output is compared too.
- anything else is to be read, not to be run.

``<!-- full -->`` in the line above a block means: only with the heavy tests. The folder holds copies of ``examples/``,
``benchmarks/``, ``cost/devices/`` and ``tests/shared/`` of the repository, and ``model.onnx``, the trained network of
``examples/digits``.

When the machine or the planner has changed, ``python docs/extensions/page_examples.py PAGE...`` writes what the
commands print now into the pages, ``...`` in place of seconds. Read the difference before you keep it.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = ("console", "sh", "python")
READ = ("text", "toml", "json", "ini", "make", "tcl", "c", "cpp", "diff", "html")
SECONDS = 300
FULL = "<!-- full -->"
_FENCE = re.compile(r"^(`{3,})([^\s`]*)(\s[^`]*)?$")
_BOLD = re.compile(r"\*\*[^*]+\*\*")
_FIGURE = re.compile(r"\d+\.\d+ ms|\d+ x \d+ array")
_SECONDS_TAKEN = re.compile(r"\b\d+(\.\d+)? s\b")
_MATCH = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line of its fence, and whether it is only for the heavy tests."""

    language: str
    text: str
    line: int
    full: bool


@dataclass(frozen=True)
class Step:
    """A command and what it prints; None where the page does not say."""

    command: str
    output: str | None


def pages() -> list[Path]:
    """The pages of the root, every page of docs/ and the READMEs of the examples."""
    docs = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "generated" not in page.parts]
    return [*sorted(ROOT.glob("*.md")), *docs, *sorted((ROOT / "examples").glob("*/README.md"))]


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    found: list[Block] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    start: int | None = None
    fence = language = ""
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if start is None and match:
            start, fence, language = number, match[1], match[2]
        elif start is not None and line.rstrip() == fence:
            text = "\n".join(lines[start + 1 : number]) + "\n"
            found.append(Block(language, text, start + 1, start > 0 and lines[start - 1].strip() == FULL))
            start = None
    assert start is None, f"{page.name}: the block that begins in line {(start or 0) + 1} does not end"
    return found


def steps(block: Block) -> list[Step]:
    """The commands of a console or sh block, with their outputs."""
    lines = block.text.splitlines()
    if block.language == "sh":
        return [Step(line, None) for line in lines if line.strip() and not line.startswith("#")]
    found: list[Step] = []
    command: str | None = None
    output: list[str] = []

    def finish() -> None:
        if command is not None:
            found.append(Step(command, "\n".join(output) + "\n" if output else None))

    for line in lines:
        if line.startswith("$ "):
            finish()
            command, output = line[2:], []
        elif command is not None and command.endswith("\\") and not output:
            command += "\n" + line.removeprefix("> ")
        else:
            assert command is not None, f"line {block.line}: a console block begins with '$ command'"
            output.append(line)
    finish()
    return found


def prepare_folder(folder: Path) -> None:
    """What a reader finds in a clone, as far as the pages use it, and a model of one's own."""
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
    for part in ("examples", "benchmarks", "cost/devices", "tests/shared"):
        shutil.copytree(ROOT / part, folder / part, ignore=ignore)
    shutil.copy(ROOT / "examples/digits/digits.onnx", folder / "model.onnx")


def differs(expected: str, printed: str) -> bool:
    """Whether an output is another than the page says; ``...`` matches anything, and white space is white space."""
    return not doctest.OutputChecker().check_output(expected, printed, _MATCH)


PROGRAMS = Path(sys.executable).parent
"""Where ``dynamap`` is."""


def _shell(command: str, folder: Path, programs: Path = PROGRAMS) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DYNAMAP_", "PYTEST_", "COLUMNS"))}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environment = {**kept, "PATH": path, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
    )


def run_shell(step: Step, folder: Path, programs: Path = PROGRAMS) -> str | None:
    """Runs one command; None if it did what the page says, else the complaint."""
    done = _shell(step.command, folder, programs)
    if done.returncode != 0:
        return f"$ {step.command}\nended with status {done.returncode} and printed\n{done.stdout}"
    if step.output is not None and differs(step.output, done.stdout):
        return f"$ {step.command}\nprinted\n{done.stdout}\nand the page says\n{step.output}"
    return None


def run_python(block: Block, names: dict[str, object], folder: Path) -> str | None:
    """Runs a Python block among the names of the page; None if it did what the page says, else the complaint."""
    with contextlib.chdir(folder) if sys.version_info >= (3, 11) else _chdir(folder):
        if ">>>" not in block.text:
            exec(compile(block.text, f"line {block.line}", "exec"), names)
            return None
        test = doctest.DocTestParser().get_doctest(block.text, names, f"line {block.line}", None, block.line)
        report: list[str] = []
        doctest.DocTestRunner(optionflags=_MATCH).run(test, out=report.append, clear_globs=False)
        names.update(test.globs)
    return "".join(report) or None


@contextlib.contextmanager
def _chdir(folder: Path):  # type: ignore[no-untyped-def]
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def update_page(page: Path, folder: Path) -> None:
    """Replaces every output of a console block that differs by what the command prints now.

    Latencies and arrays in bold that stood in it (``**0.8970 ms**``) follow.
    """
    prepare_folder(folder)
    text = page.read_text(encoding="utf-8")
    changed: dict[str, str] = {}
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language == "python" and not block.full:
            run_python(block, names, folder)  # the commands below it may read what it writes
        new = block.text
        for step in steps(block) if block.language in ("console", "sh") else ():
            done = _shell(step.command, folder)
            printed = done.stdout
            if done.returncode:
                print(f"{page.name}: {step.command!r} ended with status {done.returncode}:\n{printed}", file=sys.stderr)
            elif step.output is not None and differs(step.output, printed):
                shown = "\n".join(line.rstrip() for line in _SECONDS_TAKEN.sub("... s", printed).splitlines())
                new = new.replace(f"$ {step.command}\n{step.output}", f"$ {step.command}\n{shown}\n", 1)
                times = zip(_FIGURE.findall(step.output), _FIGURE.findall(shown), strict=False)
                changed.update((f"**{old}**", f"**{now}**") for old, now in times)
        text = text.replace(block.text, new, 1)
    text = _BOLD.sub(lambda found: changed.get(found[0], found[0]), text)
    page.write_text(text, encoding="utf-8")


def run_page(page: Path, folder: Path, *, full: bool, programs: Path = PROGRAMS) -> list[str]:
    """Runs the blocks of a page in order, the heavy ones too if asked; every complaint with its line.

    ``programs``: the folder of the ``dynamap`` that shells find; Python blocks run in this interpreter.
    """
    prepare_folder(folder)
    names: dict[str, object] = {"__name__": "__main__"}
    complaints: list[str] = []
    for block in blocks(page):
        if block.language not in RUN or (block.full and not full):
            continue
        if block.language == "python":
            found = [run_python(block, names, folder)]
        else:
            found = [run_shell(step, folder, programs) for step in steps(block)]
        complaints += [f"{page.name}, block of line {block.line}: {text}" for text in found if text]
    return complaints


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as scratch:
            update_page(Path(name), Path(scratch))
