"""The one writer of result files: whole or not at all, through links, and into special files rather than over them.

A regular file is written beside its place, brought to the disk and moved there, so that a full disk or a kill leaves
the old file or none. A symbolic link is followed: its target is written. A pipe, a terminal, a device node or an open
descriptor (``/dev/stdout``) cannot be replaced by a file without being destroyed, so it is written to.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from dynamap.cost.errors import InputError, in_words
from dynamap.planner.results.signals import signals_later

STAGED = ".dynamap-"
"""Begins the name of a file that is not complete yet; only a killed process leaves one."""

_DESCRIPTORS = re.compile(r"/proc/(\d+)(/task/\d+)?/fd|/dev/fd")
_MOST_LINKS = 40
_BINARY: int = getattr(os, "O_BINARY", 0)


class Results:
    """Files that appear together, when the ``with`` ends without an exception; none of them appears before.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with Results() as results:
    ...     results.write(folder / "a.txt", b"one")
    ...     sorted(path.name for path in folder.iterdir()) == ["a.txt"]
    False
    >>> [path.read_text() for path in folder.iterdir()]
    ['one']
    """

    def __init__(self) -> None:
        self._staged: dict[str, tuple[str, Path]] = {}
        self._streamed: list[tuple[Path, bytes]] = []

    def __enter__(self) -> Results:
        return self

    def write(self, path: Path, content: bytes) -> None:
        """Adds a file. What it takes on the disk is taken now, so that nothing is left to fail but moving it.

        Raises:
            InputError: it cannot be written there, or another file of these results has the same place.
        """
        try:
            place = place_of(path)
            if place.streams:
                self._streamed.append((path, content))
                return
            temporary = self._new(place, path)
            try:
                _stage(temporary, place.file, content)
            except BaseException:
                self._remove(place.file)
                raise
        except OSError as error:
            raise cannot_write(path, error) from None

    def place(self, path: Path) -> Path:
        """Adds a file that another program writes, before the end: where it is to write it, with the same ending.

        Raises:
            InputError: no file can be there, or another one of these results has the same place.
        """
        try:
            place = place_of(path)
        except OSError as error:
            raise cannot_write(path, error) from None
        if place.streams:
            raise InputError(f"cannot write {str(path)!r}: it is no file")
        return Path(self._new(place, path, path.suffix))

    def _new(self, place: Place, path: Path, ending: str = "") -> str:
        """A file beside its place, which is removed whatever happens from now on."""
        if place.file in self._staged:
            raise InputError(f"{str(self._staged[place.file][1])!r} and {str(path)!r} are one file: choose two names")
        temporary = os.path.join(os.path.dirname(place.file), f"{STAGED}{secrets.token_hex(8)}{ending}")
        self._staged[place.file] = temporary, path
        return temporary

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        path = Path()
        try:
            if error is None:
                with signals_later():
                    for file, (temporary, written) in list(self._staged.items()):
                        path = written
                        os.replace(temporary, file)
                        del self._staged[file]
                for written, content in self._streamed:
                    path = written
                    _stream(path, content)
        except BrokenPipeError:
            raise
        except OSError as failure:
            raise cannot_write(path, failure) from None
        finally:
            for file in list(self._staged):
                self._remove(file)

    def _remove(self, file: str) -> None:
        temporary, _ = self._staged.pop(file)
        with suppress(OSError):
            os.unlink(temporary)


def write_file(path: Path, content: bytes) -> None:
    """Writes one file.

    Raises:
        InputError: it cannot be written; what was there before is there still.
    """
    with Results() as results:
        results.write(path, content)


def write_files(files: Mapping[Path, bytes]) -> None:
    """Writes files that belong together.

    Raises:
        InputError: one of them cannot be written, or two are one file; then none was written, unless moving failed.
    """
    with Results() as results:
        for path, content in files.items():
            results.write(path, content)


def cannot_write(path: Path, error: OSError) -> InputError:
    """The message that a file cannot be written, with the system's reason."""
    return InputError(f"cannot write {str(path)!r}: {in_words(error)}")


@dataclass(frozen=True)
class Place:
    """Where a path leads: to ``file``, behind all links; ``streams``: it is written to as it is, not replaced."""

    file: str
    streams: bool


def place_of(path: Path) -> Place:
    """Where a path leads.

    Raises:
        OSError: into a circle of links, to a folder, or to what may not be written.
    """
    if descriptor_of(path) is not None:
        return Place(str(path), streams=True)
    file = os.path.realpath(path)
    try:
        mode = os.stat(file).st_mode
    except FileNotFoundError:
        return Place(file, streams=False)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(file, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return Place(file, streams=not stat.S_ISREG(mode))


def descriptor_of(path: Path) -> int | None:
    """The number of the descriptor of this process that a path names (``/dev/stdout``: 1), or None."""
    file = os.path.abspath(path)
    for _ in range(_MOST_LINKS):
        folder, name = os.path.realpath(os.path.dirname(file)), os.path.basename(file)
        found = _DESCRIPTORS.fullmatch(folder)
        if found and name.isdecimal() and found[1] in (None, str(os.getpid())):
            return int(name)
        if not os.path.islink(file):
            return None
        file = os.path.join(folder, os.readlink(file))
    return None


def _stage(temporary: str, file: str, content: bytes) -> None:
    """Makes the file ``temporary`` with all of its content, and the permissions of ``file``."""
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        _write_all(handle, content)
        if os.path.exists(file):
            os.chmod(temporary, stat.S_IMODE(os.stat(file).st_mode))
        os.fsync(handle)
    finally:
        os.close(handle)


def _stream(path: Path, content: bytes) -> None:
    """Writes to what a path names, as it is."""
    descriptor = descriptor_of(path)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    handle = os.dup(descriptor) if descriptor is not None else os.open(path, os.O_WRONLY | _BINARY)
    try:
        _write_all(handle, content)
    finally:
        os.close(handle)


def _write_all(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]
