"""The results file of a sweep: rows appended as they come, each on the disk before the next; continued after a kill.

Three files, by the extension of ``-o``: CSV and JSON lines are appended to directly; Parquet cannot be appended to, so
its rows go to a journal of JSON lines beside it (``NAME.parquet.jsonl``) and it is written whole from that.
``NAME.sweep.json`` beside the results says which sweep they are of. A row is one line and ends with a line feed; what a
kill leaves behind the last line feed is cut off when the sweep is continued.
"""

from __future__ import annotations

import csv
import json
import os
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from dynamap.cost.errors import InputError, in_words
from dynamap.planner.explore.parquet import parquet_bytes, require_pyarrow
from dynamap.planner.explore.row import COLUMNS, Row, asked_by, csv_line, row_from_csv, row_from_data
from dynamap.planner.explore.sweep import SCHEMAS, Sweep, differences
from dynamap.planner.results.documents import json_file
from dynamap.planner.results.files import write_file

try:
    import fcntl
except ImportError:  # not on Windows, where files are not locked
    fcntl = None  # type: ignore[assignment]

_BINARY: int = getattr(os, "O_BINARY", 0)
EXTENSIONS = (".csv", ".jsonl", ".parquet")


@dataclass(frozen=True)
class ResultFiles:
    """The files of a sweep: ``results`` as asked for, ``lines`` that is appended to, ``sweep`` that identifies them."""

    results: Path
    lines: Path
    sweep: Path

    @staticmethod
    def of(path: Path) -> ResultFiles:
        """By the extension of ``path``.

        Raises:
            InputError: it has none of the known extensions, its folder does not exist, or one of the three leads to
                what is no file that can be appended to and read again: a folder, a pipe, a device.
        """
        if path.suffix not in EXTENSIONS:
            raise InputError(
                f"the results file {str(path)!r} must end with {', '.join(EXTENSIONS)}: that is its format"
            )
        if not path.parent.is_dir():
            raise InputError(f"cannot write {str(path)!r}: there is no folder {str(path.parent)!r}")
        lines = path.with_name(path.name + ".jsonl") if path.suffix == ".parquet" else path
        files = ResultFiles(path, lines, path.with_name(path.name + ".sweep.json"))
        for file in (files.results, files.lines, files.sweep):
            _require_regular(file)
        return files

    @property
    def is_csv(self) -> bool:
        return self.lines.suffix == ".csv"


