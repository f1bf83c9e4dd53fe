"""One part of a network that the host interrupts, as a network of its own."""

from __future__ import annotations

from dataclasses import replace

from onnx import TensorProto

from dynamap.cost.geometry import TensorShape
from dynamap.planner.network.element_types import ElementType
from dynamap.planner.network.network import Network, Quantisation
from dynamap.planner.network.whole import ModelPort, OverlayPart, Whole

_TYPES = {
    TensorProto.FLOAT: ElementType.FLOAT32,
    TensorProto.FLOAT16: ElementType.FLOAT16,
    TensorProto.DOUBLE: ElementType.FLOAT64,
    TensorProto.INT8: ElementType.INT8,
    TensorProto.UINT8: ElementType.UINT8,
}


def whole_of(network: Network) -> Whole:
    """The steps of a network; a single part where the host runs none.

    The ports of such a network have its own shapes, and types that the network knows.
    """
    if network.whole is not None:
        return network.whole
    return Whole((part_of(network, 1),), (), ())


def part_of(network: Network, number: int, nodes: tuple[str, ...] = ()) -> OverlayPart:
    """All of a network as the part ``number`` of a model, made of these ``nodes``; names are those of its tensors."""
    return OverlayPart(
        name=f"overlay {number}",
        nodes=nodes,
        layers=tuple(layer.name for layer in network.layers),
        reads={name: name for name in network.inputs},
        writes={name: name for name in network.outputs},
        bytes_read=sum(network.tensors[name].elements for name in network.inputs),
        bytes_written=sum(network.tensors[name].elements for name in network.outputs),
    )


def network_of_part(network: Network, part: OverlayPart) -> Network:
    """The layers of a part with their tensors; its inputs and outputs are what the part reads and writes."""
    if network.whole is None:
        return network
    names = set(part.layers)
    layers = tuple(layer for layer in network.layers if layer.name in names)
    inputs, outputs = tuple(part.reads.values()), tuple(part.writes.values())
    tensors = {*inputs, *(layer.output for layer in layers)}
    return replace(
        network,
        layers=layers,
        tensors={name: shape for name, shape in network.tensors.items() if name in tensors},
        inputs=inputs,
        outputs=outputs,
        types={name: kind for name, kind in network.types.items() if name in tensors},
        shapes={name: shape for name, shape in network.shapes.items() if name in tensors},
        quantisation={name: known for name, known in network.quantisation.items() if name in tensors},
        whole=None,
    )


def front_of(network: Network) -> Network | None:
    """What stands before the model: a network without layers that has the model's own inputs, as images are given.

    None where some input is none for an image: of another type, or of another number of axes than two to four. An input
    of bytes stands for the numbers that they are.
    """
    if network.whole is None:
        return network
    ports = network.whole.inputs
    shapes = {port.name: _image_shape(port) for port in ports}
    known = {name: shape for name, shape in shapes.items() if shape is not None}
    if len(known) < len(ports):
        return None
    kinds = {port.name: _TYPES[port.element_type] for port in ports}
    return replace(
        network,
        layers=(),
        tensors={name: TensorShape.of_sizes(shape[shape[0] == 1 :]) for name, shape in known.items()},
        inputs=tuple(known),
        outputs=tuple(known),
        types={name: kind for name, kind in kinds.items() if kind is not ElementType.FLOAT32},
        shapes={name: shape for name, shape in known.items() if len(shape) < 4},
        quantisation={
            name: Quantisation(1.0, 0, kind is ElementType.INT8) for name, kind in kinds.items() if kind.is_integer
        },
        whole=None,
    )


def _image_shape(port: ModelPort) -> tuple[int, ...] | None:
    """The shape of an image with a batch of 1, or of three axes without one."""
    shape = port.shape or ()
    sizes = tuple(size for size in shape if size is not None)
    if port.element_type not in _TYPES or len(sizes) < len(shape) or len(sizes) not in (2, 3, 4):
        return None
    return sizes if sizes[0] == 1 or len(sizes) == 3 else None
