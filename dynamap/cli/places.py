"""Where a command may write: checked before any work, so that no output destroys an input or another output.

Files are compared by what they are, not by their names: a link, another spelling of the path or a hard link are the
same file. Pipes, terminals and device nodes are never destroyed by writing to them, and are not compared.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dynamap.cost.errors import InputError
from dynamap.planner.results.files import cannot_write, descriptor_of, place_of

_STDOUT = 1


def check_places(written: Mapping[str, Path | None], read: Iterable[Path | None] = ()) -> None:
    """Checks the outputs of a command, each by the option that names it, against each other and against its inputs.

    ``read`` is looked at only where an output exists already: it may be a generator that takes time.

    Raises:
        InputError: there is no folder for an output, or it is a folder or not writable; it is an input, another output
            or the file that stdout goes to.
    """
    inputs: dict[tuple[int, int], Path] | None = None
    seen: dict[object, str] = {}
    for option, path in written.items():
        if path is None:
            continue
        _require_writable(path)
        identity = _identity(path)
        if identity is not None and inputs is None:
            inputs = _identities(read)
        _require_unread(option, path, inputs or {})
        if descriptor_of(path) is not None:
            continue
        if identity is not None and identity == _identity_of_stdout():
            raise InputError(f"{option} {str(path)!r} is where stdout goes: write to another file, or to /dev/stdout")
        if _is_special(path):
            continue
        key = identity or os.path.realpath(path)
        if key in seen:
            raise InputError(f"{seen[key]} and {option} are one file, {str(path)!r}: choose two names")
        seen[key] = option


def check_replaced(option: str, replaced: Iterable[Path], read: Iterable[Path | None]) -> None:
    """Checks the files of a folder that a command is to replace or remove.

    Raises:
        InputError: one of them is an input.
    """
    inputs = _identities(read)
    for path in replaced:
        _require_unread(option, path, inputs)


def _identities(paths: Iterable[Path | None]) -> dict[tuple[int, int], Path]:
    """The regular files among ``paths``, and in folders among them, by what they are."""
    found = {_identity(path): path for path in _files(paths)}
    return {identity: path for identity, path in found.items() if identity is not None}


def _files(paths: Iterable[Path | None]) -> Iterator[Path]:
    for path in paths:
        if path is not None:
            yield path
            if path.is_dir():
                yield from path.rglob("*")


def _require_unread(option: str, path: Path, inputs: Mapping[tuple[int, int], Path]) -> None:
    identity = _identity(path)
    if identity is not None and identity in inputs:
        raise InputError(f"{option} {str(path)!r} is {str(inputs[identity])!r}, which is read: write to another file")


def _require_writable(path: Path) -> None:
    folder = path.parent
    if os.path.islink(path):
        folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise InputError(f"cannot write {str(path)!r}: there is no folder {str(folder)!r}")
    if path.is_dir():
        raise InputError(f"cannot write {str(path)!r}: it is a folder")
    try:
        place_of(path)
    except OSError as error:
        raise cannot_write(path, error) from None


def _is_special(path: Path) -> bool:
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and number of a regular file; None where there is none."""
    try:
        return _regular(os.stat(path))
    except (OSError, ValueError):
        return None


def _identity_of_stdout() -> tuple[int, int] | None:
    try:
        return _regular(os.fstat(_STDOUT))
    except OSError:
        return None


def _regular(found: os.stat_result) -> tuple[int, int] | None:
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None
