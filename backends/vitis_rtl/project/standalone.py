"""The copies of our own modules that a generated project carries, so that its make targets need Python and the tools
alone."""

from __future__ import annotations

from importlib import resources

PACKAGE = "dynamap.backends.vitis_rtl"
MODULES = ("tools", "levels", "project/verilated", "project/mapping", "project/front_end")
"""Modules that use the standard library, these modules, and one class of errors."""

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
    root = resources.files(PACKAGE)
    files = {"rtl.py": _SCRIPT.encode(), "rtl_tools/__init__.py": b"", "rtl_tools/errors.py": _ERRORS.encode()}
    for module in MODULES:
        source = (root / f"{module}.py").read_text(encoding="utf-8")
        for package in (f"{PACKAGE}.project", PACKAGE):
            source = source.replace(f"from {package}.", "from rtl_tools.")
        source = source.replace(f"from {PACKAGE} import", "from rtl_tools import")
        source = source.replace("from dynamap.cost.errors import", "from rtl_tools.errors import")
        files[f"rtl_tools/{module.rpartition('/')[2]}.py"] = source.encode()
    return files
