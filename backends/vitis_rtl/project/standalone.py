"""The copies of our own modules that a generated project carries, so that its make targets need Python and the tools
alone."""

from __future__ import annotations

from importlib import resources

BACKENDS = "dynamap.backends"
PACKAGE = f"{BACKENDS}.vitis_rtl"
MODULES = {
    BACKENDS: ("children",),
    PACKAGE: ("tools", "levels"),
    f"{PACKAGE}.project": ("verilated", "mapping", "front_end"),
}
"""Modules that use the standard library, these modules, and one class of errors; by their packages."""

_ERRORS = '''"""What a user must know."""


class InputError(Exception):
    """A tool is missing, or found fault with what it was given."""
'''


_SCRIPT = '''#!/usr/bin/env python3
"""Checks, simulates and maps the kernel with open tools; see --help, and `make help`."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
from rtl_tools.front_end import main  # noqa: E402

sys.exit(main(Path(__file__).resolve().parent, sys.argv[1:]))
'''


def standalone_files() -> dict[str, bytes]:
    """``rtl.py`` and the package ``rtl_tools`` beside it, which the copies' imports name."""
    files = {"rtl.py": _SCRIPT.encode(), "rtl_tools/__init__.py": b"", "rtl_tools/errors.py": _ERRORS.encode()}
    for package, modules in MODULES.items():
        for module in modules:
            source = (resources.files(package) / f"{module}.py").read_text(encoding="utf-8")
            files[f"rtl_tools/{module}.py"] = _standing_alone(source).encode()
    return files


def _standing_alone(source: str) -> str:
    """The source with its imports from the package beside ``rtl.py``."""
    for package in MODULES:
        source = source.replace(f"from {package} import", "from rtl_tools import")
    for package in sorted(MODULES, key=len, reverse=True):
        source = source.replace(f"from {package}.", "from rtl_tools.")
    return source.replace("from dynamap.cost.errors import", "from rtl_tools.errors import")
