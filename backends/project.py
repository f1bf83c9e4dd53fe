"""A generated project: files by path, with a manifest, written whole or not at all, and nowhere but in its folder.

The folder may be named by a symbolic link, as any result may; links inside it are never followed: a file that is one
is replaced, and a folder that is one is refused.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from dynamap.cost.errors import InputError, in_words
from dynamap.cost.words import shown
from dynamap.planner.results.files import STAGED

MANIFEST = "MANIFEST"
_NEW, _OLD = "new", "old"
"""Folders of a project that is being written: its files, and those that they replace."""


def require_inside(path: object) -> None:
    """A path in a project: relative, with ``/``, in its shortest form, of printable characters; not the manifest's.

    >>> require_inside("src/params.h")

    Raises:
        InputError: it is something else, so that it could lead out of the folder or mislead the manifest.
    """
    if not isinstance(path, str) or not _is_inside(path):
        raise InputError(f"{shown(path)} is no path of a file inside a project")


def _is_inside(path: str) -> bool:
    plain = PurePosixPath(path)
    shortest = path == str(plain) and len(plain.parts) > 0 and not plain.is_absolute() and ".." not in plain.parts
    return shortest and path != MANIFEST and path.isprintable() and not set(path) & set("\\:")


def with_manifest(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files in the order of their paths, and ``MANIFEST``: SHA-256 and path of each, for ``sha256sum -c``.

    Raises:
        InputError: a path leads out of the project, is the manifest's, or is that of a file and of a folder.
    """
    for path in files:
        require_inside(path)
    ordered = {path: files[path] for path in sorted(files)}
    for path in ordered:
        for folder in PurePosixPath(path).parents:
            if str(folder) in ordered or str(folder) == MANIFEST:
                raise InputError(f"{str(folder)!r} is a file of the project, but {path!r} is to lie in it")
    lines = [f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in ordered.items()]
    return ordered | {MANIFEST: "".join(lines).encode()}


def write_project(files: Mapping[str, bytes], folder: Path, *, force: bool = False) -> None:
    """Writes a project and its manifest.

    ``folder`` may be missing, empty, or hold the same project. ``force`` replaces another project: the files that
    its manifest lists, and no others. A folder that is there stays the same folder.

    Raises:
        InputError: a path leads out of the folder; the folder holds something else, or cannot be written; then it is
            left as it was.
    """
    complete = with_manifest(files)
    target = Path(os.path.realpath(folder))
    if target.exists() and not target.is_dir():
        raise InputError(f"cannot write the project to {str(folder)!r}: it is a file")
    if not target.parent.is_dir():
        raise InputError(f"cannot write the project to {str(folder)!r}: there is no folder {str(target.parent)!r}")
    old = _listed(target)
    present = _present(target)
    if present and not force:
        if present == set(complete) and all(_is_file(target, path, content) for path, content in complete.items()):
            return
        raise InputError(
            f"the folder {str(folder)!r} has other contents; choose another one, "
            "or use --force to replace the files that its MANIFEST lists"
        )
    _require_room(complete, target, folder)
    for path in sorted(set(complete) & present - old):
        raise InputError(
            f"{str(folder / path)!r} is in the way and is not a generated file (no MANIFEST lists it): move it first"
        )
    standing = target.is_dir()  # it stays the folder that it is: someone's current one, a mount, one with an owner
    try:
        staging = Path(tempfile.mkdtemp(prefix=STAGED, dir=target if standing else target.parent))
    except OSError as error:
        raise InputError(f"cannot write the project to {str(folder)!r}: {in_words(error)}") from None
    try:
        _write_all(complete, staging / _NEW)
        if standing:
            _move_in(complete, staging, target, old)
        else:
            os.replace(staging / _NEW, target)
    except OSError as error:
        raise InputError(f"cannot write the project to {str(folder)!r}: {in_words(error)}") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def replaced_by(files: Iterable[str], folder: Path) -> list[Path]:
    """What stands in the folder and a project of these files would replace, or remove as a file of the one before."""
    present = _present(folder)
    return [folder / path for path in sorted((_listed(folder) | set(files) | {MANIFEST}) & present)]


def _require_room(files: Mapping[str, bytes], target: Path, folder: Path) -> None:
    """Refuses what stands where the project has a folder or a file: a link, a file; a folder."""
    for path in files:
        if (target / path).is_dir() and not (target / path).is_symlink():
            raise InputError(f"{str(folder / path)!r} is in the way: it is a folder, and the project has a file there")
        for inner in list(PurePosixPath(path).parents)[:-1]:
            place = target / inner
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                what = "a link, which is not followed" if place.is_symlink() else "a file"
                raise InputError(
                    f"{str(folder / inner)!r} is in the way: it is {what}, and the project has a folder there: move it "
                    "first"
                )


def _write_all(files: Mapping[str, bytes], folder: Path) -> None:
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _move_in(files: Mapping[str, bytes], staging: Path, target: Path, old: set[str]) -> None:
    """Exchanges the old project's files for the staged ones; where one cannot be moved, all go back.

    The manifest comes first: it names every file that may be replaced, also after a kill between two moves.
    """
    moves: list[tuple[Path, Path]] = []
    made: list[Path] = []
    try:
        for path in sorted(old | set(files), key=lambda path: (path != MANIFEST, path)):
            place = target / path
            if _within(target, path) and (place.is_symlink() or (place.exists() and not place.is_dir())):
                _move(place, staging / _OLD / path, moves, made)
            if path in files:
                _move(staging / _NEW / path, place, moves, made)
    except BaseException:
        for source, place in reversed(moves):
            os.replace(place, source)
        for folder in reversed(made):
            folder.rmdir()
        raise


def _move(source: Path, place: Path, moves: list[tuple[Path, Path]], made: list[Path]) -> None:
    """Moves a file and notes the move, and the folders that it made on the way."""
    missing = [folder for folder in place.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        made.append(folder)
    os.replace(source, place)
    moves.append((source, place))


def _within(target: Path, path: str) -> bool:
    """Whether no folder on the way to a file is a link: what lies behind one is not of the project."""
    return not any((target / inner).is_symlink() for inner in list(PurePosixPath(path).parents)[:-1])


def _is_regular(path: Path) -> bool:
    """Not a link, nor a pipe or a device, which could not be read to an end."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _is_file(target: Path, path: str, content: bytes) -> bool:
    place = target / path
    return _within(target, path) and _is_regular(place) and place.read_bytes() == content


def _present(folder: Path) -> set[str]:
    """Everything in a folder but folders; a link is something, wherever it leads."""
    if not folder.is_dir():
        return set()
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}


def _listed(folder: Path) -> set[str]:
    """The files of a manifest in the folder, and the manifest."""
    if not _is_regular(folder / MANIFEST):
        return set()
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    paths = {line[66:] for line in lines if len(line) > 66 and line[64:66] == "  "}
    return {path for path in paths if _is_inside(path)} | {MANIFEST}
