"""A plan's layers: what was decided for each, and what it costs. Every choice is a typed value.

A layer runs on the array, on the vector unit, in place (it costs nothing), or on the host (outside the latency).
The names of choices as text stand in ``planner.plan.document`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dynamap.cost.algorithms import Algorithm, Dataflow, WinogradTile
from dynamap.cost.overlay.transfer import Format


class Operation(Enum):
    """What the overlay does in a layer."""

    CONV = "conv"
    DEPTHWISE_CONV = "depthwise_conv"
    FC = "fc"
    MAX_POOL = "maxpool"
    AVERAGE_POOL = "avgpool"
    ADD = "add"
    MUL = "mul"
    CONCAT = "concat"
    SLICE = "slice"
    LRN = "lrn"
    RESIZE = "resize"
    ACTIVATION = "activation"


class Mode(Enum):
    """What streams through while the other stays: inputs or weights (docs/overlay.md, section 7)."""

    STREAM_INPUTS = "stream_inputs"
    STREAM_WEIGHTS = "stream_weights"


MODES = tuple(Mode)
"""In the order of their codes in tables of integers."""


class Bound(Enum):
    """What takes the most cycles of a layer: the array or the vector unit, or moving one of three."""

    COMPUTE = "compute"
    INPUT = "input"
    WEIGHTS = "weights"
    OUTPUT = "output"


@dataclass(frozen=True)
class PublishedFormat:
    """A format of the published cost model, which has one per kernel size (``planner.paper.graph``)."""

    value: str


TensorFormat = Format | PublishedFormat
"""How a tensor is stored: by this machine, or in the published model."""


@dataclass(frozen=True)
class Choice:
    """How the array runs a convolution; ``winograd``: the tile, with that algorithm alone."""

    algorithm: Algorithm
    winograd: WinogradTile | None
    dataflow: Dataflow


@dataclass(frozen=True)
class OptionCost:
    """The least cost of one algorithm and dataflow, and the formats at which it has it (None: any)."""

    choice: Choice
    input_format: TensorFormat | None
    output_format: TensorFormat | None
    cost: int
    cost_ms: float


@dataclass(frozen=True)
class RunnerUp:
    """The best other algorithm and dataflow, and how many more cycles (or ps) it takes at the same formats."""

    algorithm: Algorithm
    dataflow: Dataflow
    extra: int


@dataclass(frozen=True)
class Blocking:
    """How a layer is cut (docs/overlay.md, sections 6 and 7).

    ``rows``: output rows of a block (inputs stream) or a band (weights stream); ``channels``: output channels of a
    pass (inputs) or a block (weights); ``units``: of 16 input channels in a contraction pass.
    """

    mode: Mode
    rows: int
    channels: int
    units: int


@dataclass(frozen=True)
class LayerShape:
    """[C, H, W] in and out; kernel and stride (rows, columns); pads (top, left, bottom, right)."""

    input: tuple[int, int, int]
    output: tuple[int, int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    pads: tuple[int, int, int, int]
    dilation: tuple[int, int]
    groups: int


@dataclass(frozen=True, kw_only=True)
class Decision:
    """How the overlay runs a layer, and what it takes.

    ``blocking`` is None in the published model, which knows none. ``cycles``: from the first byte read to the last
    one written; the engines' own cycles overlap within them.
    """

    blocking: Blocking | None
    input_format: TensorFormat
    output_format: TensorFormat
    compute_cycles: int
    load_cycles: int
    store_cycles: int
    cycles: int
    bytes_read: int
    bytes_written: int
    bound_by: Bound | None


@dataclass(frozen=True, kw_only=True)
class ArrayDecision(Decision):
    """How the array runs a convolution, and what else it could do."""

    choice: Choice
    runner_up: RunnerUp | None
    options: tuple[OptionCost, ...]


@dataclass(frozen=True, kw_only=True)
class _Layer:
    name: str
    shape: LayerShape
    macs: int


@dataclass(frozen=True, kw_only=True)
class _Executed(_Layer):
    """``utilization``: useful products (Winograd: those of its tiles) / (cycles x products the array can do in one)."""

    operation: Operation
    utilization: float


@dataclass(frozen=True, kw_only=True)
class OnArray(ArrayDecision, _Executed):
    """A convolution on the systolic array."""


@dataclass(frozen=True, kw_only=True)
class OnVectorUnit(Decision, _Executed):
    """A layer of the vector unit: depthwise convolution, pooling, element-wise layers, LRN, resize."""


class _Free:
    """Layers that take nothing of the overlay's time."""

    @property
    def cycles(self) -> int:
        return 0

    compute_cycles = load_cycles = store_cycles = bytes_read = bytes_written = cycles


@dataclass(frozen=True, kw_only=True)
class InPlace(_Layer, _Free):
    """A concatenation whose parts are written in place, or a slice. Formats: of the published model alone."""

    operation: Operation
    input_format: TensorFormat | None = None
    output_format: TensorFormat | None = None


@dataclass(frozen=True, kw_only=True)
class OnHost(_Layer, _Free):
    """A layer that the host runs; ``op`` is the model's operator in small letters."""

    op: str


PlannedLayer = OnArray | OnVectorUnit | InPlace | OnHost


def chosen_cost(layer: PlannedLayer) -> int:
    """The cost of the chosen option, in the published model what the layer takes (ps); 0 for layers without options."""
    if not isinstance(layer, OnArray):
        return 0
    chosen = layer.choice.algorithm, layer.choice.dataflow
    costs = (o.cost for o in layer.options if (o.choice.algorithm, o.choice.dataflow) == chosen)
    return next(costs, 0)
