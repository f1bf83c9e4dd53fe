"""Backends of somebody else that fail in every way at every place: one message that names them, exit status 2."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command_line import Call, Done

RAISED = {
    "error": "raise RuntimeError('no luck')",
    "exit": "import sys; sys.exit(0)",
    "exit text": "raise SystemExit('bye')",
    "generator": "raise GeneratorExit",
    "base": "class Mine(BaseException): pass\n{indent}raise Mine('odd')",
    "memory": "raise MemoryError",
    "pipe": "raise BrokenPipeError(32, 'pipe')",
    "recursion": "f = lambda: f()\n{indent}f()",
    "stop": "raise StopIteration(3)",
    "untold": "class Mute(Exception):\n{indent}    def __str__(self): raise ValueError\n{indent}raise Mute",
    "long": "raise ValueError('x\\n' * 100_000)",
}

PLACES = ("import", "get", "vendor", "description", "generate", "executor", "platform", "run", "next")

PLUGIN = """
from dynamap.backends.contract import LayerRun

{import_}

class Executor:
    @property
    def platform(self):
        {platform}
        return "nowhere"

    def run(self, program, inputs):
        {run}
        return self.layers(program)

    def layers(self, program):
        {next}
        yield LayerRun("nothing", "t", 3, {{}})

class Plugin:
    name = "theirs"

    @property
    def vendor(self):
        {vendor}
        return "any"

    @property
    def description(self):
        {description}
        return "a plugin"

    def generate(self, plan, program, inputs):
        {generate}
        return {files}

    def executor(self):
        {executor}
        return Executor()

def __getattr__(name):
    if name != "backend":
        raise AttributeError(name)
    {get}
    return Plugin()
"""


@pytest.fixture
def folder(models: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model and its plan, where the calls work."""
    monkeypatch.chdir(models)
    done = call("plan", "first.onnx", "--array", "8x6", "-o", "plan.json")
    assert done.status == 0, done.err
    return models


Dynamap = Callable[..., Done]


@pytest.fixture
def dynamap(call: Call, monkeypatch: pytest.MonkeyPatch) -> Dynamap:
    """Runs ``dynamap`` where the package in ``site`` is installed."""
    monkeypatch.delenv("DYNAMAP_DEBUG", raising=False)

    def run(site: Path, *arguments: str) -> Done:
        sys.modules.pop("theirs", None)
        with monkeypatch.context() as patch:
            patch.syspath_prepend(str(site))
            return call(*arguments)

    return run


def install(target: Path, place: str, code: str, files: str = '{"a.txt": b"a"}') -> Path:
    """An installed package ``theirs`` that does ``code`` in one place."""
    target.mkdir()
    parts = {}
    for each in PLACES:
        indent = {"import": "", "get": "    "}.get(each, "        ")
        parts[each if each != "import" else "import_"] = code.replace("{indent}", indent) if each == place else "pass"
    (target / "theirs.py").write_text(PLUGIN.format(**parts, files=files))
    record = target / "theirs-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text("[dynamap.backends]\ntheirs = theirs:backend\n")
    return target


def refusal_of(done: Done) -> str:
    """The one message of a call that had to fail."""
    assert done.status == 2 and done.out == "", (done.out, done.err)
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and "Traceback" not in done.err and "internal error" not in done.err, done.err
    assert len(done.err) < 1500
    return errors[0]


CASES = [(place, "exit") for place in PLACES] + [("generate", word) for word in RAISED] + [("next", "generator")]


@pytest.mark.parametrize(("place", "word"), CASES)
def test_what_a_plugin_raises_is_one_message(
    dynamap: Dynamap, folder: Path, tmp_path: Path, place: str, word: str
) -> None:
    path = install(tmp_path / "site", place, RAISED[word])
    named = r"the backend 'theirs' of package 'theirs' failed"
    output = folder / "out"
    if place not in ("executor", "platform", "run", "next"):
        assert named in refusal_of(dynamap(path, "generate", "plan.json", "--backend", "theirs", "-o", "out"))
        assert not output.exists()
    if place != "generate":
        assert named in refusal_of(dynamap(path, "run", "plan.json", "--executor", "theirs"))
    if place in ("import", "get", "vendor", "description"):
        listed = dynamap(path, "backends", "--json")
        assert listed.status == 0 and named in listed.out and '"vitis-hls"' in listed.out
    assert dynamap(path, "run", "plan.json").status == 0  # others are not disturbed


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ('{"../out.txt": b""}', "names a file wrongly: '../out.txt' is no path of a file inside a project"),
        ('{"/tmp/x": b""}', "'/tmp/x' is no path"),
        ('{"a/../../x": b""}', "is no path"),
        ('{"a//b": b""}', "is no path"),
        ('{"./a": b""}', "is no path"),
        ('{"": b""}', "is no path"),
        ('{".": b""}', "is no path"),
        (r'{"a\nb": b""}', "is no path"),
        (r'{"a\0b": b""}', "is no path"),
        (r'{"a\\b": b""}', "is no path"),
        ('{"C:x": b""}', "is no path"),
        ('{"MANIFEST": b""}', "is no path"),
        ("{3: b''}", "names a file wrongly: 3 is no path"),
        ('{"a": "text"}', "returns str for the file 'a', not bytes"),
        ('{"a": b"", "a/b": b""}', "'a' is a file of the project, but 'a/b' is to lie in it"),
        ("None", "failed while it generated the project: TypeError"),
    ],
)
def test_what_a_plugin_returns_is_looked_at(
    dynamap: Dynamap, folder: Path, tmp_path: Path, files: str, message: str
) -> None:
    """With assertions taken away (python -O) too: they are no guards."""
    path = install(tmp_path / "site", "none", "", files)
    before = sorted(folder.rglob("*"))
    assert message in refusal_of(dynamap(path, "generate", "plan.json", "--backend", "theirs", "-o", "out", "--force"))
    assert sorted(folder.rglob("*")) == before


def test_an_executor_that_runs_something_else_is_named(dynamap: Dynamap, folder: Path, tmp_path: Path) -> None:
    path = install(tmp_path / "site", "none", "")
    message = refusal_of(dynamap(path, "run", "plan.json", "--executor", "theirs"))
    assert "the backend 'theirs' of package 'theirs' ran a layer 'nothing', which is not one" in message


@pytest.mark.parametrize("entry", ["theirs = no_such_module:backend", "theirs = theirs:nothing", "theirs = :::"])
def test_an_entry_point_to_nothing_is_named(dynamap: Dynamap, folder: Path, tmp_path: Path, entry: str) -> None:
    path = install(tmp_path / "site", "none", "")
    (path / "theirs-1.0.dist-info" / "entry_points.txt").write_text(f"[dynamap.backends]\n{entry}\n")
    assert "theirs" in refusal_of(dynamap(path, "run", "plan.json", "--executor", "theirs"))
    assert dynamap(path, "backends").status == 0


def test_a_package_without_a_name_does_no_harm(dynamap: Dynamap, folder: Path, tmp_path: Path) -> None:
    path = install(tmp_path / "site", "import", RAISED["exit"])
    (path / "theirs-1.0.dist-info" / "METADATA").unlink()
    assert "failed to load: SystemExit: 0" in refusal_of(dynamap(path, "run", "plan.json", "--executor", "theirs"))
    assert dynamap(path, "backends").status == 0
