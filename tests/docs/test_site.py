"""The documentation site: it builds without a warning, needs no network, and its reference is complete."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import plan_picture
import pytest
from cli_reference import cli_page
from photographs import write_pictures
from reference_pages import PACKAGES, write_pages
from sphinx.util.inventory import InventoryFile
from typer.testing import CliRunner

from dynamap.cli.app import app
from support.repository import ROOT

DOCS = ROOT / "docs"
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if "generated" not in page.parts]
OUTSIDE = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "examples").glob("*/README.md"))]
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}
"""What a browser fetches by itself, by tag."""


class Page(HTMLParser):
    """A built page: what it loads, what it links to, the anchors it has, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if "id" in values:
            self.anchors.add(values["id"])
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        wanted = LOADED.get(tag)
        navigation = tag == "link" and values.get("rel") in ("index", "search", "next", "prev", "canonical")
        if wanted and wanted in values and not navigation:
            self.loads.append(values[wanted])

    def handle_data(self, data: str) -> None:
        self.text += data


def _with_headings_for_the_reference(clone: Path) -> Path:
    """The pages in a copy of their folder, beside all that they lead to, and the generated ones without the code's."""
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, clone)
        elif path != DOCS:
            (clone / path.name).symlink_to(path)
    shutil.copytree(DOCS, clone / "docs", ignore=shutil.ignore_patterns("generated", "__pycache__"))
    write_pages(
        clone / "docs" / "generated",
        {f"{package}.rst": f"{package}\n{'=' * len(package)}\n" for package in PACKAGES} | {"cli.md": cli_page(app)},
    )
    return clone / "docs"


