"""A model step by step: parts of the overlay and segments of the host, each on what those before it made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy.typing as npt

from dynamap.backends.host.segments import Segments
from dynamap.planner.network.whole import HostSegment, OverlayPart, Whole

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
"""Values by the names of the model, in its types and shapes, the batch being 1."""

RunPart = Callable[[OverlayPart, Arrays], Arrays]
"""What a part makes of the values so far: those that it writes, by the names of the model."""


def run_steps(
    whole: Whole, inputs: Arrays, run_part: RunPart, segments: Segments, wanted: Collection[str] | None = None
) -> dict[str, Array]:
    """All values that steps write, and the inputs; ``wanted``: stop when these are there.

    Raises:
        InputError: a segment cannot be run, or what ``run_part`` raises.
    """
    values: dict[str, Array] = dict(inputs)
    for step in whole.steps:
        if wanted is not None and all(name in values for name in wanted):
            break
        values.update(segments.run(step, values) if isinstance(step, HostSegment) else run_part(step, values))
    return values
