"""What is published: a wheel and a source distribution that are whole, and the docs' first page from the wheel."""

from __future__ import annotations

import email
import importlib.metadata
import json
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
from packaging.requirements import Requirement
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
    assert "https://arxiv.org/abs/2012.00912" in targets and "quick start (`docs/quick-start.md`)" in description
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


@pytest.fixture(scope="module")
def environment(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh one, which has the wheel and, by their folder, the packages that it needs."""
    home = tmp_path_factory.mktemp("fresh") / "environment"
    venv.create(home)
    python = home / "bin" / "python"
    site = Path(_run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    needed = {sysconfig.get_path("purelib"), *(path for path in sys.path if path.endswith("site-packages"))}
    (site / "needed.pth").write_text("\n".join(sorted(needed)) + "\n")
    _run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "-q", _one(published, "*.whl"))
    place = _run(python, "-c", "import dynamap; print(dynamap.__file__)", cwd=home).strip()
    assert Path(place).is_relative_to(home)
    return home


@pytest.mark.parametrize("page", ["quick-start", "tutorial"])
def test_the_first_pages_from_the_wheel(environment: Path, page: str, tmp_path: Path) -> None:
    complaints = run_page(ROOT / "docs" / f"{page}.md", tmp_path, full=False, programs=environment / "bin")
    assert not complaints, "\n\n".join(complaints)


def test_steps_of_the_container_run_in_a_fresh_environment(environment: Path, tmp_path: Path) -> None:
    """Docker is not here: its instructions are read, and what they install, start and print is looked at without it."""
    steps = re.findall(r"^([A-Z]+) ((?:.*\\\n)*.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert [word for word, _ in steps] == ["FROM", "RUN", "COPY", "RUN", "WORKDIR", "ENTRYPOINT"]
    (base, system, copied, install, folder, entry) = (text for _, text in steps)
    assert re.fullmatch(r"python:3\.\d+-slim", base) and copied == ". /source" and folder == "/work"
    # The system's packages: the programs that the commands call, by the names that Debian's packages give them.
    wanted = set(re.search(r"--no-install-recommends ([a-z+ ]+)", system)[1].split())  # type: ignore[index]
    assert wanted == {"g++", "make", "perl"} and all(shutil.which(name) for name in wanted)
    # The package's own: pip takes the source with these extras, and every requirement of theirs is met.
    (target,) = re.findall(r"pip install --no-cache-dir '/source(\[[a-z,]+\])'", install)
    python = environment / "bin" / "python"
    options = (
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--force-reinstall",
        "-q",
        "--target",
        tmp_path / "site",
    )
    _run(sys.executable, "-m", "pip", "install", *options, f"{_source(tmp_path)}{target}")
    extras = set(target.strip("[]").split(","))
    metadata = importlib.metadata.Distribution.at(next((tmp_path / "site").glob("dynamap-*.dist-info")))
    assert extras <= set(metadata.metadata.get_all("Provides-Extra"))
    for requirement in map(Requirement, metadata.requires or ()):
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            assert importlib.metadata.version(requirement.name) in requirement.specifier, requirement
    # What the container starts: the example in the file's first lines, in an empty folder.
    program = environment / "bin" / json.loads(entry)[0]
    (tmp_path / "work").mkdir()
    shutil.copy(ROOT / "examples/digits/digits.onnx", tmp_path / "work" / "model.onnx")
    (example,) = re.findall(r"docker run .* dynamap (plan .*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert "proven optimal" in _run(program, *example.split(), cwd=tmp_path / "work")
    assert (tmp_path / "work" / "plan.json").is_file() and python.exists()


def _source(folder: Path) -> Path:
    """The tracked files, as COPY has them."""
    names = _run("git", "ls-files", "-z", cwd=ROOT).split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / "source" / name)
    return folder / "source"
