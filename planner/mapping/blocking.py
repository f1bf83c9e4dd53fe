"""What was decided for one convolution, in the words of the plan."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.cost.algorithms import Algorithm, Dataflow

MODES = ("stream_inputs", "stream_weights")


@dataclass(frozen=True)
class Choice:
    """A convolution's decisions; ``tile``: of Winograd (0 without); ``tiles``: column tiles per block."""

    algorithm: Algorithm
    tile: int
    toeplitz: bool
    dataflow: Dataflow
    mode: int
    rows: int
    tiles: int
