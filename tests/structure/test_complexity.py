"""Functions that a reader can follow: ruff's rules C901 and PLR0913, and the few exceptions by name."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import tomllib

EXCEPTIONS = {
    ("dynamap/cli/app.py", "plan"): "an option of a command is an argument",
    ("dynamap/cli/execution.py", "run"): "an option of a command is an argument",
}
"""File and function, and the reason that stands beside it."""


def test_the_limits_are_those_of_the_linter(root: Path) -> None:
    with (root / "pyproject.toml").open("rb") as file:
        lint = tomllib.load(file)["tool"]["ruff"]["lint"]
    assert {"C901", "PLR0913"} <= set(lint["select"])
    assert lint["mccabe"]["max-complexity"] == 12 and lint["pylint"]["max-args"] == 8
    ignored = {rule for rules in lint.get("per-file-ignores", {}).values() for rule in rules}
    assert not ignored & {"C901", "PLR0913", "C90", "C9", "PL", "PLR"}


def test_every_exception_is_named(root: Path) -> None:
    """What the linter finds when it reads no comments is exactly the table above."""
    command = [sys.executable, "-m", "ruff", "check", "--select", "C901,PLR0913", "--ignore-noqa"]
    done = subprocess.run([*command, "--output-format", "json", "."], cwd=root, capture_output=True, text=True)
    found = {}
    for each in json.loads(done.stdout):
        path = Path(each["filename"]).relative_to(root)
        line = path_lines(root / path)[each["location"]["row"] - 1]
        name = re.search(r"def (\w+)\(", line)
        reason = re.search(r"# noqa: (?:C901|PLR0913) - (.+)$", line)
        assert name, f"{path}: {line}"
        assert reason, f"{path}: {name[1]} is too complex: {each['message']}"
        found[path.as_posix(), name[1]] = reason[1]
    assert found == EXCEPTIONS


def path_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
