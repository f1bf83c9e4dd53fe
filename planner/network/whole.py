"""A model of which the host runs parts: its steps in order, and the names, types and shapes of its own ends.

Such a network is the union of what the overlay runs, its *parts*, which share no tensor. Between them stand *segments*
of the host: models of their own for onnxruntime. What goes from step to step has the name that the model gives it, so
that each step reads and writes a common environment of named arrays, which starts with the model's inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ModelPort:
    """An input or output of the model: the ONNX number of its element type, and its shape, None where it is open."""

    name: str
    element_type: int
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class OverlayPart:
    """A run of layers of the network. ``reads`` and ``writes`` are its tensors by the names of the model.

    ``bytes_read`` and ``bytes_written`` are those of these tensors in int8: what crosses between host and overlay.
    """

    name: str
    nodes: tuple[str, ...]
    layers: tuple[str, ...]
    reads: Mapping[str, str]
    writes: Mapping[str, str]
    bytes_read: int
    bytes_written: int


@dataclass(frozen=True, eq=False)
class HostSegment:
    """Nodes that onnxruntime runs: ``model`` is a serialised ONNX model with these inputs and outputs."""

    name: str
    nodes: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    model: bytes


Step = OverlayPart | HostSegment


@dataclass(frozen=True, eq=False)
class Whole:
    """The model: its steps in the order in which they run, its inputs and its outputs."""

    steps: tuple[Step, ...]
    inputs: tuple[ModelPort, ...]
    outputs: tuple[ModelPort, ...]

    @property
    def parts(self) -> tuple[OverlayPart, ...]:
        return tuple(step for step in self.steps if isinstance(step, OverlayPart))

    @property
    def segments(self) -> tuple[HostSegment, ...]:
        return tuple(step for step in self.steps if isinstance(step, HostSegment))
