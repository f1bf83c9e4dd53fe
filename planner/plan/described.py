"""What a plan says of a network and of its layers, whatever was decided: identity, operations and shapes."""

from __future__ import annotations

from dynamap.cost.convolution import ConvShape
from dynamap.planner.network.network import (
    Activate,
    Add,
    Concat,
    Conv,
    HostLayer,
    Layer,
    Lrn,
    Mul,
    Network,
    Pool,
    PoolKind,
    Resize,
    Slice,
)
from dynamap.planner.network.work import work_of
from dynamap.planner.plan.document import decision_fields
from dynamap.planner.plan.layers import (
    ArrayDecision,
    Decision,
    InPlace,
    LayerShape,
    OnArray,
    OnHost,
    OnVectorUnit,
    Operation,
)
from dynamap.planner.plan.parts import ModelInfo


def model_info(network: Network) -> ModelInfo:
    """What identifies the network in a plan."""
    return ModelInfo(
        name=network.name,
        source=network.source or network.name,
        sha256=network.sha256,
        seed=network.seed,
        macs=sum(network.macs(layer) for layer in network.layers),
        parameters=network.parameters,
    )


_OPERATIONS = {
    Add: Operation.ADD,
    Mul: Operation.MUL,
    Concat: Operation.CONCAT,
    Slice: Operation.SLICE,
    Lrn: Operation.LRN,
    Resize: Operation.RESIZE,
    Activate: Operation.ACTIVATION,
}
_POOLS = {PoolKind.MAX: Operation.MAX_POOL, PoolKind.AVERAGE: Operation.AVERAGE_POOL}


def operation_of(layer: Layer, network: Network) -> Operation:
    """What the overlay does in a layer that is not the host's."""
    if isinstance(layer, Conv):
        if layer.fully_connected:
            return Operation.FC
        return Operation.CONV if isinstance(work_of(layer, network), ConvShape) else Operation.DEPTHWISE_CONV
    return _POOLS[layer.kind] if isinstance(layer, Pool) else _OPERATIONS[type(layer)]


def op_of(layer: Layer, network: Network) -> str:
    """The plan's word for what a layer does."""
    return layer.op.lower() if isinstance(layer, HostLayer) else operation_of(layer, network).value


def layer_shape(layer: Layer, network: Network) -> LayerShape:
    """The shape of a layer as a plan states it; layers without a window have one of 1 x 1."""
    source, output = network.tensors[layer.inputs[0]], network.tensors[layer.output]
    window = getattr(layer, "window", None)
    return LayerShape(
        input=(source.channels, source.height, source.width),
        output=(output.channels, output.height, output.width),
        kernel=window.kernel if window else (1, 1),
        stride=window.stride if window else (1, 1),
        pads=window.pads if window else (0, 0, 0, 0),
        dilation=window.dilation if window else (1, 1),
        groups=layer.groups if isinstance(layer, Conv) else 1,
    )


def free_layer(layer: Layer, network: Network) -> InPlace | OnHost | None:
    """A layer without cost: the host's, a slice, or a concatenation, which can be in place; None for others."""
    shape = layer_shape(layer, network)
    if isinstance(layer, HostLayer):
        return OnHost(name=layer.name, shape=shape, macs=0, op=layer.op.lower())
    if isinstance(layer, (Concat, Slice)):
        return InPlace(name=layer.name, shape=shape, macs=0, operation=operation_of(layer, network))
    return None


def executed_layer(layer: Layer, network: Network, decision: Decision, utilization: float) -> OnArray | OnVectorUnit:
    """A layer that the overlay runs as was decided."""
    kind = OnArray if isinstance(decision, ArrayDecision) else OnVectorUnit
    return kind(
        name=layer.name,
        operation=operation_of(layer, network),
        shape=layer_shape(layer, network),
        macs=network.macs(layer),
        utilization=utilization,
        **decision_fields(decision),
    )
