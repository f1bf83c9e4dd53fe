"""What the import works on: tensors and layers that folding may still change.

A draft lives from the node that creates it until `finish` freezes it into a layer of the network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.importer.fates import Fate
from dynamap.planner.network.network import Activation, PoolKind, Quantisation, WeightQuantisation

Array = npt.NDArray[np.generic]
FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]


class Unsupported(Exception):
    """Raised by a handler for its node; the import goes on and reports all of them together."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class Unreadable(Unsupported):
    """An input is a view of a tensor, ``position`` of the node, where the tensor itself is needed."""

    def __init__(self, reason: str, remedy: str, position: int) -> None:
        super().__init__(reason, remedy)
        self.position = position


class Refused(Unsupported):
    """The node is wrong or has no certain meaning, so that no runtime should run it: the host does not get it."""


@dataclass(frozen=True, eq=False)
class ConvSpec:
    """``weights`` O x (I / groups) x K1 x K2; ``bias`` of O values."""

    window: Window
    weights: FloatArray
    bias: FloatArray
    groups: int = 1
    fully_connected: bool = False
    quantisation: WeightQuantisation | None = None


@dataclass(frozen=True)
class PoolSpec:
    """A ``network.Pool`` without its name and tensors."""

    kind: PoolKind
    window: Window
    count_include_pad: bool = False


@dataclass(frozen=True)
class AddSpec:
    """A ``network.Add``; it has nothing but its tensors."""


@dataclass(frozen=True)
class MulSpec:
    """A ``network.Mul``; it has nothing but its tensors."""


@dataclass(frozen=True)
class ConcatSpec:
    """A ``network.Concat``; it has nothing but its tensors."""


@dataclass(frozen=True)
class LrnSpec:
    """A ``network.Lrn`` without its name and tensors."""

    size: int
    alpha: float
    beta: float
    bias: float


@dataclass(frozen=True)
class ResizeSpec:
    """A ``network.Resize`` without its name and tensors."""

    rows: int
    columns: int
    interleaved: bool = False


@dataclass(frozen=True)
class ActivateSpec:
    """A ``network.Activate``; which activation stands in its ``LayerDraft``."""


@dataclass(frozen=True)
class HostSpec:
    """A ``network.HostLayer`` without its name and tensors."""

    op: str
    attributes: Mapping[str, object]


Spec = ConvSpec | PoolSpec | AddSpec | MulSpec | ConcatSpec | LrnSpec | ResizeSpec | ActivateSpec | HostSpec


@dataclass(eq=False)
class TensorDraft:
    """A tensor of the network; its name moves on to the last node that is folded into its producer."""

    name: str
    shape: TensorShape
    producer: LayerDraft | None = None
    quantisation: Quantisation | None = None


@dataclass(eq=False)
class LayerDraft:
    """A layer with what has been folded into it so far: per-channel affine, activation, channel order.

    ``parts``: the convolutions whose results it interleaves, which take over what would be folded into it.
    """

    name: str
    spec: Spec
    inputs: tuple[TensorDraft, ...]
    output: TensorDraft
    activation: Activation | None = None
    scale: DoubleArray | None = None
    shift: DoubleArray | None = None
    order: tuple[int, ...] | None = None
    parts: tuple[LayerDraft, ...] = ()

    @property
    def is_host(self) -> bool:
        return isinstance(self.spec, HostSpec)


@dataclass(frozen=True, eq=False)
class Value:
    """What an ONNX name holds: the elements of one tensor, row by row, seen in an ONNX shape (batch 1).

    ``shared``: some name between the layer and this one has further readers or is an output.
    ``integer``: how the integers between QuantizeLinear and DequantizeLinear are to be read, whose type is the
    name's own (the tensor may hold them as the other type of 8 bits). ``dequantised``: after them.
    ``order``: a channel permutation that no layer applies yet. ``pads``: zeros that no layer applies yet.
    """

    tensor: TensorDraft
    shape: tuple[int, ...]
    shared: bool = False
    integer: Quantisation | None = None
    dequantised: bool = False
    order: tuple[int, ...] | None = None
    pads: tuple[int, int, int, int] | None = None

    @property
    def is_row(self) -> bool:
        """True where the ONNX shape is (1, C, L) and the tensor C x 1 x L or C x L x 1."""
        chw = self.tensor.shape
        if self.order is not None or self.pads is not None or len(self.shape) != 3:
            return False
        return 1 in (chw.height, chw.width) and self.shape == (1, chw.channels, chw.height * chw.width)

    @property
    def is_image(self) -> bool:
        """True where axis 1 of the ONNX shape is the channels and the axes behind it are rows and columns."""
        return self.is_plain or self.is_row

    @property
    def is_plain(self) -> bool:
        """True where the ONNX shape is the tensor's own: (1, C, H, W), or (1, C) for a vector."""
        chw = self.tensor.shape
        if self.order is not None or self.pads is not None:
            return False
        if self.shape == (1, chw.channels, chw.height, chw.width):
            return True
        return chw.height == chw.width == 1 and self.shape == (1, chw.channels)


@dataclass(frozen=True)
class Unknown:
    """An ONNX name of which not even the shape is known, because of the unsupported node ``culprit``."""

    culprit: str


@dataclass(frozen=True, eq=False)
class Constant:
    """An ONNX name whose value is known at import; ``quantised`` where it was dequantised from int8.

    ``axis`` is the axis of ``quantised`` along which ``scales`` run (None: one scale).
    """

    array: Array
    quantised: Array | None = None
    scales: Array | None = None
    zero_points: Array | None = None
    axis: int | None = None


@dataclass(frozen=True, eq=False)
class Transposed:
    """An ONNX name that holds ``value`` with its axes in another order: axis i is axis ``perm[i]`` of the value.

    ``refuse`` marks the first Transpose as unsupported and gives a stand-in, so that the reader is judged too.
    ``flat``: all axes but the batch are one, in this order.
    """

    value: Value
    perm: tuple[int, ...]
    refuse: Callable[[tuple[int, ...]], Value | Unknown]
    flat: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        sizes = tuple(self.value.shape[axis] for axis in self.perm)
        return (sizes[0], math.prod(sizes[1:])) if self.flat else sizes

    def like(self, value: Value, perm: tuple[int, ...]) -> Transposed:
        """``value`` behind the same first Transpose."""
        return Transposed(value, perm, self.refuse)


Bound = Value | Unknown | Transposed


@dataclass(frozen=True, eq=False)
class Verdict:
    """The fate of a node while the import runs; the layer's final name is looked up at the end.

    ``refused``: it is unsupported, and the host cannot take it either.
    """

    fate: Fate
    draft: LayerDraft | None = None
    reason: str = ""
    remedy: str = ""
    refused: bool = False
