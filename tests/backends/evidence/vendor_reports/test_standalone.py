"""The comparison that a generated project carries: the same parsers, without this package and without any other."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dynamap.backends.evidence.vendor_reports.comparison import document
from dynamap.backends.evidence.vendor_reports.standalone import MODULES, PACKAGE, comparison_files
from dynamap.backends.project import write_project
from support.report_samples import CSYNTH, LINKED, Project, compared


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The project's script in a Python that sees the standard library alone."""
    command = [sys.executable, "-E", "-s", "-S", str(folder / "compare_reports.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


@pytest.fixture
def carrying(project: Project, tmp_path: Path) -> Project:
    """A project's folder with the files that generators add."""

    def make(*arguments: object, **changes: object) -> Path:
        folder = project(*arguments, **changes)
        write_project(comparison_files(), tmp_path / "files")
        shutil.copytree(tmp_path / "files", folder, dirs_exist_ok=True)
        return folder

    return make


def test_the_projects_own_comparison_says_the_same(carrying: Project) -> None:
    folder = carrying("zcu104", LINKED)
    done = run(folder, "--json")
    assert done.returncode == 1, done.stderr
    expected = document(compared(folder))
    said = json.loads(done.stdout)
    for key in ("schema", "tool", "stage", "scope", "device", "resources", "all_inside"):
        assert said[key] == expected[key], key
    assert said["clock_mhz"]["achieved"] == expected["clock_mhz"]["achieved"] == 278.4
    assert done.stderr == ""


def test_text_and_status(carrying: Project) -> None:
    folder = carrying("zcu104", CSYNTH)
    done = run(folder)
    assert done.returncode == 0
    assert "  LUT        estimated     80,000 (48,000 to 112,000), measured    101,300\n" in done.stdout
    assert not list(folder.rglob("__pycache__")), "the manifest would not know them"


def test_no_reports(carrying: Project) -> None:
    done = run(carrying("zcu104"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("compare_reports: ") and "`make hls`" in done.stderr


def test_the_copies_import_each_other_and_the_standard_library_alone() -> None:
    copies = [module.rpartition("/")[2] for module in MODULES]
    for name in copies:
        tree = ast.parse(comparison_files()[f"vendor_reports/{name}.py"])
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for module in names:
                top, _, rest = module.partition(".")
                assert top in sys.stdlib_module_names or (top == "vendor_reports" and rest in copies), module
    assert PACKAGE.encode() not in b"".join(comparison_files().values())
