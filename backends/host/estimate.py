"""What the host's parts of a model take on this machine, measured where a plan is made: an estimate of another host.

A part of a stranger's model may ask for any time and memory, so another process runs it, which has limits of both.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx

from dynamap.backends import children
from dynamap.backends.host.ports import random_array, random_samples
from dynamap.backends.host.segments import Segments
from dynamap.cost.errors import InputError
from dynamap.planner.network.whole import HostSegment, ModelPort, Whole
from dynamap.planner.plan.plan import Plan
from dynamap.planner.results.documents import json_file

MOST_SECONDS = 30.0
"""Of measuring all parts."""

MOST_BYTES = 8 << 30
"""Of the process that runs them."""

RUNS = 5
"""Of a part, the first not counted; the shortest is what it takes."""

SHORT_SECONDS = 0.1
"""A part that takes longer is run twice only."""


def with_host_seconds(plan: Plan, whole: Whole | None) -> Plan:
    """The plan with the ``seconds`` of each part of the host; None for all where they cannot be measured here."""
    if whole is None or not whole.segments:
        return plan
    measured = host_seconds(whole)
    return replace(plan, segments=tuple(replace(part, seconds=measured.get(part.name)) for part in plan.segments))


def host_seconds(whole: Whole) -> Mapping[str, float]:
    """The seconds of each part of the host in onnxruntime on random values, by its name.

    Nothing where onnxruntime is not installed, refuses a part, or takes more than the limits.
    """
    command = [sys.executable, "-m", "dynamap.backends.host.estimate"]
    try:
        # onnxruntime may leave a file of its session where temporary files are.
        with tempfile.TemporaryDirectory(prefix="dynamap-host-", ignore_cleanup_errors=True) as folder:
            own = {**os.environ, "TMPDIR": folder}
            given = pickle.dumps(whole)
            done = children.run("onnxruntime", command, seconds=MOST_SECONDS, environment=own, given=given)
    except (InputError, OSError):
        return {}
    if done.returncode != 0:
        return {}
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measured(whole: Whole) -> dict[str, float]:
    """The same in this process.

    Raises:
        InputError: a part cannot be run.
    """
    generator = np.random.default_rng(0)
    values: dict[str, Any] = dict(random_samples(whole, 1, 0)[0])
    segments, shortest = Segments(), {}
    for segment in whole.segments:
        for port in _ports(segment):
            if port.name not in values:  # a part of the overlay makes it
                values[port.name] = random_array(generator, port)
        values.update(segments.run(segment, values))
        taken = [_again(segments, segment, values)]
        while len(taken) < RUNS - 1 and taken[0] < SHORT_SECONDS:
            taken.append(_again(segments, segment, values))
        shortest[segment.name] = round(min(taken), 6)
    return shortest


def _again(segments: Segments, segment: HostSegment, values: Mapping[str, Any]) -> float:
    segments.run(segment, values)
    return segments.seconds[segment.name]


def _ports(segment: HostSegment) -> list[ModelPort]:
    found = []
    for value in onnx.load_model_from_string(segment.model).graph.input:
        tensor = value.type.tensor_type
        shape = tuple(size.dim_value if size.dim_value > 0 else None for size in tensor.shape.dim)
        found.append(ModelPort(value.name, tensor.elem_type, shape))
    return found


def _limit_memory() -> None:
    """Allocations beyond `MOST_BYTES` fail from here on, where the system can do that."""
    try:
        import resource
    except ImportError:  # not on Windows, where the limit of time alone holds
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MOST_BYTES if hard == resource.RLIM_INFINITY else min(MOST_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _main() -> int:
    """Measures the `Whole` on standard input; its parent, who wrote that, reads the seconds."""
    whole = pickle.load(sys.stdin.buffer)
    _limit_memory()
    try:
        sys.stdout.buffer.write(json_file(measured(whole)))
    except (InputError, MemoryError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
