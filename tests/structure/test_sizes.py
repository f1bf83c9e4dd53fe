"""How much a file and a folder hold: one idea that a reader can keep in mind."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import median

MOST_LINES = 450
MOST_MEDIAN = 200
MOST_FILES = 12

CROWDED = ("planner/importer/operators", "backends/evidence/report")
"""Folders of many small equals: one operator or one part of the page each."""


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_too_long(sources: dict[str, Path]) -> None:
    too_long = {name: count for name, path in sources.items() if (count := lines(path)) > MOST_LINES}
    assert not too_long, f"over {MOST_LINES} lines, so more than one idea: {too_long}"


def test_the_middle_file_is_short(sources: dict[str, Path]) -> None:
    assert median(lines(path) for path in sources.values()) <= MOST_MEDIAN


def test_no_folder_is_crowded(sources: dict[str, Path]) -> None:
    files = Counter(str(Path(name).parent) for name in sources)
    rooms = {room: count for room, count in files.items() if room.startswith(("planner", "backends"))}
    assert len(rooms) > 20
    assert set(CROWDED) <= set(rooms), "an exception that is none"
    crowded = {room: count for room, count in rooms.items() if count > MOST_FILES and room not in CROWDED}
    assert not crowded, f"more than {MOST_FILES} files: {crowded}"
