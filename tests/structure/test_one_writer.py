"""Files of results, JSON and printing have one writer each, and no other file does their work."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGES = ("cost", "planner", "backends", "dynamap")

ALONE = (
    "backends/evidence/vendor_reports/",  # carried by projects, with Python alone
    "backends/hardware/host/",
    "backends/intel_opencl/emulation_child.py",
    "backends/intel_opencl/emulator.py",
    "backends/intel_opencl/host/",
    "backends/vitis_hls/project/",
    "backends/vitis_rtl/project/front_end.py",  # carried by projects
)
"""Programmes of their own: they run without dynamap."""

BUILDS = (
    "backends/vitis_hls/csim.py",
    "backends/intel_opencl/executor.py",
    "backends/vitis_rtl/kernel_simulation.py",
    "backends/vitis_rtl/simulation.py",
    "backends/vitis_rtl/sources.py",
    "backends/vitis_rtl/project/mapping.py",
    "backends/vitis_rtl/project/verilated.py",
)
"""They fill temporary folders of their own, in which compilers run."""

WRITING = re.compile(
    r"(write_text|write_bytes|mkstemp|fdopen|savefig|symlink_to|os\.(replace|rename|write|open)|"
    r"(np|numpy)\.(save|savez|savez_compressed|savetxt)|tofile|shutil\.(move|copy\w*))$"
)
WRITERS = (
    "planner/results/files.py",
    "planner/explore/journal.py",  # appends rows
    "backends/project.py",  # a folder
    "dynamap/cli/__init__.py",  # /dev/null over a stdout that failed
)
IN_MEMORY = ("planner/explore/plots.py",)  # savefig into a stream


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def _library(sources: Mapping[str, Path]) -> list[tuple[str, Path]]:
    return [
        (name, path)
        for name, path in sources.items()
        if name.endswith(".py") and name.split("/")[0] in PACKAGES and not name.startswith(ALONE)
    ]


def _opens_for_writing(name: str, call: ast.Call) -> bool:
    if name != "open" and not name.endswith(".open"):
        return False
    texts = [part.value for part in [*call.args, *(k.value for k in call.keywords)] if isinstance(part, ast.Constant)]
    return any(isinstance(text, str) and re.fullmatch(r"[rwabx+t]*[wax+][rwabx+t]*", text) for text in texts)


def test_files_have_one_writer(sources: Mapping[str, Path]) -> None:
    wrong = [
        f"{name}:{call.lineno} calls {called}"
        for name, path in _library(sources)
        if name not in (*WRITERS, *BUILDS, *IN_MEMORY)
        for called, call in _calls(path)
        if (WRITING.search(called) or _opens_for_writing(called, call)) and "archive" not in called
    ]
    assert not wrong, "\n".join([*wrong, "write by planner/results/files.py"])


def test_json_has_one_writer(sources: Mapping[str, Path]) -> None:
    """Digests are of JSON text too: what they are of is not seen by anybody else."""
    allowed = {
        "planner/results/documents.py",
        "planner/explore/sweep.py",
        "backends/hardware/target.py",
        "backends/intel_opencl/executor.py",
        "backends/evidence/report/markup.py",
    }
    wrong = [
        f"{name}:{call.lineno}"
        for name, path in _library(sources)
        if name not in allowed
        for called, call in _calls(path)
        if called in ("json.dumps", "json.dump", "json_format.dumps")
    ]
    assert not wrong, "\n".join([*wrong, "write by planner/results/documents.py"])


def test_commands_print_in_one_place(sources: Mapping[str, Path]) -> None:
    wrong = [
        f"{name}:{call.lineno} calls {called}"
        for name, path in _library(sources)
        if name not in ("dynamap/cli/output.py", "dynamap/cli/__init__.py")
        for called, call in _calls(path)
        if called in ("print", "Console", "typer.echo", "sys.stdout.write", "sys.stderr.write")
    ]
    assert not wrong, "\n".join([*wrong, "print by dynamap/cli/output.py"])


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("Path(x).write_text('a')", True),
        ("open(x, 'wb')", True),
        ("path.open('a')", True),
        ("path.open(mode='r+')", True),
        ("open(x)", False),
        ("path.open('rb')", False),
        ("np.save(x, y)", True),
        ("os.replace(a, b)", True),
        ("text.replace('a', 'w')", False),
    ],
)
def test_the_test_sees_writing(tmp_path: Path, source: str, found: bool) -> None:
    path = tmp_path / "a.py"
    path.write_text(source)
    calls = list(_calls(path))
    assert any(WRITING.search(name) or _opens_for_writing(name, call) for name, call in calls) is found
