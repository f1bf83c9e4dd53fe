"""Segments of the host in onnxruntime, with the seconds that they take on this machine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InputError
from dynamap.planner.network.whole import HostSegment
from dynamap.planner.results.optional import optional

Array = npt.NDArray[Any]


class Segments:
    """Runs segments; each is loaded once. ``seconds`` are those of its last run, by the segment's name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._sessions: dict[str, Any] = {}

    def run(self, segment: HostSegment, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """What the segment makes of ``arrays``, which has at least what it reads.

        Raises:
            InputError: onnxruntime is not installed, or it cannot run the segment.
        """
        session = self._session(segment)
        feeds = {name: np.ascontiguousarray(arrays[name]) for name in segment.reads}
        started = time.perf_counter()
        try:
            found = session.run(list(segment.writes), feeds)
        except Exception as error:  # its exceptions have no class of their own; all of them mean the same here
            raise InputError(f"{_label(segment)} cannot be run by onnxruntime: {sentence(error)}") from error
        self.seconds[segment.name] = time.perf_counter() - started
        return dict(zip(segment.writes, found, strict=True))

    def _session(self, segment: HostSegment) -> Any:
        if segment.name not in self._sessions:
            try:
                onnxruntime = optional("onnxruntime")
            except ImportError as error:
                raise InputError(
                    f"{_label(segment)} runs in onnxruntime, which is not installed: pip install 'dynamap[run]'"
                ) from error
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 4
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            # Products of uint8 and int8 saturate in 16 bits on processors without VNNI unless this is asked for.
            options.add_session_config_entry("session.x64quantprecision", "1")
            try:
                self._sessions[segment.name] = onnxruntime.InferenceSession(
                    segment.model, options, providers=["CPUExecutionProvider"], enable_fallback=0
                )
            except Exception as error:  # likewise
                raise InputError(f"{_label(segment)} is refused by onnxruntime: {sentence(error)}") from error
        return self._sessions[segment.name]


def sentence(error: Exception) -> str:
    """The message of onnxruntime in one line."""
    return " ".join(str(error).split())[:400]


def _label(segment: HostSegment) -> str:
    shown = ", ".join(map(repr, segment.nodes[:3]))
    return f"the part {segment.name!r} of the model ({shown}{', ...' if len(segment.nodes) > 3 else ''})"
