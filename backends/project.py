"""A generated project: files by path, with a manifest, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from dynamap.cost.errors import InputError

MANIFEST = "MANIFEST"


def with_manifest(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files in the order of their paths, and ``MANIFEST``: SHA-256 and path of each, for ``sha256sum -c``."""
    ordered = {path: files[path] for path in sorted(files)}
    for path in ordered:
        parts = PurePosixPath(path)
        assert not parts.is_absolute() and ".." not in parts.parts and path != MANIFEST, path
    lines = [f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in ordered.items()]
    return ordered | {MANIFEST: "".join(lines).encode()}


def write_project(files: Mapping[str, bytes], folder: Path, *, force: bool = False) -> None:
    """Writes a project and its manifest.

    ``folder`` may be missing, empty, or hold the same project. ``force`` replaces another project: the files that
    its manifest lists, and no others.

    Raises:
        InputError: the folder holds something else, or cannot be written; then it is left as it was.
    """
    complete = with_manifest(files)
    target = folder.absolute()
    if target.exists() and not target.is_dir():
        raise InputError(f"cannot write the project to {str(folder)!r}: it is a file")
    if not target.parent.is_dir():
        raise InputError(f"cannot write the project to {str(folder)!r}: there is no folder {str(folder.parent)!r}")
    old = _listed(target)
    present = _present(target)
    if present and not force:
        if present == set(complete) and all((target / path).read_bytes() == complete[path] for path in present):
            return
        raise InputError(
            f"the folder {str(folder)!r} has other contents; choose another one, "
            "or use --force to replace the files that its MANIFEST lists"
        )
    for path in sorted(set(complete) & present - old):
        raise InputError(
            f"{str(folder / path)!r} is in the way and is not a generated file (no MANIFEST lists it): move it first"
        )
    try:
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise InputError(f"cannot write the project to {str(folder)!r}: {error.strerror or error}") from None
    try:
        _write_all(complete, staging)
        if present:
            _replace(complete, staging, target, old)
        else:
            os.chmod(staging, 0o777 & ~_umask())
            os.replace(staging, target)
    except OSError as error:
        raise InputError(f"cannot write the project to {str(folder)!r}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_all(files: Mapping[str, bytes], folder: Path) -> None:
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _replace(files: Mapping[str, bytes], staging: Path, target: Path, old: set[str]) -> None:
    """Moves staged files into place; the manifest, which names what may be replaced, comes last."""
    for path in files:
        if path != MANIFEST:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(staging / path, target / path)
    os.replace(staging / MANIFEST, target / MANIFEST)
    for path in old - set(files):
        (target / path).unlink(missing_ok=True)


def _present(folder: Path) -> set[str]:
    if not folder.is_dir():
        return set()
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def _listed(folder: Path) -> set[str]:
    """The files of a manifest in the folder, and the manifest."""
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    paths = {line[66:] for line in lines if len(line) > 66 and line[64:66] == "  "}
    safe = {path for path in paths if not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts}
    return safe | {MANIFEST}


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
