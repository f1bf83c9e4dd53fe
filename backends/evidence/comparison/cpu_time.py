"""How long this machine's processor takes for one image: the model as it is, in onnxruntime with all its optimisations.

A measurement of this machine at this moment, beside which a planned latency can be read; nothing is decided by it.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy.typing as npt

from dynamap.backends.evidence.comparison.original import OpenedModel
from dynamap.planner.network.network import Network
from dynamap.planner.results.optional import optional

Array = npt.NDArray[Any]

WARM = 2
FEWEST = 5
MOST = 200
SECONDS = 2.0


@dataclass(frozen=True)
class CpuTime:
    """Milliseconds of one image: the median of ``runs`` and the least; where and by what they were measured.

    ``threads``: processors that onnxruntime may use.
    """

    median_ms: float
    least_ms: float
    runs: int
    threads: int
    processor: str
    onnxruntime: str

    def document(self) -> dict[str, Any]:
        """The measurement as JSON data."""
        return asdict(self)

    def sentence(self) -> str:
        """For a reader."""
        return (
            f"{self.median_ms:.3f} ms on this CPU ({self.processor}, {self.threads} threads), the model as it is in "
            f"onnxruntime {self.onnxruntime}: median of {self.runs} runs, the least {self.least_ms:.3f} ms"
        )


def measure_cpu(
    network: Network, arrays: Mapping[str, Array], *, clock: Callable[[], float] = time.perf_counter
) -> CpuTime:
    """Runs the model that ``network`` was imported from on one image, for about two seconds.

    ``arrays`` are its inputs, as ``run`` has them.

    Raises:
        NotComparable: onnxruntime is not installed, or refuses the model or the input.
    """
    model = OpenedModel(network, optimised=True)
    for _ in range(WARM):
        model.outputs(arrays)
    took: list[float] = []
    begin = clock()
    while len(took) < FEWEST or (len(took) < MOST and clock() - begin < SECONDS):
        before = clock()
        model.outputs(arrays)
        took.append(1000 * (clock() - before))
    return CpuTime(
        median_ms=round(median(took), 4),
        least_ms=round(min(took), 4),
        runs=len(took),
        threads=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        processor=processor_name(),
        onnxruntime=str(optional("onnxruntime").__version__),
    )


def processor_name(file: Path = Path("/proc/cpuinfo")) -> str:
    """What the system calls its processor."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name" and value.strip():
            return " ".join(value.split())[:80]
    return platform.processor() or platform.machine() or "an unnamed processor"