def _require_regular(path: Path) -> None:
    """Raises InputError where a sweep could not be continued from what lies at ``path``, behind its links."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"cannot write {str(path)!r}: {in_words(error)}") from None
    if stat.S_ISDIR(mode):
        raise InputError(f"cannot write {str(path)!r}: it is a folder")
    if not stat.S_ISREG(mode):
        raise InputError(
            f"cannot write {str(path)!r}: it leads to a pipe or a device, and a sweep is continued from its files; "
            "choose a regular file"
        )


class Journal:
    """An open results file; a context manager that holds the only right to write it.

    ``rows`` are those that it has, in the order in which they came.
    """

    def __init__(self, path: Path, sweep: Sweep, *, resume: bool) -> None:
        """Begins a results file, or continues one.

        Raises:
            InputError: the file exists and ``resume`` is not asked for; it is of another sweep or damaged; another
                process writes it; or it cannot be written.
        """
        self.files = ResultFiles.of(path)
        if path.suffix == ".parquet":
            require_pyarrow()
        self.sweep = sweep
        self.rows: list[Row] = []
        self._length = 0
        found = self._existing(resume)
        self._new = not found
        self._made = [] if self.files.lines.exists() else [self.files.lines]
        try:
            self._handle = os.open(self.files.lines, os.O_RDWR | os.O_APPEND | os.O_CREAT | _BINARY, 0o666)
        except OSError as error:
            raise self._failed(error) from None
        try:
            self._lock()
        except BaseException:  # the files are another process's
            os.close(self._handle)
            raise
        try:
            if found:
                self._require_same_sweep()
                self._read()
            else:
                self._begin()
            if self.files.is_csv and self._length == 0:
                self._append(csv_line(None))
        except BaseException:
            if self._new:
                self._forget()
            os.close(self._handle)
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self._new and not self.rows:  # nothing was done: nothing is left to continue
            self._forget()
        os.close(self._handle)

    @property
    def missing(self) -> list[int]:
        """Numbers of the combinations that have no row yet."""
        known = {row.combination for row in self.rows}
        return [each.number for each in self.sweep.combinations if each.number not in known]

    def append(self, row: Row) -> None:
        """Adds a row; it is on the disk when this returns, and not in the file at all when this raises.

        Raises:
            InputError: it cannot be written, such as on a full disk; the file is as before.
        """
        self._append(csv_line(row) if self.files.is_csv else _json_line(row))
        self.rows.append(row)

    def finish(self) -> None:
        """Puts the rows in the order of the sweep, and writes the Parquet file; done once all are there.

        Raises:
            InputError: that cannot be written; the rows stay as they were.
        """
        ordered = sorted(self.rows, key=lambda row: row.combination)
        if ordered != self.rows:
            encode = csv_line if self.files.is_csv else _json_line
            heading = csv_line(None) if self.files.is_csv else b""
            write_file(self.files.lines, heading + b"".join(encode(row) for row in ordered))
            self.rows = ordered
        if self.files.results != self.files.lines:
            write_file(self.files.results, parquet_bytes(ordered))

    def _existing(self, resume: bool) -> bool:
        """Whether there is a results file. An empty one is what a kill leaves that comes before the first line."""
        lines, results = self.files.lines, self.files.results
        if not any(path.exists() and path.stat().st_size for path in (lines, results)):
            return False
        if not resume:
            raise InputError(
                f"{str(results)!r} exists: continue its sweep with --resume, or choose another name for the results"
            )
        if not lines.exists():
            raise InputError(
                f"{str(results)!r} cannot be continued without the journal {lines.name!r} that was beside it: restore "
                "it, or choose another name for the results"
            )
        return True

    def _begin(self) -> None:
        """Says of which sweep the file is, before it has a line; what lay there is at most what another sweep left."""
        path = self.files.sweep
        if path.exists() and path.stat().st_size and not _is_of_a_sweep(path):
            raise InputError(
                f"{str(path)!r} exists and is of no sweep; it would be replaced: move it, or choose another name for "
                "the results"
            )
        try:
            write_file(self.files.sweep, json_file(self.sweep.document()))
            self._made.append(self.files.sweep)
            for path in (self.files.sweep, self.files.sweep.parent):
                _to_disk(path)
        except OSError as error:
            raise self._failed(error) from None

    def _forget(self) -> None:
        """Removes the files that this journal made, behind the links that name them."""
        for path in self._made:
            with suppress(OSError):
                os.unlink(os.path.realpath(path))

    def _append(self, line: bytes) -> None:
        try:
            written = 0
            while written < len(line):
                written += os.write(self._handle, line[written:])
            os.fsync(self._handle)
        except OSError as error:
            with suppress(OSError):  # a torn line that stays is cut off when the sweep is continued
                os.ftruncate(self._handle, self._length)
            raise self._failed(error) from None
        self._length += len(line)

    def _failed(self, error: OSError) -> InputError:
        kept = f"; its {len(self.rows)} rows are kept, continue with --resume" if self.rows else ""
        return InputError(f"cannot write {str(self.files.lines)!r}: {in_words(error)}{kept}")

    def _lock(self) -> None:
        """Until the file is closed, by whatever end of the process."""
        if fcntl is None:
            return
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{str(self.files.lines)!r} is being written by another dynamap explore") from None

    def _require_same_sweep(self) -> None:
        path = self.files.sweep
        try:
            found = _object_in(path)
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(
                f"{str(self.files.results)!r} cannot be continued: {path.name!r} beside it, which says of which sweep "
                f"it is, cannot be read ({in_words(error)}); choose another name for the "
                "results"
            ) from None
        different = differences(found, self.sweep.document())
        if different:
            raise InputError(
                f"{str(self.files.results)!r} has the results of another sweep: {'; '.join(different)}. Ask for the "
                "same sweep, or choose another name for the results"
            )

    def _read(self) -> None:
        """Reads the rows that are complete; what is behind them is cut off."""
        with open(self._handle, "rb", closefd=False) as stream:
            content = stream.read()
        self._length = content.rfind(b"\n") + 1
        if self._length < len(content):
            try:
                os.ftruncate(self._handle, self._length)
            except OSError as error:
                raise self._failed(error) from None
        lines = content[: self._length].decode("utf-8", errors="replace").split("\n")[:-1]
        if self.files.is_csv and lines and next(csv.reader(lines[:1]), []) != list(COLUMNS):
            raise self._damaged(1, "it is not the heading of results")
        seen: set[int] = set()
        combinations = self.sweep.combinations
        for number, line in enumerate(lines, 1):
            if number == 1 and self.files.is_csv:
                continue
            try:
                row = row_from_csv(next(csv.reader([line]), [])) if self.files.is_csv else _row_of_json(line)
            except (ValueError, TypeError, csv.Error, RecursionError) as error:
                raise self._damaged(number, str(error)) from None
            known = 0 <= row.combination < len(combinations)
            if not known or row.request != asked_by(combinations[row.combination]):
                raise self._damaged(number, "the sweep has no such combination")
            if row.combination in seen:
                raise self._damaged(number, f"combination {row.combination} is there twice")
            seen.add(row.combination)
            self.rows.append(row)

    def _damaged(self, line: int, reason: str) -> InputError:
        return InputError(
            f"{str(self.files.lines)!r}, line {line}: not a row of this sweep ({reason}); restore the file or remove "
            "the line, then continue with --resume"
        )


def _object_in(path: Path) -> dict[str, Any]:
    """Raises OSError, ValueError or RecursionError where the file has no JSON object."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError("it is not an object")
    return found


def _is_of_a_sweep(path: Path) -> bool:
    try:
        return str(_object_in(path).get("schema")).startswith(SCHEMAS)
    except (OSError, ValueError, RecursionError):
        return False


def _json_line(row: Row) -> bytes:
    return json_file(asdict(row), indent=None)


def _row_of_json(line: str) -> Row:
    data = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("it is not an object")
    return row_from_data(data)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
