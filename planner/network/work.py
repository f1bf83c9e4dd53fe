"""What each network layer asks of the machine: a convolution of the array, or a layer of the vector unit."""

from __future__ import annotations

from dataclasses import replace

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.convolution import ConvShape
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import Window
from dynamap.cost.overlay.options import applicable
from dynamap.cost.overlay.vector import VectorOp, VectorShape
from dynamap.planner.network.network import (
    LEAKY,
    Activate,
    Activation,
    Add,
    Concat,
    Conv,
    Layer,
    Lrn,
    Mul,
    Network,
    Pool,
    PoolKind,
    Resize,
    looks_up,
)


def conv_shape(layer: Conv, network: Network) -> ConvShape:
    """The shape of a convolution, before any merging of groups."""
    channels = network.tensors[layer.output].channels
    return ConvShape(network.tensors[layer.inputs[0]], channels, layer.window, layer.groups, looks_up(layer))


def own_slopes(activation: Activation | None) -> bool:
    """Whether values below zero take a slope that is their channel's."""
    return activation is not None and len(activation.slopes) > 1


def work_of(layer: Layer, network: Network) -> ConvShape | VectorShape:
    """A ConvShape for the array, or a VectorShape for the vector unit.

    Raises:
        InputError: the layer is one that the overlay cannot run.
    """
    if isinstance(layer, Conv):
        shape = conv_shape(layer, network)
        if not shape.depthwise or layer.output_order is not None:
            return shape
    return replace(_vector_shape(layer, network), looks_up=looks_up(layer))


def _vector_shape(layer: Layer, network: Network) -> VectorShape:
    inputs = tuple(network.tensors[tensor] for tensor in layer.inputs)
    output = network.tensors[layer.output]
    if isinstance(layer, Conv):
        return VectorShape(VectorOp.DEPTHWISE, inputs, output, layer.window)
    if isinstance(layer, Pool):
        op = VectorOp.MAX_POOL if layer.kind is PoolKind.MAX else VectorOp.AVERAGE_POOL
        return VectorShape(
            op,
            inputs,
            output,
            layer.window,
            own_slopes=own_slopes(layer.activation),
            counts_pads=op is VectorOp.AVERAGE_POOL and layer.count_include_pad,
        )
    if isinstance(layer, Add):
        bends = layer.activation is not None and layer.activation.kind in LEAKY
        return VectorShape(VectorOp.ADD, inputs, output, own_slopes=own_slopes(layer.activation), bends=bends)
    if isinstance(layer, Mul):
        if inputs[1] != inputs[0]:
            return VectorShape(VectorOp.SCALE, inputs[:1], output, own_slopes=own_slopes(layer.activation))
        return VectorShape(VectorOp.MUL, inputs, output, own_slopes=own_slopes(layer.activation))
    if isinstance(layer, Concat):
        return VectorShape(VectorOp.CONCAT, inputs, output)
    if isinstance(layer, Lrn):
        return VectorShape(VectorOp.LRN, inputs, output, size=layer.size)
    if isinstance(layer, Resize):
        return VectorShape(VectorOp.RESIZE, inputs, output, Window((1, 1)), layer.rows)
    if isinstance(layer, Activate):
        return VectorShape(VectorOp.ACTIVATION, inputs, output, own_slopes=own_slopes(layer.activation))
    raise InputError(f"layer {layer.name!r} cannot run on the overlay: it is a host layer")


def can_transform(network: Network) -> bool:
    """Whether a layer could be done by Winograd."""
    shapes = (work_of(layer, network) for layer in network.layers if isinstance(layer, Conv))
    return any(isinstance(shape, ConvShape) and applicable(shape, Algorithm.WINOGRAD) for shape in shapes)
