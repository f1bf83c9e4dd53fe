"""The examples in docstrings do what they say."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest
from reference_pages import public_modules

MODULES = [*public_modules(), "dynamap.cli"]
FINDER = doctest.DocTestFinder(exclude_empty=True)
TESTS = [test for name in MODULES for test in FINDER.find(import_module(name), name)]


def test_examples_are_found() -> None:
    """A module's own, a function's, and those of every package: a finder that finds nothing would pass on anything."""
    names = {test.name for test in TESTS if test.examples}
    assert {"dynamap", "dynamap.planner.solvers.solve", "dynamap.backends.arithmetic.integers.round_shift"} <= names
    assert {name.split(".")[1] for name in names if "." in name} == {"cost", "planner", "backends", "plans"}


@pytest.mark.parametrize("test", [test for test in TESTS if test.examples], ids=lambda test: str(test.name))
def test_docstring(test: doctest.DocTest) -> None:
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    assert not result.failed, "".join(report)
    assert result.attempted
