"""A Chrome trace, which Perfetto and chrome://tracing open: rows of events on the overlay's clock.

Times are whole nanoseconds, rounded down, so that what does not overlap in cycles does not overlap in the trace; the
exact cycles are among each event's arguments. Format: "Trace Event Format" (Google), complete events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dynamap.planner.results.documents import json_text

_PROCESS = 1


class Timeline:
    """Events in ``rows``, from the first to the last; ``title`` names the process, ``clock_khz`` is of its cycles."""

    def __init__(self, title: str, rows: Sequence[str], clock_khz: int) -> None:
        self._rows, self._clock_khz = tuple(rows), clock_khz
        self._events: list[dict[str, object]] = [self._named("process_name", name=title)]
        for number, name in enumerate(self._rows):
            self._events.append(self._named("thread_name", number, name=name))
            self._events.append(self._named("thread_sort_index", number, sort_index=number))

    def add(self, row: str, name: str, start: int, end: int, more: Mapping[str, object]) -> None:
        """An event from cycle ``start`` to ``end``; ``more``: what is shown of it beside them."""
        begin = self._nanoseconds(start)
        event: dict[str, object] = {
            "ph": "X",
            "name": name,
            "cat": row.lower(),
            "pid": _PROCESS,
            "tid": self._rows.index(row),
            "ts": begin / 1000,
            "dur": (self._nanoseconds(end) - begin) / 1000,
            "args": {"start_cycle": start, "end_cycle": end, **more},
        }
        self._events.append(event)

    def text(self) -> str:
        """The trace as JSON."""
        return json_text({"displayTimeUnit": "ns", "traceEvents": self._events})

    def _nanoseconds(self, cycle: int) -> int:
        return cycle * 1_000_000 // self._clock_khz

    @staticmethod
    def _named(what: str, row: int | None = None, **arguments: object) -> dict[str, object]:
        place = {} if row is None else {"tid": row}
        return {"ph": "M", "name": what, "pid": _PROCESS, **place, "args": arguments}
