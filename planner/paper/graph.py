"""The mapping problem of the published cost model: which vertices there are, and which edges join them.

Source: DYNAMAP (FPGA 2021), section on the cost graph, and its authors' inputs (github.com/CatherineMeng/DYNAMAP,
testcases/pbqp_incep.in). Every vertex chooses one *reading*: an algorithm, and the format that it reads its input in.

- A convolution chooses its algorithm. Depthwise convolutions are convolutions with groups here: no vector unit.
- A *join* (concatenation, sum, product) has one choice: its inputs and its output are plain tensors.
- A *storage* stands where one output feeds several readers: its choices are the formats that its readers take, and
  it costs nothing itself. The producer pays to store in that format and each reader pays its own load.
- Pooling, normalisation, resizing and activations with one input have no vertex: they work on the fly, and the edge
  through them carries the tensor that its reader sees, after them.

Tensors that come from the network's inputs have no producer and no edge; what the host reads costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.geometry import TensorShape
from dynamap.planner.network.network import Add, Concat, Conv, HostLayer, Layer, Mul, Network


@dataclass(frozen=True)
class Reading:
    """A way to read a tensor. ``kernel`` sizes the Toeplitz matrix of im2col; the other formats do not depend on it."""

    algorithm: Algorithm
    kernel: tuple[int, int] = (1, 1)

    @property
    def stored(self) -> Reading:
        """The format read, without what does not matter: the Toeplitz matrix of a 1 x 1 kernel is the plain tensor."""
        if self.algorithm is Algorithm.IM2COL and self.kernel != (1, 1):
            return self
        return Reading(Algorithm.WINOGRAD) if self.algorithm is Algorithm.WINOGRAD else PLAIN

    @property
    def format_name(self) -> str:
        """``tensor``, ``tiles`` (of Winograd) or ``toeplitz-K1xK2``."""
        stored = self.stored
        if stored.algorithm is Algorithm.IM2COL:
            return f"toeplitz-{stored.kernel[0]}x{stored.kernel[1]}"
        return "tiles" if stored.algorithm is Algorithm.WINOGRAD else "tensor"


PLAIN = Reading(Algorithm.KN2ROW)
"""The plain 3-D tensor, the format that kn2row reads."""


@dataclass(frozen=True)
class Vertex:
    """Writes ``tensor``; stands for ``layer``, a convolution or a join, or (None) for a storage of the tensor."""

    layer: Layer | None
    tensor: str
    choices: tuple[Reading, ...]


@dataclass(frozen=True)
class Transfer:
    """An edge: vertex ``first`` writes a tensor and ``second`` reads it."""

    first: int
    second: int
    tensor: TensorShape


@dataclass(frozen=True)
class Graph:
    """Vertices and edges; ``writer`` is the vertex that hands each tensor to its readers (none for network inputs)."""

    vertices: tuple[Vertex, ...]
    transfers: tuple[Transfer, ...]
    writer: Mapping[str, int]


def build_graph(network: Network, algorithms: Mapping[str, tuple[Algorithm, ...]]) -> Graph:
    """The graph of a network whose convolutions may use the given algorithms (by layer name, never empty)."""
    formats = _formats_wanted(network, algorithms)
    vertices: list[Vertex] = []
    transfers: list[Transfer] = []
    writer: dict[str, int] = {}

    def add(vertex: Vertex) -> int:
        vertices.append(vertex)
        return len(vertices) - 1

    def connect(tensor: str, reader: int) -> None:
        if tensor in writer:
            transfers.append(Transfer(writer[tensor], reader, network.tensors[tensor]))

    for layer in network.layers:
        if isinstance(layer, HostLayer):
            continue
        if isinstance(layer, Conv) or _joins(layer):
            writer[layer.output] = vertex = add(Vertex(layer, layer.output, _readings(layer, algorithms)))
            for tensor in layer.inputs:
                connect(tensor, vertex)
        elif layer.inputs[0] in writer:
            writer[layer.output] = writer[layer.inputs[0]]
        if len(_readers(layer.output, network)) > 1 and layer.output in writer:
            storage = add(Vertex(None, layer.output, formats[layer.output]))
            connect(layer.output, storage)
            writer[layer.output] = storage
    return Graph(tuple(vertices), tuple(transfers), writer)


def _joins(layer: Layer) -> bool:
    return isinstance(layer, (Add, Mul, Concat))


def _readers(tensor: str, network: Network) -> tuple[Layer, ...]:
    return tuple(layer for layer in network.consumers(tensor) if not isinstance(layer, HostLayer))


def _readings(layer: Layer, algorithms: Mapping[str, tuple[Algorithm, ...]]) -> tuple[Reading, ...]:
    if not isinstance(layer, Conv):
        return (PLAIN,)
    kernel = layer.window.kernel
    return tuple(Reading(a, kernel if a is Algorithm.IM2COL else (1, 1)) for a in algorithms[layer.name])


def _formats_wanted(
    network: Network, algorithms: Mapping[str, tuple[Algorithm, ...]]
) -> dict[str, tuple[Reading, ...]]:
    """The formats that the readers of each tensor take, through layers without a vertex; plain where nobody reads."""
    wanted: dict[str, dict[Reading, None]] = {tensor: {} for tensor in network.tensors}
    for layer in reversed(network.layers):
        if isinstance(layer, HostLayer):
            continue
        if isinstance(layer, Conv) or _joins(layer):
            formats = [reading.stored for reading in _readings(layer, algorithms)]
        else:
            formats = list(wanted[layer.output])
        for tensor in layer.inputs:
            wanted[tensor].update(dict.fromkeys(formats))
    return {tensor: tuple(formats) or (PLAIN,) for tensor, formats in wanted.items()}
