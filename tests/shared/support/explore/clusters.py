"""A Dask scheduler and workers as processes of their own, for tests that kill them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Waits, a little at a time; fails with what did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen in {seconds} s")
        time.sleep(0.05)


@dataclass
class Processes:
    """A scheduler at ``address`` and the processes around it, all ended with the test."""

    folder: Path
    address: str = ""
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{module}-{len(self.running)}.log").open("wb")
        with log:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        self.running.append(process)
        return process

    def worker(self, *, preload: str = "") -> subprocess.Popen[bytes]:
        """One process with one thread; ``preload`` is Python that runs in it first."""
        arguments = [self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard", "--death-timeout", "60"]
        if preload:
            script = self.folder / f"preload{len(self.running)}.py"
            script.write_text(preload)
            arguments += ["--preload", str(script)]
        return self.start("dask_worker", *arguments)


@contextmanager
def scheduler(folder: Path) -> Iterator[Processes]:
    """A scheduler on a free port of this machine, without workers."""
    processes = Processes(folder)
    file = folder / "scheduler.json"
    try:
        arguments = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        processes.start("dask_scheduler", *arguments)
        wait_until(lambda: file.exists() and file.stat().st_size > 0, "the start of the scheduler")
        processes.address = str(json.loads(file.read_text())["address"])
        yield processes
    finally:
        for process in processes.running:
            if process.poll() is None:
                process.kill()
            process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    """As if the machine were gone: no clean end, no last word."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def children(pid: int) -> set[int]:
    """All processes below one, by Linux's /proc."""
    found: set[int] = set()
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
    todo = [pid]
    while todo:
        above = todo.pop()
        below = {child for child, parent in parents.items() if parent == above} - found
        found |= below
        todo += below
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
