"""What pytest finds (entry point group ``pytest11``): it loads the suite's options where somebody asks for the suite.

Every run of pytest beside an installed DYNAMAP reads this file, so that it imports nothing and adds no option: that of
another project with an option ``--backend`` of its own goes on.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

SUITE = "dynamap.backends.conformance"


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Loads the plugin where an argument of the command line names the package, a module of it, or its files."""
    if any(_is_of_the_suite(argument) for argument in args):
        early_config.pluginmanager.import_plugin(f"{SUITE}.plugin")


def _is_of_the_suite(argument: str) -> bool:
    name = argument.partition("::")[0]
    if name == SUITE or name.startswith(f"{SUITE}."):
        return True
    return not name.startswith("-") and Path(__file__).resolve().parent in (path := Path(name).resolve(), *path.parents)
