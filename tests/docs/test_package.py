"""What is published: a wheel and a source distribution that are whole, and the docs' first page from the wheel."""

from __future__ import annotations

import email
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from page_examples import ROOT, run_page

FOLDERS = {"cost": "dynamap/cost", "planner": "dynamap/planner", "backends": "dynamap/backends", "dynamap": "dynamap"}
"""Where each folder of the repository is in the package."""


def _run(*command: object, cwd: Path | None = None) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _sources() -> list[Path]:
    names = _run("git", "ls-files", "-z", *FOLDERS, cwd=ROOT).split("\0")
    return [Path(name) for name in names if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both, built from a copy of the tracked files."""
    clone, made = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("made")
    for path in (*_sources(), *map(Path, ("pyproject.toml", "setup.py", "README.md", "LICENSE"))):
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, clone / path)
    _run(sys.executable, "-c", f"import setuptools.build_meta as b; b.build_sdist({str(made)!r})", cwd=clone)
    _run(sys.executable, "-c", f"import setuptools.build_meta as b; b.build_wheel({str(made)!r})", cwd=clone)
    return made


def _one(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def test_an_index_takes_them(published: Path) -> None:
    files = [_one(published, "*.whl"), _one(published, "*.tar.gz")]
    assert _run(sys.executable, "-m", "twine", "check", "--strict", *files).count("PASSED") == 2


def test_links_of_the_description_work_on_an_index_page(published: Path) -> None:
    """Beside such a page there are no files: every link has an address of its own."""
    with zipfile.ZipFile(_one(published, "*.whl")) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(wheel.read(name))
    description = metadata.get_payload()
    targets = re.findall(r"\]\(([^)]*)\)", description)
    assert "https://arxiv.org/abs/2012.00912" in targets and "Quick start (`docs/quick-start.md`)" in description
    assert not [target for target in targets if not target.startswith("https://")]
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_all("Project-URL") == ["Paper, https://arxiv.org/abs/2012.00912"]


def test_every_file_is_in_both(published: Path) -> None:
    with zipfile.ZipFile(_one(published, "*.whl")) as wheel:
        in_wheel = set(wheel.namelist())
    with tarfile.open(_one(published, "*.tar.gz")) as source:
        in_source = {name.partition("/")[2] for name in source.getnames()}
    paths = _sources()
    assert len(paths) > 500
    missing = [str(path) for path in paths if f"{FOLDERS[path.parts[0]]}/{'/'.join(path.parts[1:])}" not in in_wheel]
    assert not missing
    assert not [str(path) for path in paths if str(path) not in in_source]


def test_the_citation_has_the_version() -> None:
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f"\nversion: {version[1]}\n" in (ROOT / "CITATION.cff").read_text()


def test_the_first_page_from_the_wheel(published: Path, tmp_path: Path) -> None:
    """In an environment of its own, which has the wheel and, by their folder, the packages that it needs."""
    home = tmp_path / "environment"
    venv.create(home)
    python = home / "bin" / "python"
    site = Path(_run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    needed = {sysconfig.get_path("purelib"), *(path for path in sys.path if path.endswith("site-packages"))}
    (site / "needed.pth").write_text("\n".join(sorted(needed)) + "\n")
    _run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "-q", _one(published, "*.whl"))
    place = _run(python, "-c", "import dynamap; print(dynamap.__file__)", cwd=tmp_path).strip()
    assert Path(place).is_relative_to(home)
    folder = tmp_path / "reader"
    folder.mkdir()
    assert not run_page(ROOT / "docs" / "quick-start.md", folder, full=False, programs=home / "bin")
