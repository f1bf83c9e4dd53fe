"""What every benchmark writes beside its numbers: commit, versions, machine, seed."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
DOCS = ROOT / "docs"

SOURCES = ("cost", "planner", "backends", "dynamap", "benchmarks/*.py")
PACKAGES = ("numpy", "networkx", "onnx", "onnxruntime", "ortools", "PuLP")


def provenance(
    *, seed: int, command: str, packages: Sequence[str] = PACKAGES, sources: Sequence[str] = SOURCES
) -> dict[str, object]:
    """Where the numbers come from: enough to run the same benchmark again and to judge a difference.

    ``sources`` are the paths that the numbers depend on; the commit is marked where they differ from it.
    """
    return {
        "command": command,
        "commit": _commit(sources),
        "seed": seed,
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "architecture": platform.machine(),
            "system": platform.system(),
        },
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in packages}},
    }


def write_results(name: str, results: dict[str, object]) -> Path:
    """Write ``results`` to ``benchmarks/results/<name>.json``."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(results, indent=1) + "\n")
    return path


def _commit(sources: Sequence[str]) -> str:
    """The commit's hash, with ``+changes`` where tracked files among ``sources`` differ from it."""
    try:
        commit = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", *sources)
    except (OSError, subprocess.CalledProcessError):
        return "not in a repository"
    return f"{commit}+changes" if changed else commit


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