@pytest.fixture(scope="module", params=["pages", pytest.param("whole", marks=pytest.mark.full)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once, with warnings as errors: its pages alone; and with the reference of the code, as by `make docs`."""
    out = tmp_path_factory.mktemp("site")
    whole = request.param == "whole"
    pages = DOCS if whole else _with_headings_for_the_reference(tmp_path_factory.mktemp("clone"))
    extensions = [] if whole else ["-D", "extensions=myst_nb"]
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", *extensions, str(pages), str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return out


@pytest.fixture(scope="module")
def built(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_page_is_there(built: dict[Path, Page], site: Path) -> None:
    assert {site / page.relative_to(DOCS).with_suffix(".html") for page in PAGES} <= set(built)


def test_nothing_comes_from_a_network(built: dict[Path, Page], site: Path) -> None:
    for path, page in built.items():
        assert page.loads, f"{path.name} loads no style sheet: the test looks at the wrong tags"
        assert not [url for url in page.loads if urlsplit(url).netloc], path.name
    for sheet in site.rglob("*.css"):
        urls = re.findall(r"(?:url\(|@import)\s*[\"']?([^)\"';\s]+)", sheet.read_text(encoding="utf-8"))
        assert not [url for url in urls if urlsplit(url).scheme in ("http", "https") or url.startswith("//")], sheet


def test_links_and_files_of_the_site_exist(built: dict[Path, Page]) -> None:
    wrong = []
    for path, page in built.items():
        for url in [*page.links, *page.loads]:
            parts = urlsplit(url)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchored = target not in built or not parts.fragment or unquote(parts.fragment) in built[target].anchors
            if not target.exists() or not anchored:
                wrong.append(f"{path.name}: {url}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", OUTSIDE, ids=[page.relative_to(ROOT).as_posix() for page in OUTSIDE])
def test_links_of_pages_outside_the_site_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not urlsplit(target).scheme:
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which does not exist"


def test_contents_lead_to_every_page(built: dict[Path, Page], site: Path) -> None:
    """The contents beside the first page of the site; and the README leads to that page."""
    linked = {(site / unquote(urlsplit(url).path)).resolve() for url in built[site / "index.html"].links}
    missing = [page.name for page in PAGES if (site / page.relative_to(DOCS)).with_suffix(".html") not in linked]
    missing = [name for name in missing if name != "index.md" and not (DOCS / "decisions" / name).exists()]
    assert not missing, f"docs/index.md does not lead to {missing}"
    assert "(docs/index.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_decisions_are_listed() -> None:
    text = (DOCS / "decisions" / "index.md").read_text(encoding="utf-8")
    table, _, contents = text.partition("```{toctree}")
    records = [page.stem for page in PAGES if page.parent.name == "decisions" and page.stem != "index"]
    assert len(records) > 5
    assert not [record for record in records if f"({record}.md)" not in table or f"\n{record}\n" not in contents]


@pytest.mark.parametrize("page", [*OUTSIDE, *PAGES], ids=[p.relative_to(ROOT).as_posix() for p in [*OUTSIDE, *PAGES]])
def test_files_that_pages_name_exist(page: Path) -> None:
    """What stands between backticks and begins with a folder of this repository is a path in it (NAME: any name)."""
    text = page.read_text(encoding="utf-8")
    names = re.findall(r"`((?:cost|planner|backends|dynamap|tests|benchmarks|docs|examples)/[\w./-]*)[`\s]", text)
    missing = [name for name in names if not (ROOT / name).exists() and "NAME" not in name]
    assert not missing, f"{page.name} names {missing}"


def test_readme_is_read_in_one_go() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120


def test_picture_of_the_report_is_small() -> None:
    """Made by docs/extensions/report_picture.py."""
    picture = (DOCS / "images" / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) < 300_000


def test_the_picture_of_a_plan_is_what_the_command_prints() -> None:
    drawn = plan_picture.PICTURE.read_text(encoding="utf-8")
    assert drawn == plan_picture.draw(), "draw it again: python docs/extensions/plan_picture.py"


def test_the_build_photographs_what_people_see(site: Path, tmp_path: Path) -> None:
    """The report at three sizes and the first page: whole pictures of their sizes, of which none is blank."""
    written = {path.name: path.read_bytes() for path in write_pictures(site, tmp_path / "pictures")}
    widths = {
        "report-phone.png": 390,
        "report-laptop.png": 1440,
        "report-laptop-dark.png": 1440,
        "docs-index.png": 1440,
    }
    assert set(written) == {*widths, "report-paper.pdf"}
    for name, width in widths.items():
        picture = written[name]
        assert picture.startswith(b"\x89PNG") and int.from_bytes(picture[16:20], "big") == width
        assert len(picture) > 100_000, f"{name}: so few bytes are a blank page"
    assert written["report-laptop.png"] != written["report-laptop-dark.png"]
    assert written["report-paper.pdf"].count(b"/Type /Page\n") >= 5


def _help(command: str) -> str:
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0, result.output
    return result.output


def _commands(group: str) -> list[str]:
    """What ``--help`` of a group lists, groups within it followed."""
    listed = _help(group).partition("Commands:")[2].partition("\n\n")[0]
    names = re.findall(r"^  ([a-z][a-z-]*)\b", listed, re.MULTILINE)
    found = []
    for name in names:
        command = f"{group} {name}".strip()
        found += _commands(command) if "Commands:" in _help(command) else [command]
    return found


def test_every_command_and_option_is_described(built: dict[Path, Page], site: Path) -> None:
    """The oracle is what ``--help`` prints."""
    text = built[site / "cli.html"].text
    commands = _commands("")
    assert {"plan", "check", "run"} <= set(commands)
    for command in commands:
        _, found, rest = text.partition(f"\ndynamap {command} ")
        assert found, f"there is no section for dynamap {command}"
        section = rest.partition("\ndynamap ")[0]
        listed = re.findall(r"^  (?:-\w, )?(--[a-z-]+)(?: / (--[a-z-]+))?", _help(command), re.MULTILINE)
        options = {option for pair in listed for option in pair if option} - {"--help"}
        assert options, f"dynamap {command} --help lists no options: the test looks at the wrong lines"
        missing = [option for option in options if not re.search(rf"{option}(?![\w-])", section)]
        assert not missing, f"dynamap {command}: {missing} are not described"


def _public_names() -> list[str]:
    """Modules of the three packages and of ``dynamap`` itself, with their public functions and classes."""
    names = []
    for package in (*PACKAGES, "dynamap"):
        folder = ROOT / package.split(".")[-1]
        files = sorted(folder.rglob("*.py")) if package != "dynamap" else [folder / "__init__.py"]
        for path in files:
            inner = path.relative_to(folder).with_suffix("").parts
            module = ".".join([package, *(part for part in inner if part != "__init__")])
            if "project" in inner or "templates" in inner or "host" in inner:
                continue  # files of generated projects
            names.append(module)
            definitions = (ast.FunctionDef, ast.ClassDef)
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, definitions) and not node.name.startswith("_"):
                    names.append(f"{module}.{node.name}")
    return names


@pytest.mark.full
@pytest.mark.parametrize("site", ["whole"], indirect=True)
def test_every_public_name_is_described(site: Path) -> None:
    """The oracle is the syntax tree of every source file."""
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    described = {name for kind, items in inventory.data.items() if kind.startswith("py:") for name in items}
    names = _public_names()
    assert len(names) > 500 and {"dynamap.plan", "dynamap.cost.paper.Work"} <= set(names)
    assert not [name for name in names if name not in described]
