"""One call of the command line in a forked process with limits, and what is wrong with how it ended.

The modules are imported once; a case costs a fork. The limit of memory counts what a call takes beyond what the
process had before; the limit of time counts the processor's, so that a busy machine changes nothing.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_SECONDS = 20
MOST_BYTES = 2**30
MOST_WALL_SECONDS = 300
"""After this long a call hangs: it waits for something that takes no processor."""

_PRELOADED = (
    "dynamap.cli.app",
    "dynamap.cli.check",
    "dynamap.cli.explore",
    "dynamap.cli.generate",
    "dynamap.cli.plan",
    "dynamap.cli.program",
    "dynamap.cli.report",
    "dynamap.cli.run",
    "dynamap.cli.simulate",
    "dynamap.cli.solve",
    "dynamap.cli.verify",
    "dynamap.cli.whatif",
    "dynamap.planner.importer",
    "dynamap.planner.planning",
    "dynamap.backends.vitis_hls",
    "dynamap.backends.evidence.report",
    "dynamap.backends.evidence.verification",
    "onnx",
    "onnxruntime",
)


OF_LIBRARIES = {".ses"}
"""onnxruntime 1.32 writes this into the folder for temporary files some time after it is imported."""


@dataclass(frozen=True)
class Case:
    """Files by name, and the calls of ``dynamap`` that are made one after the other in their folder."""

    name: str
    files: Mapping[str, bytes]
    calls: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Finding:
    """What a call did that none may do."""

    case: Case
    call: tuple[str, ...]
    complaint: str
    err: str


@dataclass(frozen=True)
class Ended:
    """How a call ended; ``status`` is negative for a signal."""

    status: int
    out: str
    err: str
    seconds: float
    grown_bytes: int
    hung: bool


def preload() -> None:
    """Import what the calls need, so that a fork has it."""
    for name in _PRELOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def run_case(case: Case) -> tuple[list[Finding], list[int]]:
    """Make the calls of a case; the findings, and the exit status of every call."""
    findings, statuses = [], []
    with tempfile.TemporaryDirectory(prefix="fuzz") as root:
        folder, scratch = Path(root, "case"), Path(root, "scratch")
        folder.mkdir()
        for name, data in case.files.items():
            (folder / name).write_bytes(data)
        for call in case.calls:
            if not (folder / call[1]).exists():
                break  # the call before, which was to make it, refused its input
            scratch.mkdir()
            before = _contents(folder)
            ended = ended_call(folder, scratch, call)
            written = _contents(folder) != before
            left = sorted({path.name for path in scratch.rglob("*") if path.is_file()} - OF_LIBRARIES)
            for complaint in complaints(ended, written=written, left=left):
                findings.append(Finding(case, call, complaint, ended.err[-2000:]))
            statuses.append(ended.status)
            shutil.rmtree(scratch)
    return findings, statuses


def complaints(ended: Ended, *, written: bool, left: list[str]) -> Iterator[str]:
    """What is wrong with how a call ended."""
    errors = sum(line.startswith("error:") for line in ended.err.splitlines())
    if ended.hung:
        yield f"it hangs: not ended after {MOST_WALL_SECONDS} s"
    elif ended.status == -signal.SIGXCPU or ended.seconds > MOST_SECONDS:
        yield f"it takes more than {MOST_SECONDS} s"
    elif ended.status not in (0, 1, 2):
        yield f"exit status {ended.status}"
    if "Traceback" in ended.err or "internal error" in ended.err:
        yield "an internal error"
    if "not enough memory" in ended.err or ended.grown_bytes > MOST_BYTES:
        yield f"it takes more than {MOST_BYTES >> 20} MiB"
    if "Warning: " in ended.err:
        yield "a warning of Python"
    if ended.status == 2 and errors != 1 and "internal error" not in ended.err:
        yield f"{errors} messages of an error"
    if ended.status == 2 and (written or ended.out):
        yield "it refuses its input, and writes something"
    if ended.status == 1 and not (ended.out or ended.err):
        yield "it fails without a word"
    if ended.status == 0 and errors:
        yield "it succeeds with a message of an error"
    if left:
        yield f"it leaves temporary files: {left[:5]}"


def ended_call(folder: Path, scratch: Path, call: tuple[str, ...]) -> Ended:
    """One call of ``dynamap`` in ``folder``, with its temporary files in ``scratch`` and its streams beside that."""
    out, err = scratch.with_name("out"), scratch.with_name("err")
    start, base = time.monotonic(), _resident_bytes()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _child(folder, scratch, call, out, err)
    hung = False
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() - start > MOST_WALL_SECONDS and not hung:
            hung = True
            os.killpg(pid, signal.SIGKILL)
        time.sleep(0.002)
    seconds = usage.ru_utime + usage.ru_stime
    grown = usage.ru_maxrss * 1024 - base
    texts = [path.read_text("utf-8", errors="replace") for path in (out, err)]
    return Ended(os.waitstatus_to_exitcode(status), texts[0], texts[1], seconds, grown, hung)


def _child(folder: Path, scratch: Path, call: tuple[str, ...], out: Path, err: Path) -> None:
    """Never returns: the call, within its limits, with its streams in files."""
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        os.environ["TMPDIR"] = str(scratch)
        os.environ.pop("DYNAMAP_DEBUG", None)
        tempfile.tempdir = None
        for path, stream in ((out, 1), (err, 2)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS + 1, MOST_SECONDS + 2))
        limit = _virtual_bytes() + MOST_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        sys.argv = ["dynamap", *call]
        code = _main()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _main() -> int:
    from dynamap.cli import main

    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 70
    return 70  # main always ends by SystemExit


def _contents(folder: Path) -> dict[str, str]:
    files: Iterable[Path] = sorted(path for path in folder.rglob("*"))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "" for path in files}


def _virtual_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
