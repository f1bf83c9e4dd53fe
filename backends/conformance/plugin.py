"""The options of the suite, the executor that it tests, and which of its cases are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from dynamap.backends.contract import Executor
from dynamap.backends.executors import find_executor
from dynamap.cost.errors import InputError

FOLDER = Path(__file__).resolve().parent
EXECUTOR = pytest.StashKey[Executor]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--backend``, ``--include``, ``--exclude``."""
    group = parser.getgroup("dynamap", "conformance of a DYNAMAP backend")
    group.addoption("--backend", metavar="NAME", help="the installed backend whose executor is tested")
    how = "a part of its name, operation/test/parameters, with * and ?; may be given several times"
    for word, which in (("include", "only these cases"), ("exclude", "not these cases")):
        group.addoption(f"--{word}", metavar="PATTERN", action="append", default=[], help=f"{which}: {how}")


def pytest_configure(config: pytest.Config) -> None:
    """Finds the backend before anything is collected.

    Raises:
        pytest.UsageError: no backend is named, or it cannot be loaded, or has no executor here; the message says why.
    """
    pytest.register_assert_rewrite("dynamap.backends.conformance.checking")
    if config.getoption("help"):
        return
    name = config.getoption("--backend")
    if name is None:
        raise pytest.UsageError("name the backend that is to be tested: --backend NAME ('dynamap backends' lists them)")
    try:
        config.stash[EXECUTOR] = find_executor(name)
    except InputError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_report_header(config: pytest.Config) -> str:
    """Which backend is tested, and what its executor says that it is."""
    return f"conformance of the backend {config.getoption('--backend')}: {config.stash[EXECUTOR].platform}"


@pytest.fixture(scope="session")
def executor(pytestconfig: pytest.Config) -> Executor:
    """The backend's executor, one for the session, so that it may keep what it builds."""
    return pytestconfig.stash[EXECUTOR]


def case_name(item: pytest.Item) -> str:
    """``operation/test/parameters``, as in ``pooling/dilated_maxima/150``."""
    test, _, parameters = item.name.partition("[")
    parts = (item.path.stem.removeprefix("test_"), test.removeprefix("test_"), parameters.removesuffix("]"))
    return "/".join(part for part in parts if part)


class MistakenPattern(pytest.Item):
    """Fails in place of all cases: an error of collection would break a run that is shared by processes (xdist)."""

    def __init__(self, *, message: str, **more: Any) -> None:
        super().__init__(**more)
        self.message = message

    def runtest(self) -> None:
        """Says which pattern is mistaken."""
        pytest.fail(self.message, pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the cases that are not wanted, and counts them among the deselected."""
    names = {item: case_name(item) for item in items if FOLDER in item.path.resolve().parents}
    include, exclude = config.getoption("--include"), config.getoption("--exclude")
    for option, patterns in (("--include", include), ("--exclude", exclude)):
        for pattern in patterns:
            if names and not any(_matches(name, [pattern]) for name in names.values()):
                message = f"{option} {pattern!r} is part of no case's name; a name is {next(iter(names.values()))!r}"
                items[:] = [MistakenPattern.from_parent(session, name=f"{option} {pattern}", message=message)]
                return
    left_out = {
        item
        for item, name in names.items()
        if (include and not _matches(name, include)) or (exclude and _matches(name, exclude))
    }
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, f"*{pattern.replace('[', '[[]')}*") for pattern in patterns)
