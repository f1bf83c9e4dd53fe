"""What a shell offers for an argument that is a name or a file: the names, and files and folders that may be meant."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path


def complete_model(incomplete: str) -> list[str]:
    """Built-in networks and ONNX files."""
    from dynamap.planner.models import BUILT_IN

    return _matching(incomplete, BUILT_IN, (".onnx",))


def complete_device(incomplete: str) -> list[str]:
    """Devices and TOML files; of several devices with commas between them, the last."""
    from dynamap.cost.device import ALIASES, device_names

    before, comma, last = incomplete.rpartition(",")
    names = _matching(last, device_names(), (".toml",)) or _matching(last, ALIASES, ())
    return [f"{before}{comma}{name}" for name in names]


def complete_backend(incomplete: str) -> list[str]:
    """Installed backends."""
    from dynamap.backends.discovery import announced_backends

    return _matching(incomplete, (found.name for found in announced_backends()), ())


def complete_executor(incomplete: str) -> list[str]:
    """NumPy, and the executors of installed backends."""
    from dynamap.backends.discovery import announced_backends

    return _matching(incomplete, ("numpy", *(found.name for found in announced_backends())), ())


def _matching(incomplete: str, names: Iterable[str], endings: Sequence[str]) -> list[str]:
    """The names that go on so, and the files of these endings and folders whose paths do."""
    found = [name for name in names if name.startswith(incomplete)]
    return found + (_files(incomplete, endings) if endings else [])


def _files(incomplete: str, endings: Sequence[str]) -> list[str]:
    folder, _, begun = incomplete.rpartition("/")
    place = Path(f"{folder}/" if "/" in incomplete else ".").expanduser()
    prefix = incomplete[: len(incomplete) - len(begun)]
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except OSError:  # there is no such folder: nothing goes on so
        return []
    visible = [entry for entry in entries if entry.name.startswith(begun) and (begun or not entry.name.startswith("."))]
    files = [entry for entry in visible if not entry.is_dir() and entry.name.endswith(tuple(endings))]
    folders = [f"{prefix}{entry.name}/" for entry in visible if entry.is_dir()]
    return [*(f"{prefix}{entry.name}" for entry in files), *folders]
